"""Help: the panel's button, the ringing at the desk, the answer on the panel."""

import pytest
from playwright.async_api import Page, expect

from incidents.alarm import AlarmState, HelpAlarm
from tests.browser.screens import Screens, hold
from tests.browser.town import Town

pytestmark = pytest.mark.browser


async def alarms(town: Town) -> tuple[HelpAlarm, ...]:
    """Return every alarm in the books."""
    async with town.services.database.transaction() as unit:
        return await town.services.alarm_store.find(unit)


async def test_a_press_rings_is_answered_and_ended_by_a_person(desk: Page, screens: Screens, town: Town) -> None:
    panel = await screens.panel()
    await panel.click(".help")
    await expect(panel.locator("[data-stage=called]")).to_contain_text("We are calling. Stay here.")
    card = desk.locator(".alarm-card.ringing")
    await expect(card).to_contain_text("Estate gate")
    await expect(card).to_contain_text("ringing")
    await expect(desk.locator(".alarm-panel h1")).to_contain_text("Estate gate")
    await expect(desk.locator(".sound-off")).to_have_count(0)
    await desk.keyboard.press("a")
    await expect(panel.locator("[data-state=answered]")).to_contain_text("A person has answered")
    await expect(desk.locator(".alarm-panel")).to_contain_text("Answered by supervisor")
    await hold(desk.get_by_role("button", name="Help is on its way"))
    await expect(panel.locator("[data-state=responding]")).to_contain_text("Help is on its way")
    await hold(desk.get_by_role("button", name="Resolved"))
    await expect(desk.locator(".ask")).to_be_visible()
    await desk.fill(".moves input", "she is well again")
    await hold(desk.get_by_role("button", name="Resolved"))
    await expect(panel.locator("[data-stage=ended]")).to_be_visible()
    await expect(desk.locator(".alarm-card")).to_have_count(0)
    (alarm,) = await alarms(town)
    assert (alarm.state, alarm.answered_by, alarm.because) == (AlarmState.RESOLVED, "supervisor", "she is well again")


async def test_the_first_desk_wins_and_the_other_sees_who(screens: Screens, town: Town) -> None:
    first, second = await screens.desk(), await screens.desk()
    panel = await screens.panel()
    await panel.click(".help")
    for desk in (first, second):
        await expect(desk.locator(".alarm-card.ringing")).to_be_visible()
    await first.locator(".alarm-card .answer").click()
    await expect(second.locator(".alarm-card")).to_contain_text("answered")
    await expect(second.locator(".alarm-card")).to_contain_text("supervisor")
    await expect(second.locator(".alarm-card.ringing")).to_have_count(0)


async def test_a_press_survives_a_dead_network_and_a_reload_and_is_one_alarm(screens: Screens, town: Town) -> None:
    context = await screens.context()
    panel = await screens.panel(context)
    await context.route("**/api/**", lambda route: route.abort())
    await panel.click(".help")
    await expect(panel.locator("[data-stage=sending]")).to_contain_text("Sending")
    kept = await panel.evaluate("JSON.parse(localStorage.getItem('roundsman.press')).press_id")
    assert kept[14] == "7"
    await panel.reload()
    await expect(panel.locator("[data-stage=sending]")).to_be_visible()
    await expect(panel.locator("[data-stage=unsent]")).to_contain_text("No connection yet")
    assert await alarms(town) == ()
    await context.unroute("**/api/**")
    await expect(panel.locator("[data-stage=called]")).to_be_visible()
    await panel.reload()
    await expect(panel.locator("[data-stage=called]")).to_be_visible()
    assert [alarm.press_id for alarm in await alarms(town)] == [kept]


async def test_a_mistake_still_reaches_the_desk(desk: Page, screens: Screens, town: Town) -> None:
    panel = await screens.panel()
    await panel.click(".help")
    await expect(panel.locator("[data-stage=called]")).to_be_visible()
    await panel.click(".mistake")
    await expect(panel.locator(".more")).to_contain_text("The desk knows that it was a mistake")
    await expect(desk.locator(".alarm-card")).to_contain_text("The resident says it was a mistake")
    (alarm,) = await alarms(town)
    assert alarm.mistaken
    assert alarm.is_open


async def test_a_panel_without_its_token_says_so(screens: Screens, town: Town) -> None:
    page = await screens.page()
    await page.goto(f"{town.address}/panel/")
    await expect(page.locator("[data-stage=no_token]")).to_contain_text("not set up")
    await page.goto(f"{town.address}/panel/?device=wrong")
    await page.click(".help")
    await expect(page.locator("[data-stage=refused]")).to_contain_text("Call 110 or 120")
