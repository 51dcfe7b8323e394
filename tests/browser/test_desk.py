"""The desk in a real browser against a real controller."""

import json
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.screens import Screens, hold
from tests.browser.town import ESTATE, FLYING, Town

pytestmark = pytest.mark.browser


async def test_it_shows_what_goes_on_in_both_languages(screens: Screens, town: Town) -> None:
    await town.sighting(east_m=20, north_m=-78, kind="20501", because="a cart stood for 9 s with 3 people")
    page = await screens.desk(locale="zh-CN")
    await expect(page.locator(".site")).to_have_text("槐香苑")
    await expect(page.locator(".tile")).to_have_count(2)
    await expect(page.locator("[data-row^=incident]")).to_contain_text("无照经营游商")
    await page.click(".language")
    await expect(page.locator(".site")).to_have_text("Huaixiang estate")
    await expect(page.locator("[data-row^=incident]")).to_contain_text("Unlicensed mobile vendor")
    await page.reload()
    await expect(page.locator(".site")).to_have_text("Huaixiang estate")


async def test_an_incident_shows_its_photos_with_boxes_and_its_story(screens: Screens, town: Town) -> None:
    incident_id = await town.sighting(east_m=20, north_m=-78, kind="20501", because="a cart stood for 9 s")
    page = await screens.desk(path=f"/#/incident/{incident_id}")
    photos = page.locator(".photo")
    await expect(photos).to_have_count(2)
    await expect(photos.first.locator("rect")).to_have_attribute("width", "130")
    assert await photos.first.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 640
    await expect(page.locator(".story li").last).to_contain_text("a cart stood for 9 s")


async def test_a_word_to_a_vehicle_needs_a_held_button_and_shows_its_fate(desk: Page, town: Town) -> None:
    await desk.click(f"[data-vehicle={FLYING}]")
    button = desk.get_by_role("button", name="Hold", exact=False).first
    await button.click()
    await expect(desk.locator("[data-fate]")).to_have_count(0)
    await hold(button)
    await expect(desk.locator("[data-fate=done]")).to_contain_text("sent → accepted by the vehicle → done")
    await hold(desk.get_by_role("button", name="Resume"))
    await expect(desk.locator("[data-fate=failed]")).to_contain_text("it was not held")
    await desk.keyboard.press("h")
    await expect(desk.locator("[data-fate]")).to_have_count(2)
    await expect(desk.locator("[data-fate]").first).to_contain_text("Hold")
    assert f"#/vehicle/{FLYING}" in desk.url


async def test_silent_vehicles_look_old(desk: Page, town: Town) -> None:
    tile = desk.locator(f"[data-vehicle={FLYING}]")
    await expect(tile).not_to_have_class("old")
    town.speaks = False
    await expect(tile).to_contain_text(" old")
    await expect(desk.locator(".row.decision")).to_contain_text("Drone 1")
    town.speaks = True
    await expect(tile).not_to_contain_text(" old")


async def test_a_patrol_is_started_and_cancelled_from_the_screen(desk: Page, town: Town) -> None:
    await desk.get_by_text("Gate and playground").click()
    await desk.select_option("select", str(FLYING))
    await hold(desk.get_by_role("button", name="Start"))
    await expect(desk.locator(".run h2")).to_contain_text("Gate and playground")
    async with town.services.database.transaction() as unit:
        run = next(iter(await town.services.missions.runs(unit, only_active=True)))
    assert run.wanted_vehicle_id == FLYING
    await hold(desk.get_by_role("button", name="Cancel it: nothing flies for it"))
    await expect(desk.locator("[data-row^=run]")).to_contain_text("cancelled at the desk")


async def test_words_typed_at_a_cancel_stay_when_the_run_ends_meanwhile(desk: Page, town: Town) -> None:
    async with town.services.database.transaction() as unit:
        patrol = next(one for one in await town.services.missions.patrols(unit) if one.name == "Gate and playground")
        requests = town.services.mission_requests
        run = await requests.start_patrol(unit, patrol.id, asked_by="supervisor", vehicle_id=FLYING)
    await desk.goto(desk.url.split("#")[0] + f"#/patrol/{patrol.id}")
    await desk.get_by_label("Because").fill("half a sentence")
    async with town.services.database.transaction() as unit:
        await requests.cancel(unit, run.id, because="the gate is closed", by="wang")
    pane = desk.locator(".selected-pane")
    await expect(pane.locator(".moves")).to_contain_text("You had typed: half a sentence")
    await expect(pane.locator(".run .because").first).to_contain_text("the gate is closed")
    await pane.locator(".moves").get_by_role("button", name="Close").click()
    await expect(pane.locator(".run")).to_have_count(0)


