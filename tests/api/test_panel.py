"""The help panel over the real controller's HTTP."""

import asyncio
import threading

from api.permissions import Role
from api.running import import_first
from core.ids import new_id
from tests.api.controller import Controller
from tests.api.sightings import a_sighting, take
from tests.api.test_alarms import press, the_alarm


async def test_a_press_sent_again_is_the_same_alarm_whatever_the_key(controller: Controller) -> None:
    panel, desk = await controller.sign_in("resident_device", panel_id="gate"), await controller.sign_in("supervisor")
    press_id = new_id()
    answers = await asyncio.gather(*(press(panel, press_id) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["number"] for answer in answers}) == 1
    await the_alarm(desk)


async def test_an_acknowledged_press_is_in_the_books(controller: Controller) -> None:
    panel = await controller.sign_in("resident_device", panel_id="gate")
    press_id = new_id()
    number = (await press(panel, press_id)).json()["number"]
    async with controller.services.database.transaction() as unit:
        stored = await controller.services.alarm_store.by_press(unit, press_id)
    assert stored is not None
    assert stored.number == number


async def test_while_plans_keep_every_thread_busy_pictures_are_kept_presses_stored_and_doors_opened(
    controller: Controller,
) -> None:
    panel_id, password = controller.services.site.panels[0].id, "quite a long password"
    panel, door = await controller.sign_in("resident_device", panel_id=panel_id), controller.client()
    async with controller.services.database.transaction() as unit:
        await controller.services.sign_in.add(unit, name="wang", roles=(Role.SUPERVISOR,), password=password)
    await import_first(controller.services)
    may_end, loop = threading.Event(), asyncio.get_running_loop()
    busy = [loop.run_in_executor(None, may_end.wait, 60) for _ in range(64)]
    try:
        async with asyncio.timeout(20):
            seen = asyncio.gather(take(controller, a_sighting(controller)), press(panel))
            _, pressed = await seen
            signed_in = await door.post("session", json={"user": "wang", "password": password})
    finally:
        may_end.set()
        await asyncio.gather(*busy)
    assert (pressed.status_code, signed_in.status_code) == (201, 201)


async def test_a_mistake_leaves_the_alarm_open_for_the_desk(controller: Controller) -> None:
    panel, desk = await controller.sign_in("resident_device", panel_id="gate"), await controller.sign_in("supervisor")
    press_id = new_id()
    await press(panel, press_id)
    said = await panel.post(f"panel/presses/{press_id}/mistake", json={})
    assert (said.status_code, said.json()["mistaken"], said.json()["is_open"]) == (200, True, True)
    assert (await the_alarm(desk))["mistaken"]


async def test_a_panel_sees_only_its_own_presses(controller: Controller) -> None:
    panel = await controller.sign_in("resident_device", panel_id="gate")
    answer = await panel.get("panel/alarm", params={"press_id": new_id()})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await panel.post(f"panel/presses/{new_id()}/mistake", json={})).status_code == 404


async def test_only_panels_press(controller: Controller) -> None:
    for role in ("grid_worker", "supervisor"):
        client = await controller.sign_in(role)
        answer = await press(client)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


async def test_a_press_without_time_zone_or_with_a_short_id_is_refused(controller: Controller) -> None:
    panel = await controller.sign_in("resident_device", panel_id="gate")
    assert (await press(panel, pressed_at="2026-01-05T08:00:00")).status_code == 422
    assert (await press(panel, "short")).status_code == 422
