"""Places and shapes of a planning request, from GeoJSON into local metres."""

import json
import math
from collections.abc import Iterable, Mapping
from enum import StrEnum

import numpy as np
import shapely
from shapely import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from core.errors import InvalidInput
from geofence.frames import FloatArray, LocalFrame
from geofence.positions import GeoPosition
from missions.planning.fields import Fields, is_number
from missions.planning.request import Place

_FARTHEST_M = 1e6
_GEOMETRY_ERRORS = (ValueError, TypeError, KeyError, shapely.errors.ShapelyError)


class Mending(StrEnum):
    """What a border that crosses itself is taken as."""

    REFUSE = "nothing"
    ODD = "the ground that it encloses an odd number of times"
    FILL = "all ground that it encloses"


class ShapeReader:
    """Reads places and shapes of one request; in WGS-84 they become metres around *frame*'s origin."""

    def __init__(self, frame: LocalFrame | None) -> None:
        self.frame = frame

    def place(self, fields: Fields, name: str) -> Place:
        """Return a place in metres; (0, 0), with the fault noted, where it cannot be read."""
        pair = fields.values.get(name)
        if not isinstance(pair, list) or len(pair) < 2 or not all(is_number(value) for value in pair[:2]):
            remedy = "give [longitude, latitude]" if self.frame else "give [east, north] in metres"
            fields.wrong(name, "is missing" if pair is None else f"is {pair!r:.60}, not a place", remedy)
            return (0.0, 0.0)
        return self._metres(fields, name, np.array([pair[:2]], dtype=np.float64))[0]

    def polygon(self, fields: Fields, name: str, mending: "Mending", notes: list[str]) -> Polygon | MultiPolygon | None:
        """Return an area; what becomes of one that crosses itself is said by *mending*, and noted."""
        shape = self._shape(fields, name, ("Polygon", "MultiPolygon"))
        if shape is None:
            return None
        if not shape.is_valid:
            reason = shapely.is_valid_reason(shape)
            if mending is Mending.REFUSE:
                fields.wrong(name, f"crosses itself ({reason})", "draw the border without crossing lines")
                return None
            notes.append(f"{fields.where}.{name} crosses itself ({reason}): taken as {mending}")
            shape = shapely.make_valid(shape) if mending is Mending.ODD else _filled(shape)
        parts = [part for part in shapely.get_parts(_flat(shape)) if isinstance(part, Polygon) and part.area > 0]
        if not parts:
            fields.wrong(name, "encloses no ground", "draw at least three corners that are not in one line")
            return None
        return parts[0] if len(parts) == 1 else MultiPolygon(parts)

    def line(self, fields: Fields, name: str) -> LineString | None:
        """Return a line of at least two different places."""
        shape = self._shape(fields, name, ("LineString",))
        if shape is None:
            return None
        if shape.length == 0:
            fields.wrong(name, "has no length", "give at least two different places")
            return None
        return LineString(shapely.get_coordinates(shape))

    def _shape(self, fields: Fields, name: str, kinds: tuple[str, ...]) -> BaseGeometry | None:
        geometry = fields.values.get(name)
        if not isinstance(geometry, dict) or geometry.get("type") not in kinds:
            fields.wrong(name, f"is not a GeoJSON {' or '.join(kinds)}", f"give a {kinds[0]}")
            return None
        try:
            shape = shapely.force_2d(shapely.from_geojson(json.dumps(geometry)))
        except _GEOMETRY_ERRORS as error:
            fields.wrong(name, f"cannot be read: {error}", "close every ring; at least three corners each")
            return None
        coordinates = shapely.get_coordinates(shape)
        if not len(coordinates) or not np.isfinite(coordinates).all():
            fields.wrong(name, "is empty or has places that are not numbers")
            return None
        before = len(fields.problems)
        moved = np.array(self._metres(fields, name, coordinates))
        return None if len(fields.problems) > before else shapely.set_coordinates(shape, moved)

    def _metres(self, fields: Fields, name: str, places: FloatArray) -> list[Place]:
        if self.frame is None:
            if np.abs(places).max() > _FARTHEST_M:
                fields.wrong(name, "is more than 1,000 km from the origin", "give metres in a local frame")
            return [(float(x), float(y)) for x, y in places]
        if np.abs(places[:, 0]).max() > 180 or np.abs(places[:, 1]).max() > 90:
            fields.wrong(name, "is not in degrees of longitude and latitude", 'give degrees, or the frame "local_m"')
            return [(0.0, 0.0)] * len(places)
        metres = self.frame.to_local_array(places)
        if not np.isfinite(metres).all() or np.abs(metres).max() > _FARTHEST_M:
            fields.wrong(name, "is more than 1,000 km from the docks", "longitude comes before latitude")
            return [(0.0, 0.0)] * len(places)
        return [(float(x), float(y)) for x, y in metres]


def frame_of(docks: Iterable[object]) -> LocalFrame:
    """Return a frame around the middle of the docks of a request in degrees."""
    places = [pair for dock in docks if (pair := _pair(dock)) is not None]
    if not places:
        return LocalFrame(origin=GeoPosition(lon_deg=0.0, lat_deg=0.0))
    around_deg = places[0][0]
    # places on both sides of the antimeridian lie near each other
    lon_deg = around_deg + float(np.mean([math.remainder(place[0] - around_deg, 360) for place in places]))
    lon_deg, lat_deg = math.remainder(lon_deg, 360), float(np.mean([place[1] for place in places]))
    try:
        return LocalFrame(origin=GeoPosition(lon_deg=lon_deg, lat_deg=lat_deg))
    except InvalidInput:
        return LocalFrame(origin=GeoPosition(lon_deg=0.0, lat_deg=0.0))


def _pair(dock: object) -> list[float] | None:
    pair = dock.get("position") if isinstance(dock, Mapping) else None
    if isinstance(pair, list) and len(pair) >= 2 and all(is_number(value) for value in pair[:2]):
        return [float(pair[0]), float(pair[1])]
    return None


def _flat(shape: BaseGeometry) -> BaseGeometry:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in {"Polygon", "MultiPolygon"}]
    return shapely.union_all(parts) if shape.geom_type == "GeometryCollection" else shape


def _filled(shape: BaseGeometry) -> BaseGeometry:
    """Return everything that the lines of *shape* enclose."""
    faces = shapely.get_parts(shapely.polygonize([shapely.node(shapely.boundary(shape))]))
    return shapely.union_all(faces)
