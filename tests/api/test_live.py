"""The live WebSocket: a snapshot first, events in order from a cursor, newest telemetry, alarms that must arrive."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise

import msgpack
import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from api.permissions import Role
from api.running import running_controller
from api.settings import ControllerSettings
from core.events import Event, Json
from core.ids import AlarmId, IncidentId, VehicleId, new_id
from fleet.live import LiveTracks
from fleet.orders import CommandKind
from fleet.telemetry import VehicleState
from fleet.vehicle import VehicleCard, VehicleKind
from geofence.positions import GeoPosition
from incidents.alarm import AlarmState
from incidents.alarms import AlarmStep
from incidents.bodies import incident_event
from tests.api.controller import Controller
from tests.api.sightings import a_sighting

DRONE = VehicleId("drone-1")
Message = dict[str, Json]


class Listening:
    """A client that says hello and picks out messages by their type."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def hello(self, **fields: Json) -> Message:
        """Say hello and return the snapshot."""
        await self.socket.send(json.dumps({"type": "hello", **fields}))
        return await self.next("snapshot")

    async def next(self, kind: str, **fields: Json) -> Message:
        """Return the next message of that type with these fields."""
        async with asyncio.timeout(20):
            while True:
                message = await self.any()
                if message["type"] == kind and all(message.get(name) == value for name, value in fields.items()):
                    return message

    async def any(self) -> Message:
        """Return the next message."""
        raw = await self.socket.recv()
        message: Message = json.loads(raw) if isinstance(raw, str) else msgpack.unpackb(raw)
        return message

    async def events(self, count: int) -> list[Message]:
        """Return the next events."""
        return [await self.next("event") for _ in range(count)]


