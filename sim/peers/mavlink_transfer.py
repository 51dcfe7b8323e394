"""MAVLink's mission protocol as PX4 v1.16 speaks it: one transfer at a time, with retries and a time-out."""

import math
from collections.abc import Callable
from enum import StrEnum

from pymavlink.dialects.v20 import development as dialect

from sim.autopilot import Autopilot
from sim.peers.mavlink_wire import Message, Wire
from sim.plan import CAPACITY, PlanItem, PlanType, item_fault, plan_id

_RETRY_S = 0.25
_GIVE_UP_S = 5.0
_ACCEPTED, _ERROR, _NO_SPACE, _CANCELLED, _INVALID = 0, 1, 4, 15, 5
_ALL = 255
Send = Callable[[bytes], None]


class State(StrEnum):
    """Where the protocol stands."""

    IDLE = "idle"
    SENDING = "sending"
    RECEIVING = "receiving"


class PlanTransfer:
    """Uploads and downloads of one vehicle."""

    def __init__(self, *, pilot: Autopilot, wire: Wire, send: Send) -> None:
        self._pilot = pilot
        self._wire = wire
        self._send = send
        self.state = State.IDLE
        self._kind = PlanType.MISSION
        self._partner = (0, 0)
        self._next = 0
        self._count = 0
        self._items: list[PlanItem] = []
        self._first_item = 0
        self._sent_s = 0.0
        self._heard_s = 0.0
        self._now_s = 0.0

    def tick(self, now_s: float) -> None:
        """Ask again for an item that did not come; give up after five silent seconds."""
        self._now_s = now_s
        if self.state is State.IDLE:
            return
        if now_s - self._heard_s > _GIVE_UP_S:
            self._pilot.cockpit.say("Operation timeout", severity=2)
            self.state = State.IDLE
        elif self.state is State.RECEIVING and now_s - self._sent_s > _RETRY_S:
            self._request()

    def handle(self, message: Message) -> bool:
        """Take a message of the protocol; return False for any other."""
        handler = {
            "MISSION_COUNT": self._on_count,
            "MISSION_ITEM_INT": self._on_item,
            "MISSION_REQUEST_LIST": self._on_request_list,
            "MISSION_REQUEST_INT": self._on_request,
            "MISSION_REQUEST": self._on_request,
            "MISSION_ACK": self._on_ack,
            "MISSION_CLEAR_ALL": self._on_clear,
            "MISSION_SET_CURRENT": self._on_set_current,
        }.get(message.get_type())
        if handler is None:
            return False
        handler(message, (message.get_srcSystem(), message.get_srcComponent()))
        return True

    # ------------------------------------------------------------------------------------ upload

    def _on_count(self, message: Message, partner: tuple[int, int]) -> None:
        if self.state is not State.IDLE:
            self._count_while_busy(message, partner)
            return
        self._heard_s = self._now_s
        kind = _plan_type(message.mission_type)
        if kind is None:
            self._ack(partner, _INVALID, message.mission_type)
        elif message.count > CAPACITY[kind]:
            self._ack(partner, _NO_SPACE, kind)
        elif message.count == 0:
            self._store(kind, [])
            self._ack(partner, _ACCEPTED, kind)
        else:
            self.state, self._kind, self._partner = State.RECEIVING, kind, partner
            self._next, self._count, self._items, self._first_item = 0, message.count, [], 0
            self._request()

    def _count_while_busy(self, message: Message, partner: tuple[int, int]) -> None:
        is_same = self.state is State.RECEIVING and partner == self._partner
        if is_same and self._next == 0 and message.mission_type == self._kind:
            self._heard_s = self._now_s
            self._request()
            return
        words = "WPM: REJ. CMD: Busy" if is_same else "WPM: IGN MISSION_COUNT: Busy"
        self._pilot.cockpit.say(words, severity=2)
        self._ack(partner, _ERROR, message.mission_type)

    def _request(self) -> None:
        self._sent_s = self._now_s
        request = dialect.MAVLink_mission_request_int_message(*self._partner, self._next, self._kind)
        self._send(self._wire.encode(request))

    def _on_item(self, message: Message, partner: tuple[int, int]) -> None:
        if partner != self._partner:
            self._pilot.cockpit.say("REJ. MIS ITEM: partner id mismatch", severity=2)
        elif self.state is State.IDLE:
            self._item_while_idle(message)
        elif self.state is State.SENDING or message.mission_type != self._kind:
            self._ack(partner, _ERROR, message.mission_type)
        elif message.seq == self._next:
            self._heard_s = self._now_s
            self._take(message)

    def _item_while_idle(self, message: Message) -> None:
        is_repeat = message.seq + 1 == self._next
        if not is_repeat:
            self._pilot.cockpit.say("IGN MISSION_ITEM: No transfer", severity=2)
        self._ack(self._partner, _ACCEPTED if is_repeat else _ERROR, message.mission_type)

    def _take(self, message: Message) -> None:
        item = _item(message)
        if fault := item_fault(self._kind, item):
            self._pilot.cockpit.say("IGN MISSION_ITEM: Invalid item", severity=2)
            self.state = State.IDLE
            self._ack(self._partner, fault, self._kind)
            return
        self._items.append(item)
        if message.current:
            self._first_item = message.seq
        self._next += 1
        if self._next < self._count:
            self._request()
            return
        self.state = State.IDLE
        self._store(self._kind, self._items)
        self._ack(self._partner, _ACCEPTED, self._kind, held_id=plan_id(self._items))

    def _store(self, kind: PlanType, items: list[PlanItem]) -> None:
        if self._pilot.record.plan.replace(kind, items):
            self._pilot.plan_changed(kind, first_item=self._first_item if items else 0)

    # ---------------------------------------------------------------------------------- download

    def _on_request_list(self, message: Message, partner: tuple[int, int]) -> None:
        kind = _plan_type(message.mission_type)
        if self.state is State.SENDING and self._next >= self._count:
            self.state = State.IDLE
        is_again = self.state is State.SENDING and (kind, partner) == (self._kind, self._partner)
        if kind is None or not (self.state is State.IDLE or is_again):
            self._pilot.cockpit.say("Mission download request ignored, already active")
            return
        self.state, self._kind, self._partner = State.SENDING, kind, partner
        self._heard_s, self._next, self._count = self._now_s, 0, len(self._held)
        plan = self._pilot.record.plan
        self._send(self._wire.mission_count(to=partner, count=self._count, kind=kind, plan_id=plan.ids[kind]))

    @property
    def _held(self) -> tuple[PlanItem, ...]:
        return self._pilot.record.plan.items[self._kind]

    def _on_request(self, message: Message, partner: tuple[int, int]) -> None:
        if partner != self._partner or self.state is State.IDLE:
            return
        if self.state is State.RECEIVING:
            self._pilot.cockpit.say("WPM: REJ. CMD: Busy", severity=2)
            return
        self._heard_s = self._now_s
        if message.seq not in {self._next, self._next - 1} or message.seq >= len(self._held):
            self.state = State.IDLE
            self._ack(partner, _ERROR, self._kind)
            self._pilot.cockpit.say("WPM: REJ. CMD: Req. WP was unexpected", severity=2)
            return
        self._next = message.seq + 1
        self._send_item(message.seq, self._held[message.seq])

    def _send_item(self, number: int, item: PlanItem) -> None:
        is_current = self._kind is PlanType.MISSION and self._pilot.record.item == number
        self._send(
            self._wire.encode(
                dialect.MAVLink_mission_item_int_message(
                    *self._partner,
                    number,
                    item.frame,
                    item.command,
                    int(is_current),
                    item.autocontinue,
                    *item.params,
                    item.x,
                    item.y,
                    item.z,
                    self._kind,
                )
            )
        )

    # ------------------------------------------------------------------------------------- other

    def _on_ack(self, message: Message, partner: tuple[int, int]) -> None:
        if partner != self._partner:
            return
        if self.state is State.SENDING or message.type == _CANCELLED:
            self.state = State.IDLE

    def _on_clear(self, message: Message, partner: tuple[int, int]) -> None:
        if self.state is not State.IDLE:
            self._pilot.cockpit.say("WPM: IGN CLEAR CMD: Busy", severity=2)
            return
        kind = _plan_type(message.mission_type)
        for each in PlanType if message.mission_type == _ALL else [kind] if kind is not None else []:
            self._store(each, [])
        self._ack(partner, _ACCEPTED, message.mission_type)

    def _on_set_current(self, message: Message, _partner: tuple[int, int]) -> None:
        if self.state is not State.IDLE:
            self._pilot.cockpit.say("WPM: IGN WP CURR CMD: Busy", severity=2)
        elif not self._pilot.set_current_item(message.seq):
            self._pilot.cockpit.say("WPM: WP CURR CMD: Not in list", severity=2)

    def _ack(self, partner: tuple[int, int], result: int, kind: int, *, held_id: int = 0) -> None:
        self._send(self._wire.mission_ack(to=partner, result=result, kind=kind, plan_id=held_id))


def _plan_type(number: int) -> PlanType | None:
    return PlanType(number) if number in set(PlanType) else None


def _item(message: Message) -> PlanItem:
    return PlanItem(
        frame=message.frame,
        command=message.command,
        autocontinue=message.autocontinue,
        params=(message.param1, message.param2, message.param3, message.param4),
        x=message.x,
        y=message.y,
        z=message.z if math.isfinite(message.z) else math.nan,
    )
