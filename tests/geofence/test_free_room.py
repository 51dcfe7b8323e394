"""The guard may look seldom only where looking would have told it nothing."""

from datetime import UTC, datetime, time, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.frames import FloatArray, LocalFrame
from geofence.free_room import Wall, free_room
from geofence.live_guard import GuardSettings, LiveGuard
from geofence.positions import GeoPosition, LocalPosition
from geofence.verdicts import GuardVerdict, Verdicts
from geofence.zones import WeeklyWindow
from tests.geofence.places import FRAME, NOW, at, box, keep_in, keep_out, zone_set

LESSON = WeeklyWindow(days=frozenset({1}), start=time(16, 0, 10), end=time(16, 0, 12))
TOWN = zone_set(
    keep_in(box(-200, -200, 60, 200), name="west"),
    keep_in(box(60, -200, 200, 200), name="east", ceiling_m=60),
    keep_out(box(40, -10, 60, 10)),
    keep_out(box(-120, -60, -80, -40), name="roof", ceiling_m=15),
    keep_out(box(-30, 60, 0, 110), name="bridge", floor_m=30, ceiling_m=40),
    keep_out(box(-60, 20, -50, 30), name="school", times=(LESSON,)),
)
steps = st.tuples(st.floats(-12, 12), st.floats(-12, 12), st.floats(-4, 4))


class Counted(LiveGuard):
    """A guard that counts how often it really looks."""

    looks = 0

    def check_many(
        self, lon_lat_deg: FloatArray, heights_agl_m: FloatArray, velocities_m_s: FloatArray, now: datetime
    ) -> Verdicts:
        self.looks += 1
        return super().check_many(lon_lat_deg, heights_agl_m, velocities_m_s, now)


def looked(guard: LiveGuard, place: GeoPosition, height_m: float, velocity: FloatArray, now: datetime) -> GuardVerdict:
    """Return the verdict of a look, whatever the guard remembers."""
    lon_lat = np.array([[place.lon_deg, place.lat_deg]])
    return LiveGuard.check_many(guard, lon_lat, np.array([height_m]), velocity[None, :], now)[0]


@given(
    east_m=st.floats(-190, 190),
    north_m=st.floats(-190, 190),
    height_m=st.floats(0, 90),
    turns=st.lists(steps, min_size=1, max_size=5),
)
@settings(max_examples=60, deadline=None)
def test_what_the_guard_remembers_says_what_a_look_would_say(
    east_m: float, north_m: float, height_m: float, turns: list[tuple[float, float, float]]
) -> None:
    guard, place, now = LiveGuard(TOWN, FRAME), np.array([east_m, north_m, height_m]), NOW
    for turn in turns:
        velocity = np.array(turn)
        for _ in range(8):
            there = at(place[0], place[1])
            verdict = guard.check(there, float(place[2]), *turn, now)
            assert verdict == looked(guard, there, float(place[2]), velocity, now)
            place, now = place + 0.4 * velocity, now + timedelta(seconds=0.4)


def test_a_flight_over_open_ground_is_looked_at_seldom_and_one_beside_a_wall_always() -> None:
    guard = Counted(TOWN, FRAME)
    for step in range(400):
        guard.check(at(-180 + 0.5 * step, -120), 25, 5, 0, 0, NOW)
    assert guard.looks < 20

    guard.looks = 0
    for step in range(10):
        guard.check(at(38, -8 + step), 25, 0, 3, 0, NOW)
    assert guard.looks == 10


def test_a_zone_that_comes_into_force_ends_what_was_remembered() -> None:
    guard = Counted(TOWN, FRAME)
    place = at(-48, 25)
    begins_at = NOW.replace(hour=8, minute=0, second=10)
    seen = [
        guard.check(place, 25, -2, 0, 0, begins_at + timedelta(seconds=s)).breach is not None
        for s in (-7, -6, -5, 0, 1, 2)
    ]
    assert seen == [False, False, True, True, True, False]


@pytest.mark.parametrize("lat_deg", [-75.0, 0.0, 31.3, 79.9])
def test_a_distance_moved_is_never_underestimated_and_hardly_over(lat_deg: float) -> None:
    centre = GeoPosition(lon_deg=121.4, lat_deg=lat_deg)
    origin = LocalFrame(origin=centre).to_geo(LocalPosition(east_m=-60_000, north_m=70_000 if lat_deg < 79 else 0))
    frame = LocalFrame(origin=origin)
    here = frame.to_local(centre)
    away_m = float(np.hypot(here.east_m, here.north_m))
    room = free_room(centre, (), height_m=20, close_m=5, margin_m=1, height_margin_m=1, from_origin_m=away_m)
    assert room is not None
    for angle in np.linspace(0, 2 * np.pi, 24):
        for away_m, stays in ((room.radius_m + 0.01, False), (room.radius_m * 0.985, True)):
            east_m, north_m = here.east_m + away_m * np.cos(angle), here.north_m + away_m * np.sin(angle)
            moved = frame.to_geo(LocalPosition(east_m=east_m, north_m=north_m))
            assert room.holds(moved, reach_m=0, height_m=20, end_height_m=20) is stays


def test_nothing_is_remembered_near_the_poles_far_from_the_origin_or_between_floors() -> None:
    def room(lat_deg: float = 31.0, from_origin_m: float = 0.0, wall: Wall | None = None) -> object:
        return free_room(
            GeoPosition(lon_deg=121.4, lat_deg=lat_deg), () if wall is None else (wall,), height_m=20, close_m=5,
            margin_m=1, height_margin_m=1, from_origin_m=from_origin_m,
        )  # fmt: skip

    assert room() is not None
    assert room(lat_deg=-81) is None
    assert room(from_origin_m=300_000) is None
    assert room(wall=Wall(distance_m=2, lowest_m=0, highest_m=19.5)) is None


def test_numbers_that_are_none_are_looked_at() -> None:
    guard = Counted(TOWN, FRAME, GuardSettings())
    for _ in range(3):
        guard.check(at(-150, -150), float("nan"), 0, 0, 0, datetime(2026, 1, 5, 8, tzinfo=UTC))
    assert guard.looks == 3
