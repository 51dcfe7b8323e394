"""Accounts: added, changed, disabled; tokens of panels."""

from dataclasses import replace

from tests.api.controller import Controller

NEW = {"name": "grid1", "roles": ["grid_worker"], "password": "a long password"}


async def test_an_administrator_adds_an_account_that_can_sign_in(controller: Controller) -> None:
    admin = await controller.sign_in("administrator")
    assert (await admin.post("/users", json=NEW)).status_code == 201
    told = await controller.client().post("/session", json={"user": "grid1", "password": NEW["password"]})
    assert told.json()["user"]["permissions"]
    names = [user["name"] for user in (await admin.get("/users")).json()["users"]]
    assert names == ["administrator", "grid1"]


async def test_a_name_is_taken_whatever_its_case(controller: Controller) -> None:
    admin = await controller.sign_in("administrator")
    await admin.post("/users", json=NEW)
    answer = await admin.post("/users", json={**NEW, "name": "GRID1"})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


async def test_a_short_password_and_a_strange_name_are_refused(controller: Controller) -> None:
    admin = await controller.sign_in("administrator")
    mistakes: list[dict[str, object]] = [
        {"password": "short"},
        {"name": "panel:gate"},
        {"name": " grid1"},
        {"roles": []},
    ]
    for wrong in mistakes:
        assert (await admin.post("/users", json={**NEW, **wrong})).status_code == 422, wrong


async def test_disabling_ends_every_sign_in_at_once(controller: Controller) -> None:
    admin = await controller.sign_in("administrator")
    worker = await controller.sign_in("grid_worker", name="grid9")
    assert (await worker.get("/session")).status_code == 200
    assert (await admin.patch("/users/grid9", json={"is_disabled": True})).json()["is_disabled"] is True
    assert (await worker.get("/session")).status_code == 401


async def test_a_new_password_ends_the_old_sign_ins(controller: Controller) -> None:
    admin = await controller.sign_in("administrator")
    await admin.post("/users", json=NEW)
    worker = controller.client()
    await worker.post("/session", json={"user": "grid1", "password": NEW["password"]})
    await admin.patch("/users/grid1", json={"password": "another long one"})
    assert (await worker.get("/session")).status_code == 401
    assert (await worker.post("/session", json={"user": "grid1", "password": NEW["password"]})).status_code == 401


async def test_nobody_disables_themselves(controller: Controller) -> None:
    admin = await controller.sign_in("administrator")
    answer = await admin.patch("/users/Administrator", json={"is_disabled": True})
    assert answer.status_code == 409
    assert (await admin.patch("/users/nobody", json={"is_disabled": True})).status_code == 404


async def test_a_panel_has_one_token_and_a_new_one_ends_the_old(controller: Controller) -> None:
    services = controller.services
    async with services.database.transaction() as unit:
        account, first = await services.sign_in.add_device(unit, panel_id="gate")
    assert account.panel_id == "gate"
    await controller.clock.advance(400 * 24 * 3600)
    assert (await services.sign_in.account_of(first)).panel_id == "gate"
    async with services.database.transaction() as unit:
        await services.accounts.save(unit, replace(account, is_disabled=True))
    async with services.database.transaction() as unit:
        again, second = await services.sign_in.add_device(unit, panel_id="gate")
    assert again.id == account.id
    assert (await controller.client(first).get("/session")).status_code == 401
    assert (await controller.client(second).get("/session")).json()["user"]["panel_id"] == "gate"
