"""What the books of the fleet keep: orders and their progress, commands, vehicles, and the inbox of reports."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.database import Transaction
from core.ids import CommandId, OrderId, ReportId, RunId, VehicleId
from fleet.gazes import GazeLog
from fleet.orders import Command, CommandOutcome, Order, OrderProgress, VehicleEvent
from fleet.vehicle import VehicleCard


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecord:
    """An order and the newest word on where it stands."""

    order: Order
    progress: OrderProgress

    @property
    def is_ended(self) -> bool:
        """Say whether nothing more will happen to the order."""
        return self.progress.is_ended


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRecord:
    """A command and the newest word on its fate."""

    command: Command
    outcome: CommandOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfService:
    """Why, since when and by whose word a vehicle takes no orders."""

    because: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleRecord:
    """A vehicle as the books know it: its card and agent from the last hello, and whether it is in service."""

    card: VehicleCard
    agent: str
    software: str
    boot_id: str
    hello_at: datetime
    last_seen_at: datetime
    out_of_service: OutOfService | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFigures:
    """How many reports were committed, came again, or could never succeed."""

    committed: int
    duplicates: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedReport:
    """A report that can never succeed, kept with the reason and its bytes (a serialized `roundsman.v1.Report`)."""

    id: ReportId
    vehicle_id: VehicleId
    kind: str
    made_at: datetime
    refused_at: datetime
    code: str
    because: str
    body: bytes


class OrderStore(Protocol):
    """Orders and the story of each. Every change is journalled as "orders.changed" (key: the order's id)."""

    async def add_order(self, unit: Transaction, order: Order) -> None:
        """Store *order* as `offered`; the link sends it from here on. Raises Conflict when its id is taken."""

    async def order(self, unit: Transaction, order_id: OrderId) -> OrderRecord:
        """Return one order; raises NotFound."""

    async def current_order(self, unit: Transaction, vehicle_id: VehicleId) -> OrderRecord | None:
        """Return the newest unfinished order of a vehicle."""

    async def last_order(self, unit: Transaction, vehicle_id: VehicleId) -> OrderRecord | None:
        """Return the newest order of a vehicle, ended or not."""

    async def give_alone(self, unit: Transaction) -> None:
        """Wait until no other controller is giving orders, and let none begin until this transaction ends."""

    async def unfinished_orders(
        self, unit: Transaction, *, vehicle_id: VehicleId | None = None
    ) -> tuple[OrderRecord, ...]:
        """Return all unfinished orders (of one vehicle), oldest first."""

    async def offered_orders(self, unit: Transaction) -> tuple[OrderRecord, ...]:
        """Return the orders of all vehicles that no agent has confirmed yet, oldest first."""

    async def orders_of_run(self, unit: Transaction, run_id: RunId) -> tuple[OrderRecord, ...]:
        """Return the orders of a run in the sequence in which they were made."""

    async def claim_unfinished_orders(self, unit: Transaction, *, limit: int = 32) -> tuple[OrderRecord, ...]:
        """Return unfinished orders that nobody else holds, oldest first; held until this transaction ends.

        On PostgreSQL rows locked by another controller are skipped (FOR UPDATE SKIP LOCKED).
        """

    async def order_history(self, unit: Transaction, order_id: OrderId) -> tuple[OrderProgress, ...]:
        """Return every progress of an order, in the order in which it became known."""

    async def set_progress(
        self, unit: Transaction, progress: OrderProgress, *, vehicle_id: VehicleId | None = None
    ) -> OrderRecord:
        """Append *progress* to the story of its order and return how the order stands now.

        Repeated and late reports change nothing but the story: what stands never goes back, legs are never un-done,
        an ended order stays ended. Steps may be skipped (a later report can overtake an earlier one). Raises NotFound,
        NotAllowed when the order is not *vehicle_id*'s, Conflict when the table has no way between the two states.
        """


class GazeLogStore(Protocol):
    """What the pictures of each order showed; as long in the books as the order is."""

    async def add_gaze_log(self, unit: Transaction, log: GazeLog) -> None:
        """Keep *log*; raises NotFound, NotAllowed when the order is not its vehicle's."""

    async def gaze_logs_of_run(self, unit: Transaction, run_id: RunId) -> tuple[GazeLog, ...]:
        """Return the logs of all orders of a run, in the sequence of their time."""

    async def count_gaze_logs_of_run(self, unit: Transaction, run_id: RunId) -> int:
        """Return how many logs there are of a run: another number means another proof."""


class CommandStore(Protocol):
    """Commands and their fate. Every change is journalled as "commands.changed" (key: the command's id)."""

    async def add_command(self, unit: Transaction, command: Command) -> None:
        """Store *command* as `sent`; the link sends it from here on. Raises Conflict when its id is taken."""

    async def command(self, unit: Transaction, command_id: CommandId) -> CommandRecord:
        """Return one command; raises NotFound."""

    async def open_commands(self, unit: Transaction, *, vehicle_id: VehicleId) -> tuple[CommandRecord, ...]:
        """Return the commands of a vehicle that are `sent` or `accepted`, oldest first."""

    async def commands_of_order(
        self, unit: Transaction, *, vehicle_id: VehicleId, order_id: OrderId
    ) -> tuple[CommandRecord, ...]:
        """Return those of the newest 500 commands of a vehicle that name this order, oldest first."""

    async def recent_commands(self, unit: Transaction, *, since: datetime, limit: int) -> tuple[CommandRecord, ...]:
        """Return all open commands, then *limit* of those that ended after *since*; newest first each."""

    async def sent_commands(self, unit: Transaction) -> tuple[CommandRecord, ...]:
        """Return the commands to all vehicles that no agent has confirmed yet, oldest first."""

    async def set_outcome(
        self, unit: Transaction, outcome: CommandOutcome, *, vehicle_id: VehicleId | None = None
    ) -> CommandRecord:
        """Note what became of a command; repeats and late words change nothing.

        Raises NotFound, NotAllowed when the command is not *vehicle_id*'s, Conflict when the table forbids it.
        """

    async def expire_commands(self, unit: Transaction, *, now: datetime) -> tuple[CommandRecord, ...]:
        """End commands whose time ran out as `expired` with a because, and return them; each is an event as well."""


class VehicleStore(Protocol):
    """The vehicles that ever said hello. Changes are journalled as "vehicles.changed" (key: the vehicle's id)."""

    async def put_vehicle(
        self, unit: Transaction, card: VehicleCard, *, agent: str, software: str, boot_id: str, at: datetime
    ) -> VehicleRecord:
        """Keep what a hello said; whether the vehicle is in service stays as it was."""

    async def vehicle(self, unit: Transaction, vehicle_id: VehicleId) -> VehicleRecord:
        """Return one vehicle; raises NotFound."""

    async def vehicles(self, unit: Transaction) -> tuple[VehicleRecord, ...]:
        """Return all vehicles by id."""

    async def note_seen(self, unit: Transaction, vehicle_id: VehicleId, *, at: datetime) -> None:
        """Keep when a vehicle's agent was last heard (not journalled)."""

    async def take_out_of_service(
        self, unit: Transaction, vehicle_id: VehicleId, *, because: str, by: str, at: datetime
    ) -> VehicleRecord:
        """Give the vehicle no more orders until `put_into_service`; raises NotFound, Conflict without a because."""

    async def put_into_service(
        self, unit: Transaction, vehicle_id: VehicleId, *, because: str, by: str, at: datetime
    ) -> VehicleRecord:
        """Let the vehicle take orders again; raises NotFound."""

    async def add_vehicle_event(self, unit: Transaction, happened: VehicleEvent) -> None:
        """Journal *happened* as "vehicles.event" (key: the vehicle's id)."""


class InboxStore(Protocol):
    """Which reports are in the books already, so that each is handled once however often it comes."""

    async def take_in(
        self, unit: Transaction, report_id: ReportId, *, vehicle_id: VehicleId, kind: str, at: datetime
    ) -> bool:
        """Enter a report with this transaction; False (and counted) when it is in the books already."""

    async def refuse(self, unit: Transaction, report: RefusedReport) -> None:
        """Keep a report that can never succeed; it is journalled as "reports.refused" (key: the report's id)."""

    async def refused_reports(self, unit: Transaction, *, limit: int = 100) -> tuple[RefusedReport, ...]:
        """Return the newest refused reports, newest first."""

    async def inbox_figures(self, unit: Transaction) -> InboxFigures:
        """Return the counts since the first day."""


class FleetStore(OrderStore, GazeLogStore, CommandStore, VehicleStore, InboxStore, Protocol):
    """All books of the fleet; `fleet.store_sql.SqlFleetStore` keeps them."""
