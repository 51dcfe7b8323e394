"""A plan as a picture (SVG): zones, docks, what every vehicle does at which height, and what is left out."""

import colorsys
import math
from collections.abc import Iterator
from html import escape
from itertools import pairwise

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geofence.frames import FloatArray
from missions.planning.jobs import Purpose
from missions.planning.picture_legend import EDGE_PX, legend, text_px
from missions.planning.plan import FleetPlan, PlanSortie
from missions.planning.request import AreaTask, FleetRequest, LineTask, Place, PlanVehicle, PlanZone, PointsTask

_SIZE_PX = 900.0
_FOOT_PX = 34.0
_LEAST_M = 20.0
_LEAST_PX = 180.0
_AROUND = 4.0
"""What is not flown to and lies farther from all that is flown than so many times its size is left out of the map."""
_ARROW_PX = 60.0
_COLOURS = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#6a3d9a", "#b15928", "#1b9e77", "#e7298a",
    "#3f51b5", "#8bc34a",
)  # fmt: skip


class _Canvas:
    """Metres to pixels, north up."""

    def __init__(self, request: FleetRequest, plan: FleetPlan) -> None:
        known = _everything(request)
        flown = [np.array([leg.end for leg in s.legs]) for v in plan.vehicles for s in v.sorties if s.legs]
        seen = _near(known, np.vstack(flown)) if flown else known
        self.left_out = len(known) - len(seen) if flown else 0
        places = np.vstack([seen, *flown])
        self.west, south = places.min(axis=0).tolist()
        east, self.north = places.max(axis=0).tolist()
        self.scale = _SIZE_PX / max(east - self.west, self.north - south, _LEAST_M)
        self.width = max((east - self.west) * self.scale, _LEAST_PX) + 2 * EDGE_PX
        self.height = (self.north - south) * self.scale + 2 * EDGE_PX

    def xy(self, place: Place) -> tuple[float, float]:
        return (place[0] - self.west) * self.scale + EDGE_PX, (self.north - place[1]) * self.scale + EDGE_PX

    def path(self, shape: BaseGeometry) -> str:
        """Return the SVG path of all rings and lines of *shape*."""
        rings = (ring for part in _lines(shape) for ring in [shapely.get_coordinates(part)])
        return " ".join("M" + "L".join("{:.1f},{:.1f}".format(*self.xy((x, y))) for x, y in ring) for ring in rings)


def draw_plan(request: FleetRequest, plan: FleetPlan) -> str:
    """Return the picture of *plan* as SVG text."""
    canvas = _Canvas(request, plan)
    beside, right_px, down_px = legend(
        request, plan, canvas.width, list(map(_colour, range(len(plan.vehicles)))), canvas.left_out
    )
    width, height = canvas.width + right_px, max(canvas.height + _FOOT_PX, down_px)
    size = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
    known = {vehicle.id: vehicle for vehicle in request.vehicles}
    sorties = [(n, v, sortie) for n, v in enumerate(plan.vehicles) for sortie in v.sorties]
    body = [
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<clipPath id="map"><rect width="{canvas.width:.0f}" height="{canvas.height:.0f}"/></clipPath>',
        '<g clip-path="url(#map)">',
        *_zones(request, canvas),
        *_tasks(request, canvas),
        *(line for n, _, sortie in sorties for line in _sortie(sortie, _colour(n), canvas)),
        *_left(request, plan, canvas),
        *_docks(request, canvas),
        *(line for n, v, sortie in sorties for line in _climbs(request, sortie, known[v.id], _colour(n), canvas)),
        "</g>",
        *_scale_bar(canvas),
        *beside,
    ]
    fonts = 'font-family="system-ui, Noto Sans CJK SC, sans-serif" font-size="12"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} {fonts}>', *body, "</svg>", ""])


