"""The guard: acts before a predicted breach, sends home what nobody decides about, and refuses unproved orders."""

from collections.abc import AsyncIterator, Callable

import pytest

from agent.guard import Guard
from core.clock import ManualClock
from core.errors import TimedOut
from core.tasks import TaskSupervisor
from fleet.orders import VehicleEvent
from fleet.telemetry import FlightMode
from tests.agent.paper_vehicle import PaperVehicle
from tests.agent.reports import Reports
from tests.fleet.drivers.orders import area, keep_in, keep_out, leg, make_order, place

SCHOOL = keep_out(area(60.0, -30.0, 90.0, 30.0))


class Watch:
    """A guard over a paper vehicle whose time a test moves."""

    def __init__(self, tasks: TaskSupervisor, clock: ManualClock) -> None:
        self.clock = clock
        self.vehicle = PaperVehicle(clock=clock)
        self.reports = Reports()
        self.guard = Guard(vehicle=self.vehicle, reports=self.reports, clock=clock)
        self.guard.watch(make_order(leg(30.0, 0.0), zones=(keep_in(), SCHOOL), made_at=clock.now()))
        self.vehicle.flies()
        tasks.run("guard", self.guard.run)

    async def eventually(self, claim: Callable[[], bool]) -> None:
        """Let time pass until *claim* holds."""
        for _ in range(200):
            if claim():
                return
            self.vehicle.shows()
            await self.clock.advance(0.1)
        raise AssertionError((self.vehicle.calls, self.reports.bodies))

    def events(self) -> list[VehicleEvent]:
        """Return what the guard told."""
        return [body for body in self.reports.bodies if isinstance(body, VehicleEvent)]


@pytest.fixture
async def watch() -> AsyncIterator[Watch]:
    """A guard at work."""
    clock = ManualClock()
    async with TaskSupervisor(clock=clock) as tasks:
        yield Watch(tasks, clock)


async def test_vehicle_is_held_before_it_enters_a_keep_out_zone(watch: Watch) -> None:
    watch.vehicle.shows(position=place(54.0, 0.0), east_m_s=5.0)
    await watch.eventually(lambda: watch.vehicle.calls == ["hold"])
    await watch.eventually(lambda: bool(watch.events()))
    event = watch.events()[0]
    assert (event.kind, event.zone_id) == ("guard_held", "school")
    assert "about to enter" in event.text
    assert "about to enter" in watch.guard.because()


async def test_vehicle_on_its_way_inside_is_left_alone(watch: Watch) -> None:
    watch.vehicle.shows(position=place(30.0, 0.0), east_m_s=5.0)
    for _ in range(30):
        watch.vehicle.shows()
        await watch.clock.advance(0.1)
    assert watch.vehicle.calls == []


async def test_held_vehicle_is_sent_home_when_nobody_decides(watch: Watch) -> None:
    watch.vehicle.shows(position=place(54.0, 0.0), east_m_s=5.0)
    await watch.eventually(lambda: watch.vehicle.calls == ["hold"])
    watch.vehicle.shows(east_m_s=0.0)
    await watch.clock.advance(31.0)
    await watch.eventually(lambda: watch.vehicle.calls == ["hold", "return_home"])
    await watch.eventually(lambda: "guard_returned" in watch.reports.events())


async def test_vehicle_that_slides_on_into_the_zone_is_sent_home_at_once(watch: Watch) -> None:
    watch.vehicle.shows(position=place(54.0, 0.0), east_m_s=5.0)
    await watch.eventually(lambda: watch.vehicle.calls == ["hold"])
    watch.vehicle.shows(position=place(61.0, 0.0), east_m_s=0.5)
    await watch.eventually(lambda: watch.vehicle.calls == ["hold", "return_home"])


async def test_vehicle_that_cannot_be_held_is_sent_home(watch: Watch) -> None:
    watch.vehicle.troubles["hold"] = TimedOut("did not switch to hold in time")
    watch.vehicle.shows(position=place(54.0, 0.0), east_m_s=5.0)
    await watch.eventually(lambda: watch.vehicle.calls == ["hold", "return_home"])
    await watch.eventually(lambda: watch.reports.events() == ["guard_hold_failed", "guard_returned"])


async def test_resumed_vehicle_is_no_longer_on_the_guards_account(watch: Watch) -> None:
    watch.vehicle.shows(position=place(54.0, 0.0), east_m_s=5.0)
    await watch.eventually(lambda: watch.vehicle.calls == ["hold"])
    watch.vehicle.shows(position=place(40.0, 0.0), east_m_s=-3.0, mode=FlightMode.MISSION)
    await watch.eventually(lambda: watch.guard.because() == "")


@pytest.mark.parametrize("mode", [FlightMode.RETURN, FlightMode.LAND, FlightMode.MANUAL])
async def test_way_home_and_a_pilots_hands_are_told_once_and_not_disturbed(watch: Watch, mode: FlightMode) -> None:
    watch.vehicle.shows(position=place(54.0, 0.0), east_m_s=5.0, mode=mode)
    for _ in range(20):
        watch.vehicle.shows()
        await watch.clock.advance(0.1)
    assert watch.vehicle.calls == []
    assert watch.reports.events() == ["guard_saw"]


async def test_vehicle_that_is_not_heard_or_not_alone_is_not_judged(watch: Watch) -> None:
    watch.vehicle.shows(position=place(54.0, 0.0), east_m_s=5.0, is_ambiguous=True)
    await watch.clock.advance(1.0)
    watch.vehicle.shows(is_ambiguous=False, link_up=False)
    await watch.clock.advance(1.0)
    assert watch.vehicle.calls == []


async def test_order_through_a_keep_out_zone_is_refused_with_zone_and_leg(watch: Watch) -> None:
    watch.vehicle.lands()
    refusal = watch.guard.refuse(make_order(leg(120.0, 0.0), zones=(keep_in(), SCHOOL)))
    assert refusal is not None
    assert "school" in refusal
    assert watch.guard.refuse(make_order(leg(30.0, 0.0), zones=(keep_in(), SCHOOL))) is None


async def test_order_in_the_air_is_proved_from_where_the_vehicle_is(watch: Watch) -> None:
    watch.vehicle.shows(position=place(120.0, 0.0))
    order = make_order(leg(30.0, 0.0), zones=(keep_in(), SCHOOL))
    refusal = watch.guard.refuse(order)
    assert refusal is not None
    assert "school" in refusal
