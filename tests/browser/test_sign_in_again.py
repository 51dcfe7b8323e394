"""A sign-in that ends in the middle of a form: nothing typed is lost, and nothing of it is shown to the next person."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.town import PASSWORD

pytestmark = pytest.mark.browser


async def sign_in(desk: Page, user: str) -> None:
    """Sign in on the page that is laid over the desk."""
    await desk.fill("input[autocomplete=username]", user)
    await desk.fill("input[type=password]", PASSWORD)
    await desk.click("button[type=submit]")
    await expect(desk.locator(".sign-in")).to_have_count(0)


async def end_sign_in(desk: Page) -> None:
    """Let the sign-in end behind the page's back, and the page hear of it."""
    await desk.context.clear_cookies()
    await desk.get_by_label("Name (Chinese)").fill("新名")
    await expect(desk.locator(".sign-in.over")).to_be_visible()


async def test_a_zone_draft_waits_for_its_author_and_is_not_shown_to_the_next_person(desk: Page) -> None:
    await desk.goto(desk.url.split("#")[0] + "#/zones/all")
    await desk.locator(".part-name").nth(1).click()
    await desk.get_by_label("Name (English)").fill("Typed by the supervisor")
    await end_sign_in(desk)
    await expect(desk.get_by_label("Name (English)")).to_have_value("Typed by the supervisor")
    await sign_in(desk, "grid1")
    await expect(desk.locator(".selected-pane")).to_contain_text("Your account may not change zones.")
    assert "Typed by the supervisor" not in await desk.content()
    await desk.context.clear_cookies()
    await desk.reload()
    await sign_in(desk, "supervisor")
    await expect(desk.locator(".parts")).to_contain_text("Typed by the supervisor")
    await expect(desk.locator(".state-words")).to_contain_text("Changed, not in force yet")
