"""The offset of two clocks, measured over a link with a way there and a way back."""

import pytest
from roundsman.v1 import link_pb2 as pb

from fleet.link.clock_offset import ClockOffset


def measure(offset: ClockOffset, *, at_s: float, there_s: float, back_s: float, controller_ahead_s: float) -> None:
    reply = pb.ClockReply(
        probe_sent_at_us=round(at_s * 1e6),
        received_at_us=round((at_s + there_s + controller_ahead_s) * 1e6),
        sent_at_us=round((at_s + there_s + controller_ahead_s + 0.001) * 1e6),
    )
    offset.take(reply, received_at_us=round((at_s + there_s + 0.001 + back_s) * 1e6))


def test_the_quickest_way_tells_best() -> None:
    offset = ClockOffset()
    measure(offset, at_s=100, there_s=0.400, back_s=0.020, controller_ahead_s=7.5)
    measure(offset, at_s=110, there_s=0.010, back_s=0.010, controller_ahead_s=7.5)
    measure(offset, at_s=120, there_s=0.020, back_s=0.300, controller_ahead_s=7.5)
    assert offset.best is not None
    assert offset.best.offset_s == pytest.approx(7.5, abs=1e-6)
    assert offset.best.round_trip_s == pytest.approx(0.020, abs=1e-6)
    assert offset.probe(sent_at_us=5).offset_s == pytest.approx(7.5)


def test_a_clock_that_was_set_is_noticed_at_once() -> None:
    offset = ClockOffset()
    measure(offset, at_s=100, there_s=0.010, back_s=0.010, controller_ahead_s=7.5)
    measure(offset, at_s=110, there_s=0.030, back_s=0.030, controller_ahead_s=-3600.0)
    assert offset.best is not None
    assert offset.best.offset_s == pytest.approx(-3600.0)


def test_an_answer_from_before_the_question_is_dropped() -> None:
    offset = ClockOffset()
    offset.take(pb.ClockReply(probe_sent_at_us=100, received_at_us=200, sent_at_us=300), received_at_us=50)
    assert offset.best is None
    assert not offset.probe(sent_at_us=1).HasField("offset_s")
