"""The books of the fleet: one suite for SQLite and PostgreSQL."""

from datetime import timedelta

import pytest

from core.database import Database
from core.errors import Conflict, NotAllowed, NotFound
from core.ids import CommandId, OrderId, ReportId, RunId, VehicleId, new_id
from fleet.orders import CommandOutcome, CommandState, OrderProgress, OrderState
from fleet.store import FleetStore, RefusedReport
from fleet.store_sql import SqlFleetStore
from tests.fleet import examples

DRONE = VehicleId("drone-1")


@pytest.fixture
def store() -> FleetStore:
    return SqlFleetStore()


def progress(
    order_id: OrderId, state: OrderState, *, after_s: float = 1.0, legs_done: int = 0, because: str = ""
) -> OrderProgress:
    at = examples.NOW + timedelta(seconds=after_s)
    return OrderProgress(order_id=order_id, state=state, legs_done=legs_done, because=because, at=at)


async def test_an_order_comes_back_from_the_books_as_it_was(database: Database, store: FleetStore) -> None:
    order = examples.order(run_id=new_id())
    async with database.transaction() as unit:
        await store.add_order(unit, order)
    async with database.transaction() as unit:
        record = await SqlFleetStore().order(unit, order.id)
    assert record.order == order
    assert record.progress.state is OrderState.OFFERED


async def test_an_order_is_stored_once(database: Database, store: FleetStore) -> None:
    order = examples.order()
    async with database.transaction() as unit:
        await store.add_order(unit, order)
        with pytest.raises(Conflict):
            await store.add_order(unit, order)


async def test_the_newest_unfinished_order_is_the_current_one(database: Database, store: FleetStore) -> None:
    older, newer, other = examples.order(), examples.order(made_after_s=5), examples.order("drone-2", made_after_s=9)
    async with database.transaction() as unit:
        for order in (older, newer, other):
            await store.add_order(unit, order)
        current = await store.current_order(unit, DRONE)
        unfinished = await store.unfinished_orders(unit, vehicle_id=DRONE)
        everything = await store.unfinished_orders(unit)
    assert current is not None
    assert current.order.id == newer.id
    assert [record.order.id for record in unfinished] == [older.id, newer.id]
    assert len(everything) == 3


async def test_an_ended_order_is_nobodys_current_one(database: Database, store: FleetStore) -> None:
    order = examples.order()
    async with database.transaction() as unit:
        await store.add_order(unit, order)
        await store.set_progress(unit, progress(order.id, OrderState.ABORTED, because="called off"))
    async with database.transaction() as unit:
        assert await store.current_order(unit, DRONE) is None
        assert (await store.order(unit, order.id)).is_ended


async def test_the_orders_of_a_run_come_in_their_sequence(database: Database, store: FleetStore) -> None:
    run_id = new_id()
    orders = [examples.order(run_id=run_id, made_after_s=after_s) for after_s in (3, 1, 2)]
    async with database.transaction() as unit:
        for order in orders:
            await store.add_order(unit, order)
        found = await store.orders_of_run(unit, RunId(run_id))
    assert [record.order.id for record in found] == [orders[1].id, orders[2].id, orders[0].id]


async def test_progress_keeps_its_whole_story(database: Database, store: FleetStore) -> None:
    order = examples.order()
    steps = [
        progress(order.id, OrderState.ACCEPTED, after_s=1),
        progress(order.id, OrderState.LOADED, after_s=2),
        progress(order.id, OrderState.RUNNING, after_s=3),
        progress(order.id, OrderState.RUNNING, after_s=4, legs_done=1),
    ]
    async with database.transaction() as unit:
        await store.add_order(unit, order)
        records = [await store.set_progress(unit, step, vehicle_id=DRONE) for step in steps]
    async with database.transaction() as unit:
        story = await store.order_history(unit, order.id)
    assert list(story[1:]) == steps
    assert records[-1].progress == steps[-1]
    lines = await database.read_journal(after=0, prefix="orders.changed")
    assert [line.event.body["state"] for line in lines] == ["offered", "accepted", "loaded", "running", "running"]


