"""The mission protocol, message by message: busy, retries, time-outs, limits."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from pymavlink.dialects.v20 import development as dialect

from sim.autopilot import Autopilot
from sim.peers.mavlink_transfer import PlanTransfer, State
from sim.peers.mavlink_wire import Wire
from sim.plan import PlanType
from tests.sim.sky import pilot

ACCEPTED, ERROR, UNSUPPORTED, NO_SPACE = 0, 1, 3, 4


@dataclass(slots=True, kw_only=True)
class Talk:
    """A ground station's side of the protocol."""

    transfer: PlanTransfer
    pilot: Autopilot
    sent: list[bytes]
    partner: int = 255
    _mav: Any = field(default_factory=lambda: dialect.MAVLink(None))

    def say(self, message: Any, *, system: int = 255) -> list[Any]:
        """Say one message as *system* and return the answers."""
        data = message.pack(dialect.MAVLink(None, srcSystem=system, srcComponent=190))
        self.sent.clear()
        assert self.transfer.handle(self._mav.parse_buffer(data)[0])
        return self.answers()

    def answers(self) -> list[Any]:
        """Return what the vehicle has sent since the last look."""
        told = [message for data in self.sent for message in self._mav.parse_buffer(data)]
        self.sent.clear()
        return told

    def words(self) -> list[str]:
        """Return the vehicle's status texts so far."""
        return [said.text for said in self.pilot.cockpit.said]


@pytest.fixture
def talk() -> Talk:
    sent: list[bytes] = []
    flyer = pilot()
    return Talk(transfer=PlanTransfer(pilot=flyer, wire=Wire(system_id=1), send=sent.append), pilot=flyer, sent=sent)


def count(number: int, kind: int = 0) -> Any:
    return dialect.MAVLink_mission_count_message(1, 1, number, kind)


def waypoint(number: int, command: int = 16, kind: int = 0, param1: float = 0.0) -> Any:
    return dialect.MAVLink_mission_item_int_message(
        1, 1, number, 6, command, 0, 1, param1, 0, 0, 0, 313200000, 1214000000, 10, kind
    )


def test_items_are_asked_for_one_by_one_and_acknowledged_with_an_id(talk: Talk) -> None:
    assert [answer.seq for answer in talk.say(count(2))] == [0]
    assert [answer.seq for answer in talk.say(waypoint(0))] == [1]
    (end,) = talk.say(waypoint(1))
    assert (end.get_type(), end.type) == ("MISSION_ACK", ACCEPTED)
    assert len(talk.pilot.record.plan.items[PlanType.MISSION]) == 2
    assert talk.pilot.record.plan.ids[PlanType.MISSION] != 0


def test_another_station_is_kept_out_while_a_transfer_runs(talk: Talk) -> None:
    talk.say(count(2))
    (refusal,) = talk.say(count(3), system=254)
    assert refusal.type == ERROR
    assert any("Busy" in text for text in talk.words())
    assert not talk.say(dialect.MAVLink_mission_request_list_message(1, 1, 0), system=254)


def test_a_lost_request_is_repeated_and_silence_ends_the_transfer(talk: Talk) -> None:
    talk.transfer.tick(100.0)
    talk.say(count(2))
    talk.transfer.tick(100.2)
    assert not talk.answers()
    talk.transfer.tick(100.3)
    assert [answer.seq for answer in talk.answers()] == [0]
    talk.transfer.tick(105.1)
    assert talk.transfer.state is State.IDLE
    assert any("Operation timeout" in text for text in talk.words())


def test_the_last_item_said_twice_is_acknowledged_twice(talk: Talk) -> None:
    talk.say(count(1))
    talk.say(waypoint(0))
    (again,) = talk.say(waypoint(0))
    assert again.type == ACCEPTED


@pytest.mark.parametrize(("kind", "number"), [(0, 501), (1, 65), (2, 33)])
def test_more_than_fits_is_refused(talk: Talk, kind: int, number: int) -> None:
    (refusal,) = talk.say(count(number, kind))
    assert refusal.type == NO_SPACE


def test_an_unknown_command_is_refused_and_nothing_is_stored(talk: Talk) -> None:
    talk.say(count(1))
    (refusal,) = talk.say(waypoint(0, command=31010))
    assert refusal.type == UNSUPPORTED
    assert not talk.pilot.record.plan.items[PlanType.MISSION]


def test_a_fence_of_two_corners_is_refused(talk: Talk) -> None:
    talk.say(count(2, 1))
    (refusal,) = talk.say(waypoint(0, command=5001, kind=1, param1=2))
    assert refusal.type == ERROR


def test_an_empty_upload_clears_the_list(talk: Talk) -> None:
    talk.say(count(1))
    talk.say(waypoint(0))
    (end,) = talk.say(count(0))
    assert end.type == ACCEPTED
    assert not talk.pilot.record.plan.items[PlanType.MISSION]
