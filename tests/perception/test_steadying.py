from dataclasses import replace

import numpy as np
import pytest

from perception.detections import Label, PixelBox
from perception.georeference import GroundPlace
from perception.offline.steadying import steadied
from perception.offline.track_book import TrackBook
from perception.offline.track_line import TrackLine
from tests.perception.eyes import track

RATE_HZ = 10.0


def line(
    frame: int, *, x_px: float, tall_px: float = 100.0, score: float = 0.8, east_m: float | None = 0.0
) -> TrackLine:
    place = None if east_m is None else GroundPlace(east_m, 5.0, (0.1, 0.0, 0.1))
    box = PixelBox(x0_px=x_px, y0_px=50.0, x1_px=x_px + 40.0, y1_px=50.0 + tall_px)
    return TrackLine(
        frame=frame, time_s=frame / RATE_HZ, track=1, label=Label.PERSON, score=score, box=box, place=place
    )


def test_a_walker_s_jumping_boxes_come_onto_the_way_walked() -> None:
    random = np.random.default_rng(3)
    jumps = random.normal(0.0, 4.0, 17)
    walked = [line(i, x_px=10.0 * i + jump, east_m=0.14 * i + jump / 20) for i, jump in enumerate(jumps)]

    steady = steadied(walked[8], walked)

    assert abs(steady.box.x0_px - 80.0) < 0.5 * abs(jumps).max()
    assert steady.place is not None
    assert steady.place.east_m == pytest.approx(0.14 * 8, abs=0.1)
    assert steady.place.covariance_m2 == (0.1, 0.0, 0.1)
    assert (steady.frame, steady.score, steady.track) == (8, 0.8, 1)


def test_who_is_half_hidden_for_a_moment_keeps_the_feet() -> None:
    seen = [line(i, x_px=5.0 * i, tall_px=55.0 if i in (4, 5) else 100.0, score=0.4) for i in range(10)]

    assert steadied(seen[4], seen).box.height_px == pytest.approx(100.0, abs=3.0)


def test_what_is_on_a_straight_way_and_what_has_no_neighbours_stays() -> None:
    straight = [line(i, x_px=7.0 * i, east_m=0.1 * i) for i in range(9)]

    kept = steadied(straight[0], straight)

    assert kept.box.xyxy == pytest.approx(straight[0].box.xyxy)
    assert steadied(straight[3], straight[3:5]) == straight[3]


def test_a_place_that_is_not_known_stays_unknown() -> None:
    seen = [line(i, x_px=5.0, east_m=None if i == 2 else 1.0) for i in range(6)]

    assert steadied(seen[2], seen).place is None
    place = steadied(replace(seen[3], score=0.1), seen).place
    assert place is not None
    assert (place.east_m, place.north_m) == pytest.approx((1.0, 5.0))


def test_frames_of_one_time_leave_nothing_to_fill_in() -> None:
    book, person = TrackBook(), track(Label.PERSON, 0.0, 0.0)
    person.is_believed = True
    person.scores.append(0.9)
    for frame, is_seen in enumerate((True, False, True)):
        person.is_seen = is_seen
        book.add(frame, 1.0, [person])

    assert [one.frame for one in book.close()] == [0, 2]
