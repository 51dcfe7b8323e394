from collections.abc import Sequence

import numpy as np
import pytest
from shapely.geometry import Polygon

from core.ids import IncidentId, OrderId, VehicleId, ZoneId
from geofence.footprint import Gaze
from geofence.positions import LocalPosition
from geofence.zones import Zone, ZoneKind, ZoneSet
from perception.detections import Label
from perception.georeference import Georeference
from perception.look import Look, Question
from perception.sighting import LookResult, LookVerdict
from perception.tracker import Track
from perception.walls import Walls
from tests.perception.eyes import FRAME, LENS, START_AT, frame_at, gaze, track

REFERENCE = Georeference(camera=LENS, frame=FRAME)
OPEN = Walls(zones=ZoneSet(zones=()), frame=FRAME)
PLACE = FRAME.to_geo(LocalPosition(east_m=0, north_m=0))


def look_for(kind: str = "20507") -> Look:
    question = Question(incident_id=IncidentId("i"), order_id=OrderId("o"), kind=kind, place=PLACE, radius_m=3.0)
    return Look(question=question, vehicle_id=VehicleId("drone-1"), frame=FRAME)


def see(
    look: Look,
    tracks: Sequence[Track],
    *,
    seconds: float,
    from_s: float = 0.0,
    view: Gaze | None = None,
    walls: Walls = OPEN,
) -> list[LookResult]:
    answers = [
        look.see(frame_at(from_s + i * 0.25, view=view or gaze()), tracks, (), REFERENCE, walls)
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
        assert look.see(frame_at(i * 0.25, view=gaze()), seen, (), REFERENCE, OPEN) is None

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


def tower(*, south_m: float, half_m: float = 4.0, east_m: float = 0.0, ceiling_agl_m: float | None = 30.0) -> Walls:
    """Return a tower of 8 m depth whose northern facade is *south_m* south of the place."""
    north_m = -south_m
    ring = [(-half_m, north_m - 8), (half_m, north_m - 8), (half_m, north_m), (-half_m, north_m)]
    corners = FRAME.to_geo_array(np.array([(east_m + e, n) for e, n in ring]))
    zone = Zone(id=ZoneId("tower"), kind=ZoneKind.KEEP_OUT, polygon=Polygon(corners), ceiling_agl_m=ceiling_agl_m)
    return Walls(zones=ZoneSet(zones=(zone,)), frame=FRAME)


@pytest.mark.parametrize("tracks", [[], [track(Label.PILE, 0, 0)]])
def test_a_place_behind_a_tower_is_not_assessed(tracks: list[Track]) -> None:
    look = look_for()

    assert see(look, tracks, seconds=10, walls=tower(south_m=5)) == []
    answer = look.end(START_AT)
    assert answer is not None
    assert answer.verdict is LookVerdict.NOT_ASSESSED
    assert answer.observed_s == 0.0
    assert "a building hid it in 41 pictures" in answer.because


@pytest.mark.parametrize("south_m", [-1.5, 1.0])
def test_a_place_at_the_far_facade_of_a_tower_is_not_assessed(south_m: float) -> None:
    look = look_for()

    assert see(look, [], seconds=10, walls=tower(south_m=south_m)) == []
    answer = look.end(START_AT)
    assert answer is not None
    assert answer.verdict is LookVerdict.NOT_ASSESSED


@pytest.mark.parametrize(
    "walls",
    [
        tower(south_m=-9),  # it stands behind the place
        tower(south_m=5, east_m=8),  # beside the line of sight
        tower(south_m=5, ceiling_agl_m=3.0),  # a hut, over which one looks
        tower(south_m=5, ceiling_agl_m=None),  # no building: nobody may fly there, at any height
        tower(south_m=-7, ceiling_agl_m=30.0),  # at the facade on this side, just inside the volume drawn round it
    ],
)
def test_a_tower_that_does_not_stand_in_between_hides_nothing(walls: Walls) -> None:
    answers = see(look_for(), [], seconds=4, walls=walls)

    assert [answer.verdict for answer in answers] == [LookVerdict.GONE]


def test_a_corner_that_hides_half_of_the_thing_hides_it() -> None:
    assert see(look_for(), [], seconds=10, walls=tower(south_m=5, east_m=5.0)) == []


def test_glances_between_towers_do_not_add_up() -> None:
    look, behind = look_for(), tower(south_m=5)

    answers = [
        look.see(frame_at(i * 0.25, view=gaze()), [], (), REFERENCE, behind if i % 2 else OPEN) for i in range(80)
    ]

    assert answers == [None] * 80
    answer = look.end(START_AT)
    assert answer is not None
    assert (answer.verdict, answer.observed_s) == (LookVerdict.NOT_ASSESSED, 0.0)
