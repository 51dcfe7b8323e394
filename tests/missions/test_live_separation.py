"""Vehicles in the air are kept apart by what they really do, and left alone where they keep to their plans."""

import math
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.clock import ManualClock
from core.database import Database
from core.errors import Unavailable
from core.events import InProcessBus
from core.ids import OrderId, VehicleId
from fleet.holding import Holder
from fleet.orders import (
    CommandKind,
    Dock,
    FailsafeChoices,
    Leg,
    LegPurpose,
    Order,
    OrderProgress,
    OrderPurpose,
    OrderState,
)
from fleet.store import OrderRecord, VehicleRecord
from fleet.telemetry import FlightMode, LandedState, VehicleState
from fleet.vehicle import VehicleCard, VehicleKind
from geofence.frames import LocalFrame
from geofence.margins import Stopping
from geofence.positions import GeoPosition, LocalPosition
from geofence.zones import ZoneSet
from missions.live_separation import LiveDistances, encounters, pairs_nearby, remedy
from missions.preemption import Busy, doing
from missions.separation_waits import keeps_clear, may_go_on
from missions.separation_watcher import SeparationWatcher
from missions.situation import Situation
from tests.missions.dispatch_range import START, Range

FRAME = LocalFrame(origin=GeoPosition(lon_deg=121.4, lat_deg=31.32))
DISTANCES = LiveDistances()
Point = tuple[float, float]


def place(east_m: float, north_m: float) -> GeoPosition:
    return FRAME.to_geo(LocalPosition(east_m=east_m, north_m=north_m))


def order(name: str, to: Point, height_m: float, purpose: OrderPurpose) -> Order:
    leg = Leg(place=place(*to), height_agl_m=height_m, speed_m_s=5.0, purpose=LegPurpose.SURVEY)
    return Order(
        id=OrderId(f"order-{name}"), vehicle_id=VehicleId(name), run_id=None, purpose=purpose, legs=(leg,),
        zones=ZoneSet(zones=()), dock=Dock(id=name, place=place(0, 0)), ground_amsl_m=4.0, return_height_agl_m=75.0,
        takeoff_height_agl_m=10.0, failsafes=FailsafeChoices(), authorisation=None, not_before_at=START,
        not_after_at=START + timedelta(hours=1), made_at=START,
    )  # fmt: skip


def vehicle(
    name: str,
    at: Point,
    velocity: tuple[float, float, float] = (0, 0, 0),
    *,
    to: Point | None = None,
    height_m: float = 25.0,
    mode: FlightMode = FlightMode.MISSION,
    purpose: OrderPurpose = OrderPurpose.PATROL,
    held_because: str = "",
    held_by: Holder = Holder.SEPARATION,
    received_s: float = 0.0,
) -> Situation:
    """Return a vehicle in the air, on its way over the one leg of its order where *to* is given."""
    state = VehicleState(
        vehicle_id=VehicleId(name), received_s=received_s, position=place(*at), altitude_amsl_m=4 + height_m,
        height_above_home_m=height_m, east_m_s=velocity[0], north_m_s=velocity[1], up_m_s=velocity[2], mode=mode,
        is_armed=True, landed=LandedState.IN_AIR, battery_ratio=0.8, link_up=True,
    )  # fmt: skip
    current = None
    if to is not None:
        progress = OrderProgress(
            order_id=OrderId(f"order-{name}"), state=OrderState.HELD if held_because else OrderState.RUNNING,
            because=held_because, at=START, held_by=held_by if held_because else Holder.NOBODY,
        )  # fmt: skip
        current = OrderRecord(order=order(name, to, height_m, purpose), progress=progress)
    card = VehicleCard(
        id=VehicleId(name), kind=VehicleKind.DRONE, name=name, name_zh=name, capabilities=frozenset(), dock_id=name
    )
    busy = Busy(purpose=purpose if current else None, held_by=held_by if held_because else Holder.NOBODY, state=state)
    return Situation(
        record=VehicleRecord(card=card, agent="a", software="s", boot_id="b", hello_at=START, last_seen_at=START),
        state=state, current=current, doing=doing(busy), dock=None, not_ready="", reasons=(),
    )  # fmt: skip


