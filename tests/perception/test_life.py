"""Who is alive: people who walk, and not dolls whose boxes jump."""

import numpy as np

from perception.detections import Detection, Label, PixelBox
from perception.following import Follower
from perception.georeference import GroundPlace
from perception.life import Life
from perception.tracker import Placed, Track

STEP_S = 0.1


def place(north_m: float) -> GroundPlace:
    return GroundPlace(0.0, north_m, (0.01, 0.0, 0.01))


def box(x_px: float, top_px: float, foot_px: float) -> PixelBox:
    return PixelBox(x0_px=x_px - 10, y0_px=top_px, x1_px=x_px + 10, y1_px=foot_px)


def test_who_walks_is_alive_after_a_moment() -> None:
    life = Life()

    for i in range(30):
        life.see(box(100 + 3 * i, 100, 160), place(0.15 * i), None, i * STEP_S)

    assert life.has_walked


def test_a_doll_whose_lower_edge_jumps_has_not_walked() -> None:
    """The foot of a box that grows lands metres nearer, and the head stays."""
    life = Life()

    for i in range(60):
        is_long = 20 <= i < 50
        life.see(box(100, 100, 200 if is_long else 160), place(-4.0 if is_long else 0.0), None, i * STEP_S)

    assert not life.has_walked


def test_a_doll_whose_box_goes_along_with_a_passer_by_for_a_moment_has_not_walked() -> None:
    life = Life()

    for i in range(60):
        is_along = 20 <= i < 24
        life.see(box(160 if is_along else 100, 100, 160), place(2.5 if is_along else 0.0), None, i * STEP_S)

    assert not life.has_walked


def test_who_passes_close_by_a_doll_does_not_make_it_live() -> None:
    """People go past a shop window all the time: what stirs in the doll's box then are they."""
    followed = Follower(threshold_for=lambda _: 0.5)
    tracks: list[Track] = []
    for i in range(60):
        picture = np.full((300, 400, 3), 120, np.uint8)
        picture[100:160, 90:110] = 60
        x = 90 + 4 * (i % 20)
        passer = PixelBox(x0_px=x + 12, y0_px=120, x1_px=x + 32, y1_px=200)
        picture[120:200, x + 12 : x + 32] = 220
        seen = [
            Placed(Detection(Label.PERSON, 0.48, box(100, 100, 160)), None),
            Placed(Detection(Label.PERSON, 0.8, passer), None),
        ]
        tracks = followed.update(seen, taken_s=i * STEP_S, is_in_view=lambda _: True, picture=picture)

    (doll,) = (track for track in tracks if track.box.y1_px == 160)
    assert not doll.is_believed


def test_grain_in_a_box_of_a_few_pixels_is_no_life() -> None:
    random = np.random.default_rng(5)
    cone = Life()
    for i in range(40):
        picture = random.normal(120, 12, (60, 60, 3)).clip(0, 255).astype(np.uint8)
        cone.see(PixelBox(x0_px=20, y0_px=20, x1_px=31, y1_px=36), None, picture, 0.2 * i)

    assert not cone.is_sure
