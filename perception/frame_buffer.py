"""The border between a decoding thread and the event loop: pictures wait here, by a named policy."""

import asyncio
import threading
from collections import deque

from perception.frame import RawFrame
from perception.source_address import BufferPolicy

_MOST_WAITING = 4


class FrameBuffer:
    """Takes pictures from one thread, gives them to one reader in an event loop."""

    def __init__(self, *, policy: BufferPolicy, loop: asyncio.AbstractEventLoop) -> None:
        self.policy = policy
        self.dropped = 0
        self._loop = loop
        self._frames: deque[RawFrame] = deque()
        self._changed = threading.Condition()
        self._is_open = True
        self._filled = asyncio.Event()

    def put(self, frame: RawFrame) -> None:
        """Hand *frame* over; with EVERY it waits for room, unless the buffer is closed."""
        with self._changed:
            if self.policy is BufferPolicy.NEWEST:
                self.dropped += len(self._frames)
                self._frames.clear()
            else:
                self._changed.wait_for(lambda: len(self._frames) < _MOST_WAITING or not self._is_open)
            if not self._is_open:
                return
            self._frames.append(frame)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._filled.set)

    async def take(self, *, timeout_s: float) -> RawFrame | None:
        """Return the next picture, waiting for one; None when none comes in time."""
        try:
            async with asyncio.timeout(timeout_s):
                while (frame := self._pop()) is None:
                    self._filled.clear()
                    await self._filled.wait()
        except TimeoutError:
            return None
        return frame

    def close(self) -> None:
        """Let a waiting thread go; what comes afterwards is not kept."""
        with self._changed:
            self._is_open = False
            self._changed.notify_all()

    def _pop(self) -> RawFrame | None:
        with self._changed:
            frame = self._frames.popleft() if self._frames else None
            self._changed.notify_all()
        return frame