async def test_a_patrol_file_is_checked_before_it_is_stored(desk: Page, tmp_path: Path) -> None:
    patrol = json.loads((ESTATE / "patrols.json").read_text())[1]
    bad, good = tmp_path / "bad.json", tmp_path / "good.json"
    bad.write_text(json.dumps({**patrol, "speed_m_s": -1, "height_agl_m": 900}))
    good.write_text(json.dumps({**patrol, "name": "From a file", "name_zh": ""}))
    await desk.set_input_files("input[type=file]", bad)
    await expect(desk.locator(".problem li")).to_have_count(2)
    await desk.set_input_files("input[type=file]", good)
    await expect(desk.locator(".checked")).to_contain_text("can be flown")
    await desk.get_by_role("button", name="Store it").click()
    await expect(desk.locator("[data-row^=patrol]").filter(has_text="From a file")).to_be_visible()


async def test_a_lost_line_is_said_and_nothing_typed_is_lost(screens: Screens, town: Town) -> None:
    incident_id = await town.sighting(east_m=20, north_m=-78, kind="20201", because="a cart")
    page = await screens.page()
    lines: list[object] = []

    async def serve(line: object) -> None:
        lines.append(line)
        if len(lines) != 2:
            line.connect_to_server()  # type: ignore[attr-defined]
        else:
            await line.close()  # type: ignore[attr-defined]

    await page.route_web_socket("**/api/v1/live", serve)
    await page.goto(f"{town.address}/#/incident/{incident_id}")
    await screens.sign_in(page)
    because = page.locator(".moves input")
    await because.fill("half a sent")
    # The case is there before the first snapshot is; a line lost before that is another sentence.
    await expect(page.locator(".offline")).to_have_count(0)
    await lines[0].close()  # type: ignore[attr-defined]
    await expect(page.locator(".offline")).to_contain_text("Not connected since")
    await because.press_sequentially("ence")
    await expect(page.locator(".offline")).to_have_count(0)
    await expect(because).to_have_value("half a sentence")
    assert len(lines) == 3
    await town.reject(incident_id, by="wang")
    await expect(page.locator(".moves")).to_contain_text("nothing is left to decide here")
    await expect(page.locator(".moves")).to_contain_text("half a sentence")
    await page.locator(".moves").get_by_role("button", name="Close").click()
    await expect(page.locator(".moves")).to_have_count(0)


async def test_an_ended_sign_in_asks_again_over_the_same_screen(desk: Page, screens: Screens, town: Town) -> None:
    await town.sighting(east_m=20, north_m=-78, kind="20501", because="a cart")
    await desk.click("[data-row^=incident]")
    because = desk.locator(".moves input")
    await because.fill("typed before")
    await desk.context.clear_cookies()
    await hold(desk.locator(".moves .hold-button").first)
    await expect(desk.locator(".sign-in.over")).to_be_visible()
    await screens.sign_in(desk)
    await expect(desk.locator(".sign-in")).to_have_count(0)
    await expect(because).to_have_value("typed before")


async def test_the_keys_are_shown_and_lists_are_walked(desk: Page, town: Town) -> None:
    for east_m in (20.0, -60.0):
        await town.sighting(east_m=east_m, north_m=-78, kind="20501", because="a cart")
    rows = desk.locator("[data-row^=incident]")
    await expect(rows).to_have_count(2)
    await rows.first.focus()
    await desk.keyboard.press("ArrowDown")
    await expect(rows.nth(1)).to_be_focused()
    await desk.keyboard.press("Enter")
    await expect(rows.nth(1)).to_have_attribute("aria-current", "true")
    await desk.keyboard.press("Shift+?")
    await expect(desk.locator("dialog.keys")).to_be_visible()
    await desk.keyboard.press("Escape")
    await expect(desk.locator("dialog.keys")).not_to_be_visible()
    await desk.keyboard.press("Escape")
    await expect(desk.locator(".selected-pane h1")).to_have_text("Patrols")


async def test_what_the_eyes_follow_is_drawn_on_the_picture(desk: Page) -> None:
    await desk.click("[data-vehicle=drone-1]")
    await expect(desk.locator(".panel .boxes text")).to_have_text("person 1")
    box = await desk.locator(".panel .boxes rect").bounding_box()
    picture = await desk.locator(".panel .picture").bounding_box()
    assert box is not None
    assert picture is not None
    assert picture["x"] < box["x"] < box["x"] + box["width"] < picture["x"] + picture["width"]
