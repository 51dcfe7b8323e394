"""One client's live session: four senders that share the socket, each with its own policy, and one reader."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.accounts import Account
from api.live.messages import FROM_CLIENT, Hello, Rung, Topic, event_text, telemetry_frame, text, tracks_text
from api.live.snapshot import snapshot
from api.permissions import Permission
from api.schemas.alarms import PEOPLES_STATES
from api.schemas.shapes import with_said
from api.services import Services
from api.topics import may_hear
from core.errors import Conflict, InvalidInput, RoundsmanError, TimedOut
from core.ids import AlarmId, VehicleId
from fleet.live import EyesState
from fleet.registry import Aspect
from fleet.telemetry import VehicleState
from incidents.alarm import HelpAlarm
from incidents.bodies import alarm_body

_AGES_EVERY_S = 1.0
_MOST_REPLAYED = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Who listens, to what, from where on."""

    account: Account
    token: str
    hello: Hello

    def wants(self, topic: Topic, permission: Permission) -> bool:
        """Say whether the client asked for *topic* and may have it."""
        return topic in self.hello.topics and self.account.may(permission)


class LiveSession:
    """Serves one WebSocket until it ends; a client that takes nothing in time is dropped, nobody waits for it."""

    def __init__(self, *, socket: WebSocket, services: Services, listener: Listener) -> None:
        self._socket = socket
        self._services = services
        self._listener = listener
        self._one_at_a_time = asyncio.Lock()
        self._confirmed: set[tuple[AlarmId, int, datetime | None]] = set()

    async def run(self) -> None:
        """Send the snapshot, then everything; returns when the client leaves, raises what ended it otherwise."""
        cursor, shown_to = await self._send_snapshot()
        try:
            with self._services.parties.present(self._listener.account.name):
                async with asyncio.TaskGroup() as group:
                    for name, sender in self._senders(cursor, shown_to).items():
                        group.create_task(sender(), name=name)
                    await self._read()
        except ExceptionGroup as ended:
            raise _reason(ended) from ended

    def _senders(self, cursor: int, shown_to: int) -> dict[str, Callable[[], Coroutine[None, None, None]]]:
        wants = self._listener.wants
        senders: dict[str, Callable[[], Coroutine[None, None, None]]] = {"live pings": self._send_pings}
        if Topic.EVENTS in self._listener.hello.topics:
            senders["live events"] = lambda: self._send_events(cursor, shown_to)
        if wants(Topic.ALARMS, Permission.ANSWER_ALARMS):
            senders["live alarms"] = self._send_alarms
        if wants(Topic.TELEMETRY, Permission.READ_FLEET) or wants(Topic.TRACKS, Permission.READ_FLEET):
            senders["live telemetry"] = self._send_newest
        if wants(Topic.TELEMETRY, Permission.READ_FLEET):
            senders["live ages"] = self._send_ages
        return senders

    async def _send_snapshot(self) -> tuple[int, int]:
        services, after = self._services, self._listener.hello.after
        # The cursor is read first: what happens meanwhile is in the snapshot and comes again as an event, never lost.
        newest = await services.database.last_cursor()
        async with services.database.reading() as unit:
            shown = await snapshot(services, unit, self._listener.account)
        earliest = max(newest - _MOST_REPLAYED, await services.database.let_go_until())
        start = newest if after is None or after > newest else max(after, earliest)
        is_whole = after is None or after == start
        await self._send(text({"type": "snapshot", "cursor": newest, "after": start, "is_whole": is_whole, **shown}))
        return start, newest

    async def _send_events(self, cursor: int, shown_to: int) -> None:
        while True:
            lines = await self._services.live_tail.after(cursor)
            for line in lines:
                if may_hear(self._listener.account, line.event):
                    await self._send(event_text(line, replayed=line.cursor <= shown_to))
                cursor = line.cursor
            if not lines:
                await self._services.live_tail.wait_beyond(cursor)

    async def _send_alarms(self) -> None:
        bell, again_s = self._services.bell, self._services.settings.alarm_resend_s
        while True:
            for alarm in bell.ringing:
                if not self._is_confirmed(alarm):
                    told = with_said(alarm_body(alarm), peoples=PEOPLES_STATES)
                    await self._send(text({"type": "alarm", "alarm": told}))
            await bell.changed(within_s=again_s)

    def _is_confirmed(self, alarm: HelpAlarm) -> bool:
        return _call(alarm, alarm.escalation) in self._confirmed

    async def _send_newest(self) -> None:
        registry = self._services.registry
        async for changes in registry.changes(at_most_hz=self._services.settings.telemetry_hz):
            moved = [one for one, aspects in changes.items() if aspects & {Aspect.STATE, Aspect.EYES}]
            if moved and Topic.TELEMETRY in self._listener.hello.topics:
                await self._send_states(moved)
            if Topic.TRACKS in self._listener.hello.topics:
                for vehicle_id, aspects in changes.items():
                    await self._send_tracks(vehicle_id, aspects)

    async def _send_tracks(self, vehicle_id: VehicleId, aspects: frozenset[Aspect]) -> None:
        tracks = self._services.registry.tracks(vehicle_id) if Aspect.TRACKS in aspects else None
        if tracks is not None:
            await self._send(tracks_text(tracks))

    async def _send_ages(self) -> None:
        """Tell once a second of vehicles that say nothing, so that their age grows on the screen."""
        registry, clock = self._services.registry, self._services.clock
        while True:
            await clock.sleep(_AGES_EVERY_S)
            now_s = clock.monotonic_s()
            silent = [one for one, state in registry.states().items() if state.age_s(now_s) > _AGES_EVERY_S]
            if silent:
                await self._send_states(silent)

    async def _send_states(self, vehicle_ids: list[VehicleId]) -> None:
        registry = self._services.registry
        newest: list[tuple[VehicleState, EyesState | None]] = [
            (state, registry.perception(one)) for one in vehicle_ids if (state := registry.state(one)) is not None
        ]
        if newest:
            await self._send(telemetry_frame(newest, now_s=self._services.clock.monotonic_s()))

    async def _send_pings(self) -> None:
        """Ping, and look whether the sign-in still holds.

        Raises NotSignedIn when it has ended, Conflict when its account may something else by now.
        """
        while True:
            await self._services.clock.sleep(self._services.settings.live_ping_every_s)
            account = await self._services.sign_in.account_of(self._listener.token)
            if account.roles != self._listener.account.roles:
                raise Conflict("this account has other roles now", where=account.name, remedy="connect again")
            await self._send(text({"type": "ping"}))

    async def _read(self) -> None:
        while True:
            try:
                message = FROM_CLIENT.validate_json(await self._socket.receive_text())
            except (ValidationError, KeyError) as error:
                raise InvalidInput("this message is not understood", where="live", remedy="rung or pong") from error
            if isinstance(message, Rung):
                await self._ring(message)

    async def _ring(self, message: Rung) -> None:
        if self._listener.account.may(Permission.ANSWER_ALARMS):
            calling = {alarm.id: alarm for alarm in self._services.bell.ringing}
            await self._services.bell.rung(AlarmId(message.alarm_id), desk=self._listener.account.name)
            if (alarm := calling.get(AlarmId(message.alarm_id))) is not None:
                self._confirmed.add(_call(alarm, message.escalation))

    async def _send(self, message: str | bytes) -> None:
        try:
            async with asyncio.timeout(self._services.settings.live_send_within_s), self._one_at_a_time:
                if isinstance(message, bytes):
                    await self._socket.send_bytes(message)
                else:
                    await self._socket.send_text(message)
        except TimeoutError as error:
            raise TimedOut("this client takes nothing any more", where="live", remedy="connect again") from error


def _call(alarm: HelpAlarm, escalation: int) -> tuple[AlarmId, int, datetime | None]:
    """Return what a desk confirms: an alarm that was answered once and calls again is another call."""
    return alarm.id, escalation, alarm.answered_at


def _reason(ended: ExceptionGroup[Exception]) -> Exception:
    """Return what ended a session: our own error before the client's leaving before anything unexpected."""
    for kind in (RoundsmanError, WebSocketDisconnect):
        if (found := ended.subgroup(kind)) is not None:
            first = found.exceptions[0]
            return _reason(first) if isinstance(first, ExceptionGroup) else first
    return ended
