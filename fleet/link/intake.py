"""Reports into the books: each once, with what it changes, in one transaction; what can never succeed is kept apart."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Protocol, TypeVar

import structlog
from roundsman.v1 import link_pb2 as pb

from core.clock import Clock
from core.database import Database, Transaction
from core.errors import CallerError, InvalidInput, RoundsmanError, Unavailable
from core.ids import ReportId, VehicleId
from core.tasks import guarded
from fleet.gazes import GazeLog
from fleet.holding import Speaker
from fleet.link.translate import event_from_pb, outcome_from_pb, progress_from_pb
from fleet.link.translate_gazes import gaze_log_from_pb
from fleet.link.translate_places import from_us
from fleet.orders import Command, CommandKind, CommandOutcome, CommandState, OrderProgress, VehicleEvent
from fleet.store import FleetStore, InboxStore, RefusedReport

_TRIES = 5
B_contra = TypeVar("B_contra", contravariant=True)
B = TypeVar("B")


class ReportHandler(Protocol[B_contra]):
    """Whoever a kind of report concerns."""

    async def handle(self, unit: Transaction, *, vehicle_id: VehicleId, report: B_contra) -> None:
        """Put *report* into the books with *unit*; a CallerError says that it can never be put there."""


ReportRoute = Callable[[Transaction, VehicleId, pb.Report], Awaitable[None]]


def route(decode: Callable[[pb.Report, VehicleId], B], handler: ReportHandler[B]) -> ReportRoute:
    """Return the way of one kind of report: decoded, then handled."""

    async def handle(unit: Transaction, vehicle_id: VehicleId, report: pb.Report) -> None:
        try:
            decoded = decode(report, vehicle_id)
        except RecursionError as error:
            raise InvalidInput("not understood: nested too deeply", where=f"report {report.id}") from error
        await handler.handle(unit, vehicle_id=vehicle_id, report=decoded)

    return handle


def fleet_routes(store: FleetStore) -> dict[str, ReportRoute]:
    """Return the ways of the fleet's own reports, by their field in `roundsman.v1.Report`."""
    return {
        "order_progress": route(lambda report, _: progress_from_pb(report.order_progress), _Progress(store)),
        "command_outcome": route(lambda report, _: outcome_from_pb(report.command_outcome), _Outcomes(store)),
        "vehicle_event": route(
            lambda report, vehicle_id: event_from_pb(report.vehicle_event, vehicle_id=vehicle_id), _Events(store)
        ),
        "gaze_log": route(
            lambda report, vehicle_id: gaze_log_from_pb(report.gaze_log, vehicle_id=vehicle_id), _Gazes(store)
        ),
    }


class _Progress:
    def __init__(self, store: FleetStore) -> None:
        self._store = store

    async def handle(self, unit: Transaction, *, vehicle_id: VehicleId, report: OrderProgress) -> None:
        await self._store.set_progress(unit, report, vehicle_id=vehicle_id)


class _Outcomes:
    def __init__(self, store: FleetStore) -> None:
        self._store = store

    async def handle(self, unit: Transaction, *, vehicle_id: VehicleId, report: CommandOutcome) -> None:
        before = await self._store.command(unit, report.command_id)
        after = await self._store.set_outcome(unit, report, vehicle_id=vehicle_id)
        command = after.command
        is_refused = after.outcome.state is CommandState.FAILED is not before.outcome.state
        is_ours = command.kind is CommandKind.CANCEL and command.speaker is Speaker.DISPATCHER
        if is_refused and is_ours and not await self._was_refused_before(unit, command):
            text = f"the word to end an order that nobody wants any more was not done: {after.outcome.because}"
            refused = VehicleEvent(
                vehicle_id=vehicle_id, kind="cancel_refused", text=text, at=report.at, order_id=command.order_id
            )
            await self._store.add_vehicle_event(unit, refused)

    async def _was_refused_before(self, unit: Transaction, command: Command) -> bool:
        """Say whether people were told already that this order cannot be ended now."""
        if command.order_id is None:
            return False
        said = await self._store.commands_of_order(unit, vehicle_id=command.vehicle_id, order_id=command.order_id)
        return any(
            one.command.id != command.id
            and one.command.kind is command.kind
            and one.outcome.state is CommandState.FAILED
            for one in said
        )


class _Events:
    def __init__(self, store: FleetStore) -> None:
        self._store = store

    async def handle(self, unit: Transaction, *, vehicle_id: VehicleId, report: VehicleEvent) -> None:
        await self._store.add_vehicle_event(unit, report)