class Live:
    """A whole controller that listens."""

    def __init__(self, *, controller: Controller, port: int) -> None:
        self.controller = controller
        self.services = controller.services
        self.url = f"ws://127.0.0.1:{port}/api/v1/live"

    @asynccontextmanager
    async def listener(self, *roles: str, name: str | None = None) -> AsyncIterator[Listening]:
        token = await self.controller.token(*roles, name=name)
        async with connect(self.url, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
            yield Listening(socket)

    async def emit(self, *subjects: str) -> None:
        async with self.services.database.transaction() as unit:
            for subject in subjects:
                unit.emit(Event(subject=subject, key="k", body={}))

    async def emit_much(self, count: int) -> None:
        """Emit events of 100 kB, more than any socket's buffers hold together."""
        async with self.services.database.transaction() as unit:
            for _ in range(count):
                unit.emit(Event(subject="runs.changed", key="k", body={"text": "x" * 100_000}))

    async def press(self) -> str:
        """Raise an alarm at the gate and return its id."""
        async with self.services.database.transaction() as unit:
            now = self.services.clock.now()
            panel_id = self.services.site.panels[0].id
            press_id = new_id()
            return (await self.services.alarms.press(unit, press_id=press_id, panel_id=panel_id, pressed_at=now)).id


@pytest.fixture
async def live(settings: ControllerSettings) -> AsyncIterator[Live]:
    async with running_controller(settings) as running:
        controller = Controller(services=running.services)
        yield Live(controller=controller, port=running.http_port)
        await controller.close()


async def test_the_snapshot_comes_first_and_shows_how_things_stand(live: Live) -> None:
    await live.press()
    async with live.listener("supervisor") as client:
        shown = await client.hello()
    assert shown["is_whole"] is True
    assert {"vehicles", "runs", "incidents", "alarms", "sightings"} <= shown.keys()
    alarms = shown["alarms"]
    assert isinstance(alarms, list)
    assert len(alarms) == 1


async def test_the_snapshot_leaves_out_no_case_that_waits_for_a_decision_and_counts_all(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.live.snapshot._MOST_OTHERS", 1)
    async with live.services.database.transaction() as unit:
        await live.services.intake.take(unit, a_sighting(live.controller, kind="20201"))
        for east_m in (-60.0, 0.0, 60.0):
            await live.services.intake.take(unit, a_sighting(live.controller, east_m=east_m))
    async with live.listener("supervisor") as client:
        shown = await client.hello()
    cases = shown["incidents"]
    assert isinstance(cases, list)
    assert [case["needs_decision"] for case in cases if isinstance(case, dict)] == [True, False]
    hidden = shown["hidden_incidents"]
    assert isinstance(hidden, list)
    assert len({*hidden, *(str(case["id"]) for case in cases if isinstance(case, dict))}) == 4
    assert shown["hidden_waiting"] == []


async def test_the_snapshot_tells_how_many_more_wait_for_a_decision(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.live.snapshot._MOST_WAITING", 1)
    async with live.services.database.transaction() as unit:
        for east_m in (-60.0, 0.0, 60.0):
            await live.services.intake.take(unit, a_sighting(live.controller, kind="20201", east_m=east_m))
    async with live.listener("supervisor") as client:
        shown = await client.hello()
    cases, hidden, waiting = shown["incidents"], shown["hidden_incidents"], shown["hidden_waiting"]
    assert isinstance(cases, list)
    assert isinstance(waiting, list)
    assert (len(cases), len(waiting)) == (1, 2)
    assert waiting == hidden


async def test_the_snapshot_tells_the_words_of_the_last_minutes_and_whose_they_are(live: Live) -> None:
    async with live.services.database.transaction() as unit:
        kind = VehicleKind.DRONE
        card = VehicleCard(
            id=DRONE, kind=kind, name="", name_zh="", capabilities=frozenset(), dock_id="", speed_m_s=6.0
        )
        now = live.services.clock.now()
        await live.services.fleet.put_vehicle(unit, card, agent="test", software="test", boot_id="1", at=now)
        await live.services.mission_requests.command(
            unit, DRONE, CommandKind.HOLD, because="a child runs below", by="wang"
        )
    async with live.listener("supervisor") as client:
        words = (await client.hello())["commands"]
    assert isinstance(words, list)
    told = [(word["kind"], word["state"], word["because"]) for word in words if isinstance(word, dict)]
    assert told == [("hold", "sent", "wang: a child runs below")]


async def test_events_come_in_their_order_without_holes(live: Live) -> None:
    async with live.listener("supervisor") as client:
        shown = await client.hello(topics=["events"])
        for number in range(50):
            await live.emit(f"runs.n{number}", "vehicles.event")
        told = await client.events(100)
    assert [one["subject"] for one in told if one["subject"] != "vehicles.event"] == [f"runs.n{n}" for n in range(50)]
    cursors = [one["cursor"] for one in told]
    first = shown["cursor"]
    assert isinstance(first, int)
    assert cursors == list(range(first + 1, first + 101))
    assert not any(one["replayed"] for one in told)


@pytest.mark.postgres
async def test_events_come_in_their_order_from_postgres_as_well(
    settings: ControllerSettings, postgres_database: str
) -> None:
    async with running_controller(replace(settings, database_url=postgres_database)) as running:
        live = Live(controller=Controller(services=running.services), port=running.http_port)
        async with live.listener("supervisor") as client:
            await client.hello(topics=["events"])
            await asyncio.gather(*(live.emit(f"runs.a{n}", f"runs.b{n}") for n in range(20)))
            cursors = [int(str(one["cursor"])) for one in await client.events(40)]
    assert all(one < two for one, two in pairwise(cursors))


async def test_a_client_whose_sign_in_ends_is_sent_away(settings: ControllerSettings) -> None:
    async with running_controller(replace(settings, live_ping_every_s=0.02)) as running:
        live = Live(controller=Controller(services=running.services), port=running.http_port)
        async with live.listener("supervisor") as client:
            await client.hello(topics=["events"])
            await client.next("ping")
            async with running.services.database.transaction() as unit:
                await running.services.sign_in.change(unit, name="supervisor", is_disabled=True)
            assert (await client.next("problem"))["code"] == "not_signed_in"
            with pytest.raises(ConnectionClosed):
                await client.any()
            assert client.socket.close_code == 4401


async def test_a_client_that_comes_back_gets_what_it_missed(live: Live) -> None:
    async with live.listener("supervisor", name="a") as client:
        cursor = (await client.hello(topics=["events"]))["cursor"]
    await live.emit("runs.one", "runs.two")
    async with live.listener("supervisor", name="b") as client:
        shown = await client.hello(after=cursor, topics=["events"])
        missed = await client.events(2)
        await live.emit("runs.three")
        fresh = await client.next("event")
    assert shown["is_whole"] is True
    assert [(one["subject"], one["replayed"]) for one in missed] == [("runs.one", True), ("runs.two", True)]
    assert (fresh["subject"], fresh["replayed"]) == ("runs.three", False)


async def test_a_cursor_from_other_books_is_not_believed(live: Live) -> None:
    async with live.listener("supervisor") as client:
        assert (await client.hello(after=10**9))["is_whole"] is False


async def test_nobody_hears_more_than_they_may_see(live: Live) -> None:
    await live.press()
    async with live.services.database.transaction() as unit:
        await live.services.intake.take(unit, a_sighting(live.controller))
        (anothers,) = await live.services.incidents.find(unit)
        own = replace(anothers, id=IncidentId(new_id()), number="XJ-2026-900001", worker="wang")
        await live.services.incidents.add(unit, own)
    async with live.listener("grid_worker", name="wang") as client:
        shown = await client.hello()
        await live.emit("alarms.changed", "strange.thing", "sightings.new")
        async with live.services.database.transaction() as unit:
            unit.emit(incident_event(anothers))
            unit.emit(incident_event(own))
        heard = await client.next("event")
    assert "alarms" not in shown
    assert "sightings" not in shown
    cases = shown["incidents"]
    assert isinstance(cases, list)
    assert [case["id"] for case in cases if isinstance(case, dict)] == [own.id]
    assert shown["hidden_incidents"] == []
    assert (heard["subject"], heard["key"]) == ("incidents.changed", own.id)


async def test_a_client_who_may_less_than_before_is_sent_away(settings: ControllerSettings) -> None:
    async with running_controller(replace(settings, live_ping_every_s=0.02)) as running:
        live = Live(controller=Controller(services=running.services), port=running.http_port)
        async with live.listener("supervisor") as client:
            await client.hello()
            await client.next("ping")
            async with running.services.database.transaction() as unit:
                await running.services.sign_in.change(unit, name="supervisor", roles=(Role.GRID_WORKER,))
            told = await client.next("problem")
            assert (told["code"], told["detail"]) == ("conflict", "this account has other roles now")
            with pytest.raises(ConnectionClosed):
                await client.any()


async def test_telemetry_is_the_newest_state_and_nothing_old(live: Live) -> None:
    async with live.listener("supervisor") as client:
        await client.hello(topics=["telemetry"])
        for number in range(200):
            live.services.registry.update(_state(live, battery=number / 1000))
            await asyncio.sleep(0)
        frames = [await client.next("telemetry")]
        while _battery(frames[-1]) != 0.199:
            frames.append(await client.next("telemetry"))
    assert len(frames) <= 3, "states in between are dropped, not queued"


async def test_tracks_come_with_the_ground_that_is_seen(live: Live) -> None:
    corner = GeoPosition(lon_deg=121.4, lat_deg=31.3)
    seen = LiveTracks(vehicle_id=DRONE, at=live.services.clock.now(), footprint=(corner, corner, corner))
    async with live.listener("grid_worker") as client:
        await client.hello(topics=["tracks"])
        live.services.registry.update(_state(live, battery=0.5))
        live.services.registry.put_tracks(DRONE, lambda: seen)
        told = await client.next("tracks")
    assert told["vehicle_id"] == DRONE
    assert told["footprint"] == [[121.4, 31.3]] * 3


async def test_an_alarm_is_sent_again_until_the_desk_rings(live: Live) -> None:
    async with live.listener("supervisor") as client:
        await client.hello(topics=["alarms"])
        alarm_id = await live.press()
        for _ in range(3):
            alarm = (await client.next("alarm"))["alarm"]
            assert isinstance(alarm, dict)
            assert alarm["id"] == alarm_id
        await client.socket.send(json.dumps({"type": "rung", "alarm_id": alarm_id, "escalation": 0}))
        await _until_state(live, alarm_id, AlarmState.RINGING)
    async with live.services.database.transaction() as unit:
        alarm_row = (await live.services.alarm_store.find(unit))[0]
        assert list(await live.services.alarms.rung_by(unit, alarm_row)) == ["supervisor"]
        assert alarm_row.rung_at is not None


async def test_an_alarm_that_is_given_back_is_sent_again_to_a_desk_that_had_confirmed_it(live: Live) -> None:
    async with live.listener("supervisor") as client:
        await client.hello(topics=["alarms", "events"])
        alarm_id = await live.press()
        await client.next("alarm")
        rung = json.dumps({"type": "rung", "alarm_id": alarm_id, "escalation": 0})
        await client.socket.send(rung)
        await _until_state(live, alarm_id, AlarmState.RINGING)
        await _answer(live, alarm_id)
        await _move(live, AlarmState.RINGING)
        await _until_answered(client)
        alarm = (await client.next("alarm"))["alarm"]
        assert isinstance(alarm, dict)
        assert (alarm["id"], alarm["answered_at"] is None, alarm["state"]) == (alarm_id, False, "ringing")


async def test_every_desk_rings_and_a_new_one_as_well_until_somebody_answers(live: Live) -> None:
    alarm_id = await live.press()
    async with live.listener("supervisor", name="a") as first, live.listener("administrator", name="b") as second:
        for client in (first, second):
            await client.hello(topics=["alarms", "events"])
            await client.next("alarm")
        await first.socket.send(json.dumps({"type": "rung", "alarm_id": alarm_id, "escalation": 0}))
        await second.next("alarm")
        await _until_state(live, alarm_id, AlarmState.RINGING)
        await _answer(live, alarm_id)
        await _until_answered(second)
    async with live.listener("supervisor", name="c") as late:
        await late.hello(topics=["alarms"])
        await live.emit("runs.changed")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await late.any()


async def test_a_client_that_takes_nothing_is_dropped_and_holds_up_nobody(settings: ControllerSettings) -> None:
    with capture_logs() as logs:
        async with running_controller(replace(settings, live_send_within_s=0.3)) as running:
            controller = Controller(services=running.services)
            live = Live(controller=controller, port=running.http_port)
            headers = {"Authorization": f"Bearer {await controller.token('supervisor', name='slow')}"}
            # Small buffers, so that little is under way when the client stops to take.
            narrow = socket.socket()
            narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            narrow.connect(("127.0.0.1", running.http_port))
            line = connect(live.url, sock=narrow, additional_headers=headers, compression=None, close_timeout=0.1)
            async with line as slow:
                await slow.send(json.dumps({"type": "hello", "topics": ["events"]}))
                slow.transport.pause_reading()
                async with live.listener("supervisor", name="quick") as quick:
                    await quick.hello(topics=["events"])
                    await live.emit_much(100)
                    assert len(await quick.events(100)) == 100
                await _until_ended(logs)
                slow.transport.resume_reading()
                with pytest.raises(ConnectionClosed):
                    await Listening(slow).next("no such message")


async def test_what_is_told_is_packed_for_those_behind_slow_lines(live: Live) -> None:
    async with connect(live.url) as socket:
        assert [one.name for one in socket.protocol.extensions] == ["permessage-deflate"]


@pytest.mark.parametrize(
    ("first", "status"),
    [
        ({"type": "hello", "token": "made up"}, 4401),
        ({"type": "hello"}, 4401),
        ({"type": "hi"}, 4422),
        ({"type": "hello", "topics": ["secrets"]}, 4422),
    ],
)
async def test_a_bad_hello_is_told_why_and_closed(live: Live, first: Message, status: int) -> None:
    async with connect(live.url) as socket:
        await socket.send(json.dumps(first))
        told = json.loads(await socket.recv())
        assert told["type"] == "problem"
        assert told["status"] + 4000 == status
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == status


async def test_a_panel_may_not_listen_and_another_origin_neither(live: Live) -> None:
    token = await live.controller.token("resident_device", panel_id="gate")
    async with connect(live.url) as socket:
        await socket.send(json.dumps({"type": "hello", "token": token}))
        assert json.loads(await socket.recv())["code"] == "not_allowed"
    async with connect(live.url, additional_headers={"Origin": "https://evil.test"}) as socket:
        assert json.loads(await socket.recv())["where"] == "Origin"


async def test_a_message_that_is_not_understood_ends_the_session(live: Live) -> None:
    async with live.listener("supervisor") as client:
        await client.hello(topics=["events"])
        await client.socket.send('{"type": "rung"}')
        assert (await client.next("problem"))["code"] == "invalid_input"


def _state(live: Live, *, battery: float) -> VehicleState:
    clock = live.services.clock
    return VehicleState(
        vehicle_id=DRONE,
        received_s=clock.monotonic_s(),
        received_at=clock.now(),
        position=GeoPosition(lon_deg=121.4, lat_deg=31.3),
        battery_ratio=battery,
        link_up=True,
    )


def _battery(frame: Message) -> Json:
    vehicles = frame["vehicles"]
    assert isinstance(vehicles, list)
    vehicle = vehicles[0]
    assert isinstance(vehicle, dict)
    state = vehicle["state"]
    assert isinstance(state, dict)
    return state["battery_ratio"]


async def test_who_answered_and_has_no_line_any_more_is_missed(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.live.parties._GONE_AFTER_S", 0.0)
    alarm_id = AlarmId(await live.press())
    async with live.listener("supervisor", name="a") as client:
        await client.hello()
        await _answer(live, alarm_id)
        await live.services.parties.step()
        assert (await _story(live, alarm_id))[-1] == "answered"
    async with asyncio.timeout(20):
        while (await _story(live, alarm_id))[-1] != "party_lost":
            await live.services.parties.step()
            await asyncio.sleep(0.01)


async def _story(live: Live, alarm_id: AlarmId) -> list[str]:
    async with live.services.database.reading() as unit:
        return [line.what for line in await live.services.alarms.story(unit, alarm_id)]


async def _until_state(live: Live, alarm_id: str, state: AlarmState) -> None:
    async with asyncio.timeout(20):
        while True:
            async with live.services.database.transaction() as unit:
                if (await live.services.alarm_store.find(unit))[0].state is state:
                    return
            await asyncio.sleep(0.01)


async def _answer(live: Live, alarm_id: str) -> None:
    await _move(live, AlarmState.ANSWERED)


async def _move(live: Live, to: AlarmState) -> None:
    async with live.services.database.transaction() as unit:
        alarm = (await live.services.alarm_store.find(unit))[0]
        step = AlarmStep(to=to, because="heard", revision=alarm.revision)
        await live.services.alarms.move(unit, alarm.id, step, person="a")


async def _until_answered(client: Listening) -> None:
    while True:
        body = (await client.next("event", subject="alarms.changed"))["body"]
        assert isinstance(body, dict)
        if body["state"] == "answered":
            return


async def _until_ended(logs: list[EventDict]) -> None:
    for _ in range(2000):
        if any(line["event"] == "a live session was ended" for line in logs):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the session was not ended")
