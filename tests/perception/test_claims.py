"""What the rules hear where things change: what something was for long it need not be now."""

from collections import deque
from dataclasses import replace

from perception.detections import Label, PixelBox
from perception.rules.contested import Claims
from perception.tracker import Track
from tests.perception.eyes import track

LOOKS_A_MINUTE = 130


def shown(one: Track, score: float, *corners: float) -> Track:
    box = PixelBox(*corners)
    return replace(one, scores=deque([score] * 10, maxlen=10), threshold=0.42, box=box)


BAGS = shown(track(Label.PILE, 0, 0), 0.75, 100, 122, 140, 142)
LIKE_WHO_LIES = shown(track(Label.LYING, 0, 0, number=2), 0.45, 103, 124, 140, 142)
LIES = shown(LIKE_WHO_LIES, 0.75, 100, 124, 140, 142)


def looks_until_heard(*, lay_for: int) -> int:
    """Return how often a camera looks at somebody who lies where bags lay before, until rules hear of it."""
    claims = Claims()
    for _ in range(lay_for):
        claims.hear([BAGS, LIKE_WHO_LIES])
    return next(i for i in range(10_000) if LIES in claims.hear([LIES]))


def test_who_lay_for_an_hour_and_falls_is_heard_as_soon_as_who_lay_for_a_minute() -> None:
    assert looks_until_heard(lay_for=60 * LOOKS_A_MINUTE) == looks_until_heard(lay_for=LOOKS_A_MINUTE) < 30


def test_what_is_seen_in_one_pass_counts_in_full() -> None:
    assert looks_until_heard(lay_for=10) == 3
