"""Files that evaluation reads: boxes as the MOT Challenge writes them, places, tracks, and what should be reported."""

import csv
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import InvalidInput
from core.files import read_text
from perception.detections import Label
from perception.evaluation.boxes import Boxes, FrameBoxes, frame_boxes

_MOST_FAULTS = 8
_LARGEST = 10**9
"""Numbers of frames and tracks stay below it."""
_MOT_CLASSES: Mapping[str, Label | None] = {
    "-1": Label.PERSON,
    "1": Label.PERSON,
    "3": Label.CAR,
    "4": Label.BIKE,
    "5": Label.BIKE,
}
"""What the MOT Challenge's numbers mean to us; the others (distractors, occluders, reflections …) do not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """True boxes by frame (from 0), and by which number the file counted its first frame."""

    boxes: Boxes
    first_frame: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTrack:
    """A line of tracks.jsonl that evaluation is about."""

    frame: int
    track: int
    score: float
    corners_px: tuple[float, float, float, float]
    place: tuple[float, float] | None
    ellipse: tuple[float, float, float] | None
    """One-sigma semi-axes in metres and the heading of the larger one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where things really were, by frame and thing: east and north in metres, or longitude and latitude."""

    by_frame: Mapping[int, Mapping[int, tuple[float, float]]]
    is_degrees: bool


def read_boxes(file: Path, *, label: Label, first_frame: int | None, least_visibility: float = 0.0) -> Truth:
    """Return the boxes of *label* in a file of `frame,id,x,y,w,h,conf,class,visibility` (conf onwards may be missing).

    The class is one of our labels, a line number (from 1) of a classes.txt beside the file, or else a number of the MOT
    Challenge. Frames count from *first_frame* on; None: from 0
    where there is a frame 0, else from 1. A conf of 0, other classes of people and hardly visible ones do not count.
    """
    classes = _classes(file.parent / "classes.txt")
    rows = [_Row.read(cells, line, file, classes) for line, cells in _cells(file)]
    if not rows:
        raise InvalidInput("holds no boxes", where=str(file))
    first = first_frame if first_frame is not None else min(1, *(row.frame for row in rows))
    if min(row.frame for row in rows) < first:
        raise InvalidInput(f"has frames before {first}, which should be its first one", where=str(file))
    by_frame: dict[int, list[_Row]] = defaultdict(list)
    for row in rows:
        if row.label is label or row.may_be(label):
            by_frame[row.frame - first].append(row)
    boxes = {frame: _frame_boxes(rows, label, least_visibility) for frame, rows in by_frame.items()}
    return Truth(boxes=boxes, first_frame=first)


def read_places(file: Path) -> Places:
    """Return where things were: CSV with the columns frame (from 0), id, and east_m, north_m or lon_deg, lat_deg."""
    is_degrees = False
    places: dict[int, dict[int, tuple[float, float]]] = defaultdict(dict)
    faults: list[str] = []
    for line, row in _table(file):
        x, y = row.get("east_m", row.get("lon_deg")), row.get("north_m", row.get("lat_deg"))
        try:
            frame, thing, place = int(row["frame"]), int(row["id"]), (float(str(x)), float(str(y)))
        except (KeyError, TypeError, ValueError):  # a short line has None where a cell is missing
            faults.append(f"line {line}")
            continue
        if not all(map(math.isfinite, place)) or not _is_number(frame):
            faults.append(f"line {line}")
        is_degrees = "lon_deg" in row
        places[frame][thing] = place
    if faults or not places:
        raise InvalidInput(
            f"is not a table of places: {', '.join(faults[:_MOST_FAULTS]) or 'no rows'}",
            where=str(file),
            remedy="columns are frame (counted from 0), id, and east_m, north_m or lon_deg, lat_deg",
        )
    return Places(by_frame=places, is_degrees=is_degrees)


def read_tracks(file: Path, *, label: Label) -> list[FoundTrack]:
    """Return the lines of *label* in a tracks.jsonl; raises InvalidInput naming the first faulty line."""
    return [_found(row, line, file) for line, row in read_lines(file) if row.get("label") == label.value]


def read_lines(file: Path) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield line numbers and objects of a file with one JSON object a line; raises InvalidInput."""
    for line, text in enumerate(read_text(file).splitlines(), start=1):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
        except ValueError as error:
            raise InvalidInput(f"line {line} is not JSON: {error}", where=str(file)) from error
        except RecursionError as error:
            raise InvalidInput(f"line {line} is nested too deeply", where=str(file)) from error
        if not isinstance(row, dict):
            raise InvalidInput(f"line {line} is no object", where=str(file))
        yield line, row