class _Gazes:
    def __init__(self, store: FleetStore) -> None:
        self._store = store

    async def handle(self, unit: Transaction, *, vehicle_id: VehicleId, report: GazeLog) -> None:
        await self._store.add_gaze_log(unit, report)


class Intake:
    """Takes reports in; a Fault leaves a report untaken, and the caller tries again."""

    def __init__(
        self,
        *,
        database: Database,
        store: InboxStore,
        routes: Mapping[str, ReportRoute],
        urgent: Mapping[str, ReportRoute] | None = None,
        clock: Clock,
    ) -> None:
        """*urgent* are the ways of what cannot wait: taken where a report cannot be, which then comes again."""
        self._database = database
        self._store = store
        self._routes = routes
        self._urgent = urgent or {}
        self._clock = clock
        self._failing: dict[VehicleId, tuple[str, int]] = {}
        """The report of each vehicle over which this program failed, and how often in a row."""
        self._log = structlog.get_logger("intake")

    async def take(self, vehicle_id: VehicleId, report: pb.Report) -> None:
        """Return when the report is committed (or was before, or is kept as refused); raises Fault.

        One over which this program fails again and again is kept apart as well: the others behind it may be urgent.
        """
        await guarded(
            self._take(vehicle_id, report),
            name=f"report {report.id}",
            on_fault=lambda: self._failed(vehicle_id, report),
            passes=(RoundsmanError,),
        )

    async def _take(self, vehicle_id: VehicleId, report: pb.Report) -> None:
        try:
            async with self._database.transaction() as unit:
                if await self._enter(unit, vehicle_id, report):
                    await self._route(report)(unit, vehicle_id, report)
        except RoundsmanError as error:
            await self._take_urgent(vehicle_id, report)
            if not isinstance(error, CallerError):
                raise
            await self._refuse(vehicle_id, report, error)

    async def _take_urgent(self, vehicle_id: VehicleId, report: pb.Report) -> None:
        handle = self._urgent.get(report.WhichOneof("body") or "")
        if handle is None:
            return
        try:
            async with self._database.transaction() as unit:
                await handle(unit, vehicle_id, report)
        except CallerError as error:  # then the report is refused for the same reason, and kept
            self._log.debug("nothing urgent taken", vehicle_id=vehicle_id, report_id=report.id, because=str(error))

    async def _failed(self, vehicle_id: VehicleId, report: pb.Report) -> None:
        """Have it tried again, a few times; then keep it apart. Raises Fault."""
        before_id, times = self._failing.get(vehicle_id, (report.id, 0))
        times = times + 1 if before_id == report.id else 1
        self._failing[vehicle_id] = report.id, times
        if times < _TRIES:
            raise Unavailable("the controller failed over a report, its log says how", where=f"report {report.id}")
        del self._failing[vehicle_id]
        error = InvalidInput("the controller failed over it again and again", where=f"report {report.id}")
        await self._refuse(vehicle_id, report, error)

    async def _enter(self, unit: Transaction, vehicle_id: VehicleId, report: pb.Report) -> bool:
        kind = report.WhichOneof("body") or "unknown"
        now = self._clock.now()
        return await self._store.take_in(unit, ReportId(report.id), vehicle_id=vehicle_id, kind=kind, at=now)

    def _route(self, report: pb.Report) -> ReportRoute:
        kind = report.WhichOneof("body") or "unknown"
        if kind not in self._routes:
            raise InvalidInput(f"nobody takes reports of the kind {kind}", remedy="bring the controller up to date")
        return self._routes[kind]

    async def _refuse(self, vehicle_id: VehicleId, report: pb.Report, error: CallerError) -> None:
        refused = RefusedReport(
            id=ReportId(report.id),
            vehicle_id=vehicle_id,
            kind=report.WhichOneof("body") or "unknown",
            made_at=self._made_at(report),
            refused_at=self._clock.now(),
            code=error.code,
            because=str(error).replace("\0", " "),
            body=report.SerializeToString(),
        )
        self._log.error("report refused", vehicle_id=vehicle_id, report_id=report.id, because=refused.because)
        async with self._database.transaction() as unit:
            if await self._enter(unit, vehicle_id, report):
                await self._store.refuse(unit, refused)

    def _made_at(self, report: pb.Report) -> datetime:
        """Return when the report was made, by its vehicle's clock; where that tells no time, now."""
        try:
            return from_us(report.made_at_us)
        except InvalidInput:
            return self._clock.now()