async def test_late_and_repeated_progress_changes_only_the_story(database: Database, store: FleetStore) -> None:
    order = examples.order()
    async with database.transaction() as unit:
        await store.add_order(unit, order)
        await store.set_progress(unit, progress(order.id, OrderState.RUNNING, after_s=5, legs_done=1))
        await store.set_progress(unit, progress(order.id, OrderState.ACCEPTED, after_s=2))
        record = await store.set_progress(unit, progress(order.id, OrderState.LOADED, after_s=2))
        again = await store.set_progress(unit, progress(order.id, OrderState.RUNNING, after_s=5))
        assert len(await store.order_history(unit, order.id)) == 5
    assert record.progress.state is OrderState.RUNNING
    assert again.progress.legs_done == 1


async def test_an_ended_order_never_comes_back(database: Database, store: FleetStore) -> None:
    order = examples.order()
    async with database.transaction() as unit:
        await store.add_order(unit, order)
        await store.set_progress(unit, progress(order.id, OrderState.TIMED_OUT, after_s=9, because="no answer"))
        late = await store.set_progress(unit, progress(order.id, OrderState.ACCEPTED, after_s=2))
        for state in (OrderState.RUNNING, OrderState.DONE):
            with pytest.raises(Conflict):
                await store.set_progress(unit, progress(order.id, state, after_s=10))
    assert late.progress.state is OrderState.TIMED_OUT


async def test_progress_for_strange_orders_is_refused(database: Database, store: FleetStore) -> None:
    order = examples.order("drone-2")
    async with database.transaction() as unit:
        await store.add_order(unit, order)
        with pytest.raises(NotAllowed):
            await store.set_progress(unit, progress(order.id, OrderState.ACCEPTED), vehicle_id=DRONE)
        with pytest.raises(NotFound):
            await store.set_progress(unit, progress(OrderId(new_id()), OrderState.ACCEPTED))
        with pytest.raises(Conflict, match="because"):
            await store.set_progress(unit, progress(order.id, OrderState.FAILED))


async def test_two_controllers_never_claim_the_same_order(database: Database, store: FleetStore) -> None:
    async with database.transaction() as unit:
        for after_s in range(4):
            await store.add_order(unit, examples.order(made_after_s=after_s))
    async with database.transaction() as first:
        mine = await store.claim_unfinished_orders(first, limit=3)
        assert len(mine) == 3
        if database.is_sqlite:  # one writer at a time: the neighbour waits
            return
        async with database.transaction() as second:
            theirs = await SqlFleetStore().claim_unfinished_orders(second)
    assert {record.order.id for record in mine}.isdisjoint({record.order.id for record in theirs})
    assert len(theirs) == 1


async def test_a_command_is_open_until_its_outcome(database: Database, store: FleetStore) -> None:
    command = examples.command()
    done = CommandOutcome(command_id=command.id, state=CommandState.DONE, because="it hovers", at=examples.NOW)
    async with database.transaction() as unit:
        await store.add_command(unit, command)
        assert [record.command for record in await store.open_commands(unit, vehicle_id=DRONE)] == [command]
        much_later = examples.NOW + timedelta(hours=1)
        assert [one.command for one in await store.recent_commands(unit, since=much_later, limit=1)] == [command]
        await store.set_outcome(unit, done, vehicle_id=DRONE)
        await store.set_outcome(unit, done)
    async with database.transaction() as unit:
        assert await store.open_commands(unit, vehicle_id=DRONE) == ()
        assert (await store.command(unit, command.id)).outcome == done
        before = examples.NOW - timedelta(seconds=1)
        assert [one.outcome for one in await store.recent_commands(unit, since=before, limit=9)] == [done]
        assert await store.recent_commands(unit, since=much_later, limit=9) == ()
    lines = await database.read_journal(after=0, prefix="commands.changed")
    assert [line.event.body["state"] for line in lines] == ["sent", "done"]