def waits(*vehicles: Situation) -> list[tuple[VehicleId | None, str]]:
    """Return who is asked to wait, and why, for every encounter."""
    found = encounters(vehicles, now_s=0.0, distances=DISTANCES)
    remedies = (remedy(encounter, distances=DISTANCES) for encounter in found)
    return [(chosen.waits, chosen.because) for chosen in remedies]


def test_vehicles_on_planned_lanes_levels_and_legs_that_end_before_the_others_lane_are_left_alone() -> None:
    east = vehicle("a", (0, 0), (6, 0, 0), to=(100, 0))
    assert waits(east, vehicle("lane", (20, 15), (-6, 0, 0), to=(-100, 15))) == []
    assert waits(east, vehicle("level", (20, 0), (-6, 0, 0), to=(-100, 0), height_m=31)) == []
    assert waits(east, vehicle("turns", (25, 40), (0, -6, 0), to=(25, 15))) == []
    assert waits(east, vehicle("behind", (-20, 0), (6, 0, 0), to=(100, 0))) == []
    assert waits(east, vehicle("stale", (10, 0), (-6, 0, 0), received_s=-4.0)) == []


def test_one_of_two_that_would_meet_waits_and_says_for_whom() -> None:
    patrol = vehicle("a", (0, 0), (6, 0, 0), to=(100, 0))
    look = vehicle("b", (25, -25), (0, 6, 0), to=(25, 100), purpose=OrderPurpose.LOOK)

    (waiting, because) = waits(patrol, look)[0]
    assert waiting == VehicleId("a")
    assert because.startswith("keeps clear of b: they would come within ")
    assert waits(look, patrol)[0][0] == VehicleId("a")
    held = vehicle("a", (0, 0), to=(100, 0), mode=FlightMode.HOLD, held_because=because)
    assert keeps_clear(held)
    assert not keeps_clear(
        vehicle("a", (0, 0), to=(9, 9), mode=FlightMode.HOLD, held_because=because, held_by=Holder.PERSON)
    )
    assert not keeps_clear(patrol)


def test_the_one_whose_stop_keeps_them_apart_waits_even_if_it_loses_more() -> None:
    hangs = vehicle("a", (30, 0), (0.8, 0, 0), to=(31, 0))
    comes = vehicle("b", (0, 0), (6, 0, 0), to=(100, 0), purpose=OrderPurpose.LOOK)
    assert waits(hangs, comes)[0][0] == VehicleId("b")


def test_nobody_is_stopped_on_an_unknown_way_home_or_in_a_pilots_hands_and_it_is_said_when_neither_can_wait() -> None:
    home = vehicle("a", (0, 0), (6, 0, 0), mode=FlightMode.RETURN)
    assert waits(home, vehicle("b", (30, 0), (-6, 0, 0), to=(-100, 0)))[0][0] == VehicleId("b")

    waiting, because = waits(home, vehicle("b", (30, 0), (-6, 0, 0), mode=FlightMode.MANUAL))[0]
    assert waiting is None
    assert "neither can be asked to wait" in because


def test_who_flies_level_on_its_way_home_waits_a_moment_for_who_climbs_into_its_way() -> None:
    climbs = vehicle("b", (164, 0), (0, 0, 1.5), height_m=65, to=(164, 0), mode=FlightMode.RETURN)
    level = vehicle("a", (200, 0), (-6, 0, 0), height_m=75, to=(300, 0), mode=FlightMode.RETURN)
    assert [name for name, _ in waits(level, climbs)] == [VehicleId("a")]
    empty = replace(level, state=replace(level.state, battery_ratio=0.3))
    assert [name for name, _ in waits(empty, climbs)] == [None]
    patrol = vehicle("c", (140, 0), (6, 0, 0), height_m=75, to=(300, 0))
    assert waits(level, patrol)[0][0] == VehicleId("c"), "a patrol loses less than a way home"


def test_a_vehicle_that_comes_down_behind_its_last_leg_is_not_held() -> None:
    coming, landing = vehicle("a", (-16, 0), (5, 0, 0), to=(200, 0)), vehicle("0", (0, 0), (0, 0, -1), to=(0, 0))
    assert landing.current is not None
    done = replace(landing.current, progress=replace(landing.current.progress, legs_done=1))
    assert [name for name, _ in waits(coming, replace(landing, current=done))] == [VehicleId("a")]


