"""A plan as a picture (SVG): zones, docks, what every vehicle does, and what is left out."""

from collections.abc import Iterator
from html import escape

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geofence.frames import FloatArray
from missions.planning.jobs import Purpose
from missions.planning.plan import FleetPlan, PlanSortie
from missions.planning.request import AreaTask, FleetRequest, LineTask, Place, PointsTask

_SIZE_PX = 1000.0
_EDGE_PX = 24.0
_LEGEND_PX = 210.0
_ROW_PX = 17.0
_COLOURS = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#6a3d9a", "#b15928", "#1b9e77", "#e7298a",
    "#3f51b5", "#8bc34a",
)  # fmt: skip


class _Canvas:
    """Metres to pixels, north up."""

    def __init__(self, places: FloatArray) -> None:
        self.west, south = places.min(axis=0).tolist()
        east, self.north = places.max(axis=0).tolist()
        self.scale = _SIZE_PX / max(east - self.west, self.north - south, 1.0)
        self.width = (east - self.west) * self.scale + 2 * _EDGE_PX
        self.height = (self.north - south) * self.scale + 2 * _EDGE_PX

    def xy(self, place: Place) -> tuple[float, float]:
        return (place[0] - self.west) * self.scale + _EDGE_PX, (self.north - place[1]) * self.scale + _EDGE_PX

    def path(self, shape: BaseGeometry) -> str:
        """Return the SVG path of all rings and lines of *shape*."""
        rings = (ring for part in _lines(shape) for ring in [shapely.get_coordinates(part)])
        return " ".join("M" + "L".join("{:.1f},{:.1f}".format(*self.xy((x, y))) for x, y in ring) for ring in rings)


def draw_plan(request: FleetRequest, plan: FleetPlan) -> str:
    """Return the picture of *plan* as SVG text."""
    canvas = _Canvas(_everything(request, plan))
    rows = len(plan.vehicles) + len(plan.tasks) + 4
    height = max(canvas.height, rows * _ROW_PX + 2 * _EDGE_PX)
    width = canvas.width + _LEGEND_PX
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" font-family="sans-serif" font-size="12">'
    )
    body = [
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        *_zones(request, canvas),
        *_tasks(request, canvas),
        *_left(plan, canvas),
        *(line for n, vehicle in enumerate(plan.vehicles) for s in vehicle.sorties for line in _sortie(s, n, canvas)),
        *_docks(request, canvas),
        *_legend(plan, canvas),
    ]
    return "\n".join([head, *body, "</svg>", ""])


def _everything(request: FleetRequest, plan: FleetPlan) -> FloatArray:
    places: list[FloatArray] = [np.array([dock.position for dock in request.docks]).reshape(-1, 2)]
    places += [shapely.get_coordinates(zone.shape) for zone in request.zones]
    for task in request.tasks:
        if isinstance(task, AreaTask | LineTask):
            places.append(shapely.get_coordinates(task.area if isinstance(task, AreaTask) else task.line))
        elif isinstance(task, PointsTask):
            places.append(np.array([point.position for point in task.points]).reshape(-1, 2))
    places += [np.array([leg.end for leg in sortie.legs]) for v in plan.vehicles for sortie in v.sorties if sortie.legs]
    return np.vstack(places)


def _zones(request: FleetRequest, canvas: _Canvas) -> Iterator[str]:
    for zone in sorted(request.zones, key=lambda zone: not zone.is_keep_in):
        style = (
            'fill="#f2f8f2" stroke="#5b8f5b"' if zone.is_keep_in else 'fill="#d9534f" fill-opacity="0.35" stroke="#a33"'
        )
        low, high = zone.floor_agl_m or 0, "∞" if zone.ceiling_agl_m is None else f"{zone.ceiling_agl_m:g}"
        title = f"<title>{escape(zone.id)} {low:g}…{high} m</title>"
        yield f'<path d="{canvas.path(zone.shape)}" fill-rule="evenodd" {style}>{title}</path>'


