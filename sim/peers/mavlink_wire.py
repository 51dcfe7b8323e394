"""MAVLink 2 on the wire: our own packing for what the library's dialect is too old for."""

import math
import struct
from typing import Any, TypeAlias

from pymavlink.dialects.v20 import development as dialect

Message: TypeAlias = Any
"""A message object of the library, which ships no types."""

AUTOPILOT_COMPONENT = 1
_TEXT_BYTES = 50


class Wire:
    """Encode messages of one system and decode what comes in."""

    def __init__(self, *, system_id: int) -> None:
        self.system_id = system_id
        self._out = dialect.MAVLink(None, srcSystem=system_id, srcComponent=AUTOPILOT_COMPONENT)
        self._in = dialect.MAVLink(None)
        self._in.robust_parsing = True
        self._text_id = 0

    def encode(self, message: Message) -> bytes:
        """Return the datagram of one message."""
        data: bytes = message.pack(self._out)
        self._out.seq = (self._out.seq + 1) % 256
        return data

    def decode(self, datagram: bytes) -> list[Message]:
        """Return the messages of a datagram; damaged ones are left out."""
        messages = self._in.parse_buffer(datagram) or []
        return [message for message in messages if message.get_type() != "BAD_DATA"]

    def mission_current(self, *, item: int, total: int, mission_id: int, fence_id: int, rally_id: int) -> bytes:
        """Return a MISSION_CURRENT with the ids of the three plans (extension fields)."""
        message = dialect.MAVLink_mission_current_message(item)
        return self._extended(message, struct.pack("<HHBBIII", item, total, 0, 0, mission_id, fence_id, rally_id))

    def mission_count(self, *, to: tuple[int, int], count: int, kind: int, plan_id: int) -> bytes:
        """Return a MISSION_COUNT with the plan's id (extension field)."""
        message = dialect.MAVLink_mission_count_message(*to, count, kind)
        return self._extended(message, struct.pack("<HBBBI", count, *to, kind, plan_id))

    def mission_ack(self, *, to: tuple[int, int], result: int, kind: int, plan_id: int = 0) -> bytes:
        """Return a MISSION_ACK with the plan's id (extension field)."""
        message = dialect.MAVLink_mission_ack_message(*to, result, kind)
        return self._extended(message, struct.pack("<BBBBI", *to, result, kind, plan_id))

    def status_text(self, severity: int, text: str) -> list[bytes]:
        """Return a status text, in as many chunks as it needs."""
        raw = text.encode()
        if len(raw) < _TEXT_BYTES:
            return [self.encode(dialect.MAVLink_statustext_message(severity, raw, 0, 0))]
        self._text_id = self._text_id % 65535 + 1
        # A last chunk that is not full says that the text ends.
        parts = [raw[at : at + _TEXT_BYTES] for at in range(0, len(raw) + 1, _TEXT_BYTES)]
        return [
            self.encode(dialect.MAVLink_statustext_message(severity, part, self._text_id, number))
            for number, part in enumerate(parts)
        ]

    def _extended(self, message: Message, payload: bytes) -> bytes:
        data: bytes = message._pack(self._out, message.crc_extra, payload)
        self._out.seq = (self._out.seq + 1) % 256
        return data


def quaternion(*, roll_deg: float, pitch_deg: float, yaw_deg: float) -> list[float]:
    """Return w, x, y, z of the rotation yaw – pitch – roll (aerospace sequence)."""
    roll, pitch, yaw = (math.radians(angle) / 2 for angle in (roll_deg, pitch_deg, yaw_deg))
    cr, sr, cp, sp, cy, sy = (f(a) for a in (roll, pitch, yaw) for f in (math.cos, math.sin))
    return [
        cr * cp * cy + sr * sp * sy,
        sr * cp * cy - cr * sp * sy,
        cr * sp * cy + sr * cp * sy,
        cr * cp * sy - sr * sp * cy,
    ]


def whole_as_float(value: int) -> float:
    """Return the float whose bytes are those of a 32-bit integer: how PX4 sends whole parameters."""
    number: float = struct.unpack("<f", struct.pack("<i", value))[0]
    return number


def float_as_whole(value: float) -> int:
    """Return the 32-bit integer whose bytes are those of a float."""
    number: int = struct.unpack("<i", struct.pack("<f", value))[0]
    return number
