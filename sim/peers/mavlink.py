"""One simulated vehicle on the MAVLink network: a UDP socket that speaks like PX4's."""

import asyncio
import math
from collections.abc import Callable
from random import Random

from pymavlink.dialects.v20 import development as dialect

from sim.autopilot import Autopilot, Result
from sim.peers.mavlink_commands import Order, obey
from sim.peers.mavlink_telemetry import ON_REQUEST, STREAMS, Moment, parameter_value
from sim.peers.mavlink_transfer import PlanTransfer
from sim.peers.mavlink_wire import AUTOPILOT_COMPONENT, Message, Wire, float_as_whole
from sim.plan import PlanType

Address = tuple[str, int]
Now = Callable[[], float]
_GROUND_STATION = 6
_HEARTBEAT = 0
_CURRENT_MODE = 436
_CURRENT_EVERY_S = 1.0
_PARTNER_LASTS_S = 10.0
_MOST_HZ = 50.0
_PARAMETERS_A_TICK = 4
_SET_INTERVAL, _GET_INTERVAL, _REQUEST_MESSAGE, _REQUEST_VERSION = 511, 510, 512, 520


class MavlinkPeer(asyncio.DatagramProtocol):
    """Streams telemetry to a ground station's port and answers whoever asks.

    *now* is a monotonic clock of the wall (rates, time-outs and link age do not run faster with the world);
    *moment* gives the vehicle's own time.
    """

    def __init__(
        self,
        *,
        pilot: Autopilot,
        ground_station: Address,
        now: Now,
        moment: Callable[[], Moment],
    ) -> None:
        self.pilot = pilot
        self._ground_station = ground_station
        self._now = now
        self._moment = moment
        self._random = Random(pilot.airframe.seed ^ 0x5EED)
        self._socket: asyncio.DatagramTransport | None = None
        self._partner: tuple[Address, float] | None = None
        self._wire = Wire(system_id=pilot.airframe.system_id)
        self._ghost: Wire | None = None
        self._transfer = PlanTransfer(pilot=pilot, wire=self._wire, send=self._send)
        self._period_s = {number: 1.0 / rate_hz for number, (_, rate_hz) in STREAMS.items()}
        self._due_s = dict.fromkeys(STREAMS, 0.0)
        self._current_due_s = 0.0
        self._sent_item = -1
        self._told_modes = (pilot.record.mode, pilot.record.intended)
        self._parameter_queue: list[int] = []
        self._heard_s = -math.inf

    async def open(self) -> None:
        """Open the socket on a free loopback port."""
        loop = asyncio.get_running_loop()
        self._socket, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()

    @property
    def link_age_s(self) -> float:
        """Return the wall seconds since a ground station was last heard; infinite before the first time."""
        return self._now() - self._heard_s

    def tick(self) -> None:
        """Send what is due."""
        now_s = self._now()
        self._transfer.tick(now_s)
        self._send_texts()
        self._send_progress(now_s)
        self._tell_mode()
        for number in self._parameter_queue[:_PARAMETERS_A_TICK]:
            self._send_message(parameter_value(self.pilot, number))
        del self._parameter_queue[:_PARAMETERS_A_TICK]
        for number, due_s in self._due_s.items():
            if now_s >= due_s:
                self._due_s[number] = max(due_s + self._period_s[number], now_s + 0.5 * self._period_s[number])
                self._send_message(STREAMS[number][0](self.pilot, self._moment()))

    # ------------------------------------------------------------------------------------ socket

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Take a datagram (asyncio calls this), unless the link is cut or loses it."""
        faults = self.pilot.faults
        if self._is_lost():
            return
        if faults.link_delay_s > 0:
            asyncio.get_running_loop().call_later(faults.link_delay_s, self._take, data, addr)
        else:
            self._take(data, addr)

    def _is_lost(self) -> bool:
        faults = self.pilot.faults
        return faults.link_lost or (faults.link_loss_ratio > 0 and self._random.random() < faults.link_loss_ratio)

    def _take(self, data: bytes, addr: Address) -> None:
        if addr != self._ground_station:
            self._partner = (addr, self._now())
        for message in self._wire.decode(data):
            self._handle(message)

    def _send(self, data: bytes) -> None:
        faults = self.pilot.faults
        if self._is_lost():
            return
        if faults.link_delay_s > 0:
            asyncio.get_running_loop().call_later(faults.link_delay_s, self._put, data)
        else:
            self._put(data)

    def _put(self, data: bytes) -> None:
        if self._socket is None or self._socket.is_closing():
            return
        self._socket.sendto(data, self._ground_station)
        if self._partner is not None and self._now() - self._partner[1] < _PARTNER_LASTS_S:
            self._socket.sendto(data, self._partner[0])

    def _send_message(self, message: Message | None) -> None:
        if message is None:
            return
        self._send(self._wire.encode(message))
        ghost = self._second_self()
        if ghost is not None:
            self._send(ghost.encode(message))

    def _second_self(self) -> Wire | None:
        wanted = self.pilot.faults.duplicate_system_id
        if not 0 < wanted < 256:
            self._ghost = None
        elif self._ghost is None or self._ghost.system_id != wanted:
            self._ghost = Wire(system_id=wanted)
        return self._ghost

    # ------------------------------------------------------------------------------------ things said

    def _send_texts(self) -> None:
        cockpit = self.pilot.cockpit
        while cockpit.said and cockpit.said[0].at_s <= cockpit.now_s:
            said = cockpit.said.popleft()
            for data in self._wire.status_text(said.severity, said.text):
                self._send(data)

    def _send_progress(self, now_s: float) -> None:
        cockpit, record = self.pilot.cockpit, self.pilot.record
        while cockpit.reached:
            self._send_message(dialect.MAVLink_mission_item_reached_message(cockpit.reached.popleft()))
        if now_s < self._current_due_s and record.item == self._sent_item:
            return
        self._current_due_s, self._sent_item = now_s + _CURRENT_EVERY_S, record.item
        total, ids = len(record.plan.items[PlanType.MISSION]), record.plan.ids
        self._send(
            self._wire.mission_current(
                item=record.item,
                total=total or 65535,
                mission_id=ids[PlanType.MISSION],
                fence_id=ids[PlanType.FENCE],
                rally_id=ids[PlanType.RALLY],
            )
        )

    def _tell_mode(self) -> None:
        """CURRENT_MODE goes out at every change, HEARTBEAT (with the armed flag) only in its turn, as in PX4."""
        modes = (self.pilot.record.mode, self.pilot.record.intended)
        if modes != self._told_modes:
            self._told_modes = modes
            self._due_s[_CURRENT_MODE] = 0.0

    # --------------------------------------------------------------------------------- things heard

    def _handle(self, message: Message) -> None:
        kind = message.get_type()
        if kind == "HEARTBEAT":
            if message.type == _GROUND_STATION:
                self._heard_s = self._now()
            return
        if not self._is_for_me(message) or self._transfer.handle(message):
            return
        handler = {
            "COMMAND_LONG": self._on_command,
            "COMMAND_INT": self._on_command,
            "PARAM_REQUEST_LIST": self._on_parameter_list,
            "PARAM_REQUEST_READ": self._on_parameter_read,
            "PARAM_SET": self._on_parameter_set,
            "TIMESYNC": self._on_timesync,
            "PING": self._on_ping,
            "GIMBAL_MANAGER_SET_PITCHYAW": self._on_gimbal,
        }.get(kind)
        if handler:
            handler(message)

    def _is_for_me(self, message: Message) -> bool:
        system = getattr(message, "target_system", 0)
        component = getattr(message, "target_component", 0)
        ids = {0, self.pilot.airframe.system_id, self.pilot.faults.duplicate_system_id}
        return system in ids and component in {0, AUTOPILOT_COMPONENT}

    def _on_command(self, message: Message) -> None:
        order = Order.of(message)
        handler = {
            _SET_INTERVAL: self._set_interval,
            _GET_INTERVAL: self._tell_interval,
            _REQUEST_MESSAGE: self._answer_request,
            _REQUEST_VERSION: self._tell_version,
        }.get(order.command)
        result = handler(order) if handler else obey(self.pilot, order)
        to = message.get_srcSystem(), message.get_srcComponent()
        self._send_message(dialect.MAVLink_command_ack_message(order.command, int(result), 0, 0, *to))

    def _set_interval(self, order: Order) -> Result:
        number, interval_us = round(order.params[0]), order.params[1]
        if number not in STREAMS:
            # PX4 takes a rate for whatever it knows, and sends nothing when there is nothing to send.
            return Result.ACCEPTED if number in dialect.mavlink_map else Result.DENIED
        if interval_us < 0 and number != _HEARTBEAT:
            self._period_s[number] = math.inf
        elif interval_us > 0:
            self._period_s[number] = max(1.0 / _MOST_HZ, interval_us * 1e-6)
        else:
            self._period_s[number] = 1.0 / STREAMS[number][1]
        self._due_s[number] = self._now() + min(self._period_s[number], 1e9)
        return Result.ACCEPTED

    def _tell_interval(self, order: Order) -> Result:
        number = round(order.params[0])
        period_s = self._period_s.get(number)
        interval_us = 0 if period_s is None else -1 if math.isinf(period_s) else round(period_s * 1e6)
        self._send_message(dialect.MAVLink_message_interval_message(number, interval_us))
        return Result.ACCEPTED

    def _answer_request(self, order: Order) -> Result:
        build = ON_REQUEST.get(round(order.params[0]))
        if build is None:
            return Result.DENIED
        self._send_message(build(self.pilot, self._moment()))
        return Result.ACCEPTED

    def _tell_version(self, _order: Order) -> Result:
        self._send_message(ON_REQUEST[148](self.pilot, self._moment()))
        return Result.ACCEPTED

    def _on_parameter_list(self, _message: Message) -> None:
        self._parameter_queue = list(range(len(self.pilot.parameters)))

    def _on_parameter_read(self, message: Message) -> None:
        if 0 <= message.param_index < len(self.pilot.parameters):
            self._send_message(parameter_value(self.pilot, message.param_index))
            return
        found = self.pilot.parameters.find(_text(message.param_id))
        if found is not None:
            self._send_message(parameter_value(self.pilot, found.index))

    def _on_parameter_set(self, message: Message) -> None:
        found = self.pilot.parameters.find(_text(message.param_id))
        if found is None:
            return
        is_whole = isinstance(found.value, int)
        # PX4 ignores a value that comes in the other type, and tells what it holds.
        if is_whole == (message.param_type != 9):
            value = float_as_whole(message.param_value) if is_whole else message.param_value
            self.pilot.parameters.set(found.name, value)
        self._send_message(parameter_value(self.pilot, found.index))

    def _on_timesync(self, message: Message) -> None:
        if message.tc1 == 0:
            self._send_message(dialect.MAVLink_timesync_message(round(self._moment().boot_s * 1e9), message.ts1))

    def _on_ping(self, message: Message) -> None:
        if message.target_system == 0:
            to = message.get_srcSystem(), message.get_srcComponent()
            self._send_message(dialect.MAVLink_ping_message(message.time_usec, message.seq, *to))

    def _on_gimbal(self, message: Message) -> None:
        order = Order(
            command=1000,
            params=(math.degrees(message.pitch), math.degrees(message.yaw), 0.0, 0.0),
            lat_deg=0.0,
            lon_deg=0.0,
            z=0.0,
            frame=0,
            raw_x=float(message.flags),
        )
        obey(self.pilot, order)


def _text(name: str | bytes) -> str:
    text = name.decode("ascii", "replace") if isinstance(name, bytes) else name
    return text.rstrip("\x00")
