"""What has had its time is let go of, in small pieces, and nothing that is open or that a case refers to."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from api.retention import KeptFor, Retention
from api.store_sql_retention import aged_rows
from core.database import Base, EventRow, Transaction, UtcDateTime
from core.errors import InvalidInput
from core.events import Event
from core.ids import CommandId, ReportId, new_id
from fleet.gazes import GazeLog
from fleet.orders import CommandOutcome, CommandState, OrderProgress, OrderState
from fleet.store_sql_commands import CommandRow
from fleet.store_sql_gazes import GazeLogRow
from fleet.store_sql_orders import OrderProgressRow, OrderRow, ZoneSetRow
from fleet.store_sql_vehicles import RefusedReportRow, ReportRow
from geofence.footprint import Intrinsics
from geofence.zones import ZoneSet
from incidents.store_sql_rows import AlarmRow, IncidentRow, SightingRow
from missions.patrol import RunState
from missions.store_sql import RunRow
from tests.api.controller import Controller
from tests.fleet import examples

OLD, DAY = examples.NOW, timedelta(days=1)
KEPT = KeptFor(flights_days=180, journal_days=90, refused_days=30)
_EMPTY = {str: "x", int: 0, float: 0.0, bool: False, bytes: b"", dict: {}, list: []}


async def put(unit: Transaction, row: type[Base], **values: object) -> None:
    """Insert a row with these values and something of the right type in all others."""
    for column in row.__table__.columns:
        if column.name in values or column.nullable or column.server_default is not None:
            continue
        is_time = isinstance(column.type, UtcDateTime)
        values[column.name] = OLD if is_time else _EMPTY.get(column.type.python_type, [])
    unit.session.add(row(**values))
    await unit.session.flush()


async def count(controller: Controller, row: type[Base]) -> int:
    async with controller.services.database.reading() as unit:
        return await unit.session.scalar(select(func.count()).select_from(row)) or 0


async def flown(controller: Controller, unit: Transaction, *, vehicle: str = "drone-1", **order: Any) -> str:
    """Put an order of long ago into the books that was flown, with a word on it and a gaze."""
    one, fleet = examples.order(vehicle, **order), controller.services.fleet
    await fleet.add_order(unit, one)
    progress = OrderProgress(order_id=one.id, state=OrderState.DONE, because="landed", at=OLD)
    await fleet.set_progress(unit, progress)
    lens = Intrinsics(width_px=640, height_px=360, fx_px=640, fy_px=640, cx_px=320, cy_px=180)
    log = GazeLog(
        vehicle_id=one.vehicle_id, order_id=one.id, lens=lens, begin_at=OLD, end_at=OLD, gazes=(), assessed_s=1.0
    )
    await fleet.add_gaze_log(unit, log)
    return one.id


async def orders(controller: Controller) -> set[str]:
    async with controller.services.database.reading() as unit:
        return set(await unit.session.scalars(select(OrderRow.id)))


def retention(controller: Controller, kept: KeptFor = KEPT) -> Retention:
    services = controller.services
    aged = aged_rows(kept, orders=services.fleet)
    return Retention(database=services.database, clock=controller.clock, aged=aged)


async def passes(controller: Controller, days: float) -> None:
    """Let so many days pass since `OLD`."""
    await controller.clock.advance((OLD + days * DAY - controller.clock.now()).total_seconds())


async def let_go(controller: Controller, kept: KeptFor = KEPT) -> Mapping[str, int]:
    """Let go once, while the clock goes on."""
    work = asyncio.ensure_future(retention(controller, kept).let_go())
    while not work.done():
        await controller.clock.advance(0.2)
        await asyncio.sleep(0.001)
    return work.result()


async def test_flights_are_let_go_with_all_that_hangs_on_them(controller_on_both: Controller) -> None:
    books = controller_on_both
    async with books.services.database.transaction() as unit:
        for n in range(120):
            await flown(books, unit, made_after_s=n)
        newest = await flown(books, unit, made_after_s=500)
        running = examples.order("drone-2", made_after_s=600)
        await books.services.fleet.add_order(unit, running)
        answered, asked = examples.command(), examples.command()
        for command in (answered, asked):
            await books.services.fleet.add_command(unit, command)
        done = CommandOutcome(command_id=CommandId(answered.id), state=CommandState.DONE, because="so", at=OLD)
        await books.services.fleet.set_outcome(unit, done)
    await passes(books, 179)
    assert (await let_go(books))["flights"] == 0

    await passes(books, 181)
    gone = await let_go(books)
    assert (gone["flights"], gone["commands"], gone["zones of flights"]) == (120, 1, 0)
    assert await orders(books) == {newest, running.id}
    assert (await count(books, GazeLogRow), await count(books, OrderProgressRow)) == (1, 3)
    async with books.services.database.reading() as unit:
        assert list(await unit.session.scalars(select(CommandRow.id))) == [asked.id]
    assert (await let_go(books))["flights"] == 0


async def test_the_zones_of_flights_go_with_the_last_of_them(controller: Controller) -> None:
    async with controller.services.database.transaction() as unit:
        old = await flown(controller, unit)
        other = examples.order(made_after_s=9)
        await controller.services.fleet.add_order(unit, replace(other, zones=ZoneSet(zones=other.zones.zones[:1])))
    assert await count(controller, ZoneSetRow) == 2
    await passes(controller, 181)
    gone = await let_go(controller)
    assert (gone["zones of flights"], await orders(controller)) == (1, {other.id})
    assert (await count(controller, ZoneSetRow), old in await orders(controller)) == (1, False)


async def test_nothing_that_is_open_or_that_a_case_refers_to_is_let_go(controller_on_both: Controller) -> None:
    books = controller_on_both
    closed_at = OLD + 100 * DAY
    cases = {"open": ("dispatched", None), "closed": ("closed", closed_at), "verifying": ("verifying", None)}
    ids: dict[str, str] = {}
    async with books.services.database.transaction() as unit:
        for name, (state, at) in cases.items():
            seen = ids[name] = await flown(books, unit)
            case, checked = {"id": f"case-{name}", "number": name, "state": state}, name == "verifying"
            await put(unit, IncidentRow, **case, closed_at=at, verifying_order_id=seen if checked else None)
            if not checked:
                await put(unit, SightingRow, id=new_id(), incident_id=case["id"], order_id=seen)
        for state in (RunState.RUNNING, RunState.INTERRUPTED, RunState.DONE):
            run_id, alarm_id = new_id(), new_id()
            ids[state] = await flown(books, unit, run_id=run_id)
            await put(unit, RunRow, id=run_id, state=state.value, alarm_id=alarm_id)
            if state is RunState.DONE:
                await put(unit, AlarmRow, id=alarm_id, number="a", press_id="p", state="ringing")
        ids["nobody's"] = await flown(books, unit)
        await flown(books, unit, made_after_s=60)
    await passes(books, 181)
    assert (await let_go(books))["flights"] == 1
    assert ids["nobody's"] not in await orders(books)
    kept = {ids[name] for name in ids.keys() - {"nobody's"}}
    assert kept < await orders(books)

    await passes(books, 281)
    assert (await let_go(books))["flights"] == 1, "the closed case has had its time too"
    async with books.services.database.transaction() as unit:
        await unit.session.execute(update(RunRow).values(state=RunState.DONE.value))
        await unit.session.execute(update(AlarmRow).values(state="closed"))
        await unit.session.execute(update(IncidentRow).values(state="closed", closed_at=OLD))
    assert (await let_go(books))["flights"] == 5


async def test_reports_and_refused_ones_stay_counted(controller_on_both: Controller) -> None:
    books = controller_on_both
    async with books.services.database.transaction() as unit:
        for n in range(3):
            await put(unit, ReportRow, id=f"r-{n}", copies=n)
        await put(unit, RefusedReportRow, id="r-0")
        before = await books.services.fleet.inbox_figures(unit)
    await passes(books, 31)
    assert (await let_go(books))["refused reports"] == 1
    await passes(books, 181)
    assert (await let_go(books))["reports"] == 3
    async with books.services.database.transaction() as unit:
        known = await books.services.fleet.take_in(
            unit, ReportId("r-9"), vehicle_id=examples.order().vehicle_id, kind="k", at=books.clock.now()
        )
        after = await books.services.fleet.inbox_figures(unit)
    assert known
    assert (after.committed, after.duplicates, after.refused) == (before.committed + 1, before.duplicates, 1)


async def test_the_journal_reaches_back_so_far_and_says_so_to_who_asks_for_more(controller: Controller) -> None:
    database, client = controller.services.database, await controller.sign_in("supervisor")
    for _ in range(2):
        async with database.transaction() as unit:
            for n in range(150):
                unit.emit(Event(subject="runs.changed", key=str(n)))
        await passes(controller, 60)
    await passes(controller, 100)
    assert (await let_go(controller))["journal"] == 150
    told = (await client.get("/events", params={"after": 10, "limit": 5})).json()
    assert (told["let_go_until"], told["events"][0]["cursor"]) == (150, 151)
    told = (await client.get("/events", params={"after": 150, "limit": 5})).json()
    assert (told["let_go_until"], told["events"][0]["cursor"]) == (None, 151)

    await passes(controller, 1000)
    assert (await let_go(controller))["journal"] == 149
    async with database.transaction() as unit:
        unit.emit(Event(subject="runs.changed", key="new"))
    assert await database.last_cursor() == 301, "cursors go on where they were"
    assert await count(controller, EventRow) == 2


async def test_it_is_looked_for_while_others_write_and_taken_in_small_pieces(controller: Controller) -> None:
    async with controller.services.database.transaction() as unit:
        for n in range(250):
            await put(unit, ReportRow, id=f"r-{n}")
    await passes(controller, 181)
    sizes: list[int] = []

    def note(_connection: object, _cursor: object, statement: str, values: tuple[object, ...], *_: object) -> None:
        if statement.startswith("DELETE FROM reports "):
            sizes.append(len(values))

    event.listen(controller.services.database.engine.sync_engine, "before_cursor_execute", note)
    assert (await let_go(controller))["reports"] == 250
    assert sizes == [100, 100, 50]


async def test_what_is_over_is_looked_for_by_indexes_however_much_is_kept(controller: Controller) -> None:
    kept_for = aged_rows(KEPT, orders=controller.services.fleet)
    engine, plans = controller.services.database.engine.sync_engine, dict[str, list[str]]()

    def explain(_connection: Any, cursor: Any, statement: str, values: tuple[object, ...], *_: object) -> None:
        if statement.startswith("SELECT"):
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            plans[name] = [row[3] for row in cursor.fetchall()]

    event.listen(engine, "before_cursor_execute", explain)
    for one in kept_for:
        # Refused reports are few; the journal is read from its beginning, by its number.
        if (name := one.name) in {"refused reports", "journal"}:
            continue
        async with controller.services.database.reading() as unit:
            await one.matter.find(unit, before=OLD, limit=100)
    event.remove(engine, "before_cursor_execute", explain)
    assert len(plans) == 4
    slow = [(name, step) for name, steps in plans.items() for step in steps if step.startswith(("SCAN", "USE TEMP"))]
    assert [one for one in slow if "USING" not in one[1]] == []


@pytest.mark.parametrize("name", ["reports", "refused reports"])
async def test_what_two_controllers_let_go_of_at_once_is_counted_once(
    controller_on_both: Controller, name: str
) -> None:
    books = controller_on_both
    async with books.services.database.transaction() as unit:
        for n in range(3):
            await put(unit, ReportRow, id=f"r-{n}", copies=n)
        await put(unit, RefusedReportRow, id="r-0")
        before = await books.services.fleet.inbox_figures(unit)
        aged = aged_rows(KEPT, orders=books.services.fleet)
        (matter,) = [one.matter for one in aged if one.name == name]
        keys = await matter.find(unit, before=OLD + DAY, limit=100)
    for _ in range(2):
        async with books.services.database.transaction() as unit:
            await matter.take(unit, keys)
    async with books.services.database.reading() as unit:
        assert await books.services.fleet.inbox_figures(unit) == before


async def test_a_clock_that_jumped_ahead_takes_nothing_with_it_for_a_day(controller: Controller) -> None:
    await passes(controller, 0)
    async with controller.services.database.transaction() as unit:
        kept = await flown(controller, unit)
        await flown(controller, unit, made_after_s=60)
    service = retention(controller)
    controller.clock.jump(3650 * 86_400)
    for _ in range(3):
        assert await service.let_go() == {}
        await controller.clock.advance(3600)
    controller.clock.jump(-3650 * 86_400)
    assert (await service.let_go())["flights"] == 0
    assert kept in await orders(controller)
    controller.clock.jump(3650 * 86_400)
    assert await service.let_go() == {}
    await controller.clock.advance(86_400)
    working = asyncio.ensure_future(service.let_go())
    while not working.done():
        await controller.clock.advance(1)
    assert working.result()["flights"] == 1, "whoever keeps to the new time means it"


async def test_a_vehicle_whose_clock_is_years_behind_keeps_its_flights_for_their_time(controller: Controller) -> None:
    await passes(controller, 3650)
    async with controller.services.database.transaction() as unit:
        for n in range(2):
            await flown(controller, unit, made_after_s=3650 * 86_400 + n)
        word = replace(examples.command(), made_at=controller.clock.now())
        await controller.services.fleet.add_command(unit, word)
        done = CommandOutcome(command_id=word.id, state=CommandState.DONE, because="so", at=OLD)
        await controller.services.fleet.set_outcome(unit, done)
    assert await let_go(controller) == dict.fromkeys(await let_go(controller), 0)
    await passes(controller, 3650 + 181)
    gone = await let_go(controller)
    assert (gone["flights"], gone["commands"]) == (1, 1)


async def test_nothing_is_let_go_that_is_kept_for_ever(controller: Controller) -> None:
    async with controller.services.database.transaction() as unit:
        await flown(controller, unit)
        await flown(controller, unit, made_after_s=60)
    await passes(controller, 9000)
    assert await let_go(controller, KeptFor.of(flights=0, journal=0, refused=0)) == {}


@pytest.mark.parametrize("days", [-1, 0.5, float("nan")])
def test_a_time_that_would_take_what_is_flown_now_is_refused(days: float) -> None:
    with pytest.raises(InvalidInput, match="keep_flights_days"):
        KeptFor.of(flights=days, journal=90, refused=30)


async def test_the_site_tells_how_long_what_is_kept(controller: Controller) -> None:
    client = await controller.sign_in("supervisor")
    told = (await client.get("/site")).json()["kept_for"]
    assert told == {"flights_days": 180, "journal_days": 90, "refused_days": 30}
