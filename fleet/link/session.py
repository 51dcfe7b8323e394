"""One stream of one vehicle at the controller: a reader, a writer, and the reports on their way into the books."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from roundsman.v1 import link_pb2 as pb

from core.clock import Clock
from core.errors import CallerError, Conflict, InvalidInput, RoundsmanError
from core.ids import VehicleId, is_id
from core.tasks import RestartPolicy
from fleet.link.intake import Intake
from fleet.link.translate_live import eyes_from_pb, picture_from_pb, telemetry_from_pb, tracks_from_pb
from fleet.link.translate_places import to_us
from fleet.registry import FleetRegistry, LinkFacts
from fleet.telemetry import VehicleState

REPORT_WINDOW = 64
SEND_AGAIN = RestartPolicy(first_s=1.0, most_s=10.0)

Send = Callable[[pb.ControllerMessage], Awaitable[None]]
Make = Callable[[], pb.ControllerMessage]


@dataclass(slots=True)
class _Sending:
    """What must arrive: how often it was sent and when it is due again."""

    times: int
    due_s: float


class Session:
    """Serves one stream; `run` raises what ended it."""

    def __init__(
        self,
        *,
        vehicle_id: VehicleId,
        agent: str,
        boot_id: str,
        messages: AsyncIterator[pb.AgentMessage],
        send: Send,
        intake: Intake,
        registry: FleetRegistry,
        clock: Clock,
    ) -> None:
        self.vehicle_id = vehicle_id
        self.agent = agent
        self.boot_id = boot_id
        self._messages = messages
        self._send = send
        self._intake = intake
        self._registry = registry
        self._clock = clock
        self._linked_s = clock.monotonic_s()
        self._reports: deque[pb.Report] = deque()
        self._report_came = asyncio.Event()
        self._outgoing: asyncio.Queue[Make] = asyncio.Queue()
        self._sending: dict[str, _Sending] = {}
        self._replaced = asyncio.Event()

    def replace(self) -> None:
        """End this stream: the same agent has opened a new one."""
        self._replaced.set()

    async def run(self) -> None:
        """Read and write until the agent ends the stream."""
        first: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                helpers = [group.create_task(self._write()), group.create_task(self._watch_for_replacement())]
                await self._read()
                for helper in helpers:
                    helper.cancel()
        except* RoundsmanError as ended:
            first = ended.exceptions[0]
        if first is not None:
            raise first

    async def take_in(self) -> None:
        """Put the reports into the books in their order and acknowledge each after its commit; for ever.

        Raises Fault when the books cannot take one: call it again, it goes on with the same report.
        """
        while True:
            while self._reports:
                report = self._reports[0]
                await self._intake.take(self.vehicle_id, report)
                self._reports.popleft()
                self._outgoing.put_nowait(partial(_ack, report.id))
            self._report_came.clear()
            await self._report_came.wait()

    def deliver(self, things: Mapping[str, Make]) -> None:
        """Send each thing that is due, by id; what is no longer named has arrived (or has run out)."""
        now_s = self._clock.monotonic_s()
        self._sending = {key: sending for key, sending in self._sending.items() if key in things}
        for key, make in things.items():
            sending = self._sending.setdefault(key, _Sending(0, now_s))
            if sending.due_s <= now_s:
                sending.times += 1
                sending.due_s = now_s + SEND_AGAIN.pause_s(sending.times)
                self._outgoing.put_nowait(make)

    async def _write(self) -> None:
        while True:
            make = await self._outgoing.get()
            await self._send(make())

    async def _watch_for_replacement(self) -> None:
        await self._replaced.wait()
        raise Conflict("the same agent has opened a new stream", where=f"agent {self.agent}")

    async def _read(self) -> None:
        vehicle_id, registry, clock = self.vehicle_id, self._registry, self._clock
        async for message in self._messages:
            # Telemetry is by far the most: it is kept as it came and made a value when somebody looks at it.
            kind = message.WhichOneof("body")
            if kind == "telemetry":
                heard_s = clock.monotonic_s()
                registry.update_later(vehicle_id, partial(_state, message.telemetry, vehicle_id, heard_s))
            else:
                self._take(kind, message)

    def _take(self, kind: str | None, message: pb.AgentMessage) -> None:
        vehicle_id = self.vehicle_id
        match kind:
            case "report":
                self._queue(message.report)
            case "clock_probe":
                self._answer(message.clock_probe)
            case "tracks":
                tracks = tracks_from_pb(message.tracks, vehicle_id=vehicle_id)
                self._registry.put_tracks(vehicle_id, lambda: tracks)
            case "eyes":
                eyes = eyes_from_pb(message.eyes, vehicle_id=vehicle_id)
                self._registry.put_eyes(vehicle_id, lambda: eyes)
            case "picture":
                picture = picture_from_pb(message.picture, vehicle_id=vehicle_id)
                self._registry.put_picture(vehicle_id, lambda: picture)
            case "hello":
                raise InvalidInput("a second hello on one stream", where=f"agent {self.agent}")

    def _queue(self, report: pb.Report) -> None:
        if not is_id(report.id):
            raise InvalidInput(f"{report.id!r} is no id of a report (UUIDv7)", where=f"agent {self.agent}")
        if len(self._reports) >= 2 * REPORT_WINDOW:
            raise InvalidInput("more reports are under way than the window allows", where=f"agent {self.agent}")
        self._reports.append(report)
        self._report_came.set()

    def _answer(self, probe: pb.ClockProbe) -> None:
        received_at_us = to_us(self._clock.now())
        self._outgoing.put_nowait(partial(self._reply, probe.sent_at_us, received_at_us))
        if probe.HasField("offset_s"):
            facts = LinkFacts(
                agent=self.agent,
                since_s=self._linked_s,
                offset_s=probe.offset_s,
                round_trip_s=probe.round_trip_s,
            )
            self._registry.put_link(self.vehicle_id, facts)

    def _reply(self, probe_sent_at_us: int, received_at_us: int) -> pb.ControllerMessage:
        reply = pb.ClockReply(
            probe_sent_at_us=probe_sent_at_us, received_at_us=received_at_us, sent_at_us=to_us(self._clock.now())
        )
        return pb.ControllerMessage(clock_reply=reply)


def _ack(report_id: str) -> pb.ControllerMessage:
    return pb.ControllerMessage(ack=pb.Ack(report_ids=[report_id]))


def _state(message: pb.Telemetry, vehicle_id: VehicleId, heard_s: float) -> VehicleState:
    try:
        return telemetry_from_pb(message, vehicle_id=vehicle_id, heard_s=heard_s)
    except CallerError as error:
        return VehicleState(vehicle_id=vehicle_id, because=f"its telemetry is not understood: {error}")
