"""One hundred seeded street scenes through camera, model, tracker and rules: what was reported against what was there.

A matter counts as covered when the camera had enough of it well in view, unhidden, for as long as its rule asks (and
1.5 s more, in which a track becomes believed). A sighting is right when it tells of a matter of its kind within 5 m, or
within its own 95 % ellipse, that was not told of before; what was not sure may be told once more when it is sure.
"""

import argparse
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
from shapely.geometry import Polygon

from benchmarks.scene_tables import Outcome, Told, show
from benchmarks.scene_truth import TruthDetector
from core.events import Json
from core.ids import OrderId, VehicleId, ZoneId
from geofence.footprint import Gaze, Intrinsics
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from geofence.zones import Zone, ZoneKind, ZoneSet
from perception.detector import BUILT_IN_CARD, Detector, OnnxDetector
from perception.frame import Frame
from perception.georeference import Georeference, PoseErrors
from perception.model_card import read_card
from perception.pipeline import Pipeline
from perception.sighting import Sighting
from sim.camera import CameraRenderer, SeenThing
from sim.scene import CameraView, ThingType
from sim.street import STRIP_M, VENDOR, Matter, Negative, Street
from sim.street_flight import PICTURES_PER_S, Carrier, Shot, StreetScene, make_scene

FIRST_SEED, SCENES = 4000, 100
_FRAME = LocalFrame(origin=GeoPosition(lon_deg=121.4, lat_deg=31.32))
_START_AT = datetime(2026, 1, 5, 0, 30, tzinfo=UTC)
_FARTHEST_M = {Carrier.DRONE: 45.0, Carrier.ROBOT: 9.5}
_EDGE_PX, _SMALLEST_PX, _HIDDEN = 8.0, 14.0, 0.5
_POSE_ERRORS = {
    Carrier.DRONE: PoseErrors(place_m=0.6, height_m=0.4, yaw_deg=0.8, pitch_deg=0.5, roll_deg=0.3),
    Carrier.ROBOT: PoseErrors(place_m=0.25, height_m=0.03, yaw_deg=0.9, pitch_deg=0.35, roll_deg=0.3),
}
_CHI2_95 = 5.991
_SAME_M = 5.0


