"""The live view of the fleet."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace

import pytest

from core.clock import ManualClock
from core.ids import VehicleId
from core.tasks import within
from fleet.live import LiveTracks
from fleet.registry import Aspect, Changes, FleetRegistry
from fleet.telemetry import VehicleState
from tests.fleet import examples

ONE, TWO = VehicleId("drone-1"), VehicleId("drone-2")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def registry(clock: ManualClock) -> FleetRegistry:
    return FleetRegistry(clock=clock)


async def test_a_silent_vehicle_has_lost_its_link_after_three_seconds(
    registry: FleetRegistry, clock: ManualClock
) -> None:
    assert registry.state(ONE) is None
    registry.update(examples.ready_state(now_s=clock.monotonic_s()))
    await clock.advance(3.0)
    fresh = registry.state(ONE)
    await clock.advance(0.1)
    stale = registry.state(ONE)
    assert fresh is not None
    assert stale is not None
    assert fresh.link_up
    assert not stale.link_up
    assert "3 s" in stale.because
    assert stale.position == fresh.position
    assert registry.states() == {ONE: stale}


async def test_what_the_vehicle_itself_says_of_a_lost_link_is_kept(registry: FleetRegistry, clock: ManualClock) -> None:
    registry.update(replace(examples.ready_state(now_s=0.0), link_up=False, because="radio silent"))
    await clock.advance(10)
    state = registry.state(ONE)
    assert state is not None
    assert state.because == "radio silent"


def test_a_state_is_made_only_when_somebody_looks_and_only_once(registry: FleetRegistry) -> None:
    made: list[int] = []
    state = examples.ready_state(now_s=0.0)

    def make() -> VehicleState:
        made.append(1)
        return state

    for _ in range(5):
        registry.update_later(ONE, make)
    assert made == []
    assert registry.state(ONE) is registry.state(ONE)
    assert made == [1]


async def test_changes_are_merged_for_a_slow_reader(registry: FleetRegistry, clock: ManualClock) -> None:
    registry.update(examples.ready_state(now_s=0.0))
    changes = registry.changes(at_most_hz=4.0)
    assert await within(1, anext(changes)) == {ONE: frozenset(Aspect)}
    for number in range(100):
        registry.update(replace(examples.ready_state(now_s=0.0), mission_item=number))
        registry.update(examples.ready_state(now_s=0.0, vehicle_id="drone-2"))
    registry.put_tracks(ONE, lambda: LiveTracks(vehicle_id=ONE, at=examples.NOW))

    merged = await awaited(clock, within(5, anext(changes)))
    assert merged == {ONE: frozenset({Aspect.STATE, Aspect.TRACKS}), TWO: frozenset({Aspect.STATE})}
    newest = registry.state(ONE)
    assert newest is not None
    assert newest.mission_item == 99


async def awaited(clock: ManualClock, work: Coroutine[None, None, Changes]) -> Changes:
    """Let the manual clock go on until *work* is done."""
    async with asyncio.TaskGroup() as group:
        task: asyncio.Task[Changes] = group.create_task(work)
        while not task.done():
            await clock.advance(0.25)
    return task.result()


async def test_silence_is_told_once(registry: FleetRegistry, clock: ManualClock) -> None:
    registry.update(examples.ready_state(now_s=0.0))
    changes = registry.changes(at_most_hz=1000.0)
    await within(1, anext(changes))
    await clock.advance(3.5)
    registry.note_silence()
    assert await awaited(clock, within(5, anext(changes))) == {ONE: frozenset({Aspect.STATE})}
    registry.note_silence()
    registry.update(examples.ready_state(now_s=0.0, vehicle_id="drone-2"))
    assert await awaited(clock, within(5, anext(changes))) == {TWO: frozenset({Aspect.STATE})}


async def test_old_tracks_are_not_shown(registry: FleetRegistry, clock: ManualClock) -> None:
    tracks = LiveTracks(vehicle_id=ONE, at=examples.NOW)
    registry.put_tracks(ONE, lambda: tracks)
    assert registry.tracks(ONE) is tracks
    await clock.advance(3.1)
    assert registry.tracks(ONE) is None
