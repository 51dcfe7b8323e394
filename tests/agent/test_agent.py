"""A whole agent between a simulated vehicle (MAVLink) and a controller's link: started, stopped, started again."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from agent.settings import AgentSettings, OnStop, VehicleSettings
from agent.wiring import running_agent
from core.errors import Conflict
from core.ids import VehicleId
from fleet.orders import Order, OrderProgress, OrderState
from fleet.telemetry import FlightMode
from tests.fleet.drivers.orders import leg, make_order
from tests.fleet.link_ends import CLOCK, Controller, running_controller, until
from tests.sim.sky import Sky, free_port, open_sky, pilot

pytestmark = pytest.mark.slow
DRONE = VehicleId("mav-1")


@pytest.fixture
async def sky() -> AsyncIterator[Sky]:
    async with open_sky(pilot(), speed=8.0) as sky:
        yield sky


@pytest.fixture
async def controller(tmp_path: Path) -> AsyncIterator[Controller]:
    async with running_controller(tmp_path / "c") as controller:
        controller.enroll("tower", "*").write(tmp_path / "credentials")
        yield controller


@pytest.fixture
def settings(tmp_path: Path, sky: Sky, controller: Controller) -> AgentSettings:
    return AgentSettings(
        controller=controller.address,
        credentials=tmp_path / "credentials",
        state_dir=tmp_path / "agent",
        vehicles=(VehicleSettings(connection=f"mavlink:udpin://127.0.0.1:{sky.port}"),),
    )


async def give(controller: Controller, *, rounds: int = 1) -> Order:
    """Wait until the vehicle is there and can fly, and give it an order of three legs a round."""

    async def is_there() -> bool:
        state = controller.registry.state(DRONE)
        return state is not None and state.link_up and state.gps_ok is True and state.home is not None

    await until(is_there, tries=3000)
    order = make_order(*(leg(40.0, 0.0), leg(40.0, 40.0), leg(0.0, 40.0)) * rounds, vehicle_id=DRONE)
    async with controller.database.transaction() as unit:
        await controller.store.add_order(unit, order)
    return order


async def progress(controller: Controller, order: Order) -> OrderProgress:
    async with controller.database.transaction() as unit:
        return (await controller.store.order(unit, order.id)).progress


async def reach(controller: Controller, order: Order, state: OrderState) -> None:
    async def reached() -> bool:
        await CLOCK.sleep(0.05)
        return (await progress(controller, order)).state is state

    await until(reached, tries=1200)


async def flying(controller: Controller, *, rounds: int = 4) -> Order:
    """Give an order that lasts, however busy this machine is, and wait until it is flown."""
    order = await give(controller, rounds=rounds)
    await reach(controller, order, OrderState.RUNNING)

    async def in_the_air() -> bool:
        state = controller.registry.state(DRONE)
        return state is not None and (state.height_above_home_m or 0.0) > 5.0

    await until(in_the_air, tries=3000)
    return order


async def test_an_order_in_the_books_is_flown_and_done(controller: Controller, settings: AgentSettings) -> None:
    async with running_agent(settings, clock=CLOCK):
        order = await give(controller)
        await reach(controller, order, OrderState.DONE)
        done = await progress(controller, order)
        assert done.legs_done == 3
        async with controller.database.transaction() as unit:
            story = await controller.store.order_history(unit, order.id)
            figures = await controller.store.inbox_figures(unit)
        states = list(dict.fromkeys(step.state for step in story))
        assert states[:4] == [OrderState.OFFERED, OrderState.ACCEPTED, OrderState.LOADED, OrderState.RUNNING]
        assert states[-1] is OrderState.DONE
        assert figures.refused == 0


async def test_a_stopped_agent_sends_its_vehicle_home_and_says_so(
    controller: Controller, settings: AgentSettings, sky: Sky
) -> None:
    async with running_agent(settings, clock=CLOCK):
        order = await flying(controller)
    state = controller.registry.state(DRONE)
    assert state is not None
    assert state.mode in {FlightMode.RETURN, FlightMode.MISSION}  # what was heard last before it went
    lines = await controller.database.read_journal(after=0, prefix="vehicles.event")
    (stopped,) = [line.event.body for line in lines if line.event.body["kind"] == "agent_stopped"]
    assert "sent home" in str(stopped["text"])
    async with running_agent(settings, clock=CLOCK):
        await reach(controller, order, OrderState.ABORTED)
        assert (await progress(controller, order)).because == "its agent was stopped"


async def test_an_agent_that_is_told_to_leave_its_vehicle_flying_comes_back_to_it(
    controller: Controller, settings: AgentSettings
) -> None:
    async with running_agent(replace(settings, on_stop=OnStop.LEAVE), clock=CLOCK):
        order = await flying(controller, rounds=2)
    async with running_agent(settings, clock=CLOCK):
        await reach(controller, order, OrderState.DONE)


async def test_a_second_agent_in_the_same_folder_is_refused(settings: AgentSettings, controller: Controller) -> None:
    async with running_agent(settings, clock=CLOCK):
        with pytest.raises(Conflict, match="another agent works with this folder"):
            async with running_agent(settings, clock=CLOCK):
                pass


@pytest.mark.parametrize("system_id", [77, None])
async def test_a_vehicle_that_is_silent_is_told_of_once_and_waited_for(
    settings: AgentSettings, monkeypatch: pytest.MonkeyPatch, system_id: int | None
) -> None:
    monkeypatch.setattr("agent.wiring.HEARD_WITHIN_S", 0.05)
    silent = VehicleSettings(connection=f"mavlink:udpin://127.0.0.1:{free_port()}", system_id=system_id)
    with structlog.testing.capture_logs() as logs:

        async def told() -> bool:
            return any("yet, listening on" in line["event"] for line in logs)

        async with running_agent(replace(settings, vehicles=(silent,)), clock=CLOCK):
            await until(told)
            await CLOCK.sleep(0.05)
    assert len([line for line in logs if line["log_level"] in {"warning", "error"}]) == 1


async def test_an_order_that_a_restarted_agent_does_not_know_any_more_ends_and_its_vehicle_comes_home(
    controller: Controller, settings: AgentSettings
) -> None:
    async with running_agent(replace(settings, on_stop=OnStop.LEAVE), clock=CLOCK):
        order = await flying(controller)
    for file in settings.state_dir.glob("orders-*"):
        file.unlink()
    async with running_agent(settings, clock=CLOCK):
        await reach(controller, order, OrderState.FAILED)
        assert "does not know the order any more" in (await progress(controller, order)).because
        await until(comes_home(controller), tries=3000)


async def test_an_order_that_the_controller_ended_meanwhile_is_cancelled_when_the_agent_is_back(
    controller: Controller, settings: AgentSettings
) -> None:
    async with running_agent(replace(settings, on_stop=OnStop.LEAVE), clock=CLOCK):
        order = await flying(controller)
    ended = replace(
        await progress(controller, order), state=OrderState.TIMED_OUT, because="no word came", at=CLOCK.now()
    )
    async with controller.database.transaction() as unit:
        await controller.store.set_progress(unit, ended)
    async with running_agent(settings, clock=CLOCK):
        await until(comes_home(controller), tries=3000)
        async with controller.database.transaction() as unit:
            assert (await controller.store.order(unit, order.id)).progress.state is OrderState.TIMED_OUT
    assert ended.legs_done < 12


def comes_home(controller: Controller) -> Callable[[], Awaitable[bool]]:
    """Return the claim that the vehicle is on its way home."""

    async def claim() -> bool:
        state = controller.registry.state(DRONE)
        return state is not None and state.is_airborne and state.mode is FlightMode.RETURN

    return claim