def main() -> None:
    """Print the figures of all scenes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scenes", description=__doc__)
    parser.add_argument("--first", type=int, default=FIRST_SEED, help="the first seed")
    parser.add_argument("--scenes", type=int, default=SCENES, help="how many scenes")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--model", type=Path, default=BUILT_IN_CARD, help="card of the detector")
    parser.add_argument("--oracle", action="store_true", help="give the rules the true boxes instead of a model's")
    parser.add_argument("--verbose", action="store_true", help="name every miss and every false sighting")
    chosen = parser.parse_args()
    seeds = range(chosen.first, chosen.first + chosen.scenes)
    with ProcessPoolExecutor(chosen.processes) as pool:
        outcomes = list(pool.map(partial(run_scene, card=chosen.model, is_oracle=chosen.oracle), seeds))
    show(outcomes, verbose=chosen.verbose)


def run_scene(seed: int, *, card: Path = BUILT_IN_CARD, is_oracle: bool = False) -> Outcome:
    """Fly one scene and judge what was reported; an oracle sees the true boxes instead of the pictures."""
    began_s = time.process_time()
    scene = make_scene(seed)
    renderer = CameraRenderer(scene=scene.scene, px_per_m=16.0 if scene.carrier is Carrier.ROBOT else 8.0)
    oracle = TruthDetector(card=read_card(card), carrier=scene.carrier)
    eyes = _pipeline(scene, oracle if is_oracle else OnnxDetector(card_file=card))
    runs = {matter.id: _Run() for matter in scene.street.matters}
    sightings: list[Sighting] = []
    for number, shot in enumerate(scene.shots):
        picture, seen = renderer.render_with_boxes(
            view=shot.true, lens=scene.lens, things=scene.street.things(shot.time_s), flaws=shot.flaws
        )
        frame = Frame(
            number=number,
            picture=picture,
            taken_s=shot.time_s,
            taken_at=_START_AT + timedelta(seconds=shot.time_s),
            gaze=_gaze(shot),
        )
        oracle.tell(seen, shot.true)
        sightings += eyes.process(frame).sightings
        well = _well_in_view(seen, shot.true, scene)
        for matter in scene.street.matters:
            runs[matter.id].take(is_seen=_is_seen(matter, well))
    outcome = Outcome(scene=scene, covered={name: run.longest_s for name, run in runs.items()})
    outcome.told = list(_judge(scene.street, sightings))
    outcome.processor_s = time.process_time() - began_s
    return outcome


def zones_of(street: Street) -> ZoneSet:
    """Return the zones of a street, with what is lawful in it."""
    spots: dict[Negative, list[Json]] = {}
    for one in street.lawful:
        place = _FRAME.to_geo(LocalPosition(east_m=one.east_m, north_m=one.north_m))
        spots.setdefault(one.kind, []).append({"lon_deg": place.lon_deg, "lat_deg": place.lat_deg, "radius_m": 5.0})
    morning: Json = [{"start": "06:00", "end": "10:00"}]
    day = {"start": _START_AT.isoformat(), "end": (_START_AT + timedelta(hours=3)).isoformat(), "name": "wedding"}
    still: dict[str, Json] = {"unmoved_for_s": 3.0}
    shop: dict[str, Json] = {**still, "things_at_least": 2, "within_m": 4.5}
    rules: dict[str, dict[str, Json]] = {
        "vendor": {"dwell_s": 3.0, "licences": _with(spots.get(Negative.LICENSED), {"hours": morning})},
        "crowd": {
            "people_at_least": 8, "radius_m": 5.0, "for_s": 3.0,
            "stops": _with(spots.get(Negative.QUEUE), {}), "events": _with(spots.get(Negative.WEDDING), {**day}),
        },
        "clutter": still,
        "board": still,
        "parking": {**still, "bikes_at_least": 3, "radius_m": 3.0,
                    "licences": _with(spots.get(Negative.RACK), {})},
        "bin": {"observed_s": 2.0},
        "person_down": {"for_s": 2.0},
    }  # fmt: skip
    square = _zone("square", (-60.0, -45.0, 60.0, STRIP_M[0] - 0.4), rules)
    strip = _zone("strip", (-60.0, STRIP_M[0] - 0.2, 60.0, 17.8), {"shop": shop})
    return ZoneSet(zones=(square, strip))


def _with(rows: Sequence[Json] | None, more: Mapping[str, Json]) -> list[Json]:
    return [{**row, **more} for row in rows or () if isinstance(row, dict)]


def _zone(name: str, bounds: tuple[float, float, float, float], rules: dict[str, dict[str, Json]]) -> Zone:
    west, south, east, north = bounds
    corners = _FRAME.to_geo_array(np.array([(west, south), (east, south), (east, north), (west, north)]))
    return Zone(id=ZoneId(name), kind=ZoneKind.RULE, polygon=Polygon(corners), rules=rules)


def _pipeline(scene: StreetScene, detector: Detector) -> Pipeline:
    lens = scene.lens
    camera = Intrinsics(
        width_px=lens.width_px, height_px=lens.height_px, fx_px=lens.fx_px, fy_px=lens.fy_px,
        cx_px=lens.cx_px, cy_px=lens.cy_px,
    )  # fmt: skip
    eyes = Pipeline(
        vehicle_id=VehicleId(f"{scene.carrier}-{scene.seed}"),
        detector=detector,
        reference=Georeference(camera=camera, frame=_FRAME, errors=_POSE_ERRORS[scene.carrier]),
        zones=zones_of(scene.street),
        lowest_agl_m=0.5,
    )
    eyes.set_order(OrderId(f"pass-{scene.seed}"), (), _START_AT)
    return eyes


def _gaze(shot: Shot) -> Gaze:
    told = shot.told
    return Gaze(
        place=_FRAME.to_geo(LocalPosition(east_m=told.east_m, north_m=told.north_m)),
        height_agl_m=told.height_agl_m,
        yaw_deg=told.yaw_deg,
        pitch_deg=told.pitch_deg,
        roll_deg=told.roll_deg,
    )


@dataclass(slots=True)
class _Run:
    """The longest time without a break of more than a second."""

    longest_s: float = 0.0
    now_s: float = 0.0
    gap_s: float = 0.0

    def take(self, *, is_seen: bool) -> None:
        step_s = 1.0 / PICTURES_PER_S
        self.gap_s = 0.0 if is_seen else self.gap_s + step_s
        self.now_s = self.now_s + step_s if is_seen else self.now_s if self.gap_s <= 1.0 else 0.0
        self.longest_s = max(self.longest_s, self.now_s)


def _well_in_view(seen: Iterable[SeenThing], view: CameraView, scene: StreetScene) -> dict[str, ThingType]:
    found = {}
    for one in seen:
        x0, y0, x1, y1 = one.box_xyxy_px
        away_m = math.hypot(one.thing.east_m - view.east_m, one.thing.north_m - view.north_m)
        is_inside = (
            x0 > _EDGE_PX and x1 < scene.lens.width_px - _EDGE_PX and y0 > 0 and y1 < scene.lens.height_px - _EDGE_PX
        )
        is_large = max(x1 - x0, y1 - y0) >= _SMALLEST_PX
        if is_inside and is_large and one.visible >= _HIDDEN and away_m <= _FARTHEST_M[scene.carrier]:
            found[one.thing.id] = one.thing.type
    return found


def _is_seen(matter: Matter, well: Mapping[str, ThingType]) -> bool:
    there = [well[name] for name in matter.things if name in well]
    has_stall = matter.kind != VENDOR or ThingType.CART in there
    return has_stall and len(there) >= matter.needs


def _judge(street: Street, sightings: Sequence[Sighting]) -> Iterable[Told]:
    taken: dict[str, bool] = {}
    unsure: list[tuple[str, LocalPosition]] = []
    for sighting in sightings:
        here, is_sure = _FRAME.to_local(sighting.place), sighting.is_sure
        alike = [one for one in street.matters if one.kind == sighting.kind and _is_new(taken.get(one.id), is_sure)]
        offsets = {one.id: (one.east_m - here.east_m, one.north_m - here.north_m) for one in alike}
        nearest = min(offsets, key=lambda name: math.hypot(*offsets[name]), default=None)
        error_m = math.inf if nearest is None else math.hypot(*offsets[nearest])
        is_inside = nearest is not None and _squared(sighting, *offsets[nearest]) <= _CHI2_95
        if nearest is None or not (error_m <= _SAME_M or is_inside):
            yield Told(
                kind=sighting.kind, matter=None, error_m=error_m, is_inside=False, because=sighting.because,
                near=_lawful_near(street, here), is_sure=is_sure,
                is_again=is_sure and any(kind == sighting.kind and _away_m(here, it) <= _SAME_M for kind, it in unsure),
            )  # fmt: skip
            unsure += [] if is_sure else [(sighting.kind, here)]
            continue
        yield Told(
            kind=sighting.kind, matter=nearest, error_m=error_m, is_inside=is_inside, because=sighting.because,
            is_sure=is_sure, is_again=nearest in taken,
        )  # fmt: skip
        taken[nearest] = is_sure


def _away_m(one: LocalPosition, other: LocalPosition) -> float:
    return math.hypot(one.east_m - other.east_m, one.north_m - other.north_m)


def _is_new(was_sure: bool | None, is_sure: bool) -> bool:
    """Say whether a sighting tells something new of a matter: it was not told, or not surely."""
    return was_sure is None or (is_sure and not was_sure)


def _squared(sighting: Sighting, east_m: float, north_m: float) -> float:
    """Return the squared Mahalanobis distance of an offset in a sighting's ellipse."""
    heading = math.radians(sighting.ellipse.heading_deg)
    along = east_m * math.sin(heading) + north_m * math.cos(heading)
    across = east_m * math.cos(heading) - north_m * math.sin(heading)
    return (along / sighting.ellipse.major_m) ** 2 + (across / sighting.ellipse.minor_m) ** 2


def _lawful_near(street: Street, here: LocalPosition) -> Negative | None:
    near = [(math.hypot(one.east_m - here.east_m, one.north_m - here.north_m), one.kind) for one in street.lawful]
    away_m, kind = min(near, default=(math.inf, None))
    return kind if away_m <= 6.0 else None


if __name__ == "__main__":
    main()
