from collections.abc import Sequence

import pytest

from core.ids import IncidentId, OrderId, VehicleId
from geofence.footprint import Gaze
from geofence.positions import LocalPosition
from perception.detections import Label
from perception.georeference import Georeference
from perception.look import Look, Question
from perception.sighting import LookResult, LookVerdict
from perception.tracker import Track
from tests.perception.eyes import FRAME, LENS, START_AT, frame_at, gaze, track

REFERENCE = Georeference(camera=LENS, frame=FRAME)
PLACE = FRAME.to_geo(LocalPosition(east_m=0, north_m=0))


def look_for(kind: str = "20507") -> Look:
    question = Question(incident_id=IncidentId("i"), order_id=OrderId("o"), kind=kind, place=PLACE, radius_m=3.0)
    return Look(question=question, vehicle_id=VehicleId("drone-1"), frame=FRAME)


def see(
    look: Look, tracks: Sequence[Track], *, seconds: float, from_s: float = 0.0, view: Gaze | None = None
) -> list[LookResult]:
    answers = [
        look.see(frame_at(from_s + i * 0.25, view=view or gaze()), tracks, (), REFERENCE)
        for i in range(int(seconds / 0.25) + 1)
    ]
    return [answer for answer in answers if answer is not None]


def test_a_pile_at_its_place_is_still_there() -> None:
    answers = see(look_for(), [track(Label.PILE, 1, 1)], seconds=3)

    assert [answer.verdict for answer in answers] == [LookVerdict.STILL_THERE]
    assert answers[0].observed_s >= 1.5
    assert {photo.kind.value for photo in answers[0].photos} == {"near", "far", "reference"}


def test_an_empty_place_is_gone_after_three_seconds_in_view() -> None:
    soon = see(look_for(), [], seconds=2.5)
    long = see(look_for(), [], seconds=4)

    assert soon == []
    assert [answer.verdict for answer in long] == [LookVerdict.GONE]


@pytest.mark.parametrize(
    "view", [gaze(north_m=30), gaze(north_m=-19), gaze(north_m=-66, pitch_deg=-25), gaze(north_m=-90, pitch_deg=-20)]
)
def test_a_place_out_of_view_at_the_edge_or_too_far_is_never_gone(view: Gaze) -> None:
    look = look_for()

    assert see(look, [], seconds=10, view=view) == []
    answer = look.end(START_AT)
    assert answer is not None
    assert answer.verdict is LookVerdict.NOT_ASSESSED
    assert answer.observed_s == 0.0
    assert "0.0 s" in answer.because


def test_another_kind_of_thing_at_the_place_is_not_the_thing() -> None:
    answers = see(look_for("20507"), [track(Label.CAR, 0, 0), track(Label.PERSON, 1, 0)], seconds=4)

    assert [answer.verdict for answer in answers] == [LookVerdict.GONE]


def test_a_pile_some_metres_on_is_another_pile() -> None:
    answers = see(look_for(), [track(Label.PILE, 9, 0)], seconds=4)

    assert [answer.verdict for answer in answers] == [LookVerdict.GONE]


def test_what_comes_and_goes_is_not_assessed() -> None:
    look = look_for()
    for i in range(30):
        seen = [track(Label.PILE, 0, 0)] if i % 4 == 0 else []
        assert look.see(frame_at(i * 0.25, view=gaze()), seen, (), REFERENCE) is None

    answer = look.end(START_AT)
    assert answer is not None
    assert answer.verdict is LookVerdict.NOT_ASSESSED


def test_short_glances_with_long_gaps_do_not_add_up() -> None:
    look = look_for()

    answers = [see(look, [], seconds=0, from_s=20.0 * i) for i in range(30)]

    assert all(answer == [] for answer in answers)


def test_a_question_is_answered_once() -> None:
    look = look_for()
    see(look, [], seconds=4)

    assert see(look, [track(Label.PILE, 0, 0)], seconds=4, from_s=10) == []
    assert look.end(START_AT) is None


def test_a_scattered_crowd_is_gone_though_two_people_stay() -> None:
    answers = see(look_for("20409"), [track(Label.PERSON, 0, 0), track(Label.PERSON, 1, 0)], seconds=4)

    assert [answer.verdict for answer in answers] == [LookVerdict.GONE]