def test_a_waiting_vehicle_goes_on_when_its_way_is_free_of_everybody() -> None:
    because = "keeps clear of b: they would come within 2 m and 0 m in height in 3 s"
    waiting = vehicle("a", (0, 0), to=(100, 0), mode=FlightMode.HOLD, held_because=because)

    def goes_on(*others: Situation) -> bool:
        return may_go_on(waiting, (waiting, *others), now_s=0.0, distances=DISTANCES)

    assert goes_on()
    assert goes_on(vehicle("b", (-40, 0), (-6, 0, 0)), vehicle("c", (50, 0), height_m=40))
    assert not goes_on(vehicle("b", (40, 40), (0, -6, 0)))
    assert not goes_on(vehicle("b", (50, 0)))


def test_only_vehicles_in_the_air_and_near_each_other_are_a_reason_to_look_into_the_books() -> None:
    one = vehicle("a", (0, 0)).state
    assert pairs_nearby([one, vehicle("b", (80, 0)).state], distances=DISTANCES)
    assert not pairs_nearby([one, vehicle("b", (130, 0)).state], distances=DISTANCES)
    assert not pairs_nearby([one, vehicle("b", (80, 0), height_m=33).state], distances=DISTANCES)
    assert not pairs_nearby([one], distances=DISTANCES)


class Mover:
    """A vehicle that brakes as the model says, from `word_s` after it was told."""

    def __init__(self, speed_m_s: float, heading_rad: float, *, to_go_s: float) -> None:
        self.direction = np.array([math.sin(heading_rad), math.cos(heading_rad)])
        self.at = -self.direction * speed_m_s * to_go_s
        self.speed_m_s = speed_m_s
        self.brakes_at_s = math.inf

    def is_told(self, now_s: float) -> None:
        self.brakes_at_s = min(self.brakes_at_s, now_s + DISTANCES.word_s - 0.5 + Stopping().reaction_s)

    def seen(self, name: str, now_s: float) -> Situation:
        velocity = (*(self.direction * self.speed_m_s), 0.0)
        mode = FlightMode.MISSION if self.brakes_at_s == math.inf else FlightMode.HOLD
        return vehicle(name, (self.at[0], self.at[1]), velocity, mode=mode, received_s=now_s)

    def step(self, now_s: float, step_s: float) -> None:
        if now_s > self.brakes_at_s:
            self.speed_m_s = max(0.0, self.speed_m_s - Stopping().deceleration_m_s2 * step_s)
        self.at = self.at + self.direction * self.speed_m_s * step_s


@given(
    heading_rad=st.floats(0, 6.28),
    other_heading_rad=st.floats(0, 6.28),
    speed_m_s=st.floats(1, 8),
    other_speed_m_s=st.floats(1, 8),
    late_s=st.floats(-2, 2),
)
@settings(max_examples=60, deadline=None)
def test_two_whose_ways_cross_never_touch_when_they_stop_as_they_are_told(
    heading_rad: float, other_heading_rad: float, speed_m_s: float, other_speed_m_s: float, late_s: float
) -> None:
    one, other = (
        Mover(speed_m_s, heading_rad, to_go_s=11.0),
        Mover(other_speed_m_s, other_heading_rad, to_go_s=11 + late_s),
    )
    assume(float(np.hypot(*(one.at - other.at))) > 25)
    movers, step_s, nearest_m = {"a": one, "b": other}, 0.1, math.inf
    for step in range(180):
        now_s = step * step_s
        if step % 5 == 0:
            seen = [mover.seen(name, now_s) for name, mover in movers.items()]
            for encounter in encounters(seen, now_s=now_s, distances=DISTANCES):
                chosen = remedy(encounter, distances=DISTANCES).waits
                if chosen is not None:
                    movers[chosen].is_told(now_s)
        for mover in movers.values():
            mover.step(now_s, step_s)
        nearest_m = min(nearest_m, float(np.hypot(*(one.at - other.at))))
    assert nearest_m > 2.0


# ---------------------------------------------------------------------------------------- the watcher


@pytest.fixture
async def estate(tmp_path: Path) -> AsyncIterator[Range]:
    clock = ManualClock(start_at=START)
    url = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    async with Database(url=url, bus=InProcessBus(), clock=clock) as database:
        await database.create_all()
        yield Range(database, clock)


