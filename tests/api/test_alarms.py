"""Help alarms over the real controller's HTTP: panel and desks."""

import asyncio
from typing import Any

import httpx

from core.ids import RunId, new_id
from missions.patrol import RunState
from tests.api.controller import Controller


async def press(panel: httpx.AsyncClient, press_id: str | None = None, **more: Any) -> httpx.Response:
    body = {"press_id": press_id or new_id(), "pressed_at": "2026-01-05T08:00:00Z", **more}
    return await panel.post("panel/presses", json=body)


async def the_alarm(desk: httpx.AsyncClient) -> dict[str, Any]:
    alarms = (await desk.get("alarms", params={"open": True})).json()["alarms"]
    assert len(alarms) == 1
    alarm: dict[str, Any] = alarms[0]
    return alarm


async def move(desk: httpx.AsyncClient, alarm: dict[str, Any], to: str, **more: Any) -> httpx.Response:
    return await desk.post(f"alarms/{alarm['id']}/moves", json={"to": to, "because": "test", **more})


async def test_from_the_press_to_resolved(controller: Controller) -> None:
    panel, desk = await controller.sign_in("resident_device", panel_id="gate"), await controller.sign_in("supervisor")
    press_id = new_id()
    pressed = await press(panel, press_id)
    assert (pressed.status_code, pressed.json()["state"]) == (201, "raised")
    alarm = await the_alarm(desk)
    assert (alarm["number"], alarm["press_id"]) == (pressed.json()["number"], press_id)
    rung = await desk.post(f"alarms/{alarm['id']}/rung", json={})
    assert (rung.json()["state"], len(rung.json()["rung_by"])) == ("ringing", 1)
    for to in ("answered", "responding", "on_scene", "resolved"):
        revision = (await desk.get(f"alarms/{alarm['id']}")).json()["revision"]
        answer = await move(desk, alarm, to, revision=revision)
        assert (answer.status_code, answer.json()["state"]) == (200, to)
        assert (await panel.get("panel/alarm", params={"press_id": press_id})).json()["state"] == to
    own = (await panel.get("panel/alarm", params={"press_id": press_id})).json()
    assert (own["is_open"], own["answered_at"] is not None) == (False, True)
    full = (await desk.get(f"alarms/{alarm['id']}")).json()
    words = ["raised", "rung", "answered", "responding", "on_scene", "resolved"]
    assert [line["what"] for line in full["timeline"]] == words
    assert full["next_states"] == []
    assert (await desk.get("alarms", params={"open": True})).json()["alarms"] == []
    assert len((await desk.get("alarms", params={"open": False})).json()["alarms"]) == 1


async def test_the_story_says_when_the_line_of_who_answered_is_gone_and_the_alarm_stays_open(
    controller: Controller,
) -> None:
    panel, desk = await controller.sign_in("resident_device", panel_id="gate"), await controller.sign_in("supervisor")
    parties, clock = controller.services.parties, controller.clock

    async def words_after(wait_s: float) -> list[str]:
        await clock.advance(wait_s)
        await parties.step()
        told = (await desk.get(f"alarms/{alarm['id']}")).json()
        assert told["state"] == "answered"
        return [line["what"] for line in told["timeline"]][-2:]

    await press(panel)
    alarm = await the_alarm(desk)
    with parties.present("supervisor"), parties.present("other"):
        with parties.present("supervisor"):
            await move(desk, alarm, "answered")
        assert await words_after(60) == ["ringing", "answered"], "another page of the same person is open"
    assert await words_after(19) == ["ringing", "answered"]
    with parties.present("supervisor"):
        pass
    assert await words_after(19) == ["ringing", "answered"], "a page that was loaded again was not gone"
    assert await words_after(1) == ["answered", "party_lost"]
    assert await words_after(60) == ["answered", "party_lost"], "once"
    assert (await the_alarm(desk))["answered_by"] == "supervisor"


