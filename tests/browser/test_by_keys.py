"""The desk without a mouse: what is opened has the keyboard, and what is kept for how long is told beside the keys."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.town import Town

pytestmark = pytest.mark.browser
PANE = ".selected-pane"


async def test_what_a_search_opens_has_the_keyboard(desk: Page) -> None:
    tile = desk.locator(".tile").last
    await tile.focus()
    await desk.keyboard.press("/")
    await expect(desk.locator(".search input")).to_be_focused()
    await desk.keyboard.press("Escape")
    await expect(tile).to_be_focused()
    await desk.locator("[data-row]").first.focus()
    await desk.keyboard.press("/")
    await desk.keyboard.type("无人机2")
    await expect(desk.get_by_role("option")).to_have_count(1)
    await desk.keyboard.press("Enter")
    await expect(desk.locator(PANE)).to_be_focused()
    # What is closed gives the keyboard back to what stands for it.
    await desk.keyboard.press("Escape")
    await expect(tile).to_be_focused()


async def test_a_step_of_a_case_is_taken_by_keys_alone(desk: Page, town: Town) -> None:
    await town.sighting(east_m=20, north_m=-78, kind="20501", because="a cart")
    await desk.locator("[data-row^=incident]").focus()
    await desk.keyboard.press("Enter")
    await expect(desk.locator(".moves input")).to_be_visible()
    await desk.keyboard.press("ArrowRight")
    await expect(desk.locator(PANE)).to_be_focused()
    await tab_to(desk, ".moves input")
    await desk.keyboard.type("a licensed stall")
    await tab_to(desk, ".moves .hold-button")
    await desk.keyboard.down("Enter")
    await expect(desk.locator(".story li").first).to_contain_text("a licensed stall")
    await desk.keyboard.up("Enter")
    await expect(desk.locator(".story li").first).to_contain_text("supervisor")


async def test_a_case_is_rejected_by_keys_and_found_again_after_a_reload(desk: Page, town: Town) -> None:
    await town.sighting(east_m=20, north_m=-78, kind="20201", because="a poster")
    await desk.locator("[data-row^=incident]").focus()
    await desk.keyboard.press("Enter")
    await expect(desk.locator(".moves .hold-button")).to_have_count(2)
    await desk.keyboard.press("ArrowRight")
    await tab_to(desk, ".moves input")
    await desk.keyboard.type("it belongs there")
    await tab_to(desk, ".moves .hold-button:last-child")
    await hold_enter(desk)
    await expect(desk.locator(".state-words")).to_contain_text("rejected")
    await expect(desk.locator(PANE)).to_be_focused()
    await desk.goto(desk.url.split("#")[0])
    await desk.reload()
    await desk.wait_for_selector(".tile")
    await expect(desk.locator("[data-row^=incident]")).to_have_count(0)
    await desk.keyboard.press("/")
    await desk.keyboard.type("000001")
    await expect(desk.get_by_role("option")).to_contain_text("rejected · XJ-")
    await desk.keyboard.press("Enter")
    await expect(desk.locator(".story li").first).to_contain_text("it belongs there")


async def test_steps_of_an_alarm_follow_each_other_by_keys(desk: Page, town: Town) -> None:
    await town.sighting(east_m=20, north_m=-78, kind="L0901", because="somebody lay on the ground")
    await expect(desk.locator(".alarm-panel .answer")).to_be_visible()
    await tab_to(desk, ".alarm-panel .answer")
    await desk.keyboard.press("Enter")
    await expect(desk.locator(".moves .hold-button").first).to_be_focused()
    await hold_enter(desk)
    await expect(desk.locator(".alarm-panel .state-words")).to_have_text("help on its way")
    await expect(desk.locator(".moves .hold-button").first).to_be_focused()


async def test_an_area_is_drawn_planned_and_approved_by_keys(desk: Page, town: Town) -> None:
    await tab_to(desk, "text=Draw a patrol")
    await desk.keyboard.press("Enter")
    await expect(desk.locator(".planning")).to_be_visible()
    await tab_to(desk, ".planning .fields input")
    await desk.keyboard.type("The lawn")
    await tab_to(desk, "text=+ area")
    await desk.keyboard.press("Enter")
    await desk.keyboard.press("m")
    for key in ("Space", "Shift+ArrowRight", "Space", "ArrowDown", "ArrowDown", "Space", "Backspace", "Space"):
        await desk.keyboard.press(key)
    await desk.keyboard.press("Shift+ArrowLeft")
    await desk.keyboard.press("Space")
    await desk.keyboard.press("Enter")
    await expect(desk.locator(".verdict")).to_contain_text("can be flown")
    approve = desk.get_by_role("button", name="Approve")
    await expect(approve).to_be_enabled()
    await approve.focus()
    await hold_enter(desk)
    await expect(desk.get_by_role("button", name="Open on the drawing table")).to_be_visible()
    async with town.services.database.transaction() as unit:
        stored = [one for one in await town.services.missions.patrols(unit) if one.name == "The lawn"]
    assert [(one.is_active, len(one.parts)) for one in stored] == [(True, 1)]


async def test_an_alarm_that_rings_while_one_searches_is_answered_with_a_click(desk: Page, town: Town) -> None:
    await desk.keyboard.press("/")
    await expect(desk.locator(".search")).to_be_visible()
    await town.sighting(east_m=20, north_m=-78, kind="L0901", because="somebody lay on the ground")
    await expect(desk.locator(".needs-me .row.alarm")).to_have_count(2)
    # What is read aloud is said once: it holds no age that grows every second.
    await expect(desk.get_by_role("alert")).to_have_text("Help alarm: Drone 1: person down")
    await desk.locator(".alarm-card .answer").click()
    await expect(desk.locator(".alarm-card.ringing")).to_have_count(0)
    await expect(desk.locator(".search")).to_have_count(0)


async def test_the_keys_tell_what_is_kept_for_how_long(desk: Page) -> None:
    await desk.keyboard.press("Shift+?")
    await expect(desk.locator(".kept-for li")).to_have_count(4)
    await expect(desk.locator(".kept-for")).to_contain_text("kept 180 days after their end")
    await expect(desk.locator(".kept-for")).to_contain_text("Cases and alarms are kept.")


async def hold_enter(desk: Page) -> None:
    """Hold Enter for as long as a button wants it."""
    await desk.keyboard.down("Enter")
    await desk.wait_for_timeout(650)
    await desk.keyboard.up("Enter")


IS_THERE = """wanted => wanted.startsWith("text=")
    ? document.activeElement?.textContent === wanted.slice(5) : (document.activeElement?.matches(wanted) ?? false)"""


async def tab_to(desk: Page, wanted: str) -> None:
    """Press Tab until *wanted*, or the button with that text, has the keyboard; a page that never gives it fails."""
    for _ in range(40):
        await desk.keyboard.press("Tab")
        if await desk.evaluate(IS_THERE, wanted):
            return
    pytest.fail(f"Tab never came to {wanted}")


async def test_a_zone_that_is_taken_out_by_keys_hands_them_to_the_next(desk: Page) -> None:
    await desk.goto(desk.url.split("#")[0] + "#/zones/all")
    await desk.locator(".parts li").nth(1).get_by_role("button", name="Remove").focus()
    await desk.keyboard.press("Enter")
    await expect(desk.locator(".parts li")).to_have_count(16)
    await expect(desk.locator(".parts li").nth(1).locator(".part-name")).to_be_focused()


async def test_two_pages_share_a_screen_one_with_the_map_and_one_with_the_lists(desk: Page, town: Town) -> None:
    lists, pane, glass = desk.locator(".needs-me"), desk.locator(PANE), desk.locator(".map-pane")
    await desk.keyboard.press("v")
    await expect(lists).to_be_hidden()
    await expect(pane).to_be_hidden()
    await desk.keyboard.press("v")
    await expect(glass).to_be_hidden()
    await expect(lists).to_be_visible()
    assert "?view=lists" in desk.url
    await desk.goto(f"{town.address}/?view=map#/")
    await expect(desk.locator(".map[data-ready=true]")).to_be_visible()
    await expect(lists).to_be_hidden()
    await town.sighting(east_m=20, north_m=-78, kind="L0901", because="somebody lay on the ground")
    await expect(lists.locator(".alarm-card.ringing")).to_be_visible()