def watcher(estate: Range) -> SeparationWatcher:
    return SeparationWatcher(
        database=estate.database, fleet=estate.fleet, situations=estate.situations, registry=estate.registry,
        clock=estate.clock,
    )  # fmt: skip


async def open_words(estate: Range, vehicle_id: VehicleId) -> list[tuple[CommandKind, str]]:
    async with estate.database.transaction() as unit:
        records = await estate.fleet.open_commands(unit, vehicle_id=vehicle_id)
    return [(record.command.kind, record.command.because) for record in records]


async def test_the_watcher_holds_one_once_and_lets_it_go_on_when_the_other_is_gone(estate: Range) -> None:
    drone, other = await estate.add_vehicle("drone-1", "dock-1"), await estate.add_vehicle("drone-2", "dock-2")
    await estate.start((await estate.add_patrol()).id, drone)
    await estate.dispatcher.reconcile()
    record = await estate.flies(drone, legs_done=2)
    here, height_m = record.order.legs[1].place, record.order.legs[1].height_agl_m
    frame = LocalFrame(origin=here)
    ahead = frame.to_geo(LocalPosition(east_m=20, north_m=0))
    estate.says(drone, here, height_m=height_m, mode=FlightMode.MISSION, speed_m_s=5.0)
    estate.says(other, ahead, height_m=height_m, mode=FlightMode.RETURN, speed_m_s=-5.0)

    watching = watcher(estate)
    await watching.look()
    await watching.look()
    [(kind, because)] = await open_words(estate, drone)
    assert kind is CommandKind.HOLD
    assert because.startswith("keeps clear of drone-2: ")
    assert await open_words(estate, other) == []

    await estate.obeys(drone, CommandKind.HOLD)
    await estate.reports(record.order.id, OrderState.HELD, legs_done=2, because=because, held_by=Holder.SEPARATION)
    estate.says(drone, here, height_m=height_m, mode=FlightMode.HOLD)
    await watcher(estate).look()
    assert await open_words(estate, drone) == []

    dock = estate.site.dock("dock-2")
    assert dock is not None
    estate.says(other, dock.place)
    await watcher(estate).look()
    [(kind, because)] = await open_words(estate, drone)
    assert (kind, because) == (CommandKind.RESUME, "goes on: its way is free")


async def test_a_persons_hold_is_never_ended_by_the_watcher(estate: Range) -> None:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    await estate.start((await estate.add_patrol()).id, drone)
    await estate.dispatcher.reconcile()
    record = await estate.flies(drone, legs_done=2)
    because = "keeps clear of drone-2: they would come within 2 m and 0 m in height in 3 s"
    await estate.reports(record.order.id, OrderState.HELD, legs_done=2, because=because, held_by=Holder.SEPARATION)
    await estate.clock.advance(1.0)
    await estate.reports(
        record.order.id, OrderState.HELD, legs_done=2, because="wang: a child is below it", held_by=Holder.PERSON
    )
    estate.says(drone, record.order.legs[1].place, height_m=25, mode=FlightMode.HOLD)

    await watcher(estate).look()
    assert await open_words(estate, drone) == []


async def test_a_word_that_could_not_be_stored_is_forgotten_and_said_again(
    estate: Range, monkeypatch: pytest.MonkeyPatch
) -> None:
    drone, other = await estate.add_vehicle("drone-1", "dock-1"), await estate.add_vehicle("drone-2", "dock-2")
    await estate.start((await estate.add_patrol()).id, drone)
    await estate.dispatcher.reconcile()
    record = await estate.flies(drone, legs_done=2)
    here, height_m = record.order.legs[1].place, record.order.legs[1].height_agl_m
    ahead = LocalFrame(origin=here).to_geo(LocalPosition(east_m=20, north_m=0))
    estate.says(drone, here, height_m=height_m, mode=FlightMode.MISSION, speed_m_s=5.0)
    estate.says(other, ahead, height_m=height_m, mode=FlightMode.RETURN, speed_m_s=-5.0)
    watch = watcher(estate)

    async def away(_: object) -> None:
        raise Unavailable("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(estate.database, "_write_journal", away)
        with pytest.raises(Unavailable):
            await watch.look()
    assert await open_words(estate, drone) == []

    await watch.look()

    assert [kind for kind, _ in await open_words(estate, drone)] == [CommandKind.HOLD]