async def test_the_second_desk_is_told_who_was_first(controller: Controller) -> None:
    panel = await controller.sign_in("resident_device", panel_id="gate")
    desks = [await controller.sign_in("supervisor", name=f"desk{i}") for i in range(3)]
    await press(panel)
    alarm = await the_alarm(desks[0])
    answers = await asyncio.gather(*(move(desk, alarm, "answered") for desk in desks))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    winner = next(answer.json()["answered_by"] for answer in answers if answer.status_code == 200)
    for answer in answers:
        if answer.status_code == 409:
            problem = answer.json()
            assert (problem["code"], problem["params"]["answered_by"]) == ("already_answered", winner)


async def test_an_alarm_does_not_end_without_an_answer_a_because_or_the_newest_view(controller: Controller) -> None:
    panel, desk = await controller.sign_in("resident_device", panel_id="gate"), await controller.sign_in("supervisor")
    await press(panel)
    alarm = await the_alarm(desk)
    assert (await move(desk, alarm, "resolved")).status_code == 409
    answered = (await move(desk, alarm, "answered")).json()
    assert (await move(desk, alarm, "resolved", because="")).status_code == 422
    assert (await move(desk, alarm, "resolved", revision=alarm["revision"])).json()["code"] == "revision_passed"
    ended = await move(desk, alarm, "false_alarm", revision=answered["revision"])
    assert (ended.json()["state"], ended.json()["is_open"]) == ("false_alarm", False)


async def test_a_look_is_a_run_that_everybody_can_follow(controller: Controller) -> None:
    panel, desk = await controller.sign_in("resident_device", panel_id="gate"), await controller.sign_in("supervisor")
    press_id = new_id()
    await press(panel, press_id)
    alarm = await the_alarm(desk)
    looked = await desk.post(f"alarms/{alarm['id']}/look", json={})
    assert looked.status_code == 202, looked.text
    run = await desk.get(f"runs/{looked.json()['look_run_id']}")
    assert (run.status_code, run.json()["kind"]) == (200, "look")
    missions, told = controller.services.missions, []
    for state in (None, RunState.RUNNING, RunState.FAILED):
        async with controller.services.database.transaction() as unit:
            stored = await missions.run(unit, RunId(run.json()["id"]))
            if state is not None:
                await missions.save_run(unit, stored.move(state, because="a test", at=controller.clock.now()))
        told.append((await panel.get("panel/alarm", params={"press_id": press_id})).json()["is_vehicle_coming"])
    assert told == [False, True, False], "nobody is told that one comes before it does, or when it does not"


async def test_a_look_with_an_unknown_vehicle_is_refused_and_leaves_nothing(controller: Controller) -> None:
    panel, desk = await controller.sign_in("resident_device", panel_id="gate"), await controller.sign_in("supervisor")
    await press(panel)
    alarm = await the_alarm(desk)
    looked = await desk.post(f"alarms/{alarm['id']}/look", json={"vehicle_id": "nobody"})
    assert (looked.status_code, looked.json()["code"]) == (404, "not_found")
    assert (await the_alarm(desk))["look_run_id"] is None


async def test_workers_and_devices_cannot_touch_alarms(controller: Controller) -> None:
    panel, worker = (
        await controller.sign_in("resident_device", panel_id="gate"),
        await controller.sign_in("grid_worker", name="grid1"),
    )
    await press(panel)
    alarm = await the_alarm(await controller.sign_in("supervisor"))
    for client in (panel, worker):
        assert (await client.get("alarms")).status_code == 403
        assert (await move(client, alarm, "answered")).status_code == 403
        assert (await client.post(f"alarms/{alarm['id']}/rung", json={})).status_code == 403


async def test_figures_count_the_alarm(controller: Controller) -> None:
    panel, desk = await controller.sign_in("resident_device", panel_id="gate"), await controller.sign_in("supervisor")
    await press(panel)
    await desk.post(f"alarms/{(await the_alarm(desk))['id']}/rung", json={})
    figures = (await desk.get("figures")).json()["incidents"]
    assert (figures["alarms_raised"], figures["alarms_open"], figures["raise_to_ring_count"]) == (1, 1, 1)
