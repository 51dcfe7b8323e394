"""Both ends of the link on loopback, over a real channel with real mutual TLS."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from agent.outbox import Outbox, OutboxFile
from api.grpc.link import serving_links
from core.clock import Clock, SystemClock
from core.database import Database
from core.events import Bus, InProcessBus
from core.ids import VehicleId, new_id
from core.tasks import TaskSupervisor, run_blocking
from fleet.link.certificates import CertificateAuthority, TlsFiles
from fleet.link.channel import open_channel
from fleet.link.downlink import Downlink
from fleet.link.intake import Intake, ReportRoute, fleet_routes
from fleet.link.live_slots import LiveSlots
from fleet.link.uplink import HeldOrders, Uplink
from fleet.orders import Command, CommandOutcome, CommandState, Order, OrderProgress, OrderState
from fleet.registry import FleetRegistry
from fleet.store import FleetStore
from fleet.store_sql import SqlFleetStore
from tests.fleet import examples

CLOCK = SystemClock()


async def until(holds: Callable[[], Awaitable[bool]], *, tries: int = 1500) -> None:
    """Return as soon as *holds* is true; fail after about fifteen seconds."""
    for _ in range(tries):
        if await holds():
            return
        await CLOCK.sleep(0.01)
    raise AssertionError("it did not come true in time")


@dataclass(kw_only=True)
class Controller:
    """One controller's parts that concern the link."""

    data_dir: Path
    database: Database
    store: FleetStore
    registry: FleetRegistry
    downlink: Downlink
    port: int = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def enroll(self, name: str, *vehicles: str) -> TlsFiles:
        authority = CertificateAuthority.open(self.data_dir, now=CLOCK.now())
        return authority.enroll(name, vehicles, now=CLOCK.now())


@asynccontextmanager
async def running_controller(
    data_dir: Path, *, port: int = 0, routes: dict[str, ReportRoute] | None = None, bus: Bus | None = None
) -> AsyncIterator[Controller]:
    """Run a controller's link over the books in *data_dir*."""
    bus = bus or InProcessBus()
    await run_blocking(lambda: data_dir.mkdir(exist_ok=True))
    async with Database(url=f"sqlite+aiosqlite:///{data_dir / 'books.sqlite'}", bus=bus, clock=CLOCK) as database:
        await database.create_all()
        store, registry = SqlFleetStore(), FleetRegistry(clock=CLOCK)
        intake = Intake(database=database, store=store, routes={**fleet_routes(store), **(routes or {})}, clock=CLOCK)
        downlink = Downlink(
            database=database,
            store=store,
            intake=intake,
            registry=registry,
            bus=bus,
            clock=CLOCK,
            software="test",
        )
        controller = Controller(data_dir=data_dir, database=database, store=store, registry=registry, downlink=downlink)
        tls = CertificateAuthority.open(data_dir, now=CLOCK.now()).server(now=CLOCK.now())
        async with TaskSupervisor(clock=CLOCK) as tasks:
            tasks.run("downlink", downlink.run)
            async with serving_links(downlink=downlink, address=f"127.0.0.1:{port}", tls=tls) as controller.port:
                yield controller


@dataclass(kw_only=True)
class Taker:
    """Stores what arrives by reporting it, as the executor does."""

    outbox: Outbox
    orders: list[Order] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    is_deaf: bool = False
    remembers: bool = True

    async def held_orders(self) -> Sequence[OrderProgress]:
        """Return what it would tell in a hello."""
        orders = self.orders if self.remembers else []
        return [
            OrderProgress(order_id=order.id, state=OrderState.ACCEPTED, because="stored", at=CLOCK.now())
            for order in orders
        ]

    async def offer(self, order: Order) -> None:
        self.orders.append(order)
        if not self.is_deaf:
            await self.outbox.put(
                OrderProgress(order_id=order.id, state=OrderState.ACCEPTED, because="stored", at=CLOCK.now())
            )

    async def command(self, command: Command) -> None:
        self.commands.append(command)
        if not self.is_deaf:
            await self.outbox.put(
                CommandOutcome(command_id=command.id, state=CommandState.DONE, because="it hovers", at=CLOCK.now())
            )


@dataclass(kw_only=True)
class Agent:
    """One vehicle's parts that concern the link."""

    uplink: Uplink
    live: LiveSlots
    outbox: Outbox
    taker: Taker


@asynccontextmanager
async def running_agent(
    state_dir: Path,
    *,
    address: str,
    tls: TlsFiles,
    vehicle_id: str = "drone-1",
    held_orders: HeldOrders | None = None,
    clock: Clock = CLOCK,
) -> AsyncIterator[Agent]:
    """Run the agent's end of the link of one vehicle."""
    await run_blocking(lambda: state_dir.mkdir(exist_ok=True))
    async with OutboxFile(file=state_dir / "outbox.sqlite") as file, open_channel(address, tls) as channel:
        outbox = Outbox(file=file, vehicle_id=VehicleId(vehicle_id), clock=CLOCK)
        taker = Taker(outbox=outbox)
        state = examples.ready_state(now_s=CLOCK.monotonic_s(), vehicle_id=vehicle_id)
        live = LiveSlots(clock=CLOCK, newest_state=lambda: state)
        uplink = Uplink(
            card=examples.card(vehicle_id),
            channel=channel,
            live=live,
            reports=outbox,
            taker=taker,
            held_orders=held_orders or taker.held_orders,
            software="test",
            boot_id=new_id(),
            clock=clock,
        )
        async with TaskSupervisor(clock=CLOCK) as tasks:
            tasks.run("uplink", uplink.run)
            yield Agent(uplink=uplink, live=live, outbox=outbox, taker=taker)
