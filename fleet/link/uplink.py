"""The agent's end of the link of one vehicle: comes back by itself, loses no report, never queues what is live."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import grpc
import structlog
from roundsman.v1 import link_pb2 as pb
from roundsman.v1 import link_pb2_grpc

from core.clock import Clock
from core.errors import CallerError, Fault, InvalidInput, RoundsmanError, TimedOut
from core.ids import ReportId, VehicleId
from core.tasks import RestartPolicy, TaskSupervisor, within
from fleet.link.clock_offset import ClockOffset
from fleet.link.live_slots import LiveSlots
from fleet.link.translate import card_to_pb, command_from_pb, order_from_pb, progress_to_pb
from fleet.link.translate_places import to_us
from fleet.orders import Command, Order, OrderProgress
from fleet.vehicle import VehicleCard

PROTOCOL = 3
WELCOME_WITHIN_S = 10.0
LIVE_EVERY_S = 0.25
PROBE_EVERY_S = 10.0
MOST_LIFE_S = 86_400.0
QUICK_PROBES = 4
"""The first probes follow each other quickly, so that the offset is known soon."""
_FOREIGN_CREDENTIALS = (
    "these credentials are not of this controller: make them in its own data folder with "
    "roundsman agents enroll NAME --vehicle ID --data-dir DIR --out DIR"
)
PAUSES = RestartPolicy(first_s=0.5, most_s=8.0)

Stream = grpc.aio.StreamStreamCall[pb.AgentMessage, pb.ControllerMessage]


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingReport:
    """A report that waits: its place in the queue and its bytes (a serialized `roundsman.v1.Report`)."""

    sequence: int
    id: ReportId
    body: bytes


class ReportQueue(Protocol):
    """Reports that wait for the controller (`agent.outbox.Outbox`)."""

    async def pending(self, *, after: int, limit: int) -> list[PendingReport]: ...

    async def acknowledge(self, report_ids: Sequence[ReportId]) -> None: ...

    async def wait_for_more(self) -> None: ...


class OrderTaker(Protocol):
    """Who stores and carries out what arrives (`agent.executor.OrderExecutor`); each may come more than once."""

    async def offer(self, order: Order) -> None: ...

    async def command(self, command: Command) -> None: ...


HeldOrders = Callable[[], Awaitable[Sequence[OrderProgress]]]


class Uplink:
    """Keeps one vehicle's stream to the controller open."""

    def __init__(
        self,
        *,
        card: VehicleCard,
        channel: grpc.aio.Channel,
        live: LiveSlots,
        reports: ReportQueue,
        taker: OrderTaker,
        held_orders: HeldOrders,
        software: str,
        boot_id: str,
        clock: Clock,
    ) -> None:
        self._live = live
        self._card = card
        self._stub = link_pb2_grpc.LinkStub(channel)
        self._reports = reports
        self._taker = taker
        self._held_orders = held_orders
        self._software = software
        self._boot_id = boot_id
        self._clock = clock
        self._connected = asyncio.Event()
        self._log = structlog.get_logger("uplink").bind(vehicle_id=card.id)

    @property
    def is_connected(self) -> bool:
        """Say whether the controller has welcomed us on the present stream."""
        return self._connected.is_set()

    async def wait_until_connected(self) -> None:
        """Return when the controller has welcomed us."""
        await self._connected.wait()

    async def run(self) -> None:
        """Connect, and connect again whenever the stream ends, with a growing pause that differs between agents."""
        failures = 0
        async with TaskSupervisor(clock=self._clock) as deliveries:
            while True:
                why = await self._connect_once(deliveries)
                failures = 1 if self._connected.is_set() else failures + 1
                self._connected.clear()
                if failures == 1:
                    self._log.warning("no link to the controller, trying again", because=why)
                await self._clock.sleep(PAUSES.pause_s(failures) * random.uniform(0.5, 1.5))

    async def _connect_once(self, deliveries: TaskSupervisor) -> str:
        """Live through one stream and return why it ended."""
        stream = self._stub.Connect()
        try:
            welcome = await self._greet(stream)
            self._connected.set()
            self._log.info("linked", controller=welcome.controller)
            session = _Session(
                stream=stream,
                live=self._live,
                reports=self._reports,
                inbound=_Inbound(vehicle_id=self._card.id, taker=self._taker, deliveries=deliveries, clock=self._clock),
                window=max(1, welcome.report_window),
                clock=self._clock,
            )
            return await session.run()
        except grpc.aio.AioRpcError as error:
            return _in_words(error.code(), error.details())
        except asyncio.InvalidStateError:
            # The call had failed before anything could be written to it; its status tells why.
            return _in_words(await stream.code(), await stream.details())
        except (TimeoutError, RoundsmanError) as error:
            return str(error) or "no answer in time"
        finally:
            stream.cancel()

    async def _greet(self, stream: Stream) -> pb.Welcome:
        held = await self._held_orders()
        hello = pb.Hello(
            card=card_to_pb(self._card),
            software=self._software,
            boot_id=self._boot_id,
            protocol=PROTOCOL,
            orders_held=[progress_to_pb(progress) for progress in held],
        )
        await within(WELCOME_WITHIN_S, stream.write(pb.AgentMessage(hello=hello)))
        answer = await within(WELCOME_WITHIN_S, stream.read())
        if not isinstance(answer, pb.ControllerMessage) or not answer.HasField("welcome"):
            code = await within(WELCOME_WITHIN_S, stream.code())
            raise TimedOut(f"the controller gave no welcome: {_in_words(code, await stream.details())}")
        return answer.welcome


