import asyncio
import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import orjson
import pytest

from core.errors import Fault, InvalidInput, TimedOut, Unavailable
from core.tasks import TaskSupervisor
from incidents.alarm import AlarmState, HelpAlarm
from incidents.alarms import AlarmDesk
from incidents.escalator import Escalator, NobodyOutside, OutsideLine
from incidents.notifiers.webhook import SIGNATURE, WebhookLine
from tests.incidents.room import OnePanel, Room
from tests.incidents.test_alarms import move, press, rung, stored


class Outside(ThreadingHTTPServer):
    """A real HTTP receiver that keeps what it was told."""

    def __init__(self, receiver: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), receiver)
        self.status = 204
        self.is_over = threading.Event()
        self.told: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/alarm"


class Receiver(BaseHTTPRequestHandler):
    server: Outside

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def listening(receiver: type[BaseHTTPRequestHandler] = Receiver) -> Iterator[Outside]:
    server = Outside(receiver)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.is_over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def escalator(room: Room, outside: OutsideLine | None = None) -> Escalator:
    return Escalator(
        database=room.database,
        alarms=room.alarms,
        desk=room.desk,
        outside=outside or NobodyOutside(),
        settings=room.settings,
        clock=room.clock,
    )


async def test_nothing_happens_before_its_time(room: Room) -> None:
    alarm = await press(room)
    await room.clock.advance(room.settings.desk_s - 0.1)
    await escalator(room).step()
    assert (await stored(room, alarm.id)) == alarm


async def test_an_unanswered_alarm_goes_to_the_supervisor_and_then_outside(room: Room) -> None:
    alarm = await press(room)
    await rung(room, alarm)
    service = escalator(room)
    await room.clock.advance(room.settings.desk_s)
    await service.step()
    supervisor = await stored(room, alarm.id)
    assert (supervisor.escalation, supervisor.state) == (1, AlarmState.RINGING)
    await room.clock.advance(room.settings.supervisor_s)
    await service.step()
    last = await stored(room, alarm.id)
    assert (last.escalation, last.state, last.escalate_at) == (2, AlarmState.RINGING, None)
    lines = [line.because for line in await room.story(alarm.id) if line.what == "escalated"]
    assert "20 s" in lines[0]
    assert "no outside number is configured" in lines[1]
    assert last.because == lines[1]
    await room.clock.advance(86_400)
    await service.step()
    assert (await stored(room, alarm.id)).is_open, "no timer ends an alarm"


async def test_ringing_at_each_step_is_confirmed_anew(room: Room) -> None:
    alarm = await press(room)
    await rung(room, alarm)
    await room.clock.advance(room.settings.desk_s)
    await escalator(room).step()
    async with room.database.transaction() as unit:
        assert await room.desk.rung_by(unit, await room.alarms.get(unit, alarm.id)) == []
    await rung(room, alarm)
    async with room.database.transaction() as unit:
        assert [ring.escalation for ring in await room.alarms.rings(unit, alarm.id)] == [0, 1]


@pytest.mark.parametrize("to", [AlarmState.ANSWERED, AlarmState.RESOLVED])
async def test_an_answered_alarm_is_left_alone(room: Room, to: AlarmState) -> None:
    alarm = await press(room)
    await move(room, alarm, AlarmState.ANSWERED)
    if to is AlarmState.RESOLVED:
        await move(room, alarm, to)
    before = await stored(room, alarm.id)
    await room.clock.advance(86_400)
    await escalator(room).step()
    assert await stored(room, alarm.id) == before


async def test_after_a_restart_what_was_due_meanwhile_is_done_at_once(room: Room) -> None:
    alarm = await press(room)
    await room.clock.advance(3600)
    room.desk = AlarmDesk(
        alarms=room.alarms,
        timeline=room.timeline,
        numbers=room.numbers,
        panels=OnePanel(),
        looks=room.looks,
        settings=room.settings,
        clock=room.clock,
    )
    await escalator(room).step()
    assert (await stored(room, alarm.id)).escalation == 1


