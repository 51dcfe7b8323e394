"""How incidents, sightings and alarms look in the journal: the same JSON as over REST."""

from collections.abc import Iterable
from datetime import datetime

from core.events import Event, Json
from geofence.positions import ErrorEllipse, GeoPosition
from incidents.alarm import HelpAlarm
from incidents.incident import Incident
from incidents.store import SightingRecord


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def _place(place: GeoPosition) -> Json:
    return [place.lon_deg, place.lat_deg]


def _ellipse(ellipse: ErrorEllipse) -> Json:
    return {"major_m": ellipse.major_m, "minor_m": ellipse.minor_m, "heading_deg": ellipse.heading_deg}


def incident_body(incident: Incident) -> dict[str, Json]:
    """Return an incident as JSON."""
    return {
        "id": incident.id,
        "number": incident.number,
        "kind": incident.kind,
        "state": incident.state.value,
        "place": _place(incident.place),
        "ellipse": _ellipse(incident.ellipse),
        "zone_id": incident.zone_id,
        "grid_id": incident.grid_id,
        "worker": incident.worker,
        "sightings": incident.sightings,
        "first_seen_at": _moment(incident.first_seen_at),
        "last_seen_at": _moment(incident.last_seen_at),
        "filed_at": _moment(incident.filed_at),
        "due_at": _moment(incident.due_at),
        "handled_at": _moment(incident.handled_at),
        "closed_at": _moment(incident.closed_at),
        "verifying_order_id": incident.verifying_order_id,
        "reworks": incident.reworks,
        "needs_decision": incident.needs_decision,
        "because": incident.because,
        "because_by_person": incident.because_by_person,
        "revision": incident.revision,
    }


def sighting_body(record: SightingRecord) -> dict[str, Json]:
    """Return a sighting as JSON, its pictures by their ids."""
    sighting = record.sighting
    return {
        "id": sighting.id,
        "vehicle_id": sighting.vehicle_id,
        "order_id": sighting.order_id,
        "incident_id": record.incident_id,
        "kind": sighting.kind,
        "zone_id": sighting.zone_id,
        "place": _place(sighting.place),
        "ellipse": _ellipse(sighting.ellipse),
        "first_seen_at": _moment(sighting.first_seen_at),
        "last_seen_at": _moment(sighting.last_seen_at),
        "stored_at": _moment(record.stored_at),
        "observed_s": sighting.observed_s,
        "score": sighting.score,
        "because": sighting.because,
        "facts": dict(sighting.facts),
        "rule": sighting.rule,
        "rule_version": sighting.rule_version,
        "model": sighting.model,
        "model_sha256": sighting.model_sha256,
        "photos": list(record.photo_ids),
    }


def alarm_body(alarm: HelpAlarm, *, rung_by: Iterable[str] = ()) -> dict[str, Json]:
    """Return an alarm as JSON; *rung_by* names the desks where it rings at its present escalation."""
    return {
        "id": alarm.id,
        "number": alarm.number,
        "press_id": alarm.press_id,
        "panel_id": alarm.panel_id,
        "panel_name": alarm.panel_name,
        "panel_name_zh": alarm.panel_name_zh,
        "place": _place(alarm.place),
        "state": alarm.state.value,
        "is_open": alarm.is_open,
        "pressed_at": _moment(alarm.pressed_at),
        "raised_at": _moment(alarm.raised_at),
        "rung_at": _moment(alarm.rung_at),
        "answered_at": _moment(alarm.answered_at),
        "answered_by": alarm.answered_by,
        "ended_at": _moment(alarm.ended_at),
        "ended_by": alarm.ended_by,
        "escalation": alarm.escalation,
        "escalate_at": _moment(alarm.escalate_at),
        "outside_told_at": _moment(alarm.outside_told_at),
        "look_run_id": alarm.look_run_id,
        "mistaken": alarm.mistaken,
        "rung_by": [*sorted(rung_by)],
        "because": alarm.because,
        "revision": alarm.revision,
    }


def incident_event(incident: Incident) -> Event:
    """Return "incidents.changed"."""
    return Event(subject="incidents.changed", key=incident.id, body=incident_body(incident))


def sighting_event(record: SightingRecord) -> Event:
    """Return "sightings.new"."""
    return Event(subject="sightings.new", key=record.sighting.id, body=sighting_body(record))


def alarm_event(alarm: HelpAlarm, *, rung_by: Iterable[str] = ()) -> Event:
    """Return "alarms.changed"."""
    return Event(subject="alarms.changed", key=alarm.id, body=alarm_body(alarm, rung_by=rung_by))
