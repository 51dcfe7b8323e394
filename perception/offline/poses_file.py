"""Poses of a moving camera: a table over time, read strictly, and the pose at a picture's own time between two rows."""

import csv
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import InvalidInput
from geofence.footprint import Gaze
from perception.offline.camera_file import COLUMNS, gaze_of, ground_of, pose_values
from perception.offline.ground_frame import GroundFrame
from perception.pose_history import between

_MOST_FAULTS = 12
_UNKNOWN = dict.fromkeys(("yaw_deg", "pitch_deg", "roll_deg"), math.nan)
LONGEST_GAP_S = 2.0
"""Between rows farther apart than this nobody knows where the camera was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poses:
    """Times, rising, and the gaze at each of them; angles that are no numbers are NaN there.

    `began_s` is what the table's clock said at the first picture.
    """

    times_s: Sequence[float]
    gazes: Sequence[Gaze]
    ground: GroundFrame
    holes: int = 0
    """Rows with a number that is missing or not finite."""
    began_s: float = 0.0

    def at(self, time_s: float) -> Gaze | None:
        """Return the pose *time_s* after the first picture, mixed from the rows before and after.

        None outside of the table or in a long gap; NaN angles beside a row that is not whole.
        """
        time_s += self.began_s
        after = bisect_right(self.times_s, time_s)
        if after and time_s == self.times_s[after - 1]:
            return self.gazes[after - 1]
        if after in {0, len(self.times_s)}:
            return None
        gap_s = self.times_s[after] - self.times_s[after - 1]
        if gap_s > LONGEST_GAP_S:
            return None
        share = (time_s - self.times_s[after - 1]) / gap_s
        return between(self.gazes[after - 1], self.gazes[after], share)

    def missed(self, until_s: float) -> str:
        """Return what to say of a recording that ends at *until_s* if the table knows no moment of it; else nothing."""
        first_s, last_s = self.times_s[0] - self.began_s, self.times_s[-1] - self.began_s
        if first_s <= until_s and last_s >= 0.0:
            return ""
        return (
            f"the poses run from {self.times_s[0]:g} s to {self.times_s[-1]:g} s and the recording from 0 s to "
            f"{until_s:g} s: time_s counts from the first picture, or --poses-began-s says what it was then"
            "  位姿表与录像时间不符"
        )


def read_poses(file: Path, *, began_s: float = 0.0) -> Poses:
    """Return the poses of a CSV file with the columns time_s and those of a camera file's pose.

    A row in which a number is empty or not finite is a hole: there the pose is not known. Raises InvalidInput with the
    faulty lines: columns that are missing, what is no number or impossible, time that goes back.
    """
    rows = _rows(file)
    faults: list[str] = []
    times_s: list[float] = []
    poses: list[dict[str, float] | None] = []
    for line, row in rows:
        _add(row, f"line {line}", times_s, poses, faults)
    whole = [pose for pose in poses if pose is not None]
    if not faults and len(whole) < 2:
        faults.append("has fewer than two poses: nothing to find a picture's pose between")
    if faults:
        more = [f"and {len(faults) - _MOST_FAULTS} more"] if len(faults) > _MOST_FAULTS else []
        raise InvalidInput(
            "is not a table of poses: " + "; ".join([*faults[:_MOST_FAULTS], *more]),
            where=str(file),
            remedy="columns are time_s, then east_m, north_m, up_m or lon_deg, lat_deg, height_agl_m, "
            "then yaw_deg, pitch_deg, roll_deg",
        )
    ground = ground_of(whole[0])
    return Poses(
        times_s=times_s,
        gazes=[gaze_of(pose or {**whole[0], **_UNKNOWN}, ground) for pose in poses],
        ground=ground,
        holes=len(poses) - len(whole),
        began_s=began_s,
    )


def _rows(file: Path) -> list[tuple[int, dict[str | None, str]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text, skipinitialspace=True)
            return [(reader.line_num, {**row}) for row in reader]
    except OSError as error:
        raise InvalidInput(f"cannot be read: {error.strerror}", where=str(file)) from error
    except (ValueError, csv.Error) as error:
        raise InvalidInput(f"is not a CSV file: {error}", where=str(file)) from error


def _add(
    row: Mapping[str | None, str],
    where: str,
    times_s: list[float],
    poses: list[dict[str, float] | None],
    faults: list[str],
) -> None:
    """Take the time and the pose of one row (None for a hole); adds what is wrong to *faults*."""
    values = {name.strip(): _number(text) for name, text in row.items() if name is not None}
    time_s = values.get("time_s")
    if not isinstance(time_s, float) or not math.isfinite(time_s):
        faults.append(f"{where}.time_s is {'missing' if time_s is None else 'no number'}")
        return
    if times_s and time_s <= times_s[-1]:
        faults.append(f"{where}.time_s is {time_s:g}, not after {times_s[-1]:g}")
        return
    times_s.append(time_s)
    is_hole = any(name in values and _is_empty(values[name]) for name in COLUMNS)
    poses.append(None if is_hole else pose_values(values, where, faults))


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def _number(text: object) -> object:
    if text is None or not str(text).strip():
        return None
    try:
        return float(str(text))
    except ValueError:
        return str(text)