async def to_outside(room: Room, service: Escalator) -> HelpAlarm:
    alarm = await press(room)
    for wait_s in (room.settings.desk_s, room.settings.supervisor_s):
        await room.clock.advance(wait_s)
        await service.step()
    return await stored(room, alarm.id)


async def test_the_webhook_really_is_told_once_and_signed(room: Room) -> None:
    with listening() as server:
        async with httpx.AsyncClient() as client:
            line = WebhookLine(url=server.url, client=client, secret="s3cret")
            service = escalator(room, line)
            alarm = await to_outside(room, service)
            await room.clock.advance(3600)
            await service.step()
    assert len(server.told) == 1
    headers, body = server.told[0]
    assert orjson.loads(body)["alarm"]["number"] == alarm.number
    assert headers[SIGNATURE] == "sha256=" + hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    assert (alarm.outside_told_at, alarm.escalate_at) == (alarm.outside_told_at, None)
    assert alarm.outside_told_at is not None
    assert (await room.words(alarm.id))[-1] == "outside_told"


async def test_a_call_that_is_new_is_no_repeat_to_who_takes_each_key_once(room: Room) -> None:
    with listening() as server:
        async with httpx.AsyncClient() as client:
            service = escalator(room, WebhookLine(url=server.url, client=client))
            alarm = await to_outside(room, service)
            await move(room, alarm, AlarmState.ANSWERED)
            await move(room, alarm, AlarmState.RINGING, revision=(await stored(room, alarm.id)).revision)
            for wait_s in (room.settings.desk_s, room.settings.supervisor_s):
                await room.clock.advance(wait_s)
                await service.step()
    keys = [headers["Idempotency-Key"] for headers, _ in server.told]
    assert len(keys) == len(set(keys)) == 2


async def test_a_webhook_that_fails_is_tried_again_until_it_takes_it(room: Room) -> None:
    with listening() as server:
        server.status = 500
        async with httpx.AsyncClient() as client:
            service = escalator(room, WebhookLine(url=server.url, client=client))
            alarm = await to_outside(room, service)
            assert alarm.outside_told_at is None
            for _ in range(2):
                await room.clock.advance(room.settings.outside_retry_s)
                await service.step()
            assert len(server.told) == 3
            server.status = 200
            await room.clock.advance(room.settings.outside_retry_s)
            await service.step()
    words = await room.words(alarm.id)
    assert words[-2:] == ["outside_failed", "outside_told"], "the first failure and the recovery are told"
    assert (await stored(room, alarm.id)).outside_told_at == room.clock.now()


async def test_an_answer_ends_the_retries(room: Room) -> None:
    with listening() as server:
        server.status = 503
        async with httpx.AsyncClient() as client:
            service = escalator(room, WebhookLine(url=server.url, client=client))
            alarm = await to_outside(room, service)
            await move(room, alarm, AlarmState.ANSWERED)
            await room.clock.advance(3600)
            await service.step()
    assert len(server.told) == 1


async def test_a_webhook_that_nobody_hears_is_a_fault_with_its_reason(room: Room) -> None:
    alarm = await press(room)
    with listening() as server:
        url = server.url
    async with httpx.AsyncClient() as client:
        with pytest.raises(Unavailable, match="no connection"):
            await WebhookLine(url=url, client=client).tell(alarm)
    slow = httpx.MockTransport(_time_out)
    async with httpx.AsyncClient(transport=slow) as client:
        with pytest.raises(TimedOut, match="5 s"):
            await WebhookLine(url=url, client=client).tell(alarm)
    with pytest.raises(Fault, match="no outside number"):
        await NobodyOutside().tell(alarm)


