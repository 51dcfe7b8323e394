"""Whether a person has said that what an order is flown for shall end."""

from core.database import Transaction
from fleet.holding import Speaker
from fleet.orders import CommandKind, CommandState
from fleet.store import FleetStore, OrderRecord

_CAME_TO_NOTHING = frozenset({CommandState.FAILED, CommandState.EXPIRED})


async def why_cancelled(unit: Transaction, fleet: FleetStore, record: OrderRecord) -> str:
    """Return why a person wants the order's run to end, with a word that its vehicle may yet hear; empty: nobody."""
    vehicle_id, order_id = record.order.vehicle_id, record.order.id
    said = await fleet.commands_of_order(unit, vehicle_id=vehicle_id, order_id=order_id)
    words = (one.command for one in said if one.outcome.state not in _CAME_TO_NOTHING)
    by_person = (one for one in words if one.kind is CommandKind.CANCEL and one.speaker is Speaker.PERSON)
    return next((one.because for one in by_person), "")
