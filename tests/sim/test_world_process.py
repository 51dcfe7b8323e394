"""A whole simulated world: its control service, what it remembers, and what the referee sees."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.errors import Conflict, InvalidInput, Unavailable
from core.tasks import run_blocking
from geofence.positions import LocalPosition
from sim.control_client import ControlClient
from sim.faults import NAMES, describe
from sim.flight import Landed, Mode, Point
from sim.main import Sim, SimSettings, ground_station, open_sim
from sim.snapshot import read_snapshot
from sim.town_hands import TownHands
from tests.sim.sky import free_port, until

ESTATE = Path(__file__).parents[2] / "sim" / "worlds" / "estate"
pytestmark = pytest.mark.slow


@dataclass(slots=True, kw_only=True)
class Running:
    """A running world with a client of its control service."""

    sim: Sim
    client: ControlClient

    @property
    def address(self) -> str:
        """Return the address of the control service."""
        return f"127.0.0.1:{self.sim.control_port}"


@asynccontextmanager
async def running(state_dir: Path, *, speed: float = 1.0, world: Path = ESTATE) -> AsyncIterator[Running]:
    settings = SimSettings(
        world=world,
        state_dir=state_dir,
        control_port=0,
        mavlink=f"udpout:127.0.0.1:{free_port()}",
        video_port=free_port(),
        speed=speed,
    )
    async with open_sim(settings, clock=SystemClock()) as sim:
        with ControlClient(address=f"127.0.0.1:{sim.control_port}") as client:
            yield Running(sim=sim, client=client)


async def truth(world: Running) -> dict[str, object]:
    return await run_blocking(world.client.truth)


async def test_faults_are_set_listed_and_cleared_while_it_runs(tmp_path: Path) -> None:
    async with running(tmp_path) as world:
        told = await run_blocking(partial(world.client.set_fault, vehicle_id="drone-1", name="wind_m_s", value="7.5"))
        assert told == {"drone-1": {"wind_m_s": "7.5"}, "drone-2": {}}
        assert world.sim.world.pilots[0].faults.wind_m_s == 7.5
        told = await run_blocking(partial(world.client.set_fault, vehicle_id="", name="gps_lost", value=""))
        assert told["drone-2"] == {"gps_lost": "True"}
        told = await run_blocking(partial(world.client.clear_fault, vehicle_id="", name=""))
        assert told == {"drone-1": {}, "drone-2": {}}


@pytest.mark.parametrize(
    ("vehicle", "name", "value", "words"),
    [
        ("drone-1", "bad_luck", "", "no such fault"),
        ("drone-9", "gps_lost", "", "no such vehicle"),
        ("drone-1", "wind_m_s", "much", "not a number"),
        ("drone-1", "gps_lost", "perhaps", "neither true nor false"),
    ],
)
async def test_a_wrong_fault_is_refused_with_words(
    tmp_path: Path, vehicle: str, name: str, value: str, words: str
) -> None:
    async with running(tmp_path) as world:
        with pytest.raises(InvalidInput, match=words):
            await run_blocking(partial(world.client.set_fault, vehicle_id=vehicle, name=name, value=value))


def test_every_fault_has_its_sentence() -> None:
    told = describe()
    assert set(told) == set(NAMES)
    assert all(sentence.endswith(".") for sentence in told.values())


def test_nobody_answering_is_said_plainly() -> None:
    with ControlClient(address="127.0.0.1:1") as client, pytest.raises(Unavailable, match="no simulator answers"):
        client.truth()


async def test_a_matter_is_found_by_place_and_kind_and_its_first_handling_may_be_only_claimed(tmp_path: Path) -> None:
    async with running(tmp_path) as world, TownHands(address=world.address, clock=SystemClock()) as hands:
        pile = next(thing for thing in world.sim.world.town.plan.things if thing.id == "pile-1")
        here = world.sim.world.plan.frame.to_geo(LocalPosition(east_m=pile.east_m + 2, north_m=pile.north_m))
        place = [here.lon_deg, here.lat_deg]
        first = await hands.handle(place, kind="20507", within_m=10)
        assert (first.thing_ids, first.is_gone) == (("pile-1",), False)
        second = await hands.handle(place, kind="20507", within_m=10)
        assert second.is_gone
        third = await hands.handle(place, kind="20507", within_m=10)
        assert (third.thing_ids, third.is_gone) == ((), False)


async def test_bikes_of_one_matter_go_together(tmp_path: Path) -> None:
    async with running(tmp_path) as world, TownHands(address=world.address, clock=SystemClock()) as hands:
        bike = next(thing for thing in world.sim.world.town.plan.things if thing.id == "bike-3")
        here = world.sim.world.plan.frame.to_geo(LocalPosition(east_m=bike.east_m, north_m=bike.north_m))
        cleared = await hands.handle([here.lon_deg, here.lat_deg], kind="20506", within_m=5)
        assert len(cleared.thing_ids) == 5
        things = (await truth(world))["things"]
        assert isinstance(things, list)
        assert [thing["gone_s"] is not None for thing in things if thing["id"] == "bikes"] == [True]


async def test_a_photo_shows_what_is_there_now(tmp_path: Path) -> None:
    async with running(tmp_path) as world, TownHands(address=world.address, clock=SystemClock()) as hands:
        cart = next(thing for thing in world.sim.world.town.plan.things if thing.id == "cart-1")
        here = world.sim.world.plan.frame.to_geo(LocalPosition(east_m=cart.east_m, north_m=cart.north_m))
        place = [here.lon_deg, here.lat_deg]
        before = await hands.photo(place)
        await hands.handle(place, kind="20501", within_m=5)
        after = await hands.photo(place)
        assert before[:3] == after[:3] == b"\xff\xd8\xff"
        assert len(before) > len(after) + 1000, "a cart with its customers has more detail than bare pavement"


async def test_a_killed_world_goes_on_where_it_was(tmp_path: Path) -> None:
    async with running(tmp_path / "a", speed=8.0) as world:
        pilot = world.sim.world.pilots[0]
        pilot.arm()
        pilot.take_off()
        world.sim.world.town.handle("cart-1", leave=None, time_s=world.sim.world.time.now_s)
        await until(lambda: pilot.record.landed is Landed.IN_AIR and pilot.record.body.up_m > 5, what="the climb")
        written = tmp_path / "a" / "world.snapshot.json"
        seen_s = world.sim.world.time.now_s
        await until(
            lambda: written.exists() and (kept := read_snapshot(written, world="estate")) is not None
            and kept.time_s >= seen_s,
            what="a snapshot",
        )  # fmt: skip
        # What a kill would leave is the newest file of a running world, not the one written at a proper end.
        (tmp_path / "b").mkdir()
        shutil.copy(written, tmp_path / "b" / written.name)
    async with running(tmp_path / "b", speed=8.0) as again:
        pilot = again.sim.world.pilots[0]
        assert again.sim.world.time.now_s >= seen_s
        assert pilot.record.is_armed
        assert pilot.record.body.up_m > 5
        assert "cart-1" not in {thing.id for thing in again.sim.world.town.things(again.sim.world.time.now_s)}
        pilot.set_mode(Mode.RETURN)
        await until(lambda: not pilot.record.is_armed, what="the landing")


async def test_a_damaged_snapshot_is_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "world.snapshot.json").write_text("{")
    with pytest.raises(InvalidInput, match="remove this file"):
        async with running(tmp_path):
            pass


async def test_the_referee_counts_an_entry_once_and_measures_separation(tmp_path: Path) -> None:
    async with running(tmp_path, speed=8.0) as world:
        one, other = world.sim.world.pilots
        for pilot in (one, other):
            pilot.arm()
            pilot.take_off()
        await until(lambda: one.record.mode is other.record.mode is Mode.HOLD, what="both in the air")
        assert (await truth(world))["fence_breaches"] == 0
        one.cockpit.parameters.set("MPC_XY_CRUISE", 12)
        one.reposition(Point(east_m=100.0, north_m=40.0, up_m=90.0))
        await until(lambda: one.record.body.east_m > 95, what="the school yard")
        told = await truth(world)
        breaches = told["breaches"]
        assert isinstance(breaches, list)
        assert sorted(breach["zone_id"] for breach in breaches) == ["estate", "school"]
        least_m = told["min_separation_m"]
        assert isinstance(least_m, float)
        assert 0 < least_m < 200


async def test_a_port_that_is_taken_is_said_plainly(tmp_path: Path) -> None:
    async with running(tmp_path / "a") as world:
        settings = SimSettings(
            world=ESTATE, state_dir=tmp_path / "b", control_port=world.sim.control_port, video_port=free_port()
        )
        with pytest.raises(Unavailable, match="is taken"):
            async with open_sim(settings, clock=SystemClock()):
                pass


@pytest.mark.parametrize("text", ["udpin:127.0.0.1:14550", "udpout:14550", "udpout:127.0.0.1:many", "tcp:1:2"])
def test_a_wrong_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="udpout"):
        ground_station(text, 14550)


def test_addresses_may_have_slashes() -> None:
    assert ground_station("udpout://127.0.0.1:14551", 1) == ("127.0.0.1", 14551)
    assert ground_station(None, 14550) == ("127.0.0.1", 14550)


async def test_the_world_time_goes_on(tmp_path: Path) -> None:
    async with running(tmp_path) as world:
        before_s = world.sim.world.time.now_s
        await asyncio.sleep(0.05)
        await until(lambda: world.sim.world.time.now_s > before_s, what="time")


async def test_two_simulators_never_write_one_world_down(tmp_path: Path) -> None:
    async with running(tmp_path):
        with pytest.raises(Conflict, match="another simulator works with this folder"):
            async with running(tmp_path):
                pass
