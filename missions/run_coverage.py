"""What a run was to see of the ground, what it really saw, and the places that it missed.

To be seen is: of an area all of its ground; of a line or a point what the camera of the planned route was to show of it
well (nearer than `WELL_WITHIN_M`, less `EDGE_M` along the edges, since no vehicle is where it should be to the metre);
of a look the ground around its place. Ground below buildings, and what they hide from a route as planned, is not asked
for. Seen is what a picture that was assessed shows, nearer than `fleet.gazes.SEEN_WITHIN_M` and not behind a building.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TypeVar

import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from core.ids import RunId
from fleet.gazes import SEEN_WITHIN_M, GazeLog
from fleet.orders import LegPurpose, Order
from geofence.footprint import Gaze, Intrinsics
from geofence.frames import LocalFrame
from geofence.shadows import Shadows
from missions.patrol import Patrol, PatrolArea, PatrolPart, PatrolPerimeter, PatrolPoint, Run
from missions.proof_of_coverage import Hole, ground_shown, polygons_of, to_geo, union_of
from missions.route_view import LENS, RouteGaze, gazes_on_route

S = TypeVar("S", bound=BaseGeometry)
WELL_WITHIN_M = 45.0
EDGE_M = 2.0
_LOOK_RADIUS_M = 5.0
_THIN_M = 0.5
"""Half the width of a gap in which nothing could stand."""
_LEAST_HOLE_M2 = 4.0
_SIMPLE_M = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Flown:
    """A run with everything that its proof is made of; the patrol is as it was when it was planned (looks: None)."""

    run: Run
    patrol: Patrol | None
    orders: Sequence[Order]
    legs_done: Sequence[int]
    """Of each order: what was left of an earlier one is flown by the next, as far as a way leads there."""
    logs: Sequence[GazeLog]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCoverage:
    """One part of a patrol: how much ground it was to see, how much of that was seen and was planned to be seen."""

    name: str
    kind: str
    """point, line, area, perimeter or look."""
    wanted_m2: float
    seen_ratio: float
    planned_ratio: float
    resumed_ratio: float | None
    """What is planned since it was last taken up again, with what was flown before; None: flown in one order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedPlace:
    """Ground of a part that no picture shows."""

    part: str
    hole: Hole


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCoverage:
    """The proof of one run; shapes are WGS-84, missed places the largest first. Without ground to see no ratio."""

    run_id: RunId
    seen_ratio: float | None
    planned_ratio: float | None
    resumed_ratio: float | None
    """What is planned since it was last taken up again, with what was flown before; None: flown in one order."""
    wanted_m2: float
    parts: tuple[PartCoverage, ...]
    missed: tuple[MissedPlace, ...]
    wanted: MultiPolygon
    seen: MultiPolygon
    pictures: int
    assessed_s: float
    not_assessed_s: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    name: str
    kind: str
    ground: BaseGeometry


def prove_run(flown: Flown) -> RunCoverage:
    """Return the proof of a run, with one order at least, from what its vehicles told so far."""
    frame = LocalFrame(origin=flown.orders[0].dock.place)
    shadows = Shadows(zones=flown.orders[-1].zones, frame=frame)
    lens = flown.logs[0].lens if flown.logs else LENS
    show = partial(ground_shown, frame=frame, shadows=shadows, max_range_m=SEEN_WITHIN_M)
    seen = union_of([show(gazes, lens) for lens, gazes in _by_lens(flown.logs)])
    plan = _Plan(flown, lens, partial(ground_shown, frame=frame, shadows=shadows))
    wanted = [one for one in _wanted(flown, frame, plan, shadows) if not one.ground.is_empty]
    return _proof(flown, wanted, seen=seen, plan=plan, frame=frame)


def _proof(
    flown: Flown, wanted: Sequence[_Wanted], *, seen: BaseGeometry, plan: "_Plan", frame: LocalFrame
) -> RunCoverage:
    whole = union_of([one.ground for one in wanted])
    seen_of_it = shapely.intersection(seen, whole)
    missing = shapely.difference(whole, seen)
    return RunCoverage(
        run_id=flown.run.id,
        seen_ratio=_share(seen, whole) if wanted else None,
        planned_ratio=_share(plan.shown, whole) if wanted else None,
        resumed_ratio=_share(plan.resumed, whole) if wanted and plan.resumed is not None else None,
        wanted_m2=float(whole.area),
        parts=tuple(_part(one, seen, plan) for one in wanted),
        missed=tuple(_missed(missing, wanted, frame)),
        wanted=_told(whole, frame),
        seen=_told(seen_of_it, frame),
        pictures=sum(len(log.gazes) for log in flown.logs),
        assessed_s=sum(log.assessed_s for log in flown.logs),
        not_assessed_s=_sums(log.not_assessed_s for log in flown.logs),
    )