class Dripping(BaseHTTPRequestHandler):
    """Says its answer a little at a time and never ends it: each little comes within any limit for one."""

    server: Outside

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append((dict(self.headers), b""))
        with suppress(OSError):
            if self.server.status == 200:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            else:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not self.server.is_over.wait(0.02):
                self.wfile.write(b"1\r\nx\r\n" if self.server.status == 200 else b"x")

    def log_message(self, format: str, *args: object) -> None:
        return


async def test_an_outside_line_that_never_ends_its_answer_stops_no_other_alarm(room: Room) -> None:
    with listening(Dripping) as server:
        async with httpx.AsyncClient() as client:
            line = WebhookLine(url=server.url, client=client, timeout_s=0.2)
            service = escalator(room, line)
            alarm = await to_outside(room, service)
            assert (await room.words(alarm.id))[-1] == "outside_failed"
            other = await press(room, "p2")
            await room.clock.advance(room.settings.desk_s)
            await service.step()
            assert (await stored(room, other.id)).escalation == 1
            server.status = 200
            await room.clock.advance(room.settings.outside_retry_s)
            await service.step()
            assert (await stored(room, alarm.id)).outside_told_at == room.clock.now(), "its status was enough"
            server.is_over.set()


@pytest.mark.parametrize("url", ["hook.example/alarm", "ftp://hook.example", "http://", "http://[::1/alarm"])
async def test_an_outside_line_without_an_address_is_refused_before_anybody_needs_it(url: str) -> None:
    async with httpx.AsyncClient() as client:
        with pytest.raises(InvalidInput, match="address"):
            WebhookLine(url=url, client=client)


async def test_a_clock_that_is_set_back_keeps_no_alarm_from_being_handed_on(room: Room) -> None:
    alarm = await press(room)
    room.clock.jump(-86_400)
    service = escalator(room)
    await service.step()
    supervisor = await stored(room, alarm.id)
    assert supervisor.escalation == 1
    assert "no desk answered for 0 s" in supervisor.because
    await room.clock.advance(room.settings.supervisor_s - 1)
    await service.step()
    assert (await stored(room, alarm.id)).escalation == 1, "from here on it goes by the clock as it is"
    await room.clock.advance(1)
    await service.step()
    assert (await stored(room, alarm.id)).escalation == 2


@dataclass(frozen=True, kw_only=True)
class AnsweredMeanwhile:
    """Takes so long that somebody answers, and puts the alarm back, before it has confirmed."""

    room: Room
    is_configured: bool = True

    async def tell(self, alarm: HelpAlarm) -> str:
        await move(self.room, alarm, AlarmState.ANSWERED)
        await move(self.room, alarm, AlarmState.RINGING, revision=(await stored(self.room, alarm.id)).revision)
        return "the outside webhook took it (200)"


async def test_an_alarm_that_calls_anew_while_outside_is_told_is_handed_on_anew(room: Room) -> None:
    service = escalator(room, AnsweredMeanwhile(room=room))
    alarm = await to_outside(room, service)
    assert (alarm.escalation, alarm.state) == (0, AlarmState.RINGING)
    await room.clock.advance(room.settings.desk_s)
    await service.step()
    assert (await stored(room, alarm.id)).escalation == 1


def _time_out(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("slow", request=request)


async def test_as_a_service_it_works_through_what_comes(room: Room) -> None:
    alarm = await press(room)
    async with TaskSupervisor(clock=room.clock) as supervisor:
        supervisor.run("escalator", escalator(room).run)
        for _ in range(200):
            await room.clock.advance(0.5)
            if (await stored(room, alarm.id)).escalation == 2:
                break
    assert (await stored(room, alarm.id)).escalation == 2


async def test_several_controllers_escalate_once(room: Room) -> None:
    alarms = [await press(room, f"press {number}") for number in range(5)]
    await room.clock.advance(room.settings.desk_s)
    await asyncio.gather(*(escalator(room).step() for _ in range(4)))
    for alarm in alarms:
        assert (await stored(room, alarm.id)).escalation == 1
        assert (await room.words(alarm.id)).count("escalated") == 1
