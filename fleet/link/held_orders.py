"""At every hello: what the agent holds against what the books believe; each side may have lost its memory."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from core.database import Transaction
from core.errors import NotFound
from core.ids import OrderId, VehicleId
from fleet.commands import make_command
from fleet.holding import OURS, Holder, Speaker
from fleet.orders import CommandKind, CommandState, OrderProgress, OrderState, VehicleEvent
from fleet.store import CommandRecord, FleetStore, OrderRecord

TELLS_ALL_FROM = 2
"""The protocol from which on a hello tells of ended orders too: before it, silence about an order said nothing."""
_COMMAND_LIFE = timedelta(minutes=10)
_REFUSAL_RESTS = timedelta(minutes=1)
_log = structlog.get_logger("downlink")


async def compare_orders(
    unit: Transaction, store: FleetStore, vehicle_id: VehicleId, held: Sequence[OrderProgress], *, now: datetime
) -> None:
    """End what the agent does not know any more, and let it end what the books have ended.

    *held* are the newest orders that the agent has stored; where they have ended its reports are on their way.
    """
    told = {progress.order_id for progress in held}
    open_ones = [progress for progress in held if not progress.is_ended]
    for record in await store.unfinished_orders(unit, vehicle_id=vehicle_id):
        if record.progress.state is not OrderState.OFFERED and record.order.id not in told:
            await _end_lost(unit, store, record, sends_home=not open_ones, now=now)
    for progress in open_ones:
        because = await _why_unwanted(unit, store, vehicle_id, progress.order_id)
        if because:
            await _say(unit, store, vehicle_id, CommandKind.CANCEL, because, now=now, order_id=progress.order_id)


async def _end_lost(
    unit: Transaction, store: FleetStore, record: OrderRecord, *, sends_home: bool, now: datetime
) -> None:
    because = f"its agent does not know the order any more, which was {record.progress.state}"
    vehicle_id, order_id = record.order.vehicle_id, record.order.id
    _log.warning("order lost", vehicle_id=vehicle_id, order_id=order_id, because=because)
    await store.set_progress(unit, record.progress.move(OrderState.FAILED, because=because, at=now))
    event = VehicleEvent(vehicle_id=vehicle_id, kind="order_lost", text=because, at=now, order_id=order_id)
    await store.add_vehicle_event(unit, event)
    if sends_home and record.progress.holder in {Holder.NOBODY, *OURS}:
        # Nobody guards what it flies now, and nobody lets it go on; on the ground this does nothing.
        await _say(unit, store, vehicle_id, CommandKind.RETURN, because, now=now)


async def _why_unwanted(unit: Transaction, store: FleetStore, vehicle_id: VehicleId, order_id: OrderId) -> str:
    """Return why an order that the agent carries out is to be ended; empty when the books want it."""
    try:
        record = await store.order(unit, order_id)
    except NotFound:
        return "no such order is in the controller's books"
    if record.order.vehicle_id != vehicle_id:
        return f"the order is for {record.order.vehicle_id}"
    progress = record.progress
    return f"the controller had ended it as {progress.state}: {progress.because}" if record.is_ended else ""


async def _say(
    unit: Transaction,
    store: FleetStore,
    vehicle_id: VehicleId,
    kind: CommandKind,
    because: str,
    *,
    now: datetime,
    order_id: OrderId | None = None,
) -> None:
    """Say it, unless just this is on its way already, or was refused just now: its agent keeps it in mind meanwhile."""
    waiting = await store.open_commands(unit, vehicle_id=vehicle_id)
    if any((record.command.kind, record.command.order_id) == (kind, order_id) for record in waiting):
        return
    if order_id is not None:
        said = await store.commands_of_order(unit, vehicle_id=vehicle_id, order_id=order_id)
        if any(record.command.kind is kind and _is_refused_lately(record, now) for record in said):
            return
    command = make_command(
        vehicle_id,
        kind,
        because=because,
        now=now,
        speaker=Speaker.DISPATCHER,
        order_id=order_id,
        life=_COMMAND_LIFE,
    )
    await store.add_command(unit, command)


def _is_refused_lately(record: CommandRecord, now: datetime) -> bool:
    """Say so by when it was made, which is our clock; an agent's may be off."""
    return record.outcome.state is CommandState.FAILED and now < record.command.made_at + _REFUSAL_RESTS
