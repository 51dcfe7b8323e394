"""People act through the real controller's interface and on the real simulated town."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.settings import ControllerSettings
from api.wiring import open_services
from core.clock import ManualClock, SystemClock
from core.database import Database
from core.errors import InvalidInput
from core.events import InProcessBus
from core.tasks import within
from perception.sighting import LookVerdict
from sim.grid_worker import GridWorker, Habits
from sim.main import Sim, SimSettings, open_sim
from sim.people_memory import PeopleMemory
from sim.person_api import PersonApi
from sim.resident import Resident
from sim.supervisor import Supervisor
from sim.town_hands import TownHands
from tests.api.controller import SITE, ZONES, Controller
from tests.api.sightings import a_sighting, look_result, take
from tests.sim.sky import free_port, until

pytestmark = pytest.mark.slow
AT_ONCE = (0.0, 0.0)
QUICK = Habits(accept_s=AT_ONCE, set_out_s=AT_ONCE, handle_s=AT_ONCE)


@pytest.fixture
async def controller(tmp_path: Path) -> AsyncIterator[Controller]:
    settings = ControllerSettings(
        data_dir=tmp_path / "controller", site=SITE, zones=ZONES, port=0, grpc_port=0, alarm_resend_s=0.05
    )
    clock, bus = ManualClock(), InProcessBus()
    url = f"sqlite+aiosqlite:///{tmp_path / 'books.db'}"
    async with Database(url=url, bus=bus, clock=clock) as database:
        await database.create_all()
        async with open_services(settings, clock=clock, bus=bus, database=database) as services:
            controller = Controller(services=services, clock=clock)
            yield controller
            await controller.close()


@pytest.fixture
async def sim(tmp_path: Path) -> AsyncIterator[Sim]:
    settings = SimSettings(
        world=SITE.parent,
        state_dir=tmp_path / "sim",
        control_port=0,
        mavlink=f"udpout:127.0.0.1:{free_port()}",
        video_port=free_port(),
    )
    async with open_sim(settings, clock=SystemClock()) as running:
        yield running


@asynccontextmanager
async def person(controller: Controller, *roles: str, **more: Any) -> AsyncIterator[PersonApi]:
    token = await controller.token(*roles, **more)
    transport = httpx.ASGITransport(controller.app, raise_app_exceptions=False)
    api = PersonApi(address="http://controller.test", clock=SystemClock(), token=token, transport=transport)
    async with api:
        yield api


def worker_of(api: PersonApi, hands: TownHands, folder: Path) -> GridWorker:
    memory = PeopleMemory(folder=folder)
    return GridWorker(api=api, hands=hands, memory=memory, clock=SystemClock(), seed=1, habits=QUICK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """A thing of the town and its incident."""

    thing_id: str
    incident_id: str


async def filed(controller: Controller, sim: Sim, thing_id: str) -> Matter:
    thing = next(thing for thing in sim.world.plan.things if thing.id == thing_id)
    assert thing.kind is not None
    sighting = a_sighting(controller, east_m=thing.east_m + 0.8, north_m=thing.north_m, kind=thing.kind)
    return Matter(thing_id=thing_id, incident_id=await take(controller, sighting))


async def test_a_worker_accepts_handles_and_proves_with_a_photo(
    controller: Controller, sim: Sim, tmp_path: Path
) -> None:
    matter = await filed(controller, sim, "cart-1")
    clock = SystemClock()
    async with (
        person(controller, "grid_worker", name="grid1") as api,
        TownHands(address=f"127.0.0.1:{sim.control_port}", clock=clock) as hands,
    ):
        worker = worker_of(api, hands, tmp_path / "people")
        assert [await worker.work() for _ in range(4)] == [1, 1, 1, 0]
        told = await api.get(f"/incidents/{matter.incident_id}")
    assert told["state"] == "handled"
    assert ("after", "upload") in {(photo["kind"], photo["origin"]) for photo in told["photos"]}
    assert "cart-1" in sim.world.town.state.removed_s


async def test_what_was_only_claimed_comes_back_and_is_cleared(
    controller: Controller, sim: Sim, tmp_path: Path
) -> None:
    matter = await filed(controller, sim, "pile-1")
    async with (
        person(controller, "grid_worker", name="grid1") as api,
        TownHands(address=f"127.0.0.1:{sim.control_port}", clock=SystemClock()) as hands,
    ):
        worker = worker_of(api, hands, tmp_path / "people")
        for _ in range(3):
            await worker.work()
        assert "pile-1" in sim.world.town.state.claimed_s
        assert "pile-1" not in sim.world.town.state.removed_s
        controller.clock.jump(60)
        told = await api.get(f"/incidents/{matter.incident_id}")
        async with controller.services.database.transaction() as unit:
            look = look_result(controller, told["id"], LookVerdict.STILL_THERE)
            await controller.services.verification.take(unit, look)
        assert (await api.get(f"/incidents/{matter.incident_id}"))["state"] == "rework"
        for _ in range(2):
            await worker.work()
        assert (await api.get(f"/incidents/{matter.incident_id}"))["state"] == "handled"
    assert "pile-1" in sim.world.town.state.removed_s


async def test_a_worker_who_is_started_again_does_not_clear_a_thing_twice(
    controller: Controller, sim: Sim, tmp_path: Path
) -> None:
    matter = await filed(controller, sim, "pile-1")
    async with (
        person(controller, "grid_worker", name="grid1") as api,
        TownHands(address=f"127.0.0.1:{sim.control_port}", clock=SystemClock()) as hands,
    ):
        worker = worker_of(api, hands, tmp_path / "people")
        for _ in range(2):
            await worker.work()
        # the first life ended after the hands had worked and before the controller was told
        PeopleMemory(folder=tmp_path / "people").note(f"{matter.incident_id}/0")
        again = worker_of(api, hands, tmp_path / "people")
        await again.work()
        assert (await api.get(f"/incidents/{matter.incident_id}"))["state"] == "handled"
    assert "pile-1" not in sim.world.town.state.claimed_s


async def test_a_press_is_rung_answered_looked_at_and_resolved(controller: Controller, tmp_path: Path) -> None:
    async with (
        person(controller, "supervisor") as desk,
        person(controller, "resident_device", name="gate", panel_id="gate") as panel,
    ):
        memory = PeopleMemory(folder=tmp_path / "people")
        resident = Resident(api=panel, memory=memory, clock=SystemClock(), press_after_s=0)
        supervisor = Supervisor(api=desk, clock=SystemClock(), seed=1, think_s=AT_ONCE, watch_look_s=0.1)
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(within(30, resident.run()))
            while not waiting.done():
                await supervisor.attend()
                await asyncio.sleep(0.02)
        (alarm,) = (await desk.get("/alarms", open=False))["alarms"]
        assert alarm["state"] == "resolved"
        assert alarm["answered_by"] == "supervisor"
        assert alarm["rung_at"] is not None
        again = Resident(api=panel, memory=memory, clock=SystemClock(), press_after_s=0)
        await within(10, again.run())
        assert len((await desk.get("/alarms"))["alarms"]) == 1, "a resident who is started again does not press again"


class _Door(httpx.AsyncBaseTransport):
    """A real controller behind a door that can be shut."""

    def __init__(self, controller: Controller) -> None:
        self._inner = httpx.ASGITransport(controller.app, raise_app_exceptions=False)
        self.is_shut = False
        self.knocks = 0
        self.keys: set[str] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_shut:
            self.knocks += 1
            self.keys.add(request.headers.get("Idempotency-Key", ""))
            raise httpx.ConnectError("refused", request=request)
        return await self._inner.handle_async_request(request)


async def test_a_person_knocks_with_the_same_key_until_the_controller_is_back(controller: Controller) -> None:
    token = await controller.token("resident_device", panel_id="gate")
    door, clock = _Door(controller), ManualClock()
    api = PersonApi(address="http://controller.test", clock=clock, token=token, transport=door)
    async with api, asyncio.TaskGroup() as group:
        door.is_shut = True
        body = {"press_id": "0123456789", "pressed_at": "2026-01-05T08:00:00Z"}
        press = group.create_task(api.post("/panel/presses", body))
        await until(lambda: door.knocks == 1, what="a knock")
        await clock.advance(2.0)
        assert door.knocks >= 2
        assert len(door.keys) == 1
        door.is_shut = False
        await clock.advance(5.0)
        assert (await within(5, press))["press_id"] == "0123456789"


def test_a_damaged_memory_is_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "people.json").write_text("{")
    with pytest.raises(InvalidInput, match="remove this file"):
        PeopleMemory(folder=tmp_path)
