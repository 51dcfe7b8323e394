"""How well things are followed and placed: our two trackers, and two kept ones on the same detections.

Twelve people walk about and cross under a drone that flies and turns, seen by the simulator model; the truth is exact.
The kept trackers' figures were measured once on the same scenes (docs/decisions/0011). For real footage with a
truth of your own: `roundsman look`, then `roundsman evaluate`.
"""

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
from rich.console import Console
from rich.table import Table

from geofence.footprint import Gaze, Intrinsics
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from perception.detections import Detection, Label, passing
from perception.detector import OnnxDetector
from perception.evaluation.boxes import FrameBoxes, frame_boxes
from perception.evaluation.identities import identity_figures
from perception.evaluation.places import place_errors, place_figures
from perception.evaluation.precision import precision_curve
from perception.evaluation.truth_files import FoundTrack, Places, found_boxes
from perception.following import Follower
from perception.frame import Frame
from perception.georeference import Georeference, PoseErrors
from perception.offline.track_book import TrackBook
from perception.offline.track_line import TrackLine
from perception.tracker import Placed, Tracker
from sim.camera import CameraRenderer
from sim.scene import CameraLens, CameraView, GroundArea, GroundKind, Scene, SceneThing, ThingType

PEERS = {"trackers CBIoU 2.6.1": (0.53, 0.40), "trackers ByteTrack 2.6.1": (0.63, 0.53)}
AIMS = {"MOTA": 0.78, "IDF1": 0.78}
_FPS, _SECONDS, _PEOPLE, _SEEDS = 5, 24, 12, (1, 2, 3)
_FRAME = LocalFrame(origin=GeoPosition(lon_deg=121.4, lat_deg=31.3))
_LENS = Intrinsics(width_px=640, height_px=360, fx_px=640, fy_px=640, cx_px=320, cy_px=180)
_ERRORS = PoseErrors(place_m=0.3, height_m=0.3, yaw_deg=0.3, pitch_deg=0.3, roll_deg=0.3)
_START_AT = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A frame, what the model saw in it, and the truth."""

    frame: Frame
    seen: list[Detection]
    truth: FrameBoxes
    places: Mapping[int, tuple[float, float]]


def main() -> None:
    """Print MOTA, IDF1, AP50, the error of places and the time for each tracker."""
    films = [list(_film(seed)) for seed in _SEEDS]
    table = Table(title=f"{_PEOPLE} people under a moving drone, {len(films)} films of {_SECONDS} s")
    for heading in ("", "MOTA", "IDF1", "AP50", "place error, median / p90", "ms a frame (CPU)"):
        table.add_column(heading)
    for name, (mota, idf1) in PEERS.items():
        table.add_row(name, f"{mota:.2f}", f"{idf1:.2f}", "", "", "")
    for name, kind in (("perception.tracker (on vehicles)", Tracker), ("perception.following (look)", Follower)):
        table.add_row(name, *_judge(films, kind))
    Console().print(table)
    Console().print(f"aims on real street video with a COCO detector: {AIMS}, AP50 0.88, place error p90 0.5 m at 7 m")


def _judge(films: list[list[Shot]], kind: type[Tracker]) -> tuple[str, ...]:
    figures, spent_s = [], 0.0
    for film in films:
        began_s = time.process_time()
        lines = _follow(film, kind(threshold_for=lambda _: 0.4))
        spent_s += time.process_time() - began_s
        truth = {i: shot.truth for i, shot in enumerate(film)}
        found = [_found(line) for line in lines]
        who, curve = identity_figures(truth, found_boxes(found)), precision_curve(truth, found_boxes(found))
        places = Places(by_frame={i: shot.places for i, shot in enumerate(film)}, is_degrees=False)
        off = place_figures(place_errors(found, places, truth))
        figures.append(
            (who.mota, who.idf1, curve.ap50, off.median_m if off else math.nan, off.p90_m if off else math.nan)
        )
    mota, idf1, ap50, median_m, p90_m = np.mean(figures, axis=0)
    frames = sum(map(len, films))
    return (
        f"{mota:.2f}",
        f"{idf1:.2f}",
        f"{ap50:.2f}",
        f"{median_m:.2f} / {p90_m:.2f} m",
        f"{spent_s / frames * 1000:.2f}",
    )


def _follow(film: list[Shot], tracker: Tracker) -> list[TrackLine]:
    reference, book = Georeference(camera=_LENS, frame=_FRAME, errors=_ERRORS), TrackBook()
    least = {label: tracker.least_for(label) for label in Label}
    lines: list[TrackLine] = []
    for shot in film:
        gaze = shot.frame.gaze
        assert gaze is not None
        seen = passing(shot.seen, least)
        feet = np.array([one.box.foot_px for one in seen], float).reshape(-1, 2)
        tracker.update(
            [Placed(one, place) for one, place in zip(seen, reference.to_ground(feet, gaze), strict=True)],
            taken_s=shot.frame.taken_s,
            is_in_view=lambda _: True,
            to_pixel=partial(reference.to_pixel, gaze=gaze),
            picture=shot.frame.picture,
        )
        lines += book.add(shot.frame.number, shot.frame.taken_s, tracker.tracks)
    return lines + book.close()


def _found(line: TrackLine) -> FoundTrack:
    ellipse = None if line.place is None else line.place.ellipse
    return FoundTrack(
        frame=line.frame,
        track=line.track,
        score=line.score,
        corners_px=line.box.xyxy,
        place=None if line.place is None else (line.place.east_m, line.place.north_m),
        ellipse=None if ellipse is None else (ellipse.major_m, ellipse.minor_m, ellipse.heading_deg),
    )


def _film(seed: int) -> Iterator[Shot]:
    random = np.random.default_rng(seed)
    paths = [_path(random) for _ in range(_PEOPLE)]
    road = GroundArea(kind=GroundKind.ROAD, ring=((-60, 8), (60, 8), (60, 15), (-60, 15)))
    renderer, detector = CameraRenderer(scene=Scene(ground=(road,), seed=seed)), OnnxDetector()
    for i in range(_SECONDS * _FPS):
        seconds = i / _FPS
        view = _view(seconds)
        things = [_walker(number, path, i) for number, path in enumerate(paths)]
        picture, shown = renderer.render_with_boxes(view=view, lens=CameraLens(), things=things)
        frame = Frame(
            number=i,
            picture=picture,
            taken_s=seconds,
            taken_at=_START_AT + timedelta(seconds=seconds),
            gaze=_gaze(view),
        )
        yield Shot(
            frame=frame,
            seen=[one for one in detector.detect(picture) if one.label is Label.PERSON],
            truth=frame_boxes([one.box_xyxy_px for one in shown], [int(one.thing.id) for one in shown]),
            places={int(one.thing.id): (one.thing.east_m, one.thing.north_m) for one in shown},
        )


def _path(random: np.random.Generator) -> np.ndarray:
    """Return where somebody is at each frame: from place to place, sometimes standing."""
    here = random.uniform((-9, -6), (9, 10))
    steps: list[np.ndarray] = []
    while len(steps) <= _SECONDS * _FPS:
        there, speed_m_s = random.uniform((-9, -6), (9, 10)), random.uniform(0.9, 1.6)
        count = max(1, int(np.hypot(*(there - here)) / speed_m_s * _FPS))
        steps += [here + (there - here) * k / count for k in range(count)]
        here = there
        if random.random() < 0.4:
            steps += [here] * int(random.uniform(1, 4) * _FPS)
    return np.array(steps)


def _walker(number: int, path: np.ndarray, i: int) -> SceneThing:
    here, (east, north) = path[i], path[i + 1] - path[i]
    heading_deg = math.degrees(math.atan2(east, north)) if math.hypot(east, north) > 0.01 else 30.0 * number
    return SceneThing(
        id=str(number),
        type=ThingType.PERSON,
        east_m=float(here[0]),
        north_m=float(here[1]),
        heading_deg=heading_deg,
        seed=100 + number,
        stride=(i / _FPS * 0.86) % 1,
    )


def _view(seconds: float) -> CameraView:
    east_m = -14 + 28 * seconds / _SECONDS
    return CameraView(
        east_m=east_m,
        north_m=-30 + 3 * math.sin(seconds / 3),
        height_agl_m=20 + math.sin(seconds / 2),
        yaw_deg=math.degrees(math.atan2(-east_m, 30)) + 2 * math.sin(seconds),
        pitch_deg=-34 + 1.5 * math.sin(seconds * 1.3),
        roll_deg=2 * math.sin(seconds * 0.9),
    )


def _gaze(view: CameraView) -> Gaze:
    return Gaze(
        place=_FRAME.to_geo(LocalPosition(east_m=view.east_m, north_m=view.north_m)),
        height_agl_m=view.height_agl_m,
        yaw_deg=view.yaw_deg,
        pitch_deg=view.pitch_deg,
        roll_deg=view.roll_deg,
    )


if __name__ == "__main__":
    main()
