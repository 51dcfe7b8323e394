from dataclasses import replace

import numpy as np
import pytest

from geofence.footprint import Gaze
from perception.turning import by_turning
from tests.perception.eyes import gaze
from tests.perception.flights import REFERENCE

_LITTLE_DEG = 0.01
_PIXELS = np.array([(100.0, 120.0), (320.0, 180.0), (600.0, 340.0)])


@pytest.mark.parametrize(("angle", "which"), [("pitch_deg", 0), ("yaw_deg", 1), ("roll_deg", 2)])
@pytest.mark.parametrize("told", [gaze(), gaze(yaw_deg=130.0, pitch_deg=-25.0, height_agl_m=1.2)])
def test_places_move_as_they_do_when_the_camera_turns(told: Gaze, angle: str, which: int) -> None:
    more = replace(told, **{angle: getattr(told, angle) + _LITTLE_DEG})
    before, after = (
        np.array([place[:2] for place in REFERENCE.to_ground(_PIXELS, one) if place is not None])
        for one in (told, more)
    )

    moved = by_turning(before - REFERENCE.camera_m(told), told)[:, :, which]

    assert moved == pytest.approx((after - before) / np.radians(_LITTLE_DEG), rel=0.01, abs=0.02)