def found_boxes(tracks: Iterable[FoundTrack]) -> dict[int, FrameBoxes]:
    """Return the boxes of tracks by frame."""
    by_frame: dict[int, list[FoundTrack]] = defaultdict(list)
    for one in tracks:
        by_frame[one.frame].append(one)
    return {
        frame: frame_boxes([o.corners_px for o in rows], [o.track for o in rows], [o.score for o in rows])
        for frame, rows in by_frame.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    frame: int
    thing: int
    corners_px: tuple[float, float, float, float]
    counts: bool
    label: Label | None
    visibility: float

    @classmethod
    def read(cls, cells: Sequence[str], line: int, file: Path, classes: Mapping[str, Label | None]) -> "_Row":
        try:
            frame, thing = int(float(cells[0])), int(float(cells[1]))
            x, y, width, height = (float(cell) for cell in cells[2:6])
            kind = cells[7].strip() if len(cells) > 7 else "-1"
            counts = float(cells[6]) != 0.0 if len(cells) > 6 else True
            visibility = float(cells[8]) if len(cells) > 8 else 1.0
        except (ValueError, IndexError, OverflowError) as error:
            raise InvalidInput(f"line {line} is not frame,id,x,y,w,h,conf,class,visibility", where=str(file)) from error
        is_finite = all(map(math.isfinite, (x, y, width, height, visibility)))
        if not (is_finite and _is_number(frame) and _is_number(thing)):
            raise InvalidInput(f"line {line} holds a number that is not finite, or too large", where=str(file))
        return cls(
            frame=frame,
            thing=thing,
            corners_px=(x, y, x + width, y + height),
            counts=counts,
            label=_label(kind, classes),
            visibility=visibility,
        )

    def may_be(self, label: Label) -> bool:
        """Say whether this is something that may be taken for *label*, and neither helps nor hurts."""
        return self.label is None and label is Label.PERSON


def _label(kind: str, classes: Mapping[str, Label | None]) -> Label | None:
    if kind in set(Label):
        return Label(kind)
    try:
        number = int(float(kind))
    except (ValueError, OverflowError):
        return None
    return classes.get(str(number))


def _classes(file: Path) -> Mapping[str, Label | None]:
    if not file.exists():
        return _MOT_CLASSES
    names = [name.strip() for name in read_text(file).splitlines() if name.strip()]
    return {str(n): Label(name) if name in set(Label) else None for n, name in enumerate(names, start=1)}


def _frame_boxes(rows: Sequence[_Row], label: Label, least_visibility: float) -> FrameBoxes:
    return frame_boxes(
        [row.corners_px for row in rows],
        [row.thing for row in rows],
        ignored=[not row.counts or row.label is not label or row.visibility < least_visibility for row in rows],
    )


def _found(row: Mapping[str, object], line: int, file: Path) -> FoundTrack:
    try:
        x0, y0, x1, y1 = (float(value) for value in _list(row["box_xyxy_px"]))
        found = FoundTrack(
            frame=int(str(row["frame"])),
            track=int(str(row.get("track", -1))),
            score=float(str(row["score"])),
            corners_px=(x0, y0, x1, y1),
            place=place_of(row),
            ellipse=_ellipse(row),
        )
        _check_numbers(found)
        return found
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise InvalidInput(f"line {line} is no line of tracks: {error}", where=str(file)) from error


def _check_numbers(found: FoundTrack) -> None:
    if not (_is_number(found.frame) and _is_number(found.track)):
        raise ValueError("frame and track are whole numbers of at most nine digits")
    numbers = (*found.corners_px, found.score, *(found.place or ()), *(found.ellipse or ()))
    if not all(map(math.isfinite, numbers)):
        raise ValueError("a number is not finite")


def _is_number(number: int) -> bool:
    return abs(number) < _LARGEST


def _list(value: object) -> list[float]:
    if not isinstance(value, list):
        raise TypeError("box_xyxy_px is no list")
    return value


def place_of(row: Mapping[str, object]) -> tuple[float, float] | None:
    """Return the place of a line: east and north, or longitude and latitude; None where there is none."""
    x, y = row.get("east_m", row.get("lon_deg")), row.get("north_m", row.get("lat_deg"))
    return None if x is None or y is None else (float(str(x)), float(str(y)))


def _ellipse(row: Mapping[str, object]) -> tuple[float, float, float] | None:
    values = [row.get(name) for name in ("error_major_m", "error_minor_m", "error_heading_deg")]
    if any(value is None for value in values):
        return None
    major, minor, heading = (float(str(value)) for value in values)
    return major, minor, heading


def _cells(file: Path) -> Iterator[tuple[int, list[str]]]:
    for line, text in enumerate(read_text(file).splitlines(), start=1):
        cells = [cell.strip() for cell in text.replace(";", ",").split(",")]
        is_heading = line == 1 and bool(cells) and cells[0].lower() == "frame"
        if text.strip() and not is_heading:
            yield line, cells


def _table(file: Path) -> list[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(read_text(file).splitlines(), skipinitialspace=True)
    try:
        return [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise InvalidInput(f"is not a CSV file: {error}", where=str(file)) from error
