import pytest

from core.ids import VehicleId
from fleet.holding import OURS, Holder
from fleet.orders import OrderPurpose
from fleet.telemetry import FlightMode, LandedState, VehicleState
from missions.preemption import BY_ITSELF_S, TABLE, Busy, Decision, Doing, Wanted, decide, doing

WAITS = [Doing.LOOK, Doing.WAITING, Doing.HOLDS, Doing.HELD_BY_PERSON, Doing.COMING_HOME]


def test_the_table_has_every_cell() -> None:
    assert set(TABLE) == set(Doing)
    assert all(set(row) == set(Wanted) for row in TABLE.values())


@pytest.mark.parametrize("wanted", list(Wanted))
def test_an_idle_vehicle_starts_whatever_is_wanted(wanted: Wanted) -> None:
    assert decide(now=Doing.NOTHING, wanted=wanted) is Decision.START


@pytest.mark.parametrize("now", [Doing.PATROL, Doing.VERIFY])
def test_only_a_look_interrupts_a_patrol(now: Doing) -> None:
    assert decide(now=now, wanted=Wanted.LOOK) is Decision.INTERRUPT_AND_RESUME
    assert decide(now=now, wanted=Wanted.PATROL) is Decision.WAIT
    assert decide(now=now, wanted=Wanted.VERIFY) is Decision.WAIT


@pytest.mark.parametrize("wanted", list(Wanted))
@pytest.mark.parametrize("now", WAITS)
def test_nothing_interrupts_a_look_a_persons_hold_or_the_way_home(now: Doing, wanted: Wanted) -> None:
    assert decide(now=now, wanted=wanted) is Decision.WAIT


def state(mode: FlightMode, *, airborne: bool) -> VehicleState:
    landed = LandedState.IN_AIR if airborne else LandedState.ON_GROUND
    return VehicleState(vehicle_id=VehicleId("drone-1"), mode=mode, landed=landed, is_armed=airborne)


def test_the_way_home_counts_before_a_hold_and_the_order() -> None:
    coming = Busy(purpose=OrderPurpose.PATROL, held_by=Holder.PERSON, state=state(FlightMode.RETURN, airborne=True))
    assert doing(coming) is Doing.COMING_HOME


def test_a_vehicle_in_its_dock_is_not_coming_home_whatever_its_mode_says() -> None:
    parked = Busy(purpose=None, held_by=Holder.NOBODY, state=state(FlightMode.RETURN, airborne=False))
    assert doing(parked) is Doing.NOTHING


@pytest.mark.parametrize("holder", list(Holder))
def test_a_person_is_asked_about_a_vehicle_that_holds_by_itself_only_when_it_lasts(holder: Holder) -> None:
    def after(held_s: float) -> Doing:
        hangs = state(FlightMode.HOLD, airborne=True)
        return doing(Busy(purpose=OrderPurpose.PATROL, held_by=holder, state=hangs, held_s=held_s))

    at_once = {Holder.NOBODY: Doing.PATROL, Holder.ITSELF: Doing.HOLDS} | dict.fromkeys(OURS, Doing.WAITING)
    assert after(0.0) is at_once.get(holder, Doing.HELD_BY_PERSON)
    lasting = {Holder.NOBODY: Doing.PATROL} | dict.fromkeys(OURS, Doing.WAITING)
    assert after(BY_ITSELF_S) is lasting.get(holder, Doing.HELD_BY_PERSON)
