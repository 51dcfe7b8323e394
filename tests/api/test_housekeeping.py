"""What has had its time is forgotten, and nothing else."""

from datetime import timedelta

from api.housekeeping import Housekeeper
from core.ids import new_id
from tests.api.controller import Controller


async def test_ended_sign_ins_and_old_answers_are_forgotten(controller: Controller) -> None:
    services = controller.services
    admin = await controller.sign_in("administrator")
    key = {"Idempotency-Key": new_id()}
    new = {"name": "grid1", "roles": ["grid_worker"], "password": "a long password"}
    await admin.post("/users", json=new, headers=key)
    worker = controller.client()
    token = (await worker.post("/session", json={"user": "grid1", "password": "a long password"})).json()["token"]
    worker = controller.client(token)
    keeper = Housekeeper(
        database=services.database,
        accounts=services.accounts,
        answers=services.answers,
        clock=controller.clock,
        keep_answers=timedelta(hours=48),
    )
    controller.clock.jump(3650 * 86_400)
    await keeper.clean()
    controller.clock.jump(-3650 * 86_400)
    assert (await worker.get("/session")).status_code == 200, "who signed in is not put out by a clock that was wrong"
    await controller.clock.advance(47 * 3600)
    await keeper.clean()
    assert "idempotency-replayed" in (await admin.post("/users", json=new, headers=key)).headers
    assert await _rows(controller, "sign_ins") == 1, "the administrator's has no end"
    await controller.clock.advance(2 * 3600)
    await keeper.clean()
    assert await _rows(controller, "answers") == 0


async def _rows(controller: Controller, table: str) -> int:
    async with controller.services.database.transaction() as unit:
        connection = await unit.session.connection()
        return int((await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")).scalar_one())
