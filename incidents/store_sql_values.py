"""Between rows and values, by the names of their fields."""

from dataclasses import fields
from typing import Any

from core.ids import EvidenceId, IncidentId
from geofence.positions import ErrorEllipse, GeoPosition
from incidents.alarm import AlarmState, HelpAlarm
from incidents.evidence import Evidence, EvidenceKind, EvidenceOrigin
from incidents.incident import Incident, IncidentState, TimelineLine
from incidents.store import SightingRecord
from incidents.store_sql_rows import AlarmRow, EvidenceRow, IncidentRow, SightingRow, TimelineRow
from perception.sighting import Sighting


def _names(kind: type[Any], *special: str) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.name not in special)


_INCIDENT = _names(Incident, "state", "place", "ellipse")
_SIGHTING = _names(Sighting, "place", "ellipse", "facts", "photos")
_EVIDENCE = _names(Evidence, "kind", "origin", "box_xyxy_px")
_ALARM = _names(HelpAlarm, "state", "place")
_LINE = _names(TimelineLine, "photos")


def _pick(source: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(source, name) for name in names}


def _place_columns(place: GeoPosition) -> dict[str, float]:
    return {"lon_deg": place.lon_deg, "lat_deg": place.lat_deg}


def _ellipse_columns(ellipse: ErrorEllipse) -> dict[str, float]:
    return {"major_m": ellipse.major_m, "minor_m": ellipse.minor_m, "heading_deg": ellipse.heading_deg}


def _place(row: IncidentRow | SightingRow | AlarmRow) -> GeoPosition:
    return GeoPosition(lon_deg=row.lon_deg, lat_deg=row.lat_deg)


def _ellipse(row: IncidentRow | SightingRow) -> ErrorEllipse:
    return ErrorEllipse(major_m=row.major_m, minor_m=row.minor_m, heading_deg=row.heading_deg)


def incident_columns(incident: Incident) -> dict[str, Any]:
    """Return the columns of an incident's row."""
    return {
        **_pick(incident, _INCIDENT),
        **_place_columns(incident.place),
        **_ellipse_columns(incident.ellipse),
        "state": incident.state.value,
    }


def incident_of(row: IncidentRow) -> Incident:
    """Return the incident of a row."""
    return Incident(**_pick(row, _INCIDENT), state=IncidentState(row.state), place=_place(row), ellipse=_ellipse(row))


def sighting_columns(record: SightingRecord) -> dict[str, Any]:
    """Return the columns of a sighting's row."""
    sighting = record.sighting
    return {
        **_pick(sighting, _SIGHTING),
        **_place_columns(sighting.place),
        **_ellipse_columns(sighting.ellipse),
        "facts": dict(sighting.facts),
        "photo_ids": list(record.photo_ids),
        "incident_id": record.incident_id,
        "opened": record.opened,
        "stored_at": record.stored_at,
    }


def sighting_of(row: SightingRow) -> SightingRecord:
    """Return the sighting of a row."""
    sighting = Sighting(**_pick(row, _SIGHTING), place=_place(row), ellipse=_ellipse(row), facts=row.facts)
    return SightingRecord(
        sighting=sighting,
        photo_ids=tuple(EvidenceId(one) for one in row.photo_ids),
        incident_id=IncidentId(row.incident_id),
        opened=row.opened,
        stored_at=row.stored_at,
    )


def evidence_columns(evidence: Evidence) -> dict[str, Any]:
    """Return the columns of a picture's row."""
    return {
        **_pick(evidence, _EVIDENCE),
        "kind": evidence.kind.value,
        "origin": evidence.origin.value,
        "box_xyxy_px": None if evidence.box_xyxy_px is None else list(evidence.box_xyxy_px),
    }


def evidence_of(row: EvidenceRow) -> Evidence:
    """Return the picture's entry of a row."""
    box = row.box_xyxy_px
    return Evidence(
        **_pick(row, _EVIDENCE),
        kind=EvidenceKind(row.kind),
        origin=EvidenceOrigin(row.origin),
        box_xyxy_px=None if box is None else (box[0], box[1], box[2], box[3]),
    )


def alarm_columns(alarm: HelpAlarm) -> dict[str, Any]:
    """Return the columns of an alarm's row."""
    return {**_pick(alarm, _ALARM), **_place_columns(alarm.place), "state": alarm.state.value}


def alarm_of(row: AlarmRow) -> HelpAlarm:
    """Return the alarm of a row."""
    return HelpAlarm(**_pick(row, _ALARM), state=AlarmState(row.state), place=_place(row))


def line_columns(line: TimelineLine) -> dict[str, Any]:
    """Return the columns of a line's row."""
    return {**_pick(line, _LINE), "photos": list(line.photos)}


def line_of(row: TimelineRow) -> TimelineLine:
    """Return the line of a row."""
    return TimelineLine(**_pick(row, _LINE), photos=tuple(EvidenceId(one) for one in row.photos))
