import pytest

from geofence.positions import LocalPosition
from perception.detections import Label, PixelBox
from perception.georeference import Georeference
from perception.seen_twice import SeenTwice, SeenTwiceCheck
from perception.tracker import Track
from tests.perception.eyes import FRAME, LENS, gaze

REFERENCE = Georeference(camera=LENS, frame=FRAME)
SPOTS = [(-6.0, 0.0), (-2.0, 3.0), (2.0, -2.0), (5.0, 2.0), (0.0, 6.0)]


def flown_over(*, label: Label = Label.CART, told_pitch_deg: float = -40.0, step_m: float = 2.0) -> SeenTwice | None:
    """Things that stand still under a drone that comes nearer; what it tells of its pitch may be wrong."""
    check = SeenTwiceCheck(reference=REFERENCE)
    for i in range(6):
        true = gaze(north_m=-34 + step_m * i, pitch_deg=-40)
        tracks = []
        for number, (east_m, north_m) in enumerate(SPOTS):
            foot = REFERENCE.to_pixel(LocalPosition(east_m=east_m, north_m=north_m), true)
            assert foot is not None
            box = PixelBox(x0_px=foot[0] - 9, y0_px=foot[1] - 30, x1_px=foot[0] + 9, y1_px=foot[1])
            tracks.append(track(number, label, box))
        check.add(tracks, gaze(north_m=-34 + step_m * i, pitch_deg=told_pitch_deg))
    return check.result()


def track(number: int, label: Label, box: PixelBox) -> Track:
    return Track(id=number, label=label, box=box, place=None, first_s=0.0, last_s=0.0, threshold=0.4, is_believed=True)


def test_things_seen_from_two_sides_are_at_one_place() -> None:
    result = flown_over()

    assert result is not None
    assert (result.things, result.within_error_ratio, result.is_doubtful) == (len(SPOTS), 1.0, False)
    assert result.median_m == pytest.approx(0, abs=0.01)


def test_a_wrong_pitch_shows_itself() -> None:
    result = flown_over(told_pitch_deg=-31.0)

    assert result is not None
    assert result.median_m > 1.5
    assert result.is_doubtful


def test_what_moves_or_was_seen_from_one_side_tells_nothing() -> None:
    assert flown_over(label=Label.PERSON) is None
    assert flown_over(step_m=0.1) is None
    assert SeenTwiceCheck(reference=REFERENCE).result() is None
