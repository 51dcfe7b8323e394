"""What is seen weakly, shortly or with others beside it: what is told of it, and what is not."""

from collections import deque
from dataclasses import replace

import pytest

from core.events import Json
from perception.detections import Detection, Label, PixelBox, bodies
from perception.tracker import Placed, Track, Tracker
from tests.perception.eyes import detection, place, track
from tests.perception.test_rules_matters import (
    CROWD,
    EVENT_HOURS,
    HERE,
    boards,
    codes,
    people,
    play,
    scored,
    still,
    watch_for,
)

LONG, SHORT = PixelBox(100, 100, 140, 118), PixelBox(103, 106, 122, 118)


def weak(one: Track, score: float = 0.3) -> Track:
    """Return a track that needs 0.4 and was never believed."""
    return replace(scored(one, score), is_believed=False, is_lasting=False)


def test_who_is_never_believed_to_lie_is_looked_at_and_never_rings() -> None:
    lies = track(Label.LYING, 0, 0)

    (found,) = play(watch_for("person_down", {}), still(weak(lies)), seconds=60)

    assert not found.finding.is_sure
    assert found.finding.facts["weighed_s"] == 0.0


def test_a_person_s_box_that_is_wide_has_to_be_believed() -> None:
    wide = replace(track(Label.PERSON, 0, 0), box=track(Label.PERSON, 0, 0).box._replace(y0_px=190.0))

    assert len(play(watch_for("person_down", {}), still(wide), seconds=4)) == 1
    assert play(watch_for("person_down", {}), still(weak(wide)), seconds=10) == []


def test_beside_one_sure_piece_of_a_shop_a_weak_one_counts() -> None:
    sure, doubtful = track(Label.PILE, 0, 0), weak(track(Label.PILE, 1.7, 0, number=2))
    far, shop = weak(track(Label.PILE, 9, 0, number=2)), {"things_at_least": 2}

    (found,) = play(watch_for("shop", {**shop}), still(sure, doubtful), seconds=6)

    assert found.finding.facts["things"] == 2
    assert play(watch_for("shop", {**shop}), still(sure, far), seconds=6) == []
    assert play(watch_for("shop", {**shop}), still(weak(sure), doubtful), seconds=6) == []


def test_what_does_not_last_is_no_matter() -> None:
    board = track(Label.BOARD, 0, 0)
    values: dict[str, Json] = {"unmoved_for_s": 3}

    assert codes(play(watch_for("board", values), still(board), seconds=6)) == ["20203"]
    assert play(watch_for("board", values), still(replace(board, is_lasting=False)), seconds=6) == []
    assert play(watch_for("bin", {}), still(replace(track(Label.FULL_BIN, 0, 0), is_lasting=False)), seconds=6) == []


def test_enough_of_the_bikes_have_to_last() -> None:
    bikes = [track(Label.BIKE, i, 0, number=i + 1) for i in range(4)]
    briefly = [replace(one, is_lasting=False) for one in bikes]

    assert codes(play(watch_for("parking", {}), still(*bikes[:3], briefly[3]), seconds=10)) == ["20506"]
    assert play(watch_for("parking", {}), still(*bikes[:2], *briefly[2:]), seconds=10) == []


def scores(label: Label, *shown: float) -> Track:
    """Return the track of something that needs 0.4 after frames with these scores."""
    one = Tracker(threshold_for=lambda _: 0.4)
    for i, score in enumerate(shown):
        seen = [Placed(detection(label, score=score), place(0, 0))] if score else []
        one.update(seen, taken_s=i * 0.25, is_in_view=lambda _: True)
    return one.tracks[0]


@pytest.mark.parametrize(
    ("label", "shown", "lasts"),
    [
        (Label.CART, [0.8] * 6, False),
        (Label.CART, [0.8] * 7, True),
        (Label.CART, [0.42] * 10, False),
        (Label.CART, [0.42] * 16, True),
        (Label.CART, [0.5, 0.0, 0.5, 0.0] * 10, False),
        (Label.PERSON, [0.5], True),
        (Label.POSTER, [0.5], True),
    ],
)
def test_what_stands_has_to_be_seen_well_for_longer_than_it_takes_to_believe_it(
    label: Label, shown: list[float], lasts: bool
) -> None:
    assert scores(label, *shown).is_lasting is lasts


def test_what_lasted_once_lasts() -> None:
    assert scores(Label.CART, *[0.8] * 8, *[0.0] * 5).is_lasting


def test_more_frames_a_second_do_not_make_it_last_sooner() -> None:
    fast = replace(track(Label.CART, 0, 0), scores=deque(maxlen=50), is_lasting=False)

    for _ in range(67):
        fast.remember(0.4)
    assert not fast.is_lasting
    fast.remember(0.41)
    assert fast.is_lasting


def test_a_crowd_beside_a_wedding_is_one_and_the_guests_are_none() -> None:
    wedding = {"name": "wedding", **EVENT_HOURS, **HERE, "radius_m": 5.0}
    values: dict[str, Json] = {**CROWD, "radius_m": 6, "events": [wedding]}
    guests, beside = people(12, east_m=-2, north_m=-1), people(12, east_m=5.1, north_m=-1)
    others = [replace(one, id=one.id + 50) for one in beside]

    (found,) = play(watch_for("crowd", values), still(*guests, *others), seconds=6)

    assert found.finding.facts["people"] == len(others)
    assert found.matter.place.east_m > 5
    assert play(watch_for("crowd", values), still(*guests, *others[:5]), seconds=6) == []


def test_where_more_come_than_may_nobody_is_a_guest() -> None:
    wedding = {"name": "wedding", **EVENT_HOURS, **HERE, "radius_m": 8.0, "people_at_most": 10}

    found = play(watch_for("crowd", {**CROWD, "events": [wedding]}), still(*people(12)), seconds=6)

    assert found[0].finding.facts["people"] == 12


def test_a_bench_is_no_board_and_a_board_whose_box_seems_deep_is_one_when_it_is_clear() -> None:
    assert not boards(upright_m=0.8, deep_m=1.4, score=0.45)[-1]
    assert all(boards(upright_m=0.8, deep_m=1.4, score=0.7))
    assert not boards(upright_m=0.8, deep_m=1.8, score=0.9)[-1]
    assert all(boards(upright_m=1.0, deep_m=1.0, score=0.45))


def test_a_second_box_on_one_body_is_no_second_body() -> None:
    body, part = (Detection(Label.LYING, score, box) for score, box in ((0.6, LONG), (0.3, SHORT)))
    beside = Detection(Label.LYING, 0.4, LONG._replace(x0_px=150.0, x1_px=190.0))
    stands = Detection(Label.PERSON, 0.5, SHORT)

    assert bodies([body, stands, beside, part]) == [body, stands, beside]
    assert bodies([Detection(Label.BIKE, 0.6, LONG), Detection(Label.BIKE, 0.5, SHORT)])[1].box == SHORT


def test_who_lies_and_is_boxed_twice_now_and_then_is_followed_as_one() -> None:
    one, seen = Tracker(threshold_for=lambda _: 0.4), place(0, 0)
    for i in range(12):
        both = [Detection(Label.LYING, 0.6, LONG), *([Detection(Label.LYING, 0.35, SHORT)] if i % 3 == 0 else [])]
        one.update([Placed(it, seen) for it in bodies(both)], taken_s=i * 0.25, is_in_view=lambda _: True)

    assert len(one.tracks) == 1
    assert min(one.tracks[0].scores) == 0.6
