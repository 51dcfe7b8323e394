"""The link between controller and agent, both ends real, on loopback with mutual TLS."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import grpc
import pytest
import structlog
from roundsman.v1 import link_pb2 as pb
from roundsman.v1 import link_pb2_grpc

from core.clock import SystemClock
from core.database import Transaction
from core.errors import StorageFull, Unavailable
from core.ids import OrderId, VehicleId, new_id
from core.tasks import within
from fleet.link.certificates import CertificateAuthority, TlsFiles
from fleet.link.channel import open_channel
from fleet.link.intake import ReportRoute
from fleet.link.uplink import Stream
from fleet.orders import CommandState, OrderProgress, OrderState, VehicleEvent
from tests.fleet import examples
from tests.fleet.link_ends import CLOCK, Agent, Controller, running_agent, running_controller, until

DRONE = VehicleId("drone-1")


def event(number: int) -> VehicleEvent:
    return VehicleEvent(vehicle_id=DRONE, kind="note", text=str(number), at=CLOCK.now())


async def texts(controller: Controller) -> list[str]:
    lines = await controller.database.read_journal(after=0, prefix="vehicles.event", limit=5000)
    return [str(line.event.body["text"]) for line in lines if line.event.body["kind"] == "note"]


async def is_empty(agent: Agent) -> bool:
    return await agent.outbox.count() == 0


async def test_telemetry_reaches_the_registry_and_the_books_know_the_vehicle(tmp_path: Path) -> None:
    async with running_controller(tmp_path / "c") as controller:
        tls = controller.enroll("tower", "drone-1")
        async with running_agent(tmp_path / "a", address=controller.address, tls=tls):

            async def arrived() -> bool:
                return controller.registry.state(DRONE) is not None

            await until(arrived)
            state = controller.registry.state(DRONE)
            assert state is not None
            assert state.position == examples.DOCK.place
            assert state.link_up
            async with controller.database.transaction() as unit:
                record = await controller.store.vehicle(unit, DRONE)
            assert (record.card, record.agent) == (examples.card(), "tower")


async def test_an_order_is_sent_until_the_agent_has_stored_it(tmp_path: Path) -> None:
    async with running_controller(tmp_path / "c") as controller:
        order = replace(examples.order(), not_after_at=CLOCK.now() + timedelta(hours=1))
        async with controller.database.transaction() as unit:
            await controller.store.add_order(unit, order)
        tls = controller.enroll("tower", "*")
        async with running_agent(tmp_path / "a", address=controller.address, tls=tls) as agent:
            agent.taker.is_deaf = True

            async def came_twice() -> bool:
                return len(agent.taker.orders) >= 2

            await until(came_twice)
            agent.taker.is_deaf = False

            async def accepted() -> bool:
                async with controller.database.transaction() as unit:
                    record = await controller.store.order(unit, order.id)
                return record.progress.state is OrderState.ACCEPTED

            await until(accepted)
            assert all(taken == order for taken in agent.taker.orders)
            await until(lambda: is_empty(agent))


async def test_a_command_is_answered_at_once(tmp_path: Path) -> None:
    async with running_controller(tmp_path / "c") as controller:
        tls = controller.enroll("tower", "drone-1")
        async with running_agent(tmp_path / "a", address=controller.address, tls=tls) as agent:
            await within(5, agent.uplink.wait_until_connected())
            now = CLOCK.now()
            command = replace(examples.command(), made_at=now, expires_at=now + timedelta(seconds=30))
            async with controller.database.transaction() as unit:
                await controller.store.add_command(unit, command)

            async def done() -> bool:
                async with controller.database.transaction() as unit:
                    record = await controller.store.command(unit, command.id)
                return record.outcome.state is CommandState.DONE

            await until(done)
            (taken,) = agent.taker.commands
            assert replace(taken, expires_at=command.expires_at) == command
            assert abs(taken.expires_at - command.expires_at) < timedelta(seconds=5)


@pytest.mark.parametrize("is_off", [timedelta(hours=1), -timedelta(hours=1)])
async def test_a_clock_that_is_off_makes_no_word_too_late(tmp_path: Path, is_off: timedelta) -> None:
    class Off(SystemClock):
        def now(self) -> datetime:
            return super().now() + is_off

    async with running_controller(tmp_path / "c") as controller:
        tls = controller.enroll("tower", "drone-1")
        async with running_agent(tmp_path / "a", address=controller.address, tls=tls, clock=Off()) as agent:
            now = CLOCK.now()
            command = replace(examples.command(), made_at=now, expires_at=now + timedelta(seconds=30))
            async with controller.database.transaction() as unit:
                await controller.store.add_command(unit, command)

            async def came() -> bool:
                return bool(agent.taker.commands)

            await until(came)
            assert timedelta(0) < agent.taker.commands[0].expires_at - Off().now() <= timedelta(seconds=30)


async def test_a_word_reaches_an_agent_whose_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object) -> None:
        raise StorageFull("there is no room left for reports")

    async with running_controller(tmp_path / "c") as controller:
        tls = controller.enroll("tower", "drone-1")
        async with running_agent(tmp_path / "a", address=controller.address, tls=tls) as agent:
            agent.taker.is_deaf = True
            monkeypatch.setattr(agent.outbox, "acknowledge", full)
            await within(5, agent.uplink.wait_until_connected())
            for number in range(3):
                await agent.outbox.put(event(number))

            async def are_taken() -> bool:
                return len(await texts(controller)) == 3

            await until(are_taken)
            now = CLOCK.now()
            command = replace(examples.command(), made_at=now, expires_at=now + timedelta(seconds=30))
            async with controller.database.transaction() as unit:
                await controller.store.add_command(unit, command)

            async def came() -> bool:
                return bool(agent.taker.commands)

            await until(came)
            assert agent.uplink.is_connected
            assert "agent_gone" not in {
                line.event.body["kind"]
                for line in await controller.database.read_journal(after=0, prefix="vehicles.event")
            }


async def test_a_command_that_nobody_takes_expires(tmp_path: Path) -> None:
    async with running_controller(tmp_path / "c") as controller:
        now = CLOCK.now()
        command = replace(examples.command(), made_at=now, expires_at=now)
        async with controller.database.transaction() as unit:
            await controller.store.add_command(unit, command)

        async def expired() -> bool:
            async with controller.database.transaction() as unit:
                return (await controller.store.command(unit, command.id)).outcome.state is CommandState.EXPIRED

        await until(expired)


async def test_a_long_absence_of_the_controller_loses_nothing(tmp_path: Path) -> None:
    async with running_controller(tmp_path / "c") as controller:
        port, tls = controller.port, controller.enroll("tower", "drone-1")
    async with running_agent(tmp_path / "a", address=f"127.0.0.1:{port}", tls=tls) as agent:
        for number in range(300):
            await agent.outbox.put(event(number))
        async with running_controller(tmp_path / "c", port=port) as controller:
            await until(lambda: is_empty(agent))
            assert await texts(controller) == [str(number) for number in range(300)]


async def test_a_controller_that_comes_and_goes_has_each_report_once(tmp_path: Path) -> None:
    async with running_controller(tmp_path / "c") as controller:
        port, tls = controller.port, controller.enroll("tower", "drone-1")
    async with running_agent(tmp_path / "a", address=f"127.0.0.1:{port}", tls=tls) as agent:
        for number in range(200):
            await agent.outbox.put(event(number))
        for _ in range(3):
            async with running_controller(tmp_path / "c", port=port) as controller:
                before = len(await texts(controller))

                async def some_more(controller: Controller = controller, before: int = before) -> bool:
                    return len(await texts(controller)) >= min(200, before + 20)

                await until(some_more)
        async with running_controller(tmp_path / "c", port=port) as controller:
            await until(lambda: is_empty(agent))
            assert await texts(controller) == [str(number) for number in range(200)]
            async with controller.database.transaction() as unit:
                figures = await controller.store.inbox_figures(unit)
            assert (figures.committed, figures.refused) == (200, 0)


async def test_a_report_that_can_never_succeed_is_kept_apart_and_does_not_block(tmp_path: Path) -> None:
    async with running_controller(tmp_path / "c") as controller:
        tls = controller.enroll("tower", "drone-1")
        async with running_agent(tmp_path / "a", address=controller.address, tls=tls) as agent:
            strange = OrderProgress(order_id=OrderId(new_id()), state=OrderState.RUNNING, at=CLOCK.now())
            await agent.outbox.put(strange)
            await agent.outbox.put(event(1))
            await until(lambda: is_empty(agent))
            assert await texts(controller) == ["1"]
            async with controller.database.transaction() as unit:
                (refused,) = await controller.store.refused_reports(unit)
            assert (refused.code, refused.kind) == ("not_found", "order_progress")
            assert pb.Report.FromString(refused.body).order_progress.order_id == strange.order_id


async def test_a_report_waits_while_the_books_are_away(tmp_path: Path) -> None:
    calls: list[str] = []

    async def handle(unit: Transaction, vehicle_id: VehicleId, report: pb.Report) -> None:
        calls.append(report.vehicle_event.text)
        if len(calls) < 3:
            raise Unavailable("the database is being moved")

    routes: dict[str, ReportRoute] = {"vehicle_event": handle}
    async with running_controller(tmp_path / "c", routes=routes) as controller:
        tls = controller.enroll("tower", "drone-1")
        async with running_agent(tmp_path / "a", address=controller.address, tls=tls) as agent:
            await agent.outbox.put(event(1))
            await agent.outbox.put(event(2))
            await until(lambda: is_empty(agent))
            assert calls == ["1", "1", "1", "2"]
            assert agent.uplink.is_connected


async def test_a_second_agent_for_the_vehicle_is_turned_away_while_the_first_lives(tmp_path: Path) -> None:
    async with running_controller(tmp_path / "c") as controller:
        async with AsyncExitStack() as first_stack:
            first = await first_stack.enter_async_context(
                running_agent(tmp_path / "a", address=controller.address, tls=controller.enroll("tower", "drone-1"))
            )
            await within(5, first.uplink.wait_until_connected())
            tls = controller.enroll("roof", "drone-1")
            code, details = await refusal(controller, tls=tls)
            assert code is grpc.StatusCode.ALREADY_EXISTS
            assert "tower" in details
            assert first.uplink.is_connected
        async with running_agent(tmp_path / "b", address=controller.address, tls=tls) as second:
            await within(10, second.uplink.wait_until_connected())


async def refusal(controller: Controller, *, tls: TlsFiles, vehicle_id: str = "drone-1") -> tuple[grpc.StatusCode, str]:
    """Say hello as another process and return how the controller ends the call."""
    async with open_channel(controller.address, tls) as channel:
        stream = link_pb2_grpc.LinkStub(channel).Connect()
        card = pb.VehicleCard(id=vehicle_id, kind="drone")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await say_hello(stream, pb.Hello(card=card, boot_id=new_id()))
        return refused.value.code(), str(refused.value.details())


async def say_hello(stream: Stream, hello: pb.Hello) -> None:
    await stream.write(pb.AgentMessage(hello=hello))
    await within(5, stream.read())


async def test_a_vehicle_outside_of_the_certificate_is_refused(tmp_path: Path) -> None:
    async with running_controller(tmp_path / "c") as controller:
        tls = controller.enroll("tower", "drone-1")
        code, details = await refusal(controller, tls=tls, vehicle_id="drone-2")
        assert code is grpc.StatusCode.PERMISSION_DENIED
        assert "drone-2" in details
        assert "enroll" in details


async def test_a_stranger_with_an_authority_of_its_own_gets_no_stream(tmp_path: Path) -> None:
    async with running_controller(tmp_path / "c") as controller:
        own = CertificateAuthority.open(tmp_path / "stranger", now=CLOCK.now()).enroll("x", ["*"], now=CLOCK.now())
        known = CertificateAuthority.open(controller.data_dir, now=CLOCK.now()).enroll("y", ["*"], now=CLOCK.now())
        code, _ = await refusal(controller, tls=replace(own, authority=known.authority))
        assert code is grpc.StatusCode.UNAVAILABLE


async def test_an_agent_with_foreign_credentials_says_what_to_do_and_tries_on(tmp_path: Path) -> None:
    own = CertificateAuthority.open(tmp_path / "other", now=CLOCK.now()).enroll("x", ["*"], now=CLOCK.now())
    tries: list[int] = []

    async def counted() -> Sequence[OrderProgress]:
        tries.append(1)
        return ()

    async def often() -> bool:
        return len(tries) >= 4

    with structlog.testing.capture_logs() as logs:
        async with (
            running_controller(tmp_path / "c") as controller,
            running_agent(tmp_path / "a", address=controller.address, tls=own, held_orders=counted),
        ):
            await until(often)
    assert [line["event"] for line in logs if line["log_level"] in {"warning", "error"}] == [
        "no link to the controller, trying again"
    ]
    assert "roundsman agents enroll" in next(line["because"] for line in logs if "because" in line)


async def test_the_offset_of_the_clocks_is_measured(tmp_path: Path) -> None:
    async with running_controller(tmp_path / "c") as controller:
        tls = controller.enroll("tower", "drone-1")
        async with running_agent(tmp_path / "a", address=controller.address, tls=tls):

            async def measured() -> bool:
                facts = controller.registry.link(DRONE)
                return facts is not None and facts.offset_s is not None

            await until(measured)
            facts = controller.registry.link(DRONE)
            assert facts is not None
            assert facts.offset_s is not None
            assert facts.round_trip_s is not None
            assert abs(facts.offset_s) <= facts.round_trip_s + 0.001  # one machine, one clock


async def test_a_stream_that_does_not_begin_with_hello_is_refused(tmp_path: Path) -> None:
    async with running_controller(tmp_path / "c") as controller:
        async with open_channel(controller.address, controller.enroll("tower", "*")) as channel:
            stream = link_pb2_grpc.LinkStub(channel).Connect()
            await stream.write(pb.AgentMessage(telemetry=pb.Telemetry()))
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await within(5, stream.read())
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_an_agent_gone_is_an_event(tmp_path: Path) -> None:
    async with running_controller(tmp_path / "c") as controller:
        tls = controller.enroll("tower", "drone-1")
        async with running_agent(tmp_path / "a", address=controller.address, tls=tls) as agent:
            await within(5, agent.uplink.wait_until_connected())

        async def noted() -> bool:
            lines = await controller.database.read_journal(after=0, prefix="vehicles.event")
            return any(line.event.body["kind"] == "agent_gone" for line in lines)

        await until(noted)
        assert controller.registry.link(DRONE) is None