def _tasks(request: FleetRequest, canvas: _Canvas) -> Iterator[str]:
    for task in request.tasks:
        title = f"<title>{escape(task.id)}</title>"
        if isinstance(task, AreaTask):
            style = 'fill="#f5e9b8" fill-opacity="0.5" stroke="#b9a24a" fill-rule="evenodd"'
            yield f'<path d="{canvas.path(task.area)}" {style}>{title}</path>'
        elif isinstance(task, LineTask):
            yield f'<path d="{canvas.path(task.line)}" fill="none" stroke="#e2c95c" stroke-width="6">{title}</path>'
        elif isinstance(task, PointsTask):
            for point in task.points:
                x, y = canvas.xy(point.position)
                title = f"<title>{escape(point.id)}</title>"
                yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2" fill="#333">{title}</circle>'


def _left(plan: FleetPlan, canvas: _Canvas) -> Iterator[str]:
    for what in (what for task in plan.tasks for what in task.unreachable if not isinstance(what, str)):
        is_ground = what.geom_type in {"Polygon", "MultiPolygon"}
        style = 'fill="#666" fill-opacity="0.45"' if is_ground else 'fill="none" stroke="#666" stroke-width="3"'
        yield f'<path d="{canvas.path(what)}" fill-rule="evenodd" {style}><title>not done</title></path>'


def _sortie(sortie: PlanSortie, vehicle: int, canvas: _Canvas) -> Iterator[str]:
    colour = _COLOURS[vehicle % len(_COLOURS)]
    for leg in sortie.legs:
        (x1, y1), (x2, y2) = canvas.xy(leg.start), canvas.xy(leg.end)
        is_way = leg.purpose in {Purpose.TRANSIT, Purpose.RETURN}
        dash = ' stroke-dasharray="5 4" stroke-opacity="0.7"' if is_way else ""
        line = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
        yield f'<line {line} stroke="{colour}" stroke-width="{1.2 if is_way else 1.8}"{dash}/>'


def _docks(request: FleetRequest, canvas: _Canvas) -> Iterator[str]:
    for dock in request.docks:
        x, y = canvas.xy(dock.position)
        yield f'<rect x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10" fill="#111" stroke="#fff"/>'
        halo = 'stroke="#fff" stroke-width="3" paint-order="stroke"'
        yield f'<text x="{x + 8:.1f}" y="{y + 4:.1f}" {halo}>{escape(dock.id)}</text>'


def _legend(plan: FleetPlan, canvas: _Canvas) -> Iterator[str]:
    x = canvas.width
    lines: list[tuple[str | None, str]] = [
        (None, f"makespan {plan.makespan_s:.0f} s"),
        (None, f"distance {plan.total_distance_m / 1000:.2f} km"),
    ]
    for n, vehicle in enumerate(plan.vehicles):
        what = f"{vehicle.id}: {len(vehicle.sorties)} × , {vehicle.end_s:.0f} s".replace(" × ,", " out,")
        lines.append((_COLOURS[n % len(_COLOURS)], what))
    lines += [(None, f"{task.id}: {task.done_ratio:.1%} done") for task in plan.tasks]
    if plan.violations:
        lines.append((None, f"{len(plan.violations)} violations"))
    for row, (colour, text) in enumerate(lines):
        y = _EDGE_PX + row * _ROW_PX
        if colour is not None:
            yield f'<rect x="{x:.0f}" y="{y:.0f}" width="12" height="12" fill="{colour}"/>'
        yield f'<text x="{x + 18:.0f}" y="{y + 11:.0f}">{escape(text)}</text>'


def _lines(shape: BaseGeometry) -> Iterator[BaseGeometry]:
    for part in shapely.get_parts(shape):
        if part.geom_type == "Polygon":
            yield part.exterior
            yield from part.interiors
        elif hasattr(part, "geoms"):
            yield from _lines(part)
        else:
            yield part
