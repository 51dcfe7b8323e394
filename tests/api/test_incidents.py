"""Incidents, sightings, kinds and pictures over the real controller's HTTP."""

from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from perception.sighting import LookVerdict
from tests.api.controller import Controller
from tests.api.sightings import a_sighting, look_result, take


def photo_file(seed: int = 0, *, width_px: int = 32) -> dict[str, tuple[str, bytes, str]]:
    pixels = np.random.default_rng(seed).integers(0, 255, (24, width_px, 3), dtype=np.uint8)
    return {"file": ("a.jpg", bytes(cv2.imencode(".jpg", pixels)[1]), "image/jpeg")}


async def upload(client: httpx.AsyncClient, *, kind: str = "after", seed: int = 0) -> str:
    answer = await client.post("evidence", files=photo_file(seed), data={"kind": kind})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def move(client: httpx.AsyncClient, incident_id: str, to: str, **more: Any) -> httpx.Response:
    seen = (await client.get(f"incidents/{incident_id}")).json()
    body = {"to": to, "because": "test", "revision": seen["revision"], **more}
    return await client.post(f"incidents/{incident_id}/moves", json=body)


async def test_kinds_are_told_with_both_names_and_their_limits(controller: Controller) -> None:
    client = await controller.sign_in("grid_worker")
    kinds = {kind["code"]: kind for kind in (await client.get("kinds")).json()["kinds"]}
    assert kinds["20501"]["name_zh"] == "无照经营游商"
    assert kinds["20102"]["limits"]["handle"] == {
        "amount": 4,
        "unit": "hours",
        "clock": "working_hours",
        "is_exact": True,
    }


async def test_the_whole_life_of_an_incident_over_http(controller: Controller) -> None:
    supervisor, worker = await controller.sign_in("supervisor"), await controller.sign_in("grid_worker", name="grid1")
    sighting = a_sighting(controller)
    incident_id = await take(controller, sighting)
    told = (await worker.get(f"incidents/{incident_id}")).json()
    assert (told["state"], told["worker"], told["kind"]) == ("dispatched", "grid1", "20501")
    assert told["next_states"] == ["accepted", "handed_back"]
    picture = await worker.get(told["photos"][0]["url"].removeprefix("/api/v1/"))
    assert (picture.headers["content-type"], picture.content) == ("image/jpeg", sighting.photos[0].jpeg)
    for to in ("accepted", "handling"):
        assert (await move(worker, incident_id, to)).status_code == 200
    after = await upload(worker)
    handled = await move(worker, incident_id, "handled", photos=[after])
    assert handled.json()["state"] == "handled"
    controller.clock.jump(60)
    async with controller.services.database.transaction() as unit:
        await controller.services.verification.take(unit, look_result(controller, incident_id, LookVerdict.GONE))
    closed = (await supervisor.get(f"incidents/{incident_id}")).json()
    assert closed["state"] == "closed"
    assert [line["what"] for line in closed["timeline"]] == [
        "reported", "sighting", "filed", "dispatched", "accepted", "handling", "handled", "verifying", "closed",
    ]  # fmt: skip
    assert {(photo["kind"], photo["origin"]) for photo in closed["photos"]} == {
        ("near", "sighting"),
        ("after", "upload"),
        ("after", "look"),
    }
    assert len(closed["timeline"][-1]["photos"]) == 2


async def test_a_supervisors_words_stay_words_in_a_state_that_the_service_brings_about_as_well(
    controller: Controller,
) -> None:
    supervisor, worker = await controller.sign_in("supervisor"), await controller.sign_in("grid_worker", name="grid1")
    incident_id = await take(controller, a_sighting(controller))
    told = (await supervisor.get(f"incidents/{incident_id}")).json()
    assert (told["state"], told["because_by_person"], bool(told["because_said"])) == ("dispatched", False, True)
    assert (await move(worker, incident_id, "handed_back")).status_code == 200
    words = {"because": "landed and disarmed", "worker": "grid1"}
    assert (await move(supervisor, incident_id, "dispatched", **words)).status_code == 200
    told = (await supervisor.get(f"incidents/{incident_id}")).json()
    assert (told["state"], told["because"]) == ("dispatched", "landed and disarmed")
    assert (told["because_by_person"], told["because_said"]) == (True, [])
    events = (await supervisor.get("events", params={"limit": 1000})).json()["events"]
    (*_, newest) = [one["body"] for one in events if one["subject"] == "incidents.changed"]
    assert (newest["because"], newest["because_said"]) == ("landed and disarmed", [])


