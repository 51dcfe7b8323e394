"""What the rules reported against what they should have reported: precision and recall, by rule."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from core.errors import InvalidInput
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from perception.evaluation.truth_files import place_of, read_lines

_NEAR_M = 5.0
_SLACK_S = 5.0
_FAR = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Something that was, or should have been, reported: by which rule or of which kind, where, from when to when."""

    name: str
    """The rule, or the kind's code where no rule is named."""
    kind: str
    place: tuple[float, float] | None
    is_degrees: bool
    from_s: float
    to_s: float
    within_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFigures:
    """Reports that were right, false ones, and what was missed."""

    right: int
    false: int
    missed: int

    @property
    def precision(self) -> float | None:
        """Return the share of reports that were right; None without reports."""
        return self.right / (self.right + self.false) if self.right + self.false else None

    @property
    def recall(self) -> float | None:
        """Return the share of what was there that was reported; None when nothing was there."""
        return self.right / (self.right + self.missed) if self.right + self.missed else None


def read_reports(file: Path) -> list[Report]:
    """Return the sightings of a sightings.jsonl, or what should be in it, one JSON object a line.

    Wanted is "rule" or "kind" (a code like "20409"); a place (east_m and north_m, or lon_deg and lat_deg; none:
    anywhere); "from_s" and "to_s" (as first_seen_s and last_seen_s in a sighting; none: at any time); and "within_m"
    (5 unless said otherwise). Raises InvalidInput.
    """
    return [_report(row, line, file) for line, row in read_lines(file)]


def rule_figures(
    expected: Sequence[Report], found: Sequence[Report], *, near_m: float = _NEAR_M
) -> dict[str, RuleFigures]:
    """Return the figures by rule: each expectation is met by one report of its rule, near by and at its time."""
    by_kind = {one.name for one in expected if one.name == one.kind}
    wanted = _by_name(expected, frozenset())
    given = _by_name(found, frozenset(by_kind))
    figures: dict[str, RuleFigures] = {}
    for name in sorted(set(wanted) | set(given)):
        right = _met(wanted.get(name, []), given.get(name, []), near_m)
        figures[name] = RuleFigures(
            right=right, false=len(given.get(name, [])) - right, missed=len(wanted.get(name, [])) - right
        )
    return figures


def _by_name(reports: Sequence[Report], kinds: frozenset[str]) -> dict[str, list[Report]]:
    """Return the reports by the names that expectations use: their kinds where these are what is expected."""
    sorted_by: dict[str, list[Report]] = defaultdict(list)
    for report in reports:
        sorted_by[report.kind if report.kind in kinds else report.name].append(report)
    return sorted_by


def _met(expected: Sequence[Report], found: Sequence[Report], near_m: float) -> int:
    if not expected or not found:
        return 0
    costs = np.array([[_cost(one, other, near_m) for other in found] for one in expected])
    rows, columns = linear_sum_assignment(costs)
    return int((costs[rows, columns] < _FAR).sum())


def _cost(expected: Report, found: Report, near_m: float) -> float:
    if found.to_s < expected.from_s - _SLACK_S or found.from_s > expected.to_s + _SLACK_S:
        return _FAR
    if expected.place is None or found.place is None:
        return 0.0
    away_m = _away_m(expected, found)
    return away_m if away_m <= max(expected.within_m, near_m) else _FAR


def _away_m(one: Report, other: Report) -> float:
    if one.is_degrees != other.is_degrees or one.place is None or other.place is None:
        raise InvalidInput("expectations and sightings are told in different frames", where=one.name)
    if not one.is_degrees:
        return float(np.hypot(one.place[0] - other.place[0], one.place[1] - other.place[1]))
    frame = LocalFrame(origin=GeoPosition(lon_deg=one.place[0], lat_deg=one.place[1]))
    local = frame.to_local(GeoPosition(lon_deg=other.place[0], lat_deg=other.place[1]))
    return float(np.hypot(local.east_m, local.north_m))


def _report(row: Mapping[str, object], line: int, file: Path) -> Report:
    try:
        return Report(
            name=str(row["rule"] if "rule" in row else row["kind"]),
            kind=str(row.get("kind", "")),
            place=place_of(row),
            is_degrees="lon_deg" in row,
            from_s=_number(row, ("from_s", "first_seen_s"), -math.inf),
            to_s=_number(row, ("to_s", "last_seen_s"), math.inf),
            within_m=float(str(row.get("within_m", _NEAR_M))),
        )
    except (KeyError, ValueError) as error:
        raise InvalidInput(f"line {line} is neither sighting nor expectation: {error}", where=str(file)) from error


def _number(row: Mapping[str, object], names: Sequence[str], usual: float) -> float:
    given = [float(str(row[name])) for name in names if row.get(name) is not None]
    return given[0] if given else usual
