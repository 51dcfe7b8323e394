"""Writes a street scene as a recording with its truth, in the files that `roundsman look` and `evaluate` read."""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from sim.camera import CameraRenderer, SeenThing, to_jpeg
from sim.dataset import CATEGORIES, category_of
from sim.scene import CameraView
from sim.street_flight import Carrier, StreetScene

_SHOWN_FROM = 0.5
_QUALITY = 90
_SAME_M = 5.0
_POSE = ("east_m", "north_m", "up_m", "yaw_deg", "pitch_deg", "roll_deg")


def record_scene(scene: StreetScene, folder: Path) -> None:
    """Write pictures, camera.json, poses.csv (as telemetry tells them) and the truth into *folder*.

    The truth: gt.txt (MOT16: frame from 1, id, left, top, width, height, 1 or 0 for ignored, class from 1, visible
    share), classes.txt, ground.csv (frame from 0, id, east_m, north_m), matters.jsonl (what should be reported).
    """
    (folder / "images").mkdir(parents=True, exist_ok=True)
    renderer = CameraRenderer(scene=scene.scene, px_per_m=16.0 if scene.carrier is Carrier.ROBOT else 8.0)
    boxes: list[str] = []
    ground: list[tuple[int, int, float, float]] = []
    for number, shot in enumerate(scene.shots):
        things = scene.street.things(shot.time_s)
        picture, seen = renderer.render_with_boxes(view=shot.true, lens=scene.lens, things=things, flaws=shot.flaws)
        (folder / "images" / f"{number:06d}.jpg").write_bytes(to_jpeg(picture, quality=_QUALITY))
        for one in seen:
            if (name := category_of(one)) is None:
                continue
            boxes.append(_mot_line(number, one, name))
            ground.append((number, _number(one), round(one.thing.east_m, 3), round(one.thing.north_m, 3)))
    (folder / "gt.txt").write_text("\n".join(boxes) + "\n", encoding="utf-8")
    (folder / "classes.txt").write_text("".join(f"{name}\n" for name in CATEGORIES), encoding="utf-8")
    _write_table(folder / "ground.csv", ("frame", "id", "east_m", "north_m"), ground)
    poses = [(round(shot.time_s, 3), *_pose(shot.told)) for shot in scene.shots]
    _write_table(folder / "poses.csv", ("time_s", *_POSE), poses)
    _write_json(folder / "camera.json", {"intrinsics": {**asdict(scene.lens), "distortion": []}})
    matters = [
        {"kind": one.kind, "east_m": round(one.east_m, 3), "north_m": round(one.north_m, 3), "within_m": _SAME_M}
        for one in scene.street.matters
    ]
    (folder / "matters.jsonl").write_text("".join(json.dumps(one) + "\n" for one in matters), encoding="utf-8")


def _number(one: SeenThing) -> int:
    return int(one.thing.id.lstrip("t")) + 1


def _mot_line(frame: int, one: SeenThing, name: str) -> str:
    x0, y0, x1, y1 = one.box_xyxy_px
    counts = int(one.visible >= _SHOWN_FROM)
    label = CATEGORIES.index(name) + 1
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
