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


def heard_as_cart(score: float, *, people: float, frames: int = 8) -> bool:
    """Say whether rules hear of a cart whose box half the frames show people in as well."""
    claims, cart = Claims(), shown(track(Label.CART, 0, 0), score, 100, 100, 140, 150)
    them = shown(track(Label.PERSON, 0, 0, number=2), people, 102, 102, 138, 150)
    return [cart in claims.hear([cart, them] if frame % 2 else [cart]) for frame in range(frames)][-1]


def test_people_with_an_umbrella_are_no_cart_and_those_before_a_cart_do_not_hide_it() -> None:
    assert not heard_as_cart(0.48, people=0.5)
    assert heard_as_cart(0.48, people=0.2)
    assert heard_as_cart(0.65, people=0.6)
    assert not heard_as_cart(0.3, people=0.7)
