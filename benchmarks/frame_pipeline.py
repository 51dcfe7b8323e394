"""The frame path without the model, as a share of the model's own time in the same run.

Counted is processor time, so that a busy machine does not blur the share. The frames are a simulated flight over a
street with a stall, piles, bikes and a crowd; drawing them is not counted. Everything but the model means: the input's
preparation, decoding, tracking, places with their errors, rules, second looks, and the redacted picture once a second.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from shapely.geometry import Polygon

from core.ids import IncidentId, OrderId, VehicleId, ZoneId
from geofence.footprint import Gaze, Intrinsics
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from geofence.zones import Zone, ZoneKind, ZoneSet
from perception.detections import Detection
from perception.detector import Detector, OnnxDetector
from perception.evidence import to_jpeg
from perception.frame import Frame, Picture
from perception.georeference import Georeference
from perception.look import Question
from perception.model_card import ModelCard
from perception.pipeline import Pipeline
from perception.privacy import redact
from sim.camera import CameraRenderer
from sim.scene import CameraLens, CameraView, Scene, SceneThing, ThingType

AIM = 0.25
FRAMES, ROUNDS = 40, 3
_FRAME = LocalFrame(origin=GeoPosition(lon_deg=121.4, lat_deg=31.32))
_START_AT = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
_RULES = {
    "vendor": {"dwell_s": 3.0},
    "crowd": {"people_at_least": 6, "for_s": 3.0},
    "clutter": {"unmoved_for_s": 4.0},
    "parking": {"unmoved_for_s": 4.0},
}


_WHY = (
    "The rest is some hundred short steps (numpy, shapely, OpenCV, and objects for each box and track). After each run "
    "of the model its weights and layers fill the caches, so that a step costs two to four times what it costs alone."
)


@dataclass(slots=True, kw_only=True)
class Parts:
    """Processor time by what it was spent on."""

    model_s: float = 0.0
    prepare_s: float = 0.0
    read_s: float = 0.0
    judge_s: float = 0.0
    picture_s: float = 0.0


@dataclass(slots=True, kw_only=True)
class TimedDetector:
    """The built-in detector, with the processor time of its parts."""

    inner: OnnxDetector
    parts: Parts

    @property
    def card(self) -> ModelCard:
        return self.inner.card

    def detect(self, picture: Picture) -> Sequence[Detection]:
        began_s = time.process_time()
        tensor, scale = self.inner.prepare(picture)
        prepared_s = time.process_time()
        raw: Mapping[str, NDArray[np.float32]] = self.inner.infer(tensor)
        answered_s = time.process_time()
        seen = self.inner.read(raw, scale, picture.shape[1], picture.shape[0])
        self.parts.prepare_s += prepared_s - began_s
        self.parts.model_s += answered_s - prepared_s
        self.parts.read_s += time.process_time() - answered_s
        return seen


def main() -> None:
    """Print both times a frame and their ratio."""
    frames, parts = film(), Parts()
    detector = TimedDetector(inner=OnnxDetector(is_thrifty=True), parts=parts)
    _fly(frames[:4], make_pipeline(detector), detector)
    detector.parts = parts = Parts()
    eyes = [make_pipeline(detector) for _ in range(ROUNDS)]
    began_s = time.process_time()
    tracks = sum(_fly(frames, one, detector) for one in eyes)
    parts.judge_s = time.process_time() - began_s - parts.model_s - parts.prepare_s - parts.read_s - parts.picture_s
    _print(parts, tracks)


def _print(parts: Parts, tracks: int) -> None:
    count = FRAMES * ROUNDS
    table = Table(title=f"Frame path: {count} frames of 640 × 360, {tracks / count:.0f} tracks in view")
    for heading in ("", "ms a frame", "share of the model"):
        table.add_column(heading)
    rows = {
        "model": parts.model_s,
        "  the model's input from the picture": parts.prepare_s,
        "  boxes from the model's output": parts.read_s,
        "  places, tracks, rules, looks, photos": parts.judge_s,
        "  redacted picture, once a second": parts.picture_s,
    }
    for name, seconds in rows.items():
        table.add_row(name, f"{seconds / count * 1000:.2f}", f"{seconds / parts.model_s:.2f}")
    rest_s = sum(rows.values()) - parts.model_s
    share = rest_s / parts.model_s
    table.add_row("everything else", f"{rest_s / count * 1000:.2f}", f"{share:.2f} (aim ≤ {AIM})")
    Console().print(table)
    if share > AIM:
        Console().print(_WHY)


def film(count: int = FRAMES) -> list[Frame]:
    """Return the frames of a flight along the street; a longer one turns round at its ends."""
    renderer = CameraRenderer(scene=Scene(ground=(), seed=4))
    things = _things()
    return [_shoot(renderer, things, i) for i in range(count)]


def _shoot(renderer: CameraRenderer, things: tuple[SceneThing, ...], number: int) -> Frame:
    north_m = -50 + min(number % (2 * FRAMES), 2 * FRAMES - number % (2 * FRAMES)) * 0.8
    view = CameraView(east_m=0, north_m=north_m, height_agl_m=25, yaw_deg=0, pitch_deg=-38)
    place = _FRAME.to_geo(LocalPosition(east_m=0, north_m=north_m))
    return Frame(
        number=number,
        picture=renderer.render(view=view, lens=CameraLens(), things=things),
        taken_s=number * 0.2,
        taken_at=_START_AT + timedelta(seconds=number * 0.2),
        gaze=Gaze(place=place, height_agl_m=25, yaw_deg=0, pitch_deg=-38),
    )


def _things() -> tuple[SceneThing, ...]:
    random = np.random.default_rng(2)
    kinds = [ThingType.PERSON] * 14 + [ThingType.BIKE] * 4 + [ThingType.CART, ThingType.PILE, ThingType.CAR] * 2
    places = random.uniform((-14, -18), (14, 18), (len(kinds), 2))
    return tuple(
        SceneThing(id=str(i), type=kind, east_m=float(east), north_m=float(north), heading_deg=40.0 * i, seed=i)
        for i, (kind, (east, north)) in enumerate(zip(kinds, places, strict=True))
    )


def _fly(frames: Sequence[Frame], eyes: Pipeline, detector: TimedDetector) -> int:
    """Look at all frames as an agent does and return how many tracks were seen."""
    tracks = 0
    for frame in frames:
        seen = eyes.process(frame)
        tracks += len(seen.tracks)
        if frame.number % 5 == 0:
            began_s = time.process_time()
            to_jpeg(redact(frame.picture, seen.detections), quality=70)
            detector.parts.picture_s += time.process_time() - began_s
    return tracks


def make_pipeline(detector: Detector) -> Pipeline:
    """Return eyes over one zone with four rules, asked one question."""
    corners = _FRAME.to_geo_array(np.array([(-60.0, -60.0), (60.0, -60.0), (60.0, 60.0), (-60.0, 60.0)]))
    zone = Zone(id=ZoneId("street"), kind=ZoneKind.RULE, polygon=Polygon(corners), rules=_RULES)
    lens = Intrinsics(width_px=640, height_px=360, fx_px=640, fy_px=640, cx_px=320, cy_px=180)
    eyes = Pipeline(
        vehicle_id=VehicleId("drone-1"),
        detector=detector,
        reference=Georeference(camera=lens, frame=_FRAME),
        zones=ZoneSet(zones=(zone,)),
    )
    eyes.set_order(OrderId("order"), [_question()], _START_AT)
    return eyes


def _question() -> Question:
    return Question(
        incident_id=IncidentId("incident"),
        order_id=OrderId("order"),
        kind="20507",
        place=_FRAME.origin,
        radius_m=3.0,
    )


if __name__ == "__main__":
    main()