async def test_what_is_refused_says_why(controller: Controller) -> None:
    worker = await controller.sign_in("grid_worker", name="grid1")
    other = await controller.sign_in("grid_worker", name="grid2")
    device = await controller.sign_in("resident_device", panel_id="gate")
    incident_id = await take(controller, a_sighting(controller))
    path = f"incidents/{incident_id}"
    revision = (await worker.get(path)).json()["revision"]
    cases = [
        (worker, {"to": "handling", "because": "x", "revision": revision}, 409, "conflict"),
        (worker, {"to": "accepted", "because": "x", "revision": revision - 1}, 409, "revision_passed"),
        (worker, {"to": "void", "because": "x", "revision": revision}, 403, "not_allowed"),
        (worker, {"to": "accepted", "because": "", "revision": revision}, 422, "invalid_input"),
        (worker, {"to": "accepted", "revision": revision}, 422, "invalid_input"),
        (worker, {"to": "accepted", "because": "x", "revision": revision, "note": "x"}, 422, "invalid_input"),
        (other, {"to": "accepted", "because": "x", "revision": revision}, 403, "not_allowed"),
        (device, {"to": "accepted", "because": "x", "revision": revision}, 403, "not_allowed"),
    ]
    for client, body, status, code in cases:
        answer = await client.post(f"{path}/moves", json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body
    assert (await worker.get(path)).json()["revision"] == revision
    assert (await other.get(path)).status_code == 403
    assert (await worker.get("incidents/none")).status_code == 404


async def test_a_move_sent_twice_is_made_once(controller: Controller) -> None:
    worker = await controller.sign_in("grid_worker", name="grid1")
    path = f"incidents/{await take(controller, a_sighting(controller))}"
    body = {"to": "accepted", "because": "mine", "revision": (await worker.get(path)).json()["revision"]}
    answers = [await worker.post(f"{path}/moves", json=body, headers={"Idempotency-Key": "one-key"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    told = (await worker.get(path)).json()
    assert [line["what"] for line in told["timeline"]].count("accepted") == 1


async def test_lists_are_narrowed_and_workers_see_their_own(controller: Controller) -> None:
    supervisor, worker = await controller.sign_in("supervisor"), await controller.sign_in("grid_worker", name="grid2")
    first = await take(controller, a_sighting(controller))
    nowhere = await take(controller, a_sighting(controller, east_m=5000, kind="20507"))

    async def ids(client: httpx.AsyncClient, **query: Any) -> list[str]:
        answer = await client.get("incidents", params=query)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["incidents"]]

    assert await ids(supervisor) == [nowhere, first]
    assert await ids(supervisor, state="filed") == [nowhere]
    assert await ids(supervisor, kind="20501") == [first]
    assert await ids(supervisor, open=False) == []
    assert await ids(supervisor, open=True, limit=1) == [nowhere]
    assert await ids(worker) == []
    assert (await supervisor.get("incidents", params={"state": "nonsense"})).status_code == 422


async def test_a_place_in_no_grid_waits_for_a_supervisor_who_names_a_worker(controller: Controller) -> None:
    supervisor = await controller.sign_in("supervisor")
    incident_id = await take(controller, a_sighting(controller, east_m=5000))
    told = (await supervisor.get(f"incidents/{incident_id}")).json()
    assert (told["state"], told["needs_decision"], told["worker"]) == ("filed", True, None)
    assert (await move(supervisor, incident_id, "dispatched")).status_code == 409
    given = (await move(supervisor, incident_id, "dispatched", worker="grid1")).json()
    assert (given["state"], given["worker"], given["needs_decision"]) == ("dispatched", "grid1", False)


async def test_sightings_are_told_with_rule_and_model(controller: Controller) -> None:
    supervisor, worker = await controller.sign_in("supervisor"), await controller.sign_in("grid_worker", name="grid1")
    sighting = a_sighting(controller)
    incident_id = await take(controller, sighting)
    listed = (await supervisor.get("sightings")).json()["sightings"]
    assert [one["id"] for one in listed] == [sighting.id]
    told = (await worker.get(f"sightings/{sighting.id}")).json()
    assert told == listed[0]
    assert (told["incident_id"], told["rule"], told["facts"]) == (incident_id, "vendor", {"people": 2})
    assert (await worker.get("sightings")).status_code == 403
    assert (await supervisor.get("sightings/none")).status_code == 404


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff\xe0" + b"\0" * 40])
async def test_a_file_that_is_no_picture_is_refused(controller: Controller, data: bytes) -> None:
    worker = await controller.sign_in("grid_worker", name="grid1")
    answer = await worker.post("evidence", files={"file": ("a.jpg", data)}, data={"kind": "after"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_photo")
    assert answer.json()["remedy"]


async def test_a_phones_own_format_is_refused_by_its_name_with_what_to_set(controller: Controller) -> None:
    worker = await controller.sign_in("grid_worker", name="grid1")
    data = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40
    answer = await worker.post("evidence", files={"file": ("a.heic", data)}, data={"kind": "after"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_photo")
    assert "HEIC" in answer.json()["detail"]
    assert "set the phone's camera to JPEG" in answer.json()["remedy"]
