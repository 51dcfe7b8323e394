"""What stands tells how pitch, yaw and height are off; what does not stand, or tells nothing, changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from geofence.footprint import Gaze
from perception.aim import Aim
from perception.detections import Label
from perception.georeference import Georeference, PoseErrors
from tests.perception.eyes import FRAME, LENS, gaze
from tests.perception.flights import ERRORS, STEP_S, Flight, Thing, flying, street, trembling, wrong

Told = Callable[[Gaze], Gaze]


@dataclass(frozen=True, slots=True, kw_only=True)
class Off:
    """How far a gaze is from the true one, in degrees and metres."""

    yaw_deg: float
    pitch_deg: float
    height_m: float

    @property
    def sigmas(self) -> float:
        """Return the largest of the three in what is usual for it."""
        usual = (ERRORS.yaw_deg, ERRORS.pitch_deg, ERRORS.height_m)
        return max(abs(a) / b for a, b in zip((self.yaw_deg, self.pitch_deg, self.height_m), usual, strict=True))


def between(one: Gaze, other: Gaze) -> Off:
    return Off(
        yaw_deg=(one.yaw_deg - other.yaw_deg + 180.0) % 360.0 - 180.0,
        pitch_deg=one.pitch_deg - other.pitch_deg,
        height_m=one.height_agl_m - other.height_agl_m,
    )


def flown(flight: Flight, *, seconds: float = 12.0) -> tuple[Gaze, Gaze, Gaze]:
    """Return the true, the told and the corrected gaze at the end."""
    aim = Aim(reference=flight.reference)
    told = corrected = flight.true(0.0)
    for taken_s, told, seen in flight.frames(seconds):
        corrected = aim.corrected(told)
        aim.note(flight.follow(flight.place([one for _, one in seen], corrected), taken_s), corrected)
    return flight.true(taken_s), told, aim.corrected(told)


def left(flight: Flight, *, seconds: float = 12.0) -> Off:
    """Return what is still wrong at the end of a flight."""
    true, _, corrected = flown(flight, seconds=seconds)
    return between(corrected, true)


def changed(flight: Flight, *, seconds: float = 12.0) -> Off:
    """Return by how much the gaze is corrected at the end of a flight."""
    _, told, corrected = flown(flight, seconds=seconds)
    return between(corrected, told)


@pytest.mark.parametrize("yaw_deg", [-2.0, 1.0, 2.0])
def test_a_wrong_heading_is_found_within_five_seconds(yaw_deg: float) -> None:
    off = left(Flight(things=street(), true=flying(), off=wrong(yaw_deg=yaw_deg)), seconds=5.0)

    assert off.yaw_deg == pytest.approx(0.0, abs=0.4)


def test_wrong_pitch_and_height_are_told_apart_as_far_as_they_differ() -> None:
    pitch = left(Flight(things=street(), true=flying(), off=wrong(pitch_deg=1.2)))
    height = left(Flight(things=street(), true=flying(), off=wrong(height_m=1.0)))

    assert abs(pitch.pitch_deg) < 0.4
    assert abs(height.height_m) < 0.5
    assert max(pitch.sigmas, height.sigmas) < 1.0


def test_what_was_learnt_fades_when_the_error_changes() -> None:
    first_s, both_s = 15.0, 30.0
    there_and_back = Flight(
        things=street(count=30, seed=5), true=lambda at_s: gaze(north_m=4.0 * min(at_s, both_s - at_s) - 55.0)
    )
    errors = iter([1.5] * round(first_s / STEP_S) + [-1.5] * round(first_s / STEP_S))

    def told(true: Gaze) -> Gaze:
        return wrong(yaw_deg=next(errors))(true)

    there_and_back.off = told
    assert left(there_and_back, seconds=both_s).yaw_deg == pytest.approx(0.0, abs=0.9)


@pytest.mark.parametrize("seed", range(3))
def test_a_right_gaze_stays_nearly_right_with_rough_boxes(seed: int) -> None:
    assert left(Flight(things=street(seed=seed), true=flying(), noise_px=2.0, seed=seed)).sigmas < 0.5


@pytest.mark.parametrize("yaw_deg", [10.0, 180.0])
def test_nothing_beyond_two_and_a_half_times_the_usual_is_taken_out(yaw_deg: float) -> None:
    assert changed(Flight(things=street(), true=flying(), off=wrong(yaw_deg=yaw_deg))).sigmas <= 2.501


@pytest.mark.parametrize("m_s", [0.3, 1.2])
def test_people_who_walk_tell_nothing(m_s: float) -> None:
    walkers = [replace(one, label=Label.PERSON, east_m_s=m_s) for one in street()]

    assert changed(Flight(things=walkers, true=flying())).sigmas == 0.0


def test_people_who_stand_tell_what_things_would() -> None:
    off = left(Flight(things=street(Label.PERSON), true=flying(), off=wrong(yaw_deg=0.7)))

    assert off.yaw_deg == pytest.approx(0.0, abs=0.3)


def test_a_cart_that_is_pushed_along_is_no_wrong_heading() -> None:
    pushed = Thing(east_m=-5.0, north_m=15.0, east_m_s=0.5)

    assert changed(Flight(things=[pushed], true=flying())).sigmas == 0.0
    assert left(Flight(things=[*street(count=4), replace(pushed, east_m_s=1.0)], true=flying())).sigmas < 0.5


def test_what_hangs_on_a_wall_does_not_drag_the_rest() -> None:
    hanging = Thing(east_m=2.0, north_m=5.0, drifts_px=1.0)

    assert left(Flight(things=[*street(count=8), hanging], true=flying())).sigmas < 0.5


@pytest.mark.parametrize("label", [Label.CAR, Label.POSTER])
def test_what_has_no_sure_place_tells_nothing(label: Label) -> None:
    assert changed(Flight(things=street(label), true=flying(), off=wrong(yaw_deg=1.0))).sigmas == 0.0


def test_a_fixed_camera_keeps_its_gaze() -> None:
    assert changed(Flight(things=street(), true=flying(m_s=0.0), off=wrong(yaw_deg=1.0))).sigmas == 0.0


@pytest.mark.parametrize(("sigma_m", "seed"), [(0.2, 5), (0.4, 4), (0.5, 1), (0.7, 5)])
def test_a_camera_that_hovers_with_a_trembling_place_keeps_its_gaze(sigma_m: float, seed: int) -> None:
    told = trembling(sigma_m=sigma_m, seed=seed)
    hovering = Flight(things=street(seed=seed), true=flying(m_s=0.0), off=told, seed=seed)

    assert changed(hovering, seconds=60.0).sigmas < 0.2


def test_an_error_that_the_camera_does_not_have_is_never_found() -> None:
    exact = PoseErrors(place_m=0.1, height_m=0.0, yaw_deg=0.0, pitch_deg=0.6, roll_deg=0.0)
    reference = Georeference(camera=LENS, frame=FRAME, errors=exact)

    off = changed(Flight(things=street(), true=flying(), off=wrong(pitch_deg=0.5), reference=reference))

    assert (off.yaw_deg, off.height_m) == (0.0, 0.0)
    assert off.pitch_deg == pytest.approx(-0.5, abs=0.2)


def test_more_things_than_are_remembered_at_once_are_still_of_use() -> None:
    off = left(Flight(things=street(count=200), true=flying(), off=wrong(yaw_deg=1.5)))

    assert np.isfinite(off.sigmas)
    assert off.yaw_deg == pytest.approx(0.0, abs=0.3)