def _colour(number: int) -> str:
    """Return the colour of a vehicle: twelve that are told apart well, then hues a golden angle apart."""
    if number < len(_COLOURS):
        return _COLOURS[number]
    red, green, blue = colorsys.hls_to_rgb(number * 0.618034 % 1, 0.35 + 0.12 * (number % 3), 0.7)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def _everything(request: FleetRequest) -> FloatArray:
    places: list[FloatArray] = [np.array([dock.position for dock in request.docks]).reshape(-1, 2)]
    places += [shapely.get_coordinates(zone.shape) for zone in request.zones]
    for task in request.tasks:
        if isinstance(task, AreaTask | LineTask):
            places.append(shapely.get_coordinates(task.area if isinstance(task, AreaTask) else task.line))
        elif isinstance(task, PointsTask):
            places.append(np.array([point.position for point in task.points]).reshape(-1, 2))
    return np.vstack(places)


def _near(places: FloatArray, flown: FloatArray) -> FloatArray:
    low, high = flown.min(axis=0), flown.max(axis=0)
    room_m = _AROUND * max(float((high - low).max()), 10.0)
    return np.compress(((places >= low - room_m) & (places <= high + room_m)).all(axis=1), places, axis=0)


def _zones(request: FleetRequest, canvas: _Canvas) -> Iterator[str]:
    named: list[tuple[float, float]] = []
    for zone in sorted(request.zones, key=lambda zone: not zone.is_keep_in):
        style = (
            'fill="#f2f8f2" stroke="#5b8f5b"' if zone.is_keep_in else 'fill="#d9534f" fill-opacity="0.35" stroke="#a33"'
        )
        low, high = zone.floor_agl_m or 0, "∞" if zone.ceiling_agl_m is None else f"{zone.ceiling_agl_m:g}"
        title = f"<title>{escape(zone.id)} {low:g}…{high} m</title>"
        yield f'<path d="{canvas.path(zone.shape)}" fill-rule="evenodd" {style}>{title}</path>'
        at = shapely.point_on_surface(zone.shape)
        x, y = canvas.xy((at.x, at.y))
        if not zone.is_keep_in and not any(abs(x - u) < 60 and abs(y - v) < 26 for u, v in named):
            named.append((x, y))
            yield from _name_inside(zone, f"{low:g}–{high} m", canvas, at)


def _name_inside(zone: PlanZone, heights: str, canvas: _Canvas, at: shapely.Point) -> Iterator[str]:
    """Yield the name and the heights of a zone, where they fit into it."""
    x, y = canvas.xy((at.x, at.y))
    _, south, _, north = zone.shape.bounds
    across = shapely.get_parts(zone.shape.intersection(shapely.LineString([(-2e6, at.y), (2e6, at.y)])))
    across_px = max((part.length for part in across), default=0.0) * canvas.scale
    if (north - south) * canvas.scale < 30:
        return
    for row, words in enumerate((zone.id, heights)):
        if text_px(words) * 0.85 < across_px:
            style = 'font-size="10" text-anchor="middle" fill="#833"'
            yield f'<text x="{x:.1f}" y="{y - 2 + 12 * row:.1f}" {style}>{escape(words)}</text>'


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
                yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="#333">{title}</circle>'


def _left(request: FleetRequest, plan: FleetPlan, canvas: _Canvas) -> Iterator[str]:
    """Yield what is not done: grounds and lines in grey, points crossed out."""
    places = {
        (task.id, point.id): point.position
        for task in request.tasks
        if isinstance(task, PointsTask)
        for point in task.points
    }
    for task_id, what in ((outcome.id, what) for outcome in plan.tasks for what in outcome.unreachable):
        title = "<title>not done 未完成</title>"
        if isinstance(what, str):
            x, y = canvas.xy(places[task_id, what])
            cross = f"M{x - 4:.1f},{y - 4:.1f}l8,8m0,-8l-8,8"
            yield f'<path d="{cross}" fill="none" stroke="#c00" stroke-width="1.8">{title}</path>'
            continue
        is_ground = what.geom_type in {"Polygon", "MultiPolygon"}
        style = 'fill="#666" fill-opacity="0.45"' if is_ground else 'fill="none" stroke="#666" stroke-width="3"'
        yield f'<path d="{canvas.path(what)}" fill-rule="evenodd" {style}>{title}</path>'


