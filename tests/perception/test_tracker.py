import pytest

from perception.detections import Label
from perception.following import Follower
from perception.tracker import Placed, Track, Tracker
from tests.perception.eyes import box_around, detection, place

STEP_S = 0.25


def always(_: Track) -> bool:
    return True


def never(_: Track) -> bool:
    return False


def tracker() -> Tracker:
    return Tracker(threshold_for=lambda _: 0.4)


def person(east_m: float, north_m: float, *, score: float = 0.8) -> Placed:
    return Placed(detection=detection(Label.PERSON, score=score), place=place(east_m, north_m))


def test_one_flash_is_not_believed_and_steady_scores_are() -> None:
    flash, steady = tracker(), tracker()

    first = flash.update([person(0, 0, score=0.95)], taken_s=0.0, is_in_view=always)
    later = [steady.update([person(0, 0, score=0.5)], taken_s=i * STEP_S, is_in_view=always) for i in range(6)]

    assert not first[0].is_believed
    assert later[-1][0].is_believed


def test_two_people_who_cross_keep_their_numbers() -> None:
    followed = tracker()
    sides: list[dict[int, float]] = []
    for i in range(21):
        east = -2.5 + 0.25 * i
        tracks = followed.update([person(east, 0.0), person(-east, 1.2)], taken_s=i * STEP_S, is_in_view=always)
        sides.append({one.id: round(one.place.north_m, 1) for one in tracks if one.place})

    assert sides[0] == sides[-1] == {1: 0.0, 2: 1.2}


def test_what_left_the_picture_does_not_lose_trust() -> None:
    in_view, gone_by = tracker(), tracker()
    for followed, is_in_view in ((in_view, always), (gone_by, never)):
        for i in range(6):
            followed.update([person(0, 0)], taken_s=i * STEP_S, is_in_view=is_in_view)
    missed = [in_view.update([], taken_s=i * STEP_S, is_in_view=always) for i in range(6, 11)]
    unseen = [gone_by.update([], taken_s=i * STEP_S, is_in_view=never) for i in range(6, 11)]

    assert missed[-1][0].score < unseen[-1][0].score
    assert not unseen[-1][0].is_seen


def test_seconds_without_a_view_do_not_count_as_observed() -> None:
    followed = tracker()
    for seconds in (0.0, 0.25, 0.5):
        followed.update([person(0, 0)], taken_s=seconds, is_in_view=always)
    followed.update([], taken_s=0.75, is_in_view=always)
    tracks = followed.update([person(0, 0)], taken_s=1.0, is_in_view=always)

    assert tracks[0].observed_s == 0.5


@pytest.mark.parametrize("kind", [Tracker, Follower])
def test_a_stream_that_begins_anew_keeps_nobody_of_its_first_time(kind: type[Tracker]) -> None:
    followed = kind(threshold_for=lambda _: 0.4)
    first = [followed.update([person(0, 0)], taken_s=100.0 + i * STEP_S, is_in_view=always) for i in range(6)]

    again = [followed.update([person(0, 0)], taken_s=i * STEP_S, is_in_view=always) for i in range(6)]

    assert [one.id for one in first[-1]] == [1]
    assert [one.id for one in again[-1]] == [2]


def test_without_places_boxes_are_followed_by_their_overlap() -> None:
    followed = tracker()
    boxes = [box_around(100 + 4 * i, 100) for i in range(4)]
    seen = [Placed(detection=detection(Label.CAR, box=box), place=None) for box in boxes]

    tracks = [followed.update([one], taken_s=i * STEP_S, is_in_view=always) for i, one in enumerate(seen)]

    assert [[one.id for one in living] for living in tracks] == [[1]] * 4


def test_what_is_not_seen_for_long_is_forgotten() -> None:
    followed = tracker()
    followed.update([person(0, 0)], taken_s=0.0, is_in_view=always)

    assert followed.update([], taken_s=5.0, is_in_view=always) == []


def test_weak_frames_count_for_what_stands_and_not_for_what_walks() -> None:
    one = Tracker(threshold_for=lambda _: 0.5)

    assert one.least_for(Label.BOARD) == pytest.approx(0.35)
    assert one.least_for(Label.PERSON) == one.least_for(Label.CAR) == 0.5
