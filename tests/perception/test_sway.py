"""All that stands is shifted at once when a camera sways, and so are those whom it shifts with it."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, pairwise

import numpy as np
import pytest

from geofence.footprint import Gaze
from perception.detections import Label
from perception.georeference import GroundPlace
from perception.rules.rule import Stillness
from perception.sight import Sight
from perception.sway import Sway
from perception.tracker import Track
from perception.walls import Walls
from tests.perception.eyes import FRAME, gaze, track, zones_with
from tests.perception.flights import REFERENCE, Flight, Thing, flying, street

PERSON = Thing(label=Label.PERSON, east_m=1.0, north_m=-5.0)


def shaken(flight: Flight, *, shake_deg: float, seconds: float = 6.0) -> list[tuple[float, float, float]]:
    """Return the time and place of the person of a flight in each frame, without sway; the camera shakes."""
    random, sway = np.random.default_rng(7), Sway(reference=REFERENCE)
    true, calm = flight.true, dict[float, Gaze]()

    def shake(taken_s: float) -> Gaze:
        told = calm.setdefault(taken_s, true(taken_s))
        yaw, pitch = random.normal(0, shake_deg, 2)
        return replace(told, yaw_deg=(told.yaw_deg + float(yaw)) % 360.0, pitch_deg=told.pitch_deg + float(pitch))

    flight.true = shake
    way = []
    for taken_s, _, seen in flight.frames(seconds):
        told = true(taken_s)
        placed = flight.place([one for _, one in seen], told)
        sway.note(placed, flight.tracker.tracks, told, told)
        tracks = flight.follow(placed, taken_s)
        people = [one for one in tracks if one.label is Label.PERSON and one.place is not None]
        way += [(taken_s, *sway.without([one.place], told)[0]) for one in people if one.place is not None]
    return way


def rough_m(way: list[tuple[float, float, float]]) -> float:
    """Return the median way from frame to frame, once all is known."""
    steps = [math.dist(a[1:], b[1:]) for a, b in pairwise(way[8:])]
    return float(np.median(steps))


def test_who_stands_seems_to_stand_under_a_camera_that_shakes() -> None:
    alone = rough_m(shaken(Flight(things=[PERSON], true=flying(m_s=2.0)), shake_deg=0.35))
    among = rough_m(shaken(Flight(things=[PERSON, *street()], true=flying(m_s=2.0)), shake_deg=0.35))

    assert alone > 0.2
    assert among < 0.5 * alone


def test_who_walks_still_walks() -> None:
    walker = replace(PERSON, north_m_s=1.0)
    way = shaken(Flight(things=[walker, *street()], true=flying(m_s=2.0)), shake_deg=0.35)

    (begun_s, *begun), (ended_s, *ended) = way[8], way[-1]
    assert math.dist(begun, ended) / (ended_s - begun_s) == pytest.approx(1.0, abs=0.2)


def test_a_fixed_camera_does_not_sway_however_things_are_moved() -> None:
    pushed = [replace(one, east_m_s=0.4) for one in street(count=4)]
    flight = Flight(things=[*pushed, PERSON], true=lambda _: gaze())
    sway = Sway(reference=REFERENCE)
    for taken_s, told, seen in flight.frames(4.0):
        placed = flight.place([one for _, one in seen], told)
        sway.note(placed, flight.tracker.tracks, told, told)
        tracks = flight.follow(placed, taken_s)
        places = [one.place for one in tracks if one.place is not None]

        assert sway.without(places, told) == [place[:2] for place in places]


def test_a_cart_that_is_pushed_does_not_make_the_rest_sway() -> None:
    pushed = Thing(east_m=-3.0, north_m=0.0, east_m_s=1.5)
    calm = rough_m(shaken(Flight(things=[PERSON, *street()], true=flying(m_s=2.0)), shake_deg=0.0))
    among = rough_m(shaken(Flight(things=[PERSON, pushed, *street()], true=flying(m_s=2.0)), shake_deg=0.0))

    assert among < 1.5 * calm + 0.03


def noted(tracks: list[Track], sight: Sight | None) -> frozenset[int]:
    stillness = Stillness()
    for number in range(8):
        stillness.note(tracks, number * 0.25, sight)
    return stillness.standing()


def test_whoever_asks_without_a_sight_hears_places_as_they_are() -> None:
    flight = Flight(things=[PERSON], true=lambda _: gaze())
    [(taken_s, told, seen)] = list(flight.frames(0.25))
    tracks = flight.follow(flight.place([one for _, one in seen], told), taken_s)
    blind = Sight(gaze=told, reference=REFERENCE, walls=Walls(zones=zones_with({}), frame=FRAME))

    assert noted(tracks, None) == noted(tracks, blind) == {tracks[0].id}


def test_who_lies_is_placed_by_many_frames_and_needs_no_calming() -> None:
    class Shaking(Sway):
        def without(self, places: Sequence[GroundPlace], gaze: Gaze) -> list[tuple[float, float]]:
            shift_m = float(next(shifts))
            return [(place.east_m + shift_m, place.north_m) for place in places]

    shifts = cycle((0.0, 3.0))
    view = gaze()
    sight = Sight(
        gaze=view,
        reference=REFERENCE,
        walls=Walls(zones=zones_with({}), frame=FRAME),
        sway=Shaking(reference=REFERENCE),
    )

    assert noted([track(Label.LYING, 0, 0), track(Label.PERSON, 1, 0, number=2)], sight) == {1}
