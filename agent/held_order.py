"""An order, and a command, as the agent keeps them."""

from dataclasses import dataclass

from fleet.orders import Command, CommandOutcome, Order, OrderProgress, OrderState
from geofence.positions import GeoPosition


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOrder:
    """An order as the agent keeps it: where it stands, how it was begun, and how it is being brought to an end."""

    order: Order
    progress: OrderProgress
    from_air: bool = False
    start: GeoPosition | None = None
    """Where it was taken over in the air."""
    ending: OrderState | None = None
    """Set while the vehicle is on its way home for good: what the order becomes when it has landed."""
    ending_because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCommand:
    """A command that was accepted and not finished.

    What it was is not known of one that an agent of before took, nor of one that this one cannot read.
    """

    outcome: CommandOutcome
    command: Command | None
