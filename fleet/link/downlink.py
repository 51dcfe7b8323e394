"""The controller's end of the links: takes what agents say, and sends what must arrive until it has arrived."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import structlog
from roundsman.v1 import link_pb2 as pb

from core.clock import Clock
from core.database import Database
from core.errors import Fault, InvalidInput, NotAllowed, TimedOut
from core.events import Bus
from core.ids import VehicleId
from core.tasks import RestartPolicy, TaskSupervisor, within
from fleet.errors import DuplicateVehicle
from fleet.events import COMMANDS_CHANGED, ORDERS_CHANGED
from fleet.link.certificates import AgentIdentity
from fleet.link.held_orders import TELLS_ALL_FROM, compare_orders
from fleet.link.intake import Intake
from fleet.link.session import REPORT_WINDOW, Make, Send, Session
from fleet.link.translate import card_from_pb, command_to_pb, order_to_pb, progress_from_pb
from fleet.orders import Command, Order, OrderProgress, VehicleEvent
from fleet.registry import FleetRegistry, LinkFacts
from fleet.store import FleetStore
from fleet.vehicle import VehicleCard

HELLO_WITHIN_S = 5.0
LOOK_EVERY_S = 1.0
NOTE_SEEN_EVERY_S = 10.0
SETTLE_S = 0.02
"""Changes that come together are looked at together."""
_TRY_AGAIN = RestartPolicy(first_s=0.5, most_s=10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Greeting:
    card: VehicleCard
    software: str
    boot_id: str
    protocol: int
    orders: tuple[OrderProgress, ...]


class Downlink:
    """All links of one controller: `connect` lives as long as one stream, `run` as long as the controller."""

    def __init__(
        self,
        *,
        database: Database,
        store: FleetStore,
        intake: Intake,
        registry: FleetRegistry,
        bus: Bus,
        clock: Clock,
        software: str,
    ) -> None:
        self._database = database
        self._store = store
        self._intake = intake
        self._registry = registry
        self._bus = bus
        self._clock = clock
        self._software = software
        self._sessions: dict[VehicleId, Session] = {}
        self._events: list[VehicleEvent] = []
        self._wake = asyncio.Event()
        self._seen_due_s = 0.0
        self._log = structlog.get_logger("downlink")

    # ----------------------------------------------------------------------------- one stream

    async def connect(self, *, agent: AgentIdentity, messages: AsyncIterator[pb.AgentMessage], send: Send) -> None:
        """Serve one vehicle's stream until it ends.

        Raises InvalidInput for what is not understood, NotAllowed for a vehicle outside of the certificate,
        DuplicateVehicle while another agent speaks for it, TimedOut without a hello, Unavailable without books.
        """
        greeting = await self._hear_hello(agent, messages)
        session = Session(
            vehicle_id=greeting.card.id,
            agent=agent.name,
            boot_id=greeting.boot_id,
            messages=messages,
            send=send,
            intake=self._intake,
            registry=self._registry,
            clock=self._clock,
        )
        with self._speaking(session):
            await self._welcome(agent, greeting, send)
            self._log.info("agent linked", vehicle_id=greeting.card.id, agent=agent.name, software=greeting.software)
            async with TaskSupervisor(clock=self._clock, policy=_TRY_AGAIN) as services:
                services.run(f"intake {greeting.card.id}", session.take_in)
                await session.run()

    async def _hear_hello(self, agent: AgentIdentity, messages: AsyncIterator[pb.AgentMessage]) -> _Greeting:
        try:
            first = await within(HELLO_WITHIN_S, anext(messages))
        except (TimeoutError, StopAsyncIteration) as error:
            raise TimedOut("no hello came", where=f"agent {agent.name}") from error
        if not first.HasField("hello"):
            raise InvalidInput("a stream begins with hello", where=f"agent {agent.name}")
        hello = first.hello
        card = card_from_pb(hello.card)
        if not card.id:
            raise InvalidInput("the card names no vehicle", where=f"agent {agent.name}")
        if not agent.may_speak_for(card.id):
            remedy = f"roundsman agents enroll {agent.name} --vehicle {card.id} (with all its other vehicles)"
            raise NotAllowed(f"its certificate does not name {card.id}", where=f"agent {agent.name}", remedy=remedy)
        return _Greeting(
            card=card,
            software=hello.software[:80],
            boot_id=hello.boot_id[:36],
            protocol=hello.protocol,
            orders=tuple(progress_from_pb(progress) for progress in hello.orders_held),
        )

    async def _welcome(self, agent: AgentIdentity, greeting: _Greeting, send: Send) -> None:
        async with self._database.transaction() as unit:
            await self._store.put_vehicle(
                unit,
                greeting.card,
                agent=agent.name,
                software=greeting.software,
                boot_id=greeting.boot_id,
                at=self._clock.now(),
            )
            if greeting.protocol >= TELLS_ALL_FROM:
                now, vehicle_id = self._clock.now(), greeting.card.id
                await compare_orders(unit, self._store, vehicle_id, greeting.orders, now=now)
        welcome = pb.Welcome(controller=self._software, report_window=REPORT_WINDOW)
        await send(pb.ControllerMessage(welcome=welcome))
        self._wake.set()

    @contextmanager
    def _speaking(self, session: Session) -> Iterator[None]:
        """Hold the vehicle for one stream; the same process may replace its own stream, nobody else may."""
        vehicle_id = session.vehicle_id
        holder = self._sessions.get(vehicle_id)
        if holder is not None and (holder.agent, holder.boot_id) != (session.agent, session.boot_id):
            self._events.append(self._event(vehicle_id, "second_agent", f"{session.agent} was turned away"))
            raise DuplicateVehicle(
                f"{vehicle_id} is spoken for by the agent {holder.agent}",
                where=f"agent {session.agent}",
                remedy="stop one of the two agents",
            )
        if holder is not None:
            holder.replace()
        self._sessions[vehicle_id] = session
        self._registry.put_link(vehicle_id, LinkFacts(agent=session.agent, since_s=self._clock.monotonic_s()))
        try:
            yield
        finally:
            if self._sessions.get(vehicle_id) is session:
                del self._sessions[vehicle_id]
                self._registry.put_link(vehicle_id, None)
                self._events.append(self._event(vehicle_id, "agent_gone", f"the link of {session.agent} ended"))
                self._log.warning("agent gone", vehicle_id=vehicle_id, agent=session.agent)

    def _event(self, vehicle_id: VehicleId, kind: str, text: str) -> VehicleEvent:
        return VehicleEvent(vehicle_id=vehicle_id, kind=kind, text=text, at=self._clock.now())

    # ---------------------------------------------------------------------------- all streams

    async def run(self) -> None:
        """Send what must arrive, end what ran out, note who is there; raises Fault when the books are away."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._wake_on(ORDERS_CHANGED))
            group.create_task(self._wake_on(COMMANDS_CHANGED))
            group.create_task(self._look_again())
            await self._serve()

    async def _serve(self) -> None:
        while True:
            self._wake.clear()
            self._registry.note_silence()
            await self._deliver()
            await self._keep_books()
            await self._wake.wait()
            await self._clock.sleep(SETTLE_S)

    async def _wake_on(self, subject: str) -> None:
        async with self._bus.subscribe(subject) as changes:
            async for _ in changes:
                self._wake.set()

    async def _look_again(self) -> None:
        """Look at the rows even when nobody says so: they are the truth, the bus only hints."""
        while True:
            await self._clock.sleep(LOOK_EVERY_S)
            self._wake.set()

    async def _deliver(self) -> None:
        now = self._clock.now()
        async with self._database.transaction() as unit:
            await self._store.expire_commands(unit, now=now)
            commands = await self._store.sent_commands(unit)
            orders = await self._store.offered_orders(unit)
        for vehicle_id, session in list(self._sessions.items()):
            # Commands first: a hold must not wait behind an order.
            things: dict[str, Make] = {
                c.command.id: partial(_command, c.command, self._clock)
                for c in commands
                if c.command.vehicle_id == vehicle_id
            }
            for record in orders:
                if record.order.vehicle_id == vehicle_id and record.order.not_after_at > now:
                    things[record.order.id] = partial(_order, record.order)
            session.deliver(things)

    async def _keep_books(self) -> None:
        now_s, now = self._clock.monotonic_s(), self._clock.now()
        if not self._events and now_s < self._seen_due_s:
            return
        events, self._events = self._events, []
        try:
            async with self._database.transaction() as unit:
                for happened in events:
                    await self._store.add_vehicle_event(unit, happened)
                for vehicle_id in list(self._sessions) if now_s >= self._seen_due_s else ():
                    await self._store.note_seen(unit, vehicle_id, at=now)
        except Fault:
            self._events = [*events, *self._events]
            raise
        if now_s >= self._seen_due_s:
            self._seen_due_s = now_s + NOTE_SEEN_EVERY_S


def _command(command: Command, clock: Clock) -> pb.ControllerMessage:
    message = command_to_pb(command)
    message.lives_for_s = (command.expires_at - clock.now()).total_seconds()
    return pb.ControllerMessage(command=message)


def _order(order: Order) -> pb.ControllerMessage:
    return pb.ControllerMessage(order=order_to_pb(order))
