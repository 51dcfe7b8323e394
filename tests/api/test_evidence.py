"""Pictures over the real controller's HTTP."""

from perception.photo_upload import MOST_BYTES
from tests.api.controller import Controller
from tests.api.sightings import a_sighting, take
from tests.api.test_incidents import photo_file, upload


async def test_an_upload_is_kept_and_shown_to_its_maker_and_supervisors_only(controller: Controller) -> None:
    worker = await controller.sign_in("grid_worker", name="grid1")
    evidence_id = await upload(worker)
    path = f"evidence/{evidence_id}"
    shown = await worker.get(path)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert (await worker.get(path, headers={"If-None-Match": shown.headers["etag"]})).status_code == 304
    assert (await (await controller.sign_in("supervisor")).get(path)).content == shown.content
    other = await controller.sign_in("grid_worker", name="grid2")
    assert (await other.get(path)).status_code == 403
    assert (await (await controller.sign_in("resident_device", panel_id="gate")).get(path)).status_code == 403
    assert (await worker.get("evidence/none")).status_code == 404


async def test_an_upload_sent_twice_is_one_picture(controller: Controller) -> None:
    worker = await controller.sign_in("grid_worker", name="grid1")
    headers = {"Idempotency-Key": "one-photo"}
    answers = [
        await worker.post("evidence", files=photo_file(), data={"kind": "before"}, headers=headers) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    other = await worker.post("evidence", files=photo_file(5), data={"kind": "before"}, headers=headers)
    assert other.json()["code"] == "idempotency_key_reused"


async def test_an_unknown_kind_of_photo_is_refused(controller: Controller) -> None:
    worker = await controller.sign_in("grid_worker", name="grid1")
    answer = await worker.post("evidence", files=photo_file(), data={"kind": "selfie"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_a_damaged_picture_is_an_error_not_a_picture(controller: Controller) -> None:
    supervisor = await controller.sign_in("supervisor")
    sighting = a_sighting(controller)
    await take(controller, sighting)
    sha256 = sighting.photos[0].sha256
    file = controller.services.settings.data_dir / "evidence" / sha256[:2] / sha256[2:]
    file.write_bytes(file.read_bytes()[:-1])
    answer = await supervisor.get(f"evidence/{sighting.photos[0].id}")
    assert (answer.status_code, answer.json()["code"]) == (500, "evidence_damaged")


async def test_a_photo_may_be_as_large_as_the_interface_says(controller: Controller) -> None:
    worker = await controller.sign_in("grid_worker", name="grid1")
    name, jpeg, kind = photo_file()["file"]
    large = {"file": (name, jpeg + bytes(MOST_BYTES - len(jpeg)), kind)}
    assert (await worker.post("evidence", files=large, data={"kind": "before"})).status_code == 201
    larger = {"file": (name, jpeg + bytes(MOST_BYTES), kind)}
    assert (await worker.post("evidence", files=larger, data={"kind": "before"})).status_code == 413
