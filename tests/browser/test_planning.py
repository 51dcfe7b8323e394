"""The drawing table: patrols and zones drawn by hand on the map, checked as one draws, approved by a person."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from core.ids import PatrolId
from tests.browser.screens import Screens, hold
from tests.browser.town import ESTATE, Town

pytestmark = pytest.mark.browser
KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><name>Crane on the lawn</name><Polygon>
<outerBoundaryIs><LinearRing><coordinates>
121.3996,31.3199 121.4000,31.3199 121.4000,31.3202 121.3996,31.3202
</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></kml>"""


async def click_map(desk: Page, *points: tuple[float, float]) -> None:
    """Click places of the map, given as shares of its width and height."""
    box = await desk.locator(".map").bounding_box()
    assert box is not None
    for across, down in points:
        x, y = box["x"] + across * box["width"], box["y"] + down * box["height"]
        await desk.mouse.move(x - 3, y)
        await desk.mouse.move(x, y)
        await desk.mouse.click(x, y)


async def test_a_drawn_area_is_planned_at_once_and_stored_as_a_draft(desk: Page, town: Town) -> None:
    await desk.get_by_role("button", name="Draw a patrol").click()
    await desk.get_by_label("Name (English)").fill("The lawn")
    await desk.get_by_role("button", name="+ area").click()
    corners = [(0.40, 0.46), (0.60, 0.46), (0.60, 0.54), (0.40, 0.54)]
    await click_map(desk, *corners, corners[-1])
    result = desk.locator(".check")
    await expect(result).to_contain_text("Area seen")
    await expect(result.locator(".verdict")).to_be_visible()
    await desk.get_by_role("button", name="Store as a draft").click()
    await expect(desk.locator(".state-words")).to_contain_text("A draft: it does not fly.")
    await expect(desk).to_have_url(re.compile(r"#/plan/(?!new$)"))
    async with town.services.database.transaction() as unit:
        stored = [one for one in await town.services.missions.patrols(unit) if one.name == "The lawn"]
    assert [one.is_active for one in stored] == [False]
    assert len(stored[0].parts) == 1


async def test_what_stands_against_a_patrol_is_told_while_it_is_changed(desk: Page) -> None:
    await desk.locator("[data-row^=patrol]").first.click()
    await desk.get_by_role("button", name="Open on the drawing table").click()
    verdict = desk.locator(".verdict")
    await expect(verdict).to_contain_text("can be flown")
    approve = desk.get_by_role("button", name="Approve")
    await expect(approve).to_be_enabled()
    height = desk.get_by_label("Height (m)")
    await height.fill("400")
    await expect(verdict).to_contain_text("cannot be flown")
    await expect(desk.locator(".check .reasons")).to_contain_text("the ceiling of the authorisation")
    await expect(approve).to_be_disabled()
    await height.blur()
    await desk.get_by_role("button", name="Undo").click()
    await expect(verdict).to_contain_text("can be flown")
    await hold(approve)
    await expect(desk.get_by_role("button", name="Open on the drawing table")).to_be_visible()


async def test_a_drawn_zone_is_in_force_only_when_a_person_says_why(desk: Page, town: Town) -> None:
    await desk.get_by_role("button", name="Zones", exact=True).last.click()
    await expect(desk.locator(".state-words")).to_contain_text("In force: revision 1")
    await desk.get_by_role("button", name="+ keep-out").click()
    corners = [(0.46, 0.47), (0.54, 0.47), (0.54, 0.53), (0.46, 0.53)]
    await click_map(desk, *corners, corners[-1])
    await desk.get_by_label("Name (English)").fill("Crane")
    await expect(desk.locator(".verdict")).to_contain_text("nothing wrong")
    force = desk.get_by_role("button", name="Put in force")
    await hold(force)
    await expect(desk.locator(".ask")).to_be_visible()
    await desk.get_by_label("Because").fill("a crane is built up here")
    await hold(force)
    await expect(desk.locator(".state-words")).to_contain_text("In force: revision 2")
    async with town.services.database.transaction() as unit:
        zones = await town.services.zone_book.zones(unit)
        newest = await town.services.zone_documents.newest(unit)
    assert "Crane" in {zone.name for zone in zones.zones}
    assert newest is not None
    assert newest.because == "a crane is built up here"


