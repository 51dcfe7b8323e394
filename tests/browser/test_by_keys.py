"""The desk without a mouse: what is opened has the keyboard, and what is kept for how long is told beside the keys."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.town import Town

pytestmark = pytest.mark.browser
PANE = ".selected-pane"


async def test_what_a_search_opens_has_the_keyboard(desk: Page) -> None:
    await desk.keyboard.press("/")
    await desk.keyboard.type("无人机2")
    await expect(desk.get_by_role("option")).to_have_count(1)
    await desk.keyboard.press("Enter")
    await expect(desk.locator(PANE)).to_be_focused()


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


async def test_an_alarm_that_rings_while_one_searches_is_answered_with_a_click(desk: Page, town: Town) -> None:
    await desk.keyboard.press("/")
    await expect(desk.locator(".search")).to_be_visible()
    await town.sighting(east_m=20, north_m=-78, kind="L0901", because="somebody lay on the ground")
    await expect(desk.locator(".needs-me .row.alarm")).to_have_count(2)
    await desk.locator(".alarm-card .answer").click()
    await expect(desk.locator(".alarm-card.ringing")).to_have_count(0)
    await expect(desk.locator(".search")).to_have_count(0)


async def test_the_keys_tell_what_is_kept_for_how_long(desk: Page) -> None:
    await desk.keyboard.press("Shift+?")
    await expect(desk.locator(".kept-for li")).to_have_count(4)
    await expect(desk.locator(".kept-for")).to_contain_text("kept 180 days after their end")
    await expect(desk.locator(".kept-for")).to_contain_text("Cases and alarms are kept.")


async def tab_to(desk: Page, wanted: str) -> None:
    """Press Tab until *wanted* has the keyboard; a page that never gives it fails."""
    for _ in range(30):
        await desk.keyboard.press("Tab")
        if await desk.evaluate("wanted => document.activeElement?.matches(wanted) ?? false", wanted):
            return
    pytest.fail(f"Tab never came to {wanted}")
