"""A write is done once, however often it is sent."""

import asyncio

import pytest

from api.settings import ControllerSettings
from api.wiring import open_services
from core.ids import new_id
from tests.api.controller import Controller

PASSWORD = "a long password"
NEW = {"name": "grid1", "roles": ["grid_worker"], "password": PASSWORD}


@pytest.fixture
def both(controller_on_both: Controller) -> Controller:
    return controller_on_both


async def test_a_repeated_write_gets_the_first_answer_again(both: Controller) -> None:
    admin = await both.sign_in("administrator")
    key = {"Idempotency-Key": new_id()}
    first = await admin.post("/users", json=NEW, headers=key)
    again = await admin.post("/users", json=NEW, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"


async def test_one_key_for_two_requests_is_refused(both: Controller) -> None:
    admin = await both.sign_in("administrator")
    key = {"Idempotency-Key": new_id()}
    await admin.post("/users", json=NEW, headers=key)
    other_body = await admin.post("/users", json={**NEW, "name": "grid2"}, headers=key)
    other_path = await admin.patch("/users/grid1", json={"is_disabled": True}, headers=key)
    for answer in (other_body, other_path):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert [user["name"] for user in (await admin.get("/users")).json()["users"]] == ["administrator", "grid1"]


async def test_ten_copies_at_once_are_one_write(both: Controller) -> None:
    admin = await both.sign_in("administrator")
    key = {"Idempotency-Key": new_id()}
    answers = await asyncio.gather(*(admin.post("/users", json=NEW, headers=key) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1


async def test_a_refused_write_leaves_nothing_and_frees_its_key(both: Controller) -> None:
    admin = await both.sign_in("administrator")
    key = {"Idempotency-Key": new_id()}
    change = {"is_disabled": True}
    assert (await admin.patch("/users/grid1", json=change, headers=key)).status_code == 404
    await admin.post("/users", json=NEW)
    assert (await admin.patch("/users/grid1", json=change, headers=key)).status_code == 200


async def test_the_answer_outlives_the_process(controller: Controller, settings: ControllerSettings) -> None:
    token = await controller.token("administrator")
    key = {"Idempotency-Key": new_id()}
    first = await controller.client(token).post("/users", json=NEW, headers=key)
    async with open_services(settings, clock=controller.clock, database=controller.services.database) as services:
        restarted = Controller(services=services, clock=controller.clock)
        again = await restarted.client(token).post("/users", json=NEW, headers=key)
        await restarted.close()
    assert again.content == first.content


async def test_another_account_may_use_the_same_key(both: Controller) -> None:
    key = {"Idempotency-Key": "1"}
    first = await (await both.sign_in("administrator", name="one")).post("/users", json=NEW, headers=key)
    second = await (await both.sign_in("administrator", name="two")).post(
        "/users", json={**NEW, "name": "grid2"}, headers=key
    )
    assert (first.status_code, second.status_code) == (201, 201)


async def test_nobody_can_try_passwords_against_the_stored_fingerprints(controller: Controller) -> None:
    admin = await controller.sign_in("administrator")
    await admin.post("/users", json=NEW, headers={"Idempotency-Key": "the key itself"})
    async with controller.services.database.transaction() as unit:
        rows = (await unit.session.connection()).exec_driver_sql
        stored = str((await rows("SELECT * FROM answers")).all())
    assert "the key itself" not in stored
    assert PASSWORD not in stored
