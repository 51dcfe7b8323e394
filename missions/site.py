"""A site: what everybody may know of a place where patrols take place."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from core.errors import InvalidInput
from core.events import Json
from core.files import read_json
from fleet.orders import Authorisation, Dock
from geofence.margins import Margins
from geofence.positions import GeoPosition
from missions.work_calendar import Shift, WorkCalendar, WorkHours

_MARGINS = ("position_error_m", "wind_drift_m", "height_error_m")
_MOST_RALLY_POINTS = 31
"""PX4 v1.16 holds 32 safe points, and the dock is one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A help panel's post: its id is the name of its device account."""

    id: str
    name: str
    name_zh: str
    place: GeoPosition


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the docks and panels stand, how high the ground is, and how high vehicles fly home over everything."""

    name: str
    name_zh: str
    time_zone: str
    origin: GeoPosition
    ground_amsl_m: float
    return_height_agl_m: float
    takeoff_height_agl_m: float
    docks: tuple[Dock, ...]
    panels: tuple[Panel, ...] = ()
    rally_points: tuple[Dock, ...] = ()
    """Where vehicles may come down in need, besides their docks; every way home is proved to all of them."""
    authorisation: Authorisation | None = None
    margins: Margins = field(default_factory=Margins)
    """What routes keep from every border here: more than usual where wind or high walls ask for it."""
    work: WorkHours = field(default_factory=WorkHours)
    """When its people work: deadlines in working hours and working days are counted by it."""
    basemap: Mapping[str, Json] = field(default_factory=dict)
    """A GeoJSON FeatureCollection that the screens draw; its contents mean nothing to the service."""

    @property
    def work_calendar(self) -> WorkCalendar:
        """Return the calendar that counts working time here."""
        return WorkCalendar(time_zone=self.time_zone, hours=self.work)

    def dock(self, dock_id: str) -> Dock | None:
        """Return the dock of that id."""
        return next((dock for dock in self.docks if dock.id == dock_id), None)

    def panel(self, panel_id: str) -> Panel | None:
        """Return the panel of that id."""
        return next((panel for panel in self.panels if panel.id == panel_id), None)


def read_site(file: Path) -> Site:
    """Return the site of a JSON file; raises InvalidInput naming the file and the field."""
    document = read_json(file)
    if not isinstance(document, dict):
        raise InvalidInput("must hold one JSON object, the site", where=str(file))
    try:
        return site_from_json(document)
    except InvalidInput as error:
        raise InvalidInput(error.message, where=f"{file}, {error.where}", remedy=error.remedy) from error


def site_from_json(document: Mapping[str, Json]) -> Site:
    """Return the site of a JSON document; raises InvalidInput naming the field."""
    try:
        site = Site(
            name=str(document["name"]),
            name_zh=str(document.get("name_zh", "")),
            time_zone=str(document["time_zone"]),
            origin=_place(_mapping(document["origin"])),
            ground_amsl_m=_number(document, "ground_amsl_m"),
            return_height_agl_m=_number(document, "return_height_agl_m"),
            takeoff_height_agl_m=_number(document, "takeoff_height_agl_m"),
            docks=tuple(_dock(dock) for dock in _objects(document, "docks")),
            rally_points=tuple(_dock(rally) for rally in _objects(document, "rally_points")),
            panels=tuple(_panel(panel) for panel in _objects(document, "panels")),
            authorisation=_authorisation(document.get("authorisation")),
            margins=_margins(_mapping(document.get("margins") or {})),
            work=_work(_mapping(document.get("work") or {})),
            basemap=_mapping(document.get("basemap") or {}),
        )
        ZoneInfo(site.time_zone)
    except KeyError as error:
        raise InvalidInput(f"lacks the field or names an unknown time zone {error}", where="site") from error
    except (TypeError, ValueError) as error:
        raise InvalidInput(str(error), where="site") from error
    if not 0 < site.takeoff_height_agl_m <= site.return_height_agl_m:
        raise InvalidInput("the way home must not lie below the take-off height", where="site.return_height_agl_m")
    if len(site.rally_points) > _MOST_RALLY_POINTS:
        most = f"has {len(site.rally_points)} rally points, an autopilot holds {_MOST_RALLY_POINTS} beside the dock"
        raise InvalidInput(most, where="site.rally_points", remedy="leave some out")
    return site


def _dock(fields: Mapping[str, Json]) -> Dock:
    return Dock(id=str(fields["id"]), place=_place(fields))


def _mapping(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise InvalidInput(f"must be an object, not {value!r:.60}", where="site")
    return value


def _objects(document: Mapping[str, Json], field_name: str) -> list[Mapping[str, Json]]:
    value = document.get(field_name) or []
    if not isinstance(value, list):
        raise InvalidInput("must be a list", where=f"site.{field_name}")
    return [_mapping(item) for item in value]


def _number(document: Mapping[str, Json], field_name: str) -> float:
    value = document[field_name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidInput("must be a number", where=f"site.{field_name}")
    return float(value)


def _place(fields: Mapping[str, Json]) -> GeoPosition:
    return GeoPosition(lon_deg=_number(fields, "lon_deg"), lat_deg=_number(fields, "lat_deg"))


def _margins(fields: Mapping[str, Json]) -> Margins:
    """Return the margins that a site asks for; never less than those that every agent insists on."""
    usual = Margins()
    least = {name: float(getattr(usual, name)) for name in _MARGINS}
    unknown = sorted(set(fields) - set(least))
    if unknown:
        known = ", ".join(_MARGINS)
        raise InvalidInput(f"{unknown[0]!r} is not a margin", where="site.margins", remedy=f"known are {known}")
    given = least | {name: _number(fields, name) for name in fields}
    for name, value_m in given.items():
        if value_m < least[name]:
            raise InvalidInput(f"must be at least {least[name]:g} m", where=f"site.margins.{name}")
    return Margins(
        position_error_m=given["position_error_m"],
        wind_drift_m=given["wind_drift_m"],
        height_error_m=given["height_error_m"],
    )


def _work(fields: Mapping[str, Json]) -> WorkHours:
    """Return the working day of a site: {"country": "CN", "hours": [["08:30", "12:00"], …]}, each with its default."""
    if unknown := sorted(set(fields) - {"country", "hours"}):
        raise InvalidInput(f"{unknown[0]!r} is not known here", where="site.work", remedy="known are country, hours")
    usual = WorkHours()
    if "hours" not in fields:
        return WorkHours(country=str(fields.get("country", usual.country)))
    hours = fields["hours"]
    if not isinstance(hours, list) or not all(isinstance(one, list) and len(one) == 2 for one in hours):
        raise InvalidInput('must be a list such as [["08:30", "12:00"]]', where="site.work.hours")
    shifts = tuple(Shift(start=_clock(one[0]), end=_clock(one[1])) for one in hours if isinstance(one, list))
    return WorkHours(country=str(fields.get("country", usual.country)), shifts=shifts)


def _panel(document: Mapping[str, Json]) -> Panel:
    name = str(document["name"])
    return Panel(id=str(document["id"]), name=name, name_zh=str(document.get("name_zh", name)), place=_place(document))


def _authorisation(document: Json) -> Authorisation | None:
    if document is None:
        return None
    fields = _mapping(document)
    return Authorisation(
        number=str(fields["number"]),
        ceiling_agl_m=_number(fields, "ceiling_agl_m"),
        not_before_at=_moment(fields, "not_before_at"),
        not_after_at=_moment(fields, "not_after_at"),
    )


def _clock(value: Json) -> time:
    try:
        return time.fromisoformat(str(value))
    except ValueError as error:
        raise InvalidInput(f"{value!r:.20} is no time of day", where="site.work.hours", remedy="08:30") from error


def _moment(fields: Mapping[str, Json], name: str) -> datetime:
    moment = datetime.fromisoformat(str(fields[name]))
    if moment.tzinfo is None:
        raise InvalidInput("needs a zone, such as +08:00", where=f"site.authorisation.{name}")
    return moment
