"""What the journal says when something of the fleet changed."""

from datetime import UTC, datetime

from core.events import Event, Json
from fleet.orders import VehicleEvent
from fleet.store import CommandRecord, OrderRecord, OutOfService, RefusedReport, VehicleRecord

ORDERS_CHANGED = "orders.changed"
COMMANDS_CHANGED = "commands.changed"
VEHICLES_CHANGED = "vehicles.changed"
VEHICLES_EVENT = "vehicles.event"
REPORTS_REFUSED = "reports.refused"


def iso(moment: datetime) -> str:
    """Return an aware time as ISO 8601 text in UTC with a Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def order_changed(record: OrderRecord) -> Event:
    """Say where an order stands now."""
    order, progress = record.order, record.progress
    body: dict[str, Json] = {
        "id": order.id,
        "vehicle_id": order.vehicle_id,
        "run_id": order.run_id,
        "purpose": order.purpose.value,
        "state": progress.state.value,
        "legs_done": progress.legs_done,
        "legs_total": len(order.legs),
        "because": progress.because,
        "held_by": progress.holder.value,
        "at": iso(progress.at),
    }
    return Event(subject=ORDERS_CHANGED, key=order.id, body=body)


def command_json(record: CommandRecord) -> dict[str, Json]:
    """Return a command and its fate as the REST interface shows them."""
    command, outcome = record.command, record.outcome
    return {
        "id": command.id,
        "vehicle_id": command.vehicle_id,
        "kind": command.kind.value,
        "order_id": command.order_id,
        "made_at": iso(command.made_at),
        "expires_at": iso(command.expires_at),
        "asked_because": command.because,
        "state": outcome.state.value,
        "because": outcome.because,
        "at": iso(outcome.at),
    }


def command_changed(record: CommandRecord) -> Event:
    """Say what became of a command."""
    return Event(subject=COMMANDS_CHANGED, key=record.command.id, body=command_json(record))


def vehicle_changed(record: VehicleRecord) -> Event:
    """Say that a vehicle said hello, or left or entered service."""
    body: dict[str, Json] = {
        "id": record.card.id,
        "name": record.card.name,
        "name_zh": record.card.name_zh,
        "agent": record.agent,
        "out_of_service": None if record.out_of_service is None else _out_of_service(record.out_of_service),
    }
    return Event(subject=VEHICLES_CHANGED, key=record.card.id, body=body)


def _out_of_service(out: OutOfService) -> Json:
    return {"because": out.because, "at": iso(out.at), "by": out.by}


def vehicle_event(happened: VehicleEvent) -> Event:
    """Say what happened to a vehicle."""
    body: dict[str, Json] = {
        "vehicle_id": happened.vehicle_id,
        "kind": happened.kind,
        "text": happened.text,
        "at": iso(happened.at),
        "zone_id": happened.zone_id,
        "order_id": happened.order_id,
    }
    return Event(subject=VEHICLES_EVENT, key=happened.vehicle_id, body=body)


def report_refused(report: RefusedReport) -> Event:
    """Say that a report can never succeed, and why."""
    body: dict[str, Json] = {
        "id": report.id,
        "vehicle_id": report.vehicle_id,
        "kind": report.kind,
        "code": report.code,
        "because": report.because,
        "made_at": iso(report.made_at),
    }
    return Event(subject=REPORTS_REFUSED, key=report.id, body=body)