async def test_the_week_shows_every_planned_start(screens: Screens, town: Town) -> None:
    daily = json.loads((ESTATE / "patrols.json").read_text())[0] | {
        "name": "Every morning",
        "schedule": {"rule": "FREQ=DAILY", "first_start_local": "2026-01-01T06:30:00", "time_zone": "Asia/Shanghai"},
    }
    await town.add_patrol(daily)
    desk = await screens.desk(path="/#/week/now")
    mornings = desk.locator(".week td.start[title*='06:30 Every morning']")
    await expect(mornings.first).to_be_visible()
    # Today's may be over.
    shown = await mornings.count()
    assert shown in {6, 7}
    await expect(desk.locator(".panel .reasons")).to_contain_text(f"Every morning: {shown} starts")


async def test_a_foreign_zone_file_comes_into_the_draft_with_what_was_assumed(desk: Page, tmp_path: Path) -> None:
    crane = tmp_path / "crane.kml"
    crane.write_text(KML)
    await desk.goto(desk.url.split("#")[0] + "#/zones/all")
    await expect(desk.locator(".state-words")).to_contain_text("In force")
    await desk.get_by_text("From a file").click()
    await desk.set_input_files("input[type=file]", crane)
    await expect(desk.locator(".import .reasons li").first).to_contain_text("assumed:")
    await expect(desk.locator(".import")).to_contain_text("Zones from crane.kml: 1")
    await expect(desk.locator(".parts")).to_contain_text("Crane on the lawn")
    await expect(desk.locator(".state-words")).to_contain_text("Changed, not in force yet")


async def test_a_file_that_is_no_zone_file_changes_nothing(desk: Page, tmp_path: Path) -> None:
    rubbish = tmp_path / "holiday.kml"
    rubbish.write_bytes(b"\x00\x01 no zones here")
    await desk.goto(desk.url.split("#")[0] + "#/zones/all")
    await desk.get_by_text("From a file").click()
    await desk.set_input_files("input[type=file]", rubbish)
    await expect(desk.locator(".import")).to_contain_text("holiday.kml: nothing was taken")
    await expect(desk.locator(".parts li")).to_have_count(17)


async def test_two_plans_are_compared_by_the_time_to_notice(screens: Screens, town: Town) -> None:
    for number, name in enumerate(("At the full hour", "At half past")):
        start = f"2026-01-01T00:{30 * number:02}:00"
        schedule = {"rule": "FREQ=HOURLY", "first_start_local": start, "time_zone": "Asia/Shanghai"}
        await town.add_patrol(
            json.loads((ESTATE / "patrols.json").read_text())[number] | {"name": name, "schedule": schedule}
        )
    desk = await screens.desk(path="/#/notice/compare")
    await desk.get_by_label("A: At the full hour").check()
    await desk.get_by_label("B: At the full hour").check()
    await desk.get_by_label("B: At half past").check()
    await desk.get_by_role("button", name="Compare").click()
    await expect(desk.locator(".curves .plan")).to_have_count(4)
    runs = desk.locator(".figures tr").last.locator("td")
    await expect(runs.nth(0)).to_have_text("168")
    await expect(runs.nth(1)).to_have_text("336")


async def test_a_draft_with_changes_is_kept_and_two_people_are_brought_together(desk: Page, town: Town) -> None:
    rows = desk.locator("[data-row^=patrol]")
    await rows.first.click()
    await desk.get_by_role("button", name="Open on the drawing table").click()
    name = desk.get_by_label("Name (English)")
    await name.fill("Typed and not stored")
    draft = desk.url
    await desk.get_by_role("button", name="Close").click()
    await rows.nth(1).click()
    await desk.get_by_role("button", name="Open on the drawing table").click()
    await expect(desk.locator(".unsaved")).to_contain_text("Typed and not stored")
    await desk.reload()
    await desk.get_by_role("button", name="Go on with it").click()
    await expect(desk).to_have_url(draft)
    await expect(name).to_have_value("Typed and not stored")
    async with town.services.database.transaction() as unit:
        patrol = await town.services.missions.patrol(unit, PatrolId(draft.rsplit("/", 1)[1]))
        await town.services.mission_requests.change_patrol(unit, replace(patrol, speed_m_s=3.5), by="somebody")
    await expect(desk.locator(".newer")).to_contain_text("Speed: 6 m/s → 3.5 m/s")
    await desk.get_by_role("button", name="Put mine on top").click()
    await expect(desk.get_by_label("Speed (m/s)")).to_have_value("3.5")
    await expect(name).to_have_value("Typed and not stored")
    await desk.get_by_role("button", name="Store as a draft").click()
    await expect(desk.locator(".unsaved")).to_have_count(0)
    async with town.services.database.transaction() as unit:
        stored = await town.services.missions.patrol(unit, patrol.id)
    assert (stored.name, stored.speed_m_s, stored.revision) == ("Typed and not stored", 3.5, patrol.revision + 2)