async def test_a_command_expires_with_a_because_and_an_event(database: Database, store: FleetStore) -> None:
    command = examples.command(lasts_s=30)
    async with database.transaction() as unit:
        await store.add_command(unit, command)
        assert await store.expire_commands(unit, now=examples.NOW + timedelta(seconds=29)) == ()
        expired = await store.expire_commands(unit, now=examples.NOW + timedelta(seconds=30))
    assert [record.outcome.state for record in expired] == [CommandState.EXPIRED]
    assert "did not confirm" in expired[0].outcome.because
    lines = await database.read_journal(after=0, prefix="vehicles.event")
    assert [line.event.body["kind"] for line in lines] == ["command_expired"]


async def test_a_late_word_from_the_vehicle_corrects_an_expired_command(database: Database, store: FleetStore) -> None:
    command = examples.command()
    later = examples.NOW + timedelta(seconds=60)
    async with database.transaction() as unit:
        await store.add_command(unit, command)
        await store.expire_commands(unit, now=later)
        outcome = CommandOutcome(command_id=command.id, state=CommandState.DONE, because="it hovers", at=later)
        assert (await store.set_outcome(unit, outcome)).outcome.state is CommandState.DONE
        failed = CommandOutcome(command_id=command.id, state=CommandState.FAILED, because="no", at=later)
        with pytest.raises(Conflict):
            await store.set_outcome(unit, failed)
        with pytest.raises(NotFound):
            await store.command(unit, CommandId(new_id()))


async def test_a_hello_keeps_the_vehicle_out_of_service(database: Database, store: FleetStore) -> None:
    at = examples.NOW
    async with database.transaction() as unit:
        await store.put_vehicle(unit, examples.card(), agent="tower", software="a", boot_id="1", at=at)
        with pytest.raises(Conflict):
            await store.take_out_of_service(unit, DRONE, because=" ", by="ann", at=at)
        await store.take_out_of_service(unit, DRONE, because="bent propeller", by="ann", at=at)
        later = at + timedelta(hours=1)
        record = await store.put_vehicle(unit, examples.card(), agent="roof", software="b", boot_id="2", at=later)
    assert record.out_of_service is not None
    assert record.out_of_service.because == "bent propeller"
    assert (record.agent, record.card, record.hello_at) == ("roof", examples.card(), later)
    async with database.transaction() as unit:
        await store.put_into_service(unit, DRONE, because="mended", by="ann", at=later)
        await store.note_seen(unit, DRONE, at=later + timedelta(seconds=9))
        (found,) = await store.vehicles(unit)
    assert found.out_of_service is None
    assert found.last_seen_at == later + timedelta(seconds=9)


async def test_a_report_enters_the_books_once(database: Database, store: FleetStore) -> None:
    report_id = ReportId(new_id())
    for expected in (True, False, False):
        async with database.transaction() as unit:
            entered = await store.take_in(unit, report_id, vehicle_id=DRONE, kind="sighting", at=examples.NOW)
        assert entered is expected
    async with database.transaction() as unit:
        figures = await store.inbox_figures(unit)
    assert (figures.committed, figures.duplicates, figures.refused) == (1, 2, 0)


async def test_a_refused_report_is_kept_with_its_reason(database: Database, store: FleetStore) -> None:
    report = RefusedReport(
        id=ReportId(new_id()),
        vehicle_id=DRONE,
        kind="order_progress",
        made_at=examples.NOW,
        refused_at=examples.NOW,
        code="not_found",
        because="no such order",
        body=b"\x01\x02",
    )
    async with database.transaction() as unit:
        await store.take_in(unit, report.id, vehicle_id=DRONE, kind=report.kind, at=examples.NOW)
        await store.refuse(unit, report)
        assert await store.refused_reports(unit) == (report,)
        figures = await store.inbox_figures(unit)
    assert (figures.committed, figures.refused) == (0, 1)
    assert len(await database.read_journal(after=0, prefix="reports.refused")) == 1