def _in_words(code: grpc.StatusCode, details: str | None) -> str:
    words = f"{code.name}: {details}"
    if "handshake failed" in words.lower():
        words += f" ({_FOREIGN_CREDENTIALS})"
    return words


class _Inbound:
    """Hands orders and commands over, each in a task of its own that outlives the stream; repeats are dropped."""

    def __init__(self, *, vehicle_id: VehicleId, taker: OrderTaker, deliveries: TaskSupervisor, clock: Clock) -> None:
        self._vehicle_id = vehicle_id
        self._taker = taker
        self._deliveries = deliveries
        self._clock = clock
        self._log = structlog.get_logger("uplink").bind(vehicle_id=vehicle_id)

    def take_order(self, message: pb.Order) -> None:
        self._deliver(f"order {message.id}", lambda: self._offer(message))

    def take_command(self, message: pb.Command) -> None:
        now = self._clock.now()
        self._deliver(f"command {message.id}", lambda: self._command(message, now))

    def _deliver(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        if not self._deliveries.is_running(name):
            self._deliveries.run_once(name, lambda: self._logged(name, work))

    async def _logged(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except CallerError as error:
            self._log.error("refused", what=name, because=str(error))
        except Fault as error:
            self._log.warning("not taken, it will come again", what=name, because=str(error))

    async def _offer(self, message: pb.Order) -> None:
        order = order_from_pb(message)
        self._check(order.vehicle_id)
        await self._taker.offer(order)

    async def _command(self, message: pb.Command, came_at: datetime) -> None:
        command = command_from_pb(message)
        self._check(command.vehicle_id)
        if message.HasField("lives_for_s"):
            # By our own clock: one that differs from the controller's makes no word to stop too late.
            lives_for_s = min(MOST_LIFE_S, max(0.0, message.lives_for_s))
            command = replace(command, expires_at=came_at + timedelta(seconds=lives_for_s))
        await self._taker.command(command)

    def _check(self, vehicle_id: VehicleId) -> None:
        if vehicle_id != self._vehicle_id:
            raise InvalidInput(f"this is {self._vehicle_id}, it was meant for {vehicle_id}", where="vehicle_id")


class _Session:
    """One stream from welcome to end: one writer, one reader, one ticker."""

    def __init__(
        self,
        *,
        stream: Stream,
        live: LiveSlots,
        reports: ReportQueue,
        inbound: _Inbound,
        window: int,
        clock: Clock,
    ) -> None:
        self._stream = stream
        self._live = live
        self._reports = reports
        self._inbound = inbound
        self._window = window
        self._clock = clock
        self._offset = ClockOffset()
        self._probes = 0
        self._log = structlog.get_logger("uplink")
        self._wake = asyncio.Event()
        self._sent: set[str] = set()
        self._last_sequence = 0
        self._has_more = True
        self._probe_due_s = clock.monotonic_s()
        self._live_due_s = clock.monotonic_s()

    async def run(self) -> str:
        """Return why the stream ended."""
        try:
            async with asyncio.TaskGroup() as group:
                helpers = [group.create_task(work()) for work in (self._write, self._tick, self._watch_reports)]
                await self._read()
                for helper in helpers:
                    helper.cancel()
        except* (grpc.aio.AioRpcError, asyncio.InvalidStateError) as broken:
            # The call's status, asked for below, tells what happened.
            self._log.debug("the stream broke", because=str(broken.exceptions[0]))
        return _in_words(await self._stream.code(), await self._stream.details())

    async def _read(self) -> None:
        while isinstance(message := await self._stream.read(), pb.ControllerMessage):
            match message.WhichOneof("body"):
                case "ack":
                    await self._acknowledge(message.ack.report_ids)
                case "order":
                    self._inbound.take_order(message.order)
                case "command":
                    self._inbound.take_command(message.command)
                case "clock_reply":
                    self._offset.take(message.clock_reply, received_at_us=to_us(self._clock.now()))

    async def _acknowledge(self, report_ids: Sequence[str]) -> None:
        try:
            await self._reports.acknowledge([ReportId(report_id) for report_id in report_ids])
        except Fault as error:
            # They go once more on the next stream, where they are known: words must come through meanwhile.
            self._log.warning("reports not forgotten yet", because=str(error))
        self._sent.difference_update(report_ids)
        self._wake.set()

    async def _tick(self) -> None:
        while True:
            # In step with the other vehicles of this agent: one waking for all of them.
            await self._clock.sleep(LIVE_EVERY_S - self._clock.monotonic_s() % LIVE_EVERY_S)
            self._wake.set()

    async def _watch_reports(self) -> None:
        while True:
            await self._reports.wait_for_more()
            self._has_more = True
            self._wake.set()

    async def _write(self) -> None:
        """Write for ever: what is live first, so that a long queue of reports never delays it by more than one."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._write_live()
            for report in await self._next_reports():
                await self._stream.write(pb.AgentMessage(report=pb.Report.FromString(report.body)))
                self._sent.add(report.id)
                self._last_sequence = report.sequence
                await self._write_live()

    async def _next_reports(self) -> list[PendingReport]:
        room = self._window - len(self._sent)
        if room <= 0 or not self._has_more:
            return []
        batch = min(room, 8)
        self._has_more = False
        reports = await self._reports.pending(after=self._last_sequence, limit=batch)
        if len(reports) == batch:
            self._has_more = True
            self._wake.set()
        return reports

    async def _write_live(self) -> None:
        now_s = self._clock.monotonic_s()
        if now_s >= self._live_due_s:
            self._live_due_s = now_s + 0.9 * LIVE_EVERY_S
            for message in self._live.take():
                await self._stream.write(message)
        if now_s >= self._probe_due_s:
            self._probes += 1
            self._probe_due_s = now_s + (PROBE_EVERY_S if self._probes > QUICK_PROBES else LIVE_EVERY_S)
            probe = self._offset.probe(sent_at_us=to_us(self._clock.now()))
            await self._stream.write(pb.AgentMessage(clock_probe=probe))
