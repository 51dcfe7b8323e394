"""The calls to one autopilot through `mavsdk`, and the one place where its threads reach the event loop.

The blocking calls of the native library run in executors of our own (its asyncio wrapper uses the loop's few default
threads, where a stop command would queue behind another vehicle's stuck upload): one thread a link for transfers, which
makes them one at a time, and a few for commands.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import NamedTuple, TypeVar

from mavsdk.exceptions import MavsdkError
from mavsdk.plugins.geofence import Geofence
from mavsdk.plugins.mavlink_direct import MavlinkDirect, MavlinkDirectError, MavlinkDirectResult, MavlinkMessage
from mavsdk.plugins.mission_raw import MissionItem, MissionRaw, MissionRawError, MissionRawResult
from mavsdk.plugins.param import Param, ParamError, ParamResult
from mavsdk.system import System

from core.clock import Clock
from core.errors import Fault, TimedOut, Unavailable
from core.tasks import run_blocking
from fleet.drivers.mavlink_failsafes import Parameter
from fleet.drivers.mavlink_wire import Item, MissionKind
from fleet.errors import VehicleRefused

T = TypeVar("T")
Fields = Mapping[str, object]
MessageHandler = Callable[[str, Fields], None]
_AUTOPILOT = 1
"""MAV_COMP_ID_AUTOPILOT1."""
_RESULT_WORDS = {1: "temporarily rejected", 2: "denied", 3: "unsupported", 4: "failed", 6: "cancelled"}
_MISSION_TYPES = {MissionKind.MISSION: 0, MissionKind.FENCE: 1, MissionKind.RALLY: 2}
_COMMAND_THREADS = 4
_MOST_WAITING = 1000
"""Messages that nobody has taken; at the rates that we ask for, half a minute of them."""


class Heard(NamedTuple):
    """A message and when it was heard, by our two clocks."""

    name: str
    fields: Fields
    heard_s: float
    heard_at: datetime


class MavlinkLink:
    """Messages from, and calls to, one autopilot; vendor errors come out as ours."""

    def __init__(self, *, system: System, system_id: int, clock: Clock) -> None:
        self.system_id = system_id
        self._clock = clock
        self._waiting: deque[Heard] = deque(maxlen=_MOST_WAITING)
        self._loop = asyncio.get_running_loop()
        self._direct = MavlinkDirect(system)
        self._missions = MissionRaw(system)
        self._fences = Geofence(system)
        self._params = Param(system)
        self._subscriptions: list[object] = []
        name = f"mavlink-{system_id}"
        self._transfers = ThreadPoolExecutor(1, thread_name_prefix=f"{name}-transfer")
        self._commands = ThreadPoolExecutor(_COMMAND_THREADS, thread_name_prefix=f"{name}-command")

    def subscribe(self, names: Sequence[str], handler: MessageHandler) -> None:
        """Call *handler* in the event loop with the fields of every message of the given *names*."""
        for name in names:
            self._subscriptions.append(self._direct.subscribe_message(name, self._bridge(handler)))

    def collect(self, names: Sequence[str]) -> None:
        """Keep every message of the given *names* until it is taken: nobody is woken for it."""
        for name in names:
            self._subscriptions.append(self._direct.subscribe_message(name, self._collected))

    def taken(self) -> Iterator[Heard]:
        """Yield what was collected since the last time, in the order in which it came."""
        while self._waiting:
            yield self._waiting.popleft()

    async def close(self) -> None:
        """End the subscriptions, and wait for the calls under way (seconds at most).

        A native call that is still waiting when the library is destroyed never returns, and keeps the process alive.
        """
        for subscription in self._subscriptions:
            self._direct.unsubscribe_message(subscription)
        self._subscriptions.clear()
        for threads in (self._transfers, self._commands):
            await run_blocking(partial(threads.shutdown, wait=True, cancel_futures=True))

    async def command(self, command: int, *params: float) -> None:
        """Send a COMMAND_LONG and wait for its answer; raises VehicleRefused or TimedOut."""
        message = self._command_message(command, params)
        try:
            answer = await run_blocking(lambda: self._direct.send_command(message), executor=self._commands)
        except MavlinkDirectError as error:
            raise _direct_error(error, f"command {command}") from error
        result = int(json.loads(answer.fields_json)["result"])
        if result not in (0, 5):
            words = _RESULT_WORDS.get(result, f"result {result}")
            raise VehicleRefused(f"command {command} {words}", where=f"system {self.system_id}")

    async def upload(self, kind: MissionKind, items: Sequence[Item]) -> None:
        """Replace one of the vehicle's lists; raises VehicleRefused, TimedOut or Unavailable."""
        uploads = {
            MissionKind.MISSION: self._missions.upload_mission,
            MissionKind.FENCE: self._missions.upload_geofence,
            MissionKind.RALLY: self._missions.upload_rally_points,
        }
        if items:
            wire = [_to_wire(index, item, kind) for index, item in enumerate(items)]
            await self._transfer(f"upload of {kind}", lambda: uploads[kind](wire))
        elif kind is MissionKind.FENCE:
            await self._transfer("clearing of the fence", self._fences.clear_geofence)
        else:
            raise ValueError(f"an empty {kind} is not uploaded")

    async def download(self, kind: MissionKind) -> tuple[Item, ...]:
        """Read one of the vehicle's lists back; raises TimedOut or Unavailable."""
        downloads = {
            MissionKind.MISSION: self._missions.download_mission,
            MissionKind.FENCE: self._missions.download_geofence,
            MissionKind.RALLY: self._missions.download_rallypoints,
        }
        none: list[MissionItem] = []
        items = await self._transfer(f"download of {kind}", downloads[kind], empty=none)
        return tuple(_from_wire(item) for item in items)

    async def set_parameter(self, parameter: Parameter) -> None:
        """Write a parameter; the caller reads it back."""
        is_int = isinstance(parameter.value, int)
        setter = self._params.set_param_int if is_int else self._params.set_param_float
        await self._parameter_call(parameter.name, lambda: setter(parameter.name, parameter.value))

    async def parameter(self, like: Parameter) -> int | float:
        """Read the parameter named as *like*, of its type."""
        getter = self._params.get_param_int if isinstance(like.value, int) else self._params.get_param_float
        return await self._parameter_call(like.name, lambda: getter(like.name))

    def _bridge(self, handler: MessageHandler) -> Callable[[MavlinkMessage, object], None]:
        def from_foreign_thread(message: MavlinkMessage, _: object) -> None:
            if _is_from_vehicle(message) and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(handler, message.message_name, json.loads(message.fields_json))

        return from_foreign_thread

    def _collected(self, message: MavlinkMessage, _: object) -> None:
        """Take a message in; called in a foreign thread."""
        if _is_from_vehicle(message):
            fields = json.loads(message.fields_json)
            self._waiting.append(Heard(message.message_name, fields, self._clock.monotonic_s(), self._clock.now()))

    def _command_message(self, command: int, params: Sequence[float]) -> MavlinkMessage:
        padded = [*params, *[0.0] * (7 - len(params))]
        fields: dict[str, float] = {f"param{i}": value for i, value in enumerate(padded, start=1)}
        fields |= {
            "target_system": self.system_id,
            "target_component": _AUTOPILOT,
            "command": command,
            "confirmation": 0,
        }
        return MavlinkMessage(
            message_name="COMMAND_LONG",
            target_system_id=self.system_id,
            target_component_id=_AUTOPILOT,
            fields_json=json.dumps(fields),
        )

    async def _transfer(self, what: str, work: Callable[[], T], *, empty: T | None = None) -> T:
        try:
            return await run_blocking(work, executor=self._transfers)
        except MissionRawError as error:
            if empty is not None and error.result is MissionRawResult.NO_MISSION_AVAILABLE:
                return empty
            raise _mission_error(error, what) from error
        except MavsdkError as error:
            raise Fault(f"{what} failed: {error}", where=f"system {self.system_id}") from error

    async def _parameter_call(self, name: str, work: Callable[[], T]) -> T:
        try:
            return await run_blocking(work, executor=self._transfers)
        except ParamError as error:
            if error.result in (ParamResult.TIMEOUT, ParamResult.CONNECTION_ERROR, ParamResult.NO_SYSTEM):
                raise TimedOut(f"parameter {name}: no answer", where=f"system {self.system_id}") from error
            raise VehicleRefused(
                f"parameter {name}: {error.result.name.lower()}", where=f"system {self.system_id}"
            ) from error


