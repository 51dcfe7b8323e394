"""Endless rounds on the desk, and finding things by the keyboard alone."""

import json
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.town import Town

pytestmark = pytest.mark.browser


def roads(town: Town) -> str:
    """Return a street with a lane whose end nearly meets it, and the gate beside the street."""

    def at(east_m: float, north_m: float) -> list[float]:
        place = town.place(east_m, north_m)
        return [place.lon_deg, place.lat_deg]

    street = {"type": "LineString", "coordinates": [at(-80, -58), at(0, -58), at(80, -58)]}
    lane = {"type": "LineString", "coordinates": [at(-77, -55), at(-80, -20)]}
    gate = {"type": "Point", "coordinates": at(-40, -52)}
    features = [
        {"type": "Feature", "properties": {"name": "Street"}, "geometry": street},
        {"type": "Feature", "properties": {"name": "Lane"}, "geometry": lane},
        {"type": "Feature", "properties": {"name": "Gate", "weight": 3}, "geometry": gate},
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


async def test_rounds_on_roads_of_a_file_become_patrols_in_one_rhythm(desk: Page, town: Town, tmp_path: Path) -> None:
    file = tmp_path / "roads.geojson"
    file.write_text(roads(town))
    await desk.get_by_role("button", name="Endless rounds").click()
    await desk.get_by_text("From a file (GeoJSON, GRAPH)").click()
    await desk.set_input_files("input[type=file]", file)
    await expect(desk.locator(".parts li")).to_have_count(3)
    await expect(desk.locator(".planning")).to_contain_text("5 places, 4 ways between them")
    await desk.get_by_label("Search for (s)").fill("1")
    await desk.get_by_role("button", name="Find the rounds").click()
    await expect(desk.locator(".walks > li")).to_have_count(2)
    await expect(desk.locator(".planning")).to_contain_text("Longest unseen")
    await expect(desk.locator(".walks .verdict")).to_have_count(2)
    await desk.get_by_label("Name (English)").fill("Street rounds")
    await desk.get_by_role("button", name="Store 2 drafts").click()
    await expect(desk.locator(".planning .checked")).to_contain_text("2 drafts are stored")
    async with town.services.database.transaction() as unit:
        stored = [one for one in await town.services.missions.patrols(unit) if one.name.startswith("Street rounds")]
    assert sorted(one.name for one in stored) == ["Street rounds 1", "Street rounds 2"]
    assert [one.is_active for one in stored] == [False, False]
    schedules = {one.schedule.rule + one.schedule.on_overlap for one in stored if one.schedule}
    assert len(schedules) == 1
    assert re.fullmatch(r"FREQ=MINUTELY;INTERVAL=\d+wait", schedules.pop())


async def test_a_vehicle_is_found_and_opened_by_keys_alone(desk: Page) -> None:
    await desk.keyboard.press("/")
    await desk.keyboard.type("无人机2")
    found = desk.get_by_role("option")
    await expect(found).to_have_count(1)
    await desk.keyboard.press("Enter")
    await expect(desk).to_have_url(re.compile(r"#/vehicle/drone-2"))
    await expect(desk.get_by_role("heading", name="Drone 2")).to_be_visible()
    await desk.keyboard.press("/")
    await desk.keyboard.type("nothing has this name")
    await expect(desk.locator(".search")).to_contain_text("Nothing by this name or number.")
    await desk.keyboard.press("Escape")
    await expect(desk.locator(".search")).to_have_count(0)
    await expect(desk.get_by_role("heading", name="Drone 2")).to_be_visible()
    await desk.keyboard.press("/")
    await desk.locator(".needs-me").click()
    await expect(desk.locator(".search")).to_have_count(0)