def _sortie(sortie: PlanSortie, colour: str, canvas: _Canvas) -> Iterator[str]:
    for leg in sortie.legs:
        (x1, y1), (x2, y2) = canvas.xy(leg.start), canvas.xy(leg.end)
        is_way = leg.purpose in {Purpose.TRANSIT, Purpose.RETURN}
        dash = ' stroke-dasharray="5 4" stroke-opacity="0.8"' if is_way else ""
        width = {Purpose.SURVEY: 1.9, Purpose.LINE: 1.9}.get(leg.purpose, 1.2)
        line = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
        title = f"<title>{leg.purpose.value} {leg.height_agl_m:g} m</title>"
        yield f'<line {line} stroke="{colour}" stroke-width="{width}"{dash}>{title}</line>'
        if math.hypot(x2 - x1, y2 - y1) > _ARROW_PX:
            turn_deg = math.degrees(math.atan2(y2 - y1, x2 - x1))
            at = f"translate({(x1 + x2) / 2:.1f} {(y1 + y2) / 2:.1f}) rotate({turn_deg:.0f})"
            yield f'<path d="M-4,-3.5L4,0L-4,3.5z" fill="{colour}" transform="{at}"/>'


def _climbs(
    request: FleetRequest, sortie: PlanSortie, vehicle: PlanVehicle, colour: str, canvas: _Canvas
) -> Iterator[str]:
    """Yield where the vehicle climbs or sinks, and to which height."""
    own_m = vehicle.height_agl_m
    if not sortie.legs:
        return
    stops = [(own_m, sortie.legs[0].start), *((leg.height_agl_m, leg.start) for leg in sortie.legs)]
    for (before_m, _), (after_m, place) in pairwise([*stops, (own_m, sortie.legs[-1].end)]):
        if before_m == after_m:
            continue
        x, y = canvas.xy(place)
        y += 13 if place == request.dock(vehicle.dock).position else 0  # below the dock's own sign
        sign = "M-5,4L5,4L0,-5z" if after_m > before_m else "M-5,-4L5,-4L0,5z"
        yield f'<path d="{sign}" fill="#fff" stroke="{colour}" transform="translate({x:.1f} {y:.1f})"/>'
        halo = 'font-size="10" stroke="#fff" stroke-width="2.5" paint-order="stroke"'
        below = 4 if after_m > before_m else 13
        yield f'<text x="{x + 8:.1f}" y="{y + below:.1f}" fill="{colour}" {halo}>{after_m:g} m</text>'


def _docks(request: FleetRequest, canvas: _Canvas) -> Iterator[str]:
    for dock in request.docks:
        x, y = canvas.xy(dock.position)
        yield f'<rect x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10" fill="#111" stroke="#fff"/>'
        halo = 'stroke="#fff" stroke-width="3" paint-order="stroke"'
        is_left = x + 8 + text_px(dock.id) > canvas.width and x > canvas.width / 2
        at = f'x="{x - 8:.1f}" text-anchor="end"' if is_left else f'x="{x + 8:.1f}"'
        yield f'<text {at} y="{y + 4:.1f}" {halo}>{escape(dock.id)}</text>'


def _scale_bar(canvas: _Canvas) -> Iterator[str]:
    """Yield a bar of a round number of metres, and where north is."""
    most_m = min(0.4 * canvas.width, 220) / canvas.scale
    size = 10 ** math.floor(math.log10(most_m))
    length_m = size * max(n for n in (1, 2, 5) if n * size <= most_m)
    x, y, long_px = EDGE_PX, canvas.height + 10, length_m * canvas.scale
    words = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
    yield f'<path d="M{x:.0f},{y - 4:.0f}v4h{long_px:.1f}v-4" fill="none" stroke="#333" stroke-width="1.5"/>'
    yield f'<text x="{x + long_px + 6:.1f}" y="{y + 2:.0f}" fill="#333">{words}</text>'
    at = f"translate({x + long_px + 20 + text_px(words):.1f} {y - 4:.0f})"
    yield f'<path d="M0,8L5,-8L10,8L5,4z" fill="#333" transform="{at}"/>'
    yield f'<text transform="{at}" x="15" y="6" fill="#333">N 北</text>'


def _lines(shape: BaseGeometry) -> Iterator[BaseGeometry]:
    for part in shapely.get_parts(shape):
        if part.geom_type == "Polygon":
            yield part.exterior
            yield from part.interiors
        elif hasattr(part, "geoms"):
            yield from _lines(part)
        else:
            yield part