def _is_from_vehicle(message: MavlinkMessage) -> bool:
    return bool(message.component_id == _AUTOPILOT or message.message_name.startswith("GIMBAL"))


def _to_wire(index: int, item: Item, kind: MissionKind) -> MissionItem:
    return MissionItem(
        seq=index,
        frame=int(item.frame),
        command=int(item.command),
        current=int(index == 0),
        autocontinue=1,
        param1=item.param1,
        param2=item.param2,
        param3=item.param3,
        param4=item.param4,
        x=item.x,
        y=item.y,
        z=item.z,
        mission_type=_MISSION_TYPES[kind],
    )


def _from_wire(item: MissionItem) -> Item:
    return Item(
        command=item.command,
        frame=item.frame,
        param1=item.param1,
        param2=item.param2,
        param3=item.param3,
        param4=item.param4,
        x=item.x,
        y=item.y,
        z=item.z,
    )


def _direct_error(error: MavlinkDirectError, what: str) -> Fault:
    if error.result is MavlinkDirectResult.TIMEOUT:
        return TimedOut(f"{what}: no answer; it may have been done all the same")
    return Unavailable(f"{what}: {error.result.name.lower().replace('_', ' ')}")


def _mission_error(error: MissionRawError, what: str) -> Fault:
    words = error.result.name.lower().replace("_", " ")
    if error.result in (MissionRawResult.TIMEOUT, MissionRawResult.BUSY, MissionRawResult.PROTOCOL_ERROR):
        return TimedOut(f"{what}: {words}")
    if error.result is MissionRawResult.NO_SYSTEM:
        return Unavailable(f"{what}: {words}")
    return VehicleRefused(f"{what}: {words}")
