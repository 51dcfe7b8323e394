"""Poses of a moving camera: a table over time, read strictly, and the pose at a picture's own time between two rows."""

import csv
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import InvalidInput
from geofence.footprint import Gaze
from perception.offline.camera_file import gaze_of, ground_of, pose_values
from perception.offline.ground_frame import GroundFrame
from perception.pose_history import between

_MOST_FAULTS = 12
LONGEST_GAP_S = 2.0
"""Between rows farther apart than this nobody knows where the camera was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poses:
    """Times, rising, and the gaze at each of them."""

    times_s: Sequence[float]
    gazes: Sequence[Gaze]
    ground: GroundFrame

    def at(self, time_s: float) -> Gaze | None:
        """Return the pose at *time_s*, mixed from the rows before and after; None outside of them or in a long gap."""
        after = bisect_right(self.times_s, time_s)
        if after == len(self.times_s) and time_s == self.times_s[-1]:
            return self.gazes[-1]
        if after in {0, len(self.times_s)}:
            return None
        gap_s = self.times_s[after] - self.times_s[after - 1]
        if gap_s > LONGEST_GAP_S:
            return None
        share = (time_s - self.times_s[after - 1]) / gap_s
        return between(self.gazes[after - 1], self.gazes[after], share)


def read_poses(file: Path) -> Poses:
    """Return the poses of a CSV file with the columns time_s and those of a camera file's pose.

    Raises InvalidInput with the faulty lines: what is missing, no finite number, or goes back in time.
    """
    rows = _rows(file)
    faults: list[str] = []
    times_s: list[float] = []
    poses: list[dict[str, float]] = []
    for line, row in rows:
        pose = _pose(row, f"line {line}", times_s, faults)
        if pose is not None:
            poses.append(pose)
    if not faults and len(poses) < 2:
        faults.append("has fewer than two poses: nothing to find a picture's pose between")
    if faults:
        more = [f"and {len(faults) - _MOST_FAULTS} more"] if len(faults) > _MOST_FAULTS else []
        raise InvalidInput(
            "is not a table of poses: " + "; ".join([*faults[:_MOST_FAULTS], *more]),
            where=str(file),
            remedy="columns are time_s, then east_m, north_m, up_m or lon_deg, lat_deg, height_agl_m, "
            "then yaw_deg, pitch_deg, roll_deg",
        )
    ground = ground_of(poses[0])
    return Poses(times_s=times_s, gazes=[gaze_of(pose, ground) for pose in poses], ground=ground)


def _rows(file: Path) -> list[tuple[int, dict[str | None, str]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text, skipinitialspace=True)
            return [(reader.line_num, {**row}) for row in reader]
    except OSError as error:
        raise InvalidInput(f"cannot be read: {error.strerror}", where=str(file)) from error
    except (ValueError, csv.Error) as error:
        raise InvalidInput(f"is not a CSV file: {error}", where=str(file)) from error


def _pose(
    row: Mapping[str | None, str], where: str, times_s: list[float], faults: list[str]
) -> dict[str, float] | None:
    """Return the numbers of one row and take its time; adds what is wrong to *faults*."""
    before = len(faults)
    values = {name.strip(): _number(text) for name, text in row.items() if name is not None}
    pose = pose_values(values, where, faults)
    time_s = values.get("time_s")
    if not isinstance(time_s, float) or not math.isfinite(time_s):
        faults.append(f"{where}.time_s is {'missing' if time_s is None else 'no number'}")
    elif times_s and time_s <= times_s[-1]:
        faults.append(f"{where}.time_s is {time_s:g}, not after {times_s[-1]:g}")
    if len(faults) > before:
        return None
    times_s.append(float(str(time_s)))
    return pose


def _number(text: object) -> object:
    if text is None or not str(text).strip():
        return None
    try:
        return float(str(text))
    except ValueError:
        return str(text)
