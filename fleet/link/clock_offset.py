"""How far two wall clocks are apart, measured over the link (RFC 5905 §8: four time stamps, the quickest wins)."""

from collections import deque
from dataclasses import dataclass

from roundsman.v1 import link_pb2 as pb

KEPT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSample:
    """One measurement: the controller's clock minus ours, and how long the way there and back took."""

    offset_s: float
    round_trip_s: float


class ClockOffset:
    """The newest measurements of one link; a jump of either clock is noticed because old ones fall out."""

    def __init__(self) -> None:
        self._samples: deque[ClockSample] = deque(maxlen=KEPT)

    @property
    def best(self) -> ClockSample | None:
        """Return the measurement with the shortest way, which errs least."""
        return min(self._samples, key=lambda sample: sample.round_trip_s, default=None)

    def probe(self, *, sent_at_us: int) -> pb.ClockProbe:
        """Return the question to send now; it tells the controller what was found so far."""
        best = self.best
        if best is None:
            return pb.ClockProbe(sent_at_us=sent_at_us)
        return pb.ClockProbe(sent_at_us=sent_at_us, offset_s=best.offset_s, round_trip_s=best.round_trip_s)

    def take(self, reply: pb.ClockReply, *, received_at_us: int) -> None:
        """Take the answer in; one that took a negative time (a clock jumped meanwhile) is dropped."""
        there_us = reply.received_at_us - reply.probe_sent_at_us
        back_us = reply.sent_at_us - received_at_us
        way_us = (received_at_us - reply.probe_sent_at_us) - (reply.sent_at_us - reply.received_at_us)
        if way_us < 0:
            return
        sample = ClockSample(offset_s=(there_us + back_us) / 2e6, round_trip_s=way_us / 1e6)
        best = self.best
        if best is not None and abs(sample.offset_s - best.offset_s) > best.round_trip_s + sample.round_trip_s:
            self._samples.clear()  # further apart than the ways explain: a clock was set
        self._samples.append(sample)
