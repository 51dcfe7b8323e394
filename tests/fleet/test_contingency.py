import pytest

from fleet.contingency import Answer, Failure, Phase, contingencies
from fleet.orders import Failsafe, FailsafeChoices

FLYING = (Phase.TAKEOFF, Phase.ON_ROUTE, Phase.HELD)


def answers(choices: FailsafeChoices | None = None) -> dict[tuple[Phase, Failure], Answer]:
    return {(cell.phase, cell.failure): cell.answer for cell in contingencies(choices or FailsafeChoices())}


def test_every_phase_has_an_answer_to_every_failure() -> None:
    assert set(answers()) == {(phase, failure) for phase in Phase for failure in Failure}


@pytest.mark.parametrize("failure", list(Failure))
def test_nothing_takes_off_when_something_has_failed(failure: Failure) -> None:
    assert answers()[Phase.IN_DOCK, failure] is Answer.STAY


@pytest.mark.parametrize("phase", FLYING)
@pytest.mark.parametrize("choice", list(Failsafe))
def test_a_lost_link_has_the_chosen_answer(phase: Phase, choice: Failsafe) -> None:
    assert answers(FailsafeChoices(link_lost=choice))[phase, Failure.LINK_LOST].value == choice.value


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.IN_DOCK])
def test_a_lost_controller_changes_nothing_in_the_air_and_a_lost_position_lands(phase: Phase) -> None:
    assert answers()[phase, Failure.CONTROLLER_LOST] is Answer.CONTINUE
    assert answers()[phase, Failure.POSITION_LOST] is Answer.LAND


@pytest.mark.parametrize("phase", [Phase.COMING_HOME, Phase.LANDING])
@pytest.mark.parametrize("failure", [Failure.LINK_LOST, Failure.BATTERY_LOW, Failure.FENCE_AHEAD])
def test_who_comes_home_goes_on_coming_home(phase: Phase, failure: Failure) -> None:
    assert answers()[phase, failure] is Answer.CONTINUE
