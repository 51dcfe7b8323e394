from collections.abc import Sequence
from dataclasses import replace
from itertools import count, groupby

import numpy as np

from perception.clothes import Trait
from perception.detections import Label, PixelBox
from perception.georeference import GroundPlace
from perception.offline.rejoining import Rejoiner
from perception.offline.track_line import TrackLine

RATE_HZ = 5.0
RED, BLUE = np.array([40, 60, 30, 20, 10, 5], np.float32), np.array([30, 5, -40, 25, 0, -10], np.float32)
PX_PER_M = 30.0


def seen(
    frame: int,
    track: int,
    *,
    east_m: float,
    wears: np.ndarray | None,
    is_at_edge: bool = False,
    label: Label = Label.PERSON,
) -> TrackLine:
    """Return somebody's line; a metre to the east is 30 px to the right."""
    x_px = 300.0 + PX_PER_M * east_m
    return TrackLine(
        frame=frame,
        time_s=frame / RATE_HZ,
        track=track,
        label=label,
        score=0.8,
        box=PixelBox(x0_px=x_px, y0_px=100.0, x1_px=x_px + 40.0, y1_px=200.0),
        place=GroundPlace(east_m, 10.0, (0.01, 0.0, 0.01)),
        trait=Trait(wears, is_at_edge),
    )


def rejoined(lines: Sequence[TrackLine]) -> list[TrackLine]:
    """Return *lines* as told, frame after frame."""
    number = count(100)
    rejoiner, told = Rejoiner(new_number=lambda: next(number)), []
    for _, frame in groupby(sorted(lines, key=lambda line: line.frame), key=lambda line: line.frame):
        told += rejoiner.add(list(frame))
    return told + rejoiner.close()


def whose(told: Sequence[TrackLine], frame: int, *, nearest_m: float) -> int:
    """Return the number of who is nearest to a place in a frame."""
    here = [line for line in told if line.frame == frame and line.place is not None]
    return min(here, key=lambda line: abs((line.place or here[0].place).east_m - nearest_m)).track  # type: ignore[union-attr]


def meeting(*, is_swapped: bool, wears: tuple[np.ndarray | None, np.ndarray | None] = (RED, BLUE)) -> list[TrackLine]:
    """Two people walk towards each other, meet at the middle and turn back, so that ways alone tell nothing."""
    lines = []
    for frame in range(61):
        away_m = 0.2 + 0.2 * abs(frame - 30)
        numbers = (2, 1) if is_swapped and frame > 30 else (1, 2)
        for side, number, colours in ((-1, numbers[0], wears[0]), (1, numbers[1], wears[1])):
            lines.append(seen(frame, number, east_m=side * away_m, wears=colours if away_m > 1.0 else None))
    return lines


def test_who_took_the_other_s_number_at_a_meeting_gets_the_own_one_back_by_the_colours() -> None:
    told = rejoined(meeting(is_swapped=True))

    assert whose(told, 0, nearest_m=-6.0) == whose(told, 60, nearest_m=-6.0) == 1
    assert whose(told, 0, nearest_m=6.0) == whose(told, 60, nearest_m=6.0) == 2


def test_where_nothing_tells_the_tracker_is_believed() -> None:
    for is_swapped in (True, False):
        lines = [replace(line, place=None) for line in meeting(is_swapped=is_swapped, wears=(None, None))]

        assert {line.track for line in lines if line.frame == 60} == {1, 2}
        assert [line.track for line in rejoined(lines)] == [line.track for line in lines]


def hidden_for(frames: int, *, wears: np.ndarray = RED, is_at_edge: bool = False) -> list[TrackLine]:
    """Somebody walks east, is not seen for some frames, and goes on under another number."""
    before = [seen(f, 1, east_m=0.2 * f, wears=RED, is_at_edge=is_at_edge and f == 19) for f in range(20)]
    after = [seen(f, 5, east_m=0.2 * f, wears=wears) for f in range(20 + frames, 40 + frames)]
    return before + after


def test_who_was_hidden_for_some_seconds_keeps_the_number() -> None:
    assert {line.track for line in rejoined(hidden_for(20))} == {1}


def test_others_are_not_taken_for_who_was_hidden() -> None:
    assert {line.track for line in rejoined(hidden_for(20, wears=BLUE))} == {1, 5}
    assert {line.track for line in rejoined(hidden_for(20, is_at_edge=True))} == {1, 5}
    assert {line.track for line in rejoined(hidden_for(100))} == {1, 5}


def test_every_line_is_told_once_in_order_within_seconds_and_without_colours() -> None:
    number, rejoiner = count(100), None
    rejoiner = Rejoiner(new_number=lambda: next(number))
    lines = [line for k in range(8) for line in _later(meeting(is_swapped=k % 2 == 0), k)]
    told: list[TrackLine] = []
    for _, frame in groupby(lines, key=lambda line: line.frame):
        held = list(frame)
        told += rejoiner.add(held)
        assert held[0].time_s - (told[-1].time_s if told else 0.0) <= 17.0

    told += rejoiner.close()

    assert [(line.frame, line.box) for line in told] == [(line.frame, line.box) for line in lines]
    assert all(line.trait is None for line in told)
    for _, frame in groupby(told, key=lambda line: line.frame):
        numbers = [line.track for line in frame]
        assert len(numbers) == len(set(numbers))


def _later(lines: Sequence[TrackLine], times: int) -> list[TrackLine]:
    return [
        replace(
            line, frame=line.frame + 61 * times, time_s=line.time_s + 61 * times / RATE_HZ, track=line.track + 2 * times
        )
        for line in lines
    ]


def test_things_that_are_no_people_keep_their_numbers() -> None:
    lines = hidden_for(20)
    bins = [seen(line.frame, 9, east_m=line.frame * 0.2, wears=None, label=Label.BIN) for line in lines]

    told = rejoined([*lines, *bins])

    assert {line.track for line in told if line.label is Label.BIN} == {9}
    assert {line.track for line in told if line.label is Label.PERSON} == {1}
