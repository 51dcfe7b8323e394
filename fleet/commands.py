"""Words to vehicles in the making."""

from datetime import datetime, timedelta

from core.ids import CommandId, OrderId, VehicleId, new_id
from fleet.holding import Speaker
from fleet.orders import Command, CommandKind

COMMAND_LIFE = timedelta(seconds=30)
"""A word to a vehicle that was not taken by then is reported as expired: by then the person has to look again."""


def make_command(
    vehicle_id: VehicleId,
    kind: CommandKind,
    *,
    because: str,
    now: datetime,
    speaker: Speaker,
    order_id: OrderId | None = None,
    life: timedelta = COMMAND_LIFE,
) -> Command:
    """Return a new command of *speaker* that is worth something for *life*."""
    return Command(
        id=CommandId(new_id()),
        vehicle_id=vehicle_id,
        kind=kind,
        because=because,
        made_at=now,
        expires_at=now + life,
        order_id=order_id,
        speaker=speaker,
    )
