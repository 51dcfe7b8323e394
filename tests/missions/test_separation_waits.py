"""Those that wait for others go on: one by one, past what cannot be near, and never against a person's word."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from shapely import LineString, MultiPoint
from shapely.geometry.base import BaseGeometry

from core.clock import ManualClock
from core.database import Database
from core.events import InProcessBus
from core.ids import VehicleId
from fleet.holding import Holder, Speaker
from fleet.orders import CommandKind, CommandOutcome, CommandState, Dock, OrderPurpose, OrderState
from fleet.store import CommandRecord, OrderRecord
from fleet.telemetry import FlightMode, LandedState, VehicleState
from missions.live_separation import LiveDistances, encounters, remedy
from missions.separation_waits import blocks_way_home, in_the_way, may_go_on
from missions.separation_watcher import SeparationWatcher
from missions.situation import Situation
from tests.missions.dispatch_range import START, Range
from tests.missions.test_live_separation import Point, order, place, vehicle, watcher

DISTANCES = LiveDistances()


def keeps_clear(other: str) -> str:
    return f"keeps clear of {other}: they would come within 2 m and 0 m in height in 3 s"


def held(name: str, at: Point, *, to: Point, other: str = "b", height_m: float = 25.0) -> Situation:
    return vehicle(name, at, to=to, mode=FlightMode.HOLD, held_because=keeps_clear(other), height_m=height_m)


def blocked_by(one: Situation, *others: Situation, now_s: float = 0.0) -> str:
    found = in_the_way(one, (one, *others), now_s=now_s, distances=DISTANCES)
    return "" if found is None else found.because


# ------------------------------------------------------------------------------------ whose way is free


def test_a_vehicle_may_fly_away_from_one_that_stands_however_near_and_not_past_it() -> None:
    stands = held("b", (6, 0), to=(-100, 0), other="a")
    assert blocked_by(held("a", (0, 0), to=(-100, 0)), stands) == ""
    assert blocked_by(held("a", (0, 0), to=(0, 100)), stands) == ""
    assert blocked_by(held("a", (0, 0), to=(100, 0)), stands) == "b stands in its way"
    assert blocked_by(held("a", (0, 0), to=(100, 40)), stands) == "b stands in its way"
    moving = vehicle("b", (6, 0), (1.5, 0, 0), to=(100, 0))
    assert blocked_by(held("a", (0, 0), to=(-100, 0)), moving) == "b flies in its way"


@pytest.mark.parametrize(
    ("silent_s", "far_m", "is_blocked"),
    [(10.0, 500.0, False), (10.0, 120.0, True), (90.0, 500.0, True), (900.0, 60.0, True), (1100.0, 60.0, False)],
)
def test_a_silent_vehicle_blocks_only_where_it_may_be_by_now(silent_s: float, far_m: float, is_blocked: bool) -> None:
    waits = held("a", (0, 0), to=(20, 0))
    silent = vehicle("b", (far_m, 0), received_s=-silent_s)
    assert bool(blocked_by(waits, silent)) is is_blocked


def test_a_silent_vehicle_keeps_to_its_route_and_its_ways_home() -> None:
    waits = held("a", (0, 0), to=(0, 40))
    away = vehicle("b", (100, 0), (5, 0, 0), to=(300, 0), received_s=-200.0)
    assert away.current is not None

    def based_at(east_m: float) -> Situation:
        assert away.current is not None
        base = Dock(id="b", place=place(east_m, -20))
        return replace(away, current=replace(away.current, order=replace(away.current.order, dock=base)))

    assert blocked_by(waits, based_at(200.0)) == ""
    assert blocked_by(waits, based_at(-100.0)) == "b is not heard and may be in its way"


def test_after_a_restart_a_vehicle_that_nobody_has_heard_yet_is_where_its_order_leads() -> None:
    waits = held("a", (0, 0), to=(40, 0))
    over = vehicle("b", (20, -50), to=(20, 50))
    unheard = replace(over, state=replace(over.state, received_s=None, position=None, link_up=False))
    assert blocked_by(waits, unheard) == "b is not heard and may be in its way"
    assert blocked_by(waits, replace(unheard, current=None)) == ""


def unheard(name: str, corners: Sequence[Point], homes: Sequence[Point], *, legs_done: int = 0) -> Situation:
    """Return a vehicle that flies over *corners* and that nobody has heard yet; the first of *homes* is its dock."""
    over = vehicle(name, (0, 0), to=corners[0])
    assert over.current is not None
    (leg,), docks = over.current.order.legs, [Dock(id=name, place=place(*home)) for home in homes]
    legs = tuple(replace(leg, place=place(*corner)) for corner in corners)
    given = replace(over.current.order, legs=legs, dock=docks[0], rally_points=tuple(docks[1:]))
    current = OrderRecord(order=given, progress=replace(over.current.progress, legs_done=legs_done))
    return replace(over, current=current, state=replace(over.state, received_s=None, position=None, link_up=False))


def ground_of(corners: Sequence[Point], homes: Sequence[Point]) -> BaseGeometry:
    """Return all ground of a route and of its ways home, in one piece: right, and slow."""
    hulls = [shapely.convex_hull(MultiPoint([*pair, home])) for pair in pairwise(corners) for home in homes]
    return shapely.union_all(hulls).buffer(10.0)


@given(
    corners=st.lists(st.tuples(st.integers(-300, 300), st.integers(40, 600)), min_size=2, max_size=6),
    homes=st.lists(st.tuples(st.integers(-300, 300), st.integers(40, 600)), min_size=1, max_size=3),
    to=st.tuples(st.integers(-200, 200), st.integers(-200, 200)),
)
def test_one_that_nobody_has_heard_is_in_the_way_where_the_ground_of_its_order_is(
    corners: list[Point], homes: list[Point], to: Point
) -> None:
    apart_m = ground_of(corners, homes).distance(LineString([(0, 0), to])) - DISTANCES.free_sideways_m
    assume(abs(apart_m) > 0.1)
    other = unheard("b", [corners[0], *corners], homes, legs_done=1)
    assert bool(blocked_by(held("a", (0, 0), to=to), other)) is (apart_m < 0)


def test_one_that_was_heard_once_is_in_the_way_only_where_it_may_have_got_to_on_its_route() -> None:
    waits = held("a", (0, 0), to=(0, 40))
    other = unheard("b", [(100, 300), (100, 0), (0, 0)], [(100, 300)])
    silent = replace(other.state, received_s=-5.0, position=place(100, 280), link_up=False)
    assert blocked_by(waits, other)
    assert not blocked_by(waits, replace(other, state=silent))
    assert blocked_by(waits, replace(other, state=replace(silent, received_s=-60.0)))
    assert not blocked_by(waits, replace(other, state=silent, current=None))
    assert blocked_by(waits, replace(other, state=replace(silent, received_s=-60.0), current=None))
    nowhere = replace(silent, position=None)
    assert blocked_by(waits, replace(other, state=nowhere))
    assert not blocked_by(waits, replace(other, state=nowhere, current=None))


def test_a_fleet_that_nobody_has_heard_yet_is_looked_at_for_a_fraction_of_uniting_its_ground() -> None:
    corners: list[Point] = [(20 * (leg // 2), 400 if leg % 4 in {1, 2} else 300) for leg in range(60)]
    homes: list[Point] = [(0, 500), (0, 600), (300, 600), (600, 600)]
    fleet = [unheard(f"u{number}", [corners[0], *corners], homes, legs_done=1) for number in range(4)]
    waits = held("a", (0, 0), to=(0, -40))
    assert blocked_by(waits, *fleet) == ""

    def cpu_s(work: Callable[[], object]) -> float:
        began_s = time.process_time()
        work()
        return time.process_time() - began_s

    united_s = min(cpu_s(lambda: [ground_of(corners, homes) for _ in fleet]) for _ in range(3))
    looked_s = min(cpu_s(lambda: blocked_by(waits, *fleet)) for _ in range(3))
    assert looked_s < united_s / 4


def test_the_way_home_is_free_when_climbing_and_flying_there_come_near_nobody() -> None:
    waits = held("a", (0, 0), to=(100, 0))
    assert waits.current is not None
    home = replace(waits.current.order, dock=Dock(id="a", place=place(-200, 0)))
    waits = replace(waits, current=replace(waits.current, order=home))

    def blocks(*others: Situation) -> bool:
        return blocks_way_home(waits, (waits, *others), now_s=0.0, distances=DISTANCES) is not None

    assert not blocks(held("b", (6, 0), to=(-100, 0), other="a"))
    assert blocks(held("b", (2, 0), to=(-100, 0), other="a", height_m=33))
    assert blocks(held("b", (-60, 0), to=(0, 0), other="a", height_m=75))


# ------------------------------------------------------------------------------------ the watcher


@pytest.fixture
async def estate(tmp_path: Path) -> AsyncIterator[Range]:
    clock = ManualClock(start_at=START)
    url = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    async with Database(url=url, bus=InProcessBus(), clock=clock) as database:
        await database.create_all()
        yield Range(database, clock)


async def flying(
    estate: Range, name: str, at: Point, *, to: Point, waits_for: str = "", base: Point = (0, 0)
) -> VehicleId:
    """Put a vehicle with an order into the books, in the air, on its way or waiting."""
    drone = await estate.add_vehicle(name, "dock-1")
    given = replace(order(name, to, 25.0, OrderPurpose.PATROL), dock=Dock(id=name, place=place(*base)))
    async with estate.database.transaction() as unit:
        await estate.fleet.add_order(unit, given)
    await estate.reports(given.id, OrderState.ACCEPTED, OrderState.LOADED, OrderState.RUNNING)
    if waits_for:
        await estate.reports(given.id, OrderState.HELD, because=keeps_clear(waits_for), held_by=Holder.SEPARATION)
    hangs(estate, drone, at, mode=FlightMode.HOLD if waits_for else FlightMode.MISSION)
    return drone


def hangs(
    estate: Range, drone: VehicleId, at: Point, *, mode: FlightMode = FlightMode.HOLD, east_m_s: float = 0
) -> None:
    estate.says(drone, place(*at), height_m=25.0, mode=mode, speed_m_s=east_m_s)


async def words(estate: Range, drone: VehicleId) -> list[CommandRecord]:
    async with estate.database.transaction() as unit:
        return list(await estate.fleet.open_commands(unit, vehicle_id=drone))


async def kinds(estate: Range, drone: VehicleId) -> list[CommandKind]:
    return [record.command.kind for record in await words(estate, drone)]


async def answer(estate: Range, drone: VehicleId, state: CommandState, because: str = "so it is") -> None:
    async with estate.database.transaction() as unit:
        for record in await estate.fleet.open_commands(unit, vehicle_id=drone):
            at = estate.clock.now()
            outcome = CommandOutcome(command_id=record.command.id, state=state, because=because, at=at)
            await estate.fleet.set_outcome(unit, outcome)


async def told(estate: Range, kind: str) -> list[tuple[str, str]]:
    lines = await estate.database.read_journal(after=0, prefix="vehicles.event")
    return [(line.event.key, str(line.event.body["text"])) for line in lines if line.event.body["kind"] == kind]


async def look(estate: Range, watching: SeparationWatcher, *, after_s: float = 0.0, **places: Point) -> None:
    """Let time pass, the vehicles say where they are, and the watcher look."""
    await estate.clock.advance(after_s)
    for name, at in places.items():
        hangs(estate, VehicleId(name), at)
    await watching.look()


async def test_of_two_that_wait_for_each_other_the_one_that_can_leave_goes_and_then_the_other(estate: Range) -> None:
    first = await flying(estate, "a", (0, 0), to=(100, 0), waits_for="b")
    second = await flying(estate, "b", (6, 0), to=(100, 30), waits_for="a")
    watching = watcher(estate)
    await look(estate, watching)
    assert await kinds(estate, first) == []
    [record] = await words(estate, second)
    assert (record.command.kind, record.command.speaker) == (CommandKind.RESUME, Speaker.SEPARATION)

    await answer(estate, second, CommandState.DONE)
    await estate.reports(order("b", (0, 0), 0, OrderPurpose.PATROL).id, OrderState.RUNNING, because="goes on")
    hangs(estate, second, (9, 1), mode=FlightMode.MISSION, east_m_s=3.0)
    await look(estate, watching, after_s=0.5, a=(0, 0))
    assert await kinds(estate, first) == []
    assert await kinds(estate, second) == [], "two that part are not held again"
    hangs(estate, second, (100, 30), mode=FlightMode.MISSION)
    await look(estate, watching, after_s=0.5, a=(0, 0))
    assert await kinds(estate, first) == [CommandKind.RESUME]


async def test_of_two_that_could_both_leave_one_goes_at_a_time(estate: Range) -> None:
    await flying(estate, "a", (0, 0), to=(-100, 0), waits_for="b")
    await flying(estate, "b", (6, 0), to=(100, 0), waits_for="a")
    far = await flying(estate, "c", (0, 400), to=(0, 500), waits_for="b")
    await look(estate, watcher(estate))
    assert [len(await words(estate, VehicleId(name))) for name in ("a", "b")] == [1, 0]
    assert await kinds(estate, far) == [CommandKind.RESUME], "others are served in the same look"


async def test_of_two_that_block_each_other_one_goes_home_after_a_while(estate: Range) -> None:
    first = await flying(estate, "a", (0, 0), to=(100, 0), waits_for="b", base=(-200, 0))
    second = await flying(estate, "b", (6, 0), to=(-100, 0), waits_for="a", base=(200, 0))
    watching = watcher(estate)
    await look(estate, watching, after_s=20, a=(0, 0), b=(6, 0))
    assert (await kinds(estate, first), await kinds(estate, second)) == ([], [])
    await look(estate, watching, after_s=15, a=(0, 0), b=(6, 0))
    assert (await kinds(estate, first), await kinds(estate, second)) == ([], [CommandKind.RETURN])
    [(name, text)] = await told(estate, "separation_sent_home")
    assert (name, "neither can fly on" in text) == ("b", True)


async def test_where_nobody_can_leave_a_person_is_told_once_who_waits_for_whom(estate: Range) -> None:
    first = await flying(estate, "a", (0, 0), to=(100, 0), waits_for="b", base=(200, 0))
    second = await flying(estate, "b", (6, 0), to=(-100, 0), waits_for="a", base=(-200, 0))
    over = await flying(estate, "c", (3, 0), to=(3, 1))
    estate.says(over, place(3, 0), height_m=50.0, mode=FlightMode.MANUAL)
    watching = watcher(estate)
    for after_s in (20, 15, 2, 2):
        await estate.clock.advance(after_s)
        estate.says(over, place(3, 0), height_m=50.0, mode=FlightMode.MANUAL)
        await look(estate, watching, a=(0, 0), b=(6, 0))
    assert (await kinds(estate, first), await kinds(estate, second)) == ([], [])
    texts = sorted(await told(estate, "separation_waits"))
    assert [name for name, _ in texts] == ["a", "b"]
    assert texts[0][1] == "has waited for 30 s: b stands in its way; it needs a person's word"


async def test_a_refused_word_is_repeated_with_patience_and_told_once(estate: Range) -> None:
    waits = await flying(estate, "a", (0, 0), to=(-100, 0), waits_for="b")
    watching, said_at_s = watcher(estate), []
    for _ in range(60):
        await look(estate, watching, after_s=0.5, a=(0, 0))
        if await words(estate, waits):
            said_at_s.append(estate.clock.monotonic_s())
            await answer(estate, waits, CommandState.FAILED, "did not switch to mission")
    pauses_s = [later - sooner for sooner, later in pairwise(said_at_s)]
    assert len(said_at_s) <= 5
    assert pauses_s == sorted(pauses_s)
    assert len(await told(estate, "separation_restored")) == 1
    [(_, text)] = await told(estate, "separation_refused")
    assert text == "resume to keep it apart from others was not done: did not switch to mission"


async def test_when_one_refuses_to_hold_the_other_is_asked(estate: Range) -> None:
    first = await flying(estate, "a", (0, 0), to=(100, 0))
    second = await flying(estate, "b", (30, 0), to=(-100, 0))

    async def meet() -> None:
        hangs(estate, first, (0, 0), mode=FlightMode.MISSION, east_m_s=6.0)
        hangs(estate, second, (30, 0), mode=FlightMode.MISSION, east_m_s=-6.0)
        await watching.look()

    watching = watcher(estate)
    await meet()
    assert (await kinds(estate, first), await kinds(estate, second)) == ([CommandKind.HOLD], [])
    await answer(estate, first, CommandState.FAILED, "others have it in hand")
    await meet()
    assert (await kinds(estate, first), await kinds(estate, second)) == ([], [CommandKind.HOLD])
    await answer(estate, second, CommandState.FAILED, "others have it in hand")
    for _ in range(3):
        await meet()
    assert len(await told(estate, "separation_lost")) == 2


async def test_a_hold_that_somebody_took_over_is_not_ended_by_the_watcher(estate: Range) -> None:
    waits = await flying(estate, "a", (0, 0), to=(-100, 0), waits_for="b")
    await estate.clock.advance(1.0)
    because = "taken over while it waited: it is in mode manual"
    await estate.reports(
        order("a", (0, 0), 0, OrderPurpose.PATROL).id, OrderState.HELD, because=because, held_by=Holder.PILOT
    )
    watching = watcher(estate)
    await look(estate, watching, after_s=1, a=(0, 0))
    await look(estate, watching, after_s=100, a=(0, 0))
    assert await words(estate, waits) == []


def test_a_landed_or_manual_vehicle_is_not_ready_to_go_on() -> None:
    waits = held("a", (0, 0), to=(-100, 0))
    assert may_go_on(waits, (waits,), now_s=0.0, distances=DISTANCES)
    for changed in ({"mode": FlightMode.MANUAL}, {"landed": LandedState.ON_GROUND, "is_armed": False}):
        other = replace(waits, state=replace(waits.state, **changed))
        assert not may_go_on(other, (other,), now_s=0.0, distances=DISTANCES)


def test_nobody_is_stopped_where_another_that_goes_home_climbs_to() -> None:
    over = vehicle("b", (-6, 0), (4, 0, 0), to=(100, 0), height_m=33)
    climbs = vehicle("a", (4, 0), (0, 0, 1.5), mode=FlightMode.RETURN)
    (found,) = encounters((climbs, over), now_s=0.0, distances=replace(DISTANCES, word_s=3.0))
    chosen = remedy(found, distances=DISTANCES)
    assert (chosen.waits, "nearer still if b stopped" in chosen.because) == (None, True)
    beside = replace(over, state=replace(over.state, position=place(-6, 6)))
    found = replace(found, second=beside, motions=(found.motions[0], replace(found.motions[1], free_m=1.0)))
    assert remedy(found, distances=DISTANCES).waits == VehicleId("b")


async def test_one_that_waits_steps_aside_when_another_that_goes_home_comes_at_it(estate: Range) -> None:
    waits = await flying(estate, "a", (0, 0), to=(-100, 0), waits_for="b")
    home = await flying(estate, "b", (1, 0), to=(1, 1))
    watching = watcher(estate)
    climbing = VehicleState(
        vehicle_id=home, received_s=estate.clock.monotonic_s(), position=place(1, 0), height_above_home_m=17.0,
        up_m_s=2.0, mode=FlightMode.RETURN, is_armed=True, landed=LandedState.IN_AIR, link_up=True,
    )  # fmt: skip
    estate.registry.update(climbing)
    await look(estate, watching, a=(0, 0))
    assert [(word.command.kind, word.command.because) for word in await words(estate, waits)] == [
        (CommandKind.RESUME, "steps aside: b comes at it")
    ]
