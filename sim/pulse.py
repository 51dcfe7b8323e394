"""The beat of the simulated world: 50 steps in each of its seconds, at real time or (in tests) faster."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sim.peers.mavlink import MavlinkPeer

STEP_S = 0.02
_MOST_BEHIND_S = 0.5
"""A process that was stopped does not catch up more than this: the world stood still with it."""


@dataclass(slots=True, kw_only=True)
class WorldTime:
    """Seconds of the world since it was first started; it goes on where a snapshot left it."""

    now_s: float = 0.0


class Pulse:
    """Steps all vehicles and lets each say what is due."""

    def __init__(
        self,
        *,
        time: WorldTime,
        peers: Sequence[MavlinkPeer],
        speed: float = 1.0,
        after_step: Callable[[], None] = lambda: None,
    ) -> None:
        self._time = time
        self._peers = peers
        self._speed = speed
        self._after_step = after_step

    async def run(self) -> None:
        """Beat for ever."""
        last_s, owed_s = time.monotonic(), 0.0
        while True:
            await asyncio.sleep(STEP_S)
            now_s = time.monotonic()
            owed_s = min(owed_s + now_s - last_s, _MOST_BEHIND_S)
            last_s = now_s
            while owed_s >= STEP_S / self._speed:
                owed_s -= STEP_S / self._speed
                self._step()
            for peer in self._peers:
                peer.tick()

    def _step(self) -> None:
        self._time.now_s += STEP_S
        for peer in self._peers:
            peer.pilot.step(self._time.now_s, STEP_S, link_age_s=peer.link_age_s)
        self._after_step()
