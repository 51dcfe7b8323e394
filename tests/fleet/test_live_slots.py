"""How often a vehicle's state is sent: once a second on the ground, always in the air, at once when it says news."""

from dataclasses import dataclass, replace

from core.clock import ManualClock
from fleet.link.live_slots import LiveSlots
from fleet.telemetry import FlightMode, LandedState, VehicleState
from tests.fleet import examples


@dataclass(slots=True, kw_only=True)
class Shelf:
    """A vehicle whose state may be changed, and how many states the slots gave in a while of quarter seconds."""

    state: VehicleState
    clock: ManualClock

    async def sent_in(self, quarters: int, slots: LiveSlots) -> int:
        count = 0
        for _ in range(quarters):
            count += len(list(slots.take()))
            await self.clock.advance(0.25)
        return count


def on_ground() -> tuple[Shelf, LiveSlots]:
    state = replace(examples.ready_state(now_s=0.0), landed=LandedState.ON_GROUND, is_armed=False)
    shelf = Shelf(state=state, clock=ManualClock())
    return shelf, LiveSlots(clock=shelf.clock, newest_state=lambda: shelf.state)


async def test_on_the_ground_once_a_second_in_the_air_each_time() -> None:
    shelf, slots = on_ground()
    assert await shelf.sent_in(12, slots) == 3
    shelf.state = replace(shelf.state, landed=LandedState.IN_AIR, is_armed=True)
    assert await shelf.sent_in(12, slots) == 12


async def test_news_on_the_ground_is_sent_at_once_and_movement_is_none() -> None:
    shelf, slots = on_ground()
    assert await shelf.sent_in(1, slots) == 1
    for changes in ({"mode": FlightMode.MISSION}, {"battery_ratio": 0.5}, {"link_up": False}, {"because": "no fix"}):
        shelf.state = replace(shelf.state, **changes)
        assert await shelf.sent_in(1, slots) == 1
    shelf.state = replace(shelf.state, received_s=99.0, east_m_s=0.1)
    assert await shelf.sent_in(1, slots) == 0