class _Plan:
    """What the routes of the orders were to show."""

    def __init__(self, flown: Flown, lens: Intrinsics, show: Callable[..., BaseGeometry]) -> None:
        self._lens = lens
        self._show = show
        newest = len(flown.orders) - 1
        gazes = [
            (order.legs[one.leg], one, number == newest or one.leg < legs_done)
            for number, (order, legs_done) in enumerate(zip(flown.orders, flown.legs_done, strict=True))
            for one in gazes_on_route(order.legs, start=order.dock.place)
            if one.gaze is not None
        ]
        self._gazes = [(leg, one) for leg, one, _ in gazes]
        self.shown = self._shown([one for _, one in self._gazes], SEEN_WITHIN_M)
        still = [one for _, one, is_kept in gazes if is_kept]
        self.resumed = self._shown(still, SEEN_WITHIN_M) if newest else None
        """What was flown of the orders before the newest, and all of that; None where there is only one."""

    def well(self, purpose: LegPurpose, name: str) -> BaseGeometry:
        """Return what the legs of a part show well; of a point only what is seen from there."""
        gazes = [one for leg, one in self._gazes if leg.purpose is purpose and leg.name == name]
        if purpose is LegPurpose.POINT:
            gazes = [one for one in gazes if one.is_at_end]
        shown = shapely.buffer(self._shown(gazes, WELL_WITHIN_M), EDGE_M, quad_segs=2)  # pieces leave notches
        inner = shapely.simplify(shapely.buffer(shown, -2 * EDGE_M, quad_segs=2), _SIMPLE_M)
        return shapely.intersection(inner, self.shown)

    def _shown(self, gazes: Iterable[RouteGaze], within_m: float) -> BaseGeometry:
        looks = [one.gaze for one in gazes if one.gaze is not None]
        return self._show(looks, self._lens, max_range_m=within_m)


def _wanted(flown: Flown, frame: LocalFrame, plan: _Plan, shadows: Shadows) -> list[_Wanted]:
    if flown.patrol is None:
        place = flown.run.place and frame.to_local(flown.run.place)
        around = shapely.Point(place.east_m, place.north_m).buffer(_LOOK_RADIUS_M) if place else MultiPolygon()
        return [_Wanted(name=flown.run.name, kind="look", ground=shapely.difference(around, shadows.buildings))]
    parts = {(type(part), part.name): part for part in flown.patrol.parts if not isinstance(part, PatrolArea)}
    areas = [part for part in flown.patrol.parts if isinstance(part, PatrolArea)]
    routes = [_of_route(part, plan) for part in parts.values()]
    return [*(_of_area(part, frame, shadows) for part in areas), *routes]


def _of_area(part: PatrolArea, frame: LocalFrame, shadows: Shadows) -> _Wanted:
    ground = shapely.transform(part.area, frame.to_local_array)
    return _Wanted(name=part.name, kind="area", ground=shapely.difference(ground, shadows.buildings))


def _of_route(part: PatrolPart, plan: _Plan) -> _Wanted:
    if isinstance(part, PatrolPoint):
        return _Wanted(name=part.name, kind="point", ground=plan.well(LegPurpose.POINT, part.name))
    kind = "perimeter" if isinstance(part, PatrolPerimeter) else "line"
    return _Wanted(name=part.name, kind=kind, ground=plan.well(LegPurpose.LINE, part.name))


def _part(one: _Wanted, seen: BaseGeometry, plan: _Plan) -> PartCoverage:
    return PartCoverage(
        name=one.name,
        kind=one.kind,
        wanted_m2=float(one.ground.area),
        seen_ratio=_share(seen, one.ground),
        planned_ratio=_share(plan.shown, one.ground),
        resumed_ratio=None if plan.resumed is None else _share(plan.resumed, one.ground),
    )


def _missed(missing: BaseGeometry, wanted: Sequence[_Wanted], frame: LocalFrame) -> list[MissedPlace]:
    """Return the gaps in which something could stand, the largest first."""
    wide = shapely.buffer(shapely.buffer(missing, -_THIN_M, quad_segs=2), _THIN_M, quad_segs=2)
    gaps = [gap for gap in polygons_of(shapely.intersection(wide, missing)) if gap.area >= _LEAST_HOLE_M2]
    gaps.sort(key=lambda gap: -gap.area)
    return [
        MissedPlace(
            part=_part_at(gap, wanted),
            hole=Hole(outline=to_geo(_simple(gap), frame), area_m2=float(gap.area)),
        )
        for gap in gaps
    ]


def _part_at(gap: Polygon, wanted: Sequence[_Wanted]) -> str:
    return max(wanted, key=lambda one: float(shapely.intersection(one.ground, gap).area)).name


def _by_lens(logs: Iterable[GazeLog]) -> Iterable[tuple[Intrinsics, list[Gaze]]]:
    for lens, group in groupby(logs, key=lambda log: log.lens):
        yield lens, [taken.gaze for log in group for taken in log.gazes]


def _share(of: BaseGeometry, whole: BaseGeometry) -> float:
    return min(1.0, float(shapely.intersection(of, whole).area / whole.area)) if whole.area > 0 else 0.0


def _sums(spans: Iterable[Mapping[str, float]]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for span in spans:
        for name, seconds_s in span.items():
            sums[name] = sums.get(name, 0.0) + seconds_s
    return sums


def _told(shape: BaseGeometry, frame: LocalFrame) -> MultiPolygon:
    return MultiPolygon([to_geo(part, frame) for part in polygons_of(_simple(shape))])


def _simple(shape: S) -> S:
    return shapely.simplify(shape, _SIMPLE_M)
