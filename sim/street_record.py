"""Writes a street scene as a recording with its truth, in the files that `roundsman look` and `evaluate` read."""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from sim.camera import CameraRenderer, SeenThing, to_jpeg
from sim.dataset import CATEGORIES
from sim.scene import CameraView
from sim.street_flight import PICTURES_PER_S, Carrier, StreetScene

_SHOWN_FROM = 0.5
_QUALITY = 90
_POSE = ("east_m", "north_m", "up_m", "yaw_deg", "pitch_deg", "roll_deg")


def record_scene(scene: StreetScene, folder: Path) -> None:
    """Write pictures, camera.json, poses.csv (as telemetry tells them) and the truth into *folder*.

    The truth: gt.txt (MOT16: frame from 1, id, left, top, width, height, 1 or 0 for ignored, class from 1, visible
    share), classes.txt, ground.csv (frame from 0, id, east_m, north_m), matters.json.
    """
    (folder / "images").mkdir(parents=True, exist_ok=True)
    renderer = CameraRenderer(scene=scene.scene, px_per_m=16.0 if scene.carrier is Carrier.ROBOT else 8.0)
    boxes: list[str] = []
    ground: list[tuple[int, int, float, float]] = []
    for number, shot in enumerate(scene.shots):
        things = scene.street.things(shot.time_s)
        picture, seen = renderer.render_with_boxes(view=shot.true, lens=scene.lens, things=things, flaws=shot.flaws)
        (folder / "images" / f"{number:06d}.jpg").write_bytes(to_jpeg(picture, quality=_QUALITY))
        for one in _known(seen):
            boxes.append(_mot_line(number, one))
            ground.append((number, _number(one), round(one.thing.east_m, 3), round(one.thing.north_m, 3)))
    (folder / "gt.txt").write_text("\n".join(boxes) + "\n", encoding="utf-8")
    (folder / "classes.txt").write_text("".join(f"{kind.value}\n" for kind in CATEGORIES), encoding="utf-8")
    _write_table(folder / "ground.csv", ("frame", "id", "east_m", "north_m"), ground)
    poses = [(round(shot.time_s, 3), *_pose(shot.told)) for shot in scene.shots]
    _write_table(folder / "poses.csv", ("time_s", *_POSE), poses)
    _write_json(folder / "camera.json", {"intrinsics": {**asdict(scene.lens), "distortion": []}})
    matters = [{"id": m.id, "kind": m.kind, "east_m": m.east_m, "north_m": m.north_m} for m in scene.street.matters]
    _write_json(folder / "matters.json", {"pictures_per_s": PICTURES_PER_S, "matters": matters})


def _known(seen: Iterable[SeenThing]) -> list[SeenThing]:
    return [one for one in seen if one.thing.type in CATEGORIES]


def _number(one: SeenThing) -> int:
    return int(one.thing.id.lstrip("t")) + 1


def _mot_line(frame: int, one: SeenThing) -> str:
    x0, y0, x1, y1 = one.box_xyxy_px
    counts = int(one.visible >= _SHOWN_FROM)
    label = CATEGORIES.index(one.thing.type) + 1
    return f"{frame + 1},{_number(one)},{x0:g},{y0:g},{x1 - x0:g},{y1 - y0:g},{counts},{label},{one.visible:.3f}"


def _pose(view: CameraView) -> tuple[float, ...]:
    values = (view.east_m, view.north_m, view.height_agl_m, view.yaw_deg, view.pitch_deg, view.roll_deg)
    return tuple(round(value, 4) for value in values)


def _write_table(file: Path, columns: Sequence[str], rows: Iterable[Sequence[float]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(columns)
        writer.writerows(rows)


def _write_json(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
