"""Frames a second for 1, 2, 4 and 8 video streams, and what an hour of video leaves behind in memory.

Every stream is really decoded (H.264, 640 × 360, a thread for each) and looked at by a pipeline of its own; all share
one model in one thread, as the vehicles of one agent do. The film is a simulated flight over a street, played in a loop
as fast as it can be looked at. The bound is the bare model: nothing is faster than that on one thread. What other
processes take away is told apart by processor time: a column says what the same work would reach on free cores.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from structlog import configure as configure_log
from structlog import make_filtering_bound_logger

from agent.eyes_worker import EyesWorker
from benchmarks.frame_pipeline import FRAMES, film, make_pipeline
from core.clock import SystemClock
from core.ids import OrderId
from perception.detector import OnnxDetector
from perception.frame import Frame, RawFrame
from perception.pipeline import Pipeline
from perception.source import VideoSource
from sim.camera_video import VideoSender

STREAMS = (1, 2, 4, 8)
SECONDS = 5.0
MODEL_RUNS = 100
MEMORY_FRAMES, MEMORY_WARM_UP, MEMORY_EVERY, MEMORY_SECONDS = 6_000, 1_500, 50, 150.0
AGENT_HZ = 5
AIM_MB_AN_HOUR = 10.0
_STEP_S = 1 / AGENT_HZ


class Stream:
    """A looped film and the eyes that look at it."""

    def __init__(self, *, file: Path, flight: Sequence[Frame], worker: EyesWorker) -> None:
        self._source = VideoSource(url=str(file), clock=SystemClock(), retry_s=0.001)
        self._flight = flight
        self._worker = worker
        self._eyes = make_pipeline(worker.detector)
        self.looked = 0
        self.eyes_s = 0.0
        """Processor time of the thread that all streams share."""

    async def look(self, *, most: int, until_s: float) -> None:
        """Look at every frame, until there were so many or it is so late."""
        self._source.start()
        try:
            while self.looked < most and time.monotonic() < until_s:
                raw = await self._source.next(timeout_s=5.0)
                if raw is not None:
                    await self._look(raw)
        finally:
            self._source.close()
            await asyncio.to_thread(self._source.join)

    async def _look(self, raw: RawFrame) -> None:
        frame = self._frame(raw)
        if frame.number % len(self._flight) == 0:
            self._eyes.set_order(OrderId(f"pass {raw.number}"), [], frame.taken_at)
        self.eyes_s += await self._worker.run(lambda: _process(self._eyes, frame))
        self.looked += 1

    def _frame(self, raw: RawFrame) -> Frame:
        """Return the picture with the pose of its place in the flight, on a time that goes on from loop to loop."""
        number = raw.number - 1
        flown = self._flight[number % len(self._flight)]
        return Frame(
            number=number,
            picture=raw.picture,
            taken_s=number * _STEP_S,
            taken_at=raw.received_at,
            gaze=flown.gaze,
        )


def main() -> None:
    """Print both tables."""
    configure_log(wrapper_class=make_filtering_bound_logger(40))
    flight = film(count=2 * FRAMES)
    with tempfile.TemporaryDirectory() as folder, EyesWorker() as worker:
        file = _write(flight, Path(folder) / "flight.ts")
        _print_rates(asyncio.run(_rates(file, flight, worker)), _bare_rate(flight))
        _print_memory(asyncio.run(_memory(file, flight, worker)))


def _write(flight: Sequence[Frame], file: Path) -> Path:
    with VideoSender(url=str(file)) as sender:
        for frame in flight:
            sender.send(frame.picture, vehicle_time_s=frame.number * _STEP_S)
    return file


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What so many streams reached: frames a second, and processor time a frame, in all and in the eyes' thread."""

    hz: float
    all_s: float
    eyes_s: float

    @property
    def free_hz(self) -> float:
        """Return the frames a second on cores that nobody else uses."""
        return min((os.cpu_count() or 1) / self.all_s, 1 / self.eyes_s)


async def _rates(file: Path, flight: Sequence[Frame], worker: EyesWorker) -> dict[int, Rate]:
    """Return what is reached by how many streams there are."""
    rates: dict[int, Rate] = {}
    for count in STREAMS:
        streams = [Stream(file=file, flight=flight, worker=worker) for _ in range(count)]
        began_s, busy_s = time.monotonic(), time.process_time()
        await asyncio.gather(*(one.look(most=10**9, until_s=began_s + SECONDS) for one in streams))
        took_s, busy_s = time.monotonic() - began_s, time.process_time() - busy_s
        looked, eyes_s = sum(one.looked for one in streams), sum(one.eyes_s for one in streams)
        rates[count] = Rate(hz=looked / took_s, all_s=busy_s / looked, eyes_s=eyes_s / looked)
    return rates


def _bare_rate(flight: Sequence[Frame]) -> float:
    """Return the frames of the model alone for each second of processor time."""
    detector = OnnxDetector()
    tensor, _ = detector.prepare(flight[0].picture)
    detector.infer(tensor)
    began_s = time.thread_time()
    for _ in range(MODEL_RUNS):
        detector.infer(tensor)
    return MODEL_RUNS / (time.thread_time() - began_s)


async def _memory(file: Path, flight: Sequence[Frame], worker: EyesWorker) -> list[tuple[int, float]]:
    """Return frames and megabytes, again and again while one stream loops."""
    stream = Stream(file=file, flight=flight, worker=worker)
    rows: list[tuple[int, float]] = []
    looking = asyncio.ensure_future(stream.look(most=MEMORY_FRAMES, until_s=time.monotonic() + MEMORY_SECONDS))
    while not looking.done():
        if not rows or stream.looked >= rows[-1][0] + MEMORY_EVERY:
            rows.append((stream.looked, _resident_mb()))
        await asyncio.sleep(0.02)
    await looking
    return rows


def _process(eyes: Pipeline, frame: Frame) -> float:
    """Look at a frame and return the processor time that it took."""
    began_s = time.thread_time()
    eyes.process(frame)
    return time.thread_time() - began_s


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _print_rates(rates: dict[int, Rate], bare_hz: float) -> None:
    table = Table(
        title=f"Streams of 640 × 360 on {os.cpu_count()} cores; the bare model alone runs {bare_hz:.0f} a second"
    )
    for heading in (
        "streams",
        "frames/s now",
        "on free cores",
        "each",
        "share of the bare model",
        "ms of processor a frame",
    ):
        table.add_column(heading)
    for count, rate in rates.items():
        share, each = f"{rate.free_hz / bare_hz:.2f}", f"{rate.free_hz / count:.0f}"
        table.add_row(str(count), f"{rate.hz:.0f}", f"{rate.free_hz:.0f}", each, share, f"{rate.all_s * 1000:.1f}")
    Console().print(table)
    enough = [count for count, rate in rates.items() if rate.free_hz / count >= AGENT_HZ]
    Console().print(
        f"An agent looks {AGENT_HZ} times a second at each stream: enough for {max(enough, default=0)} streams."
    )


def _print_memory(rows: list[tuple[int, float]]) -> None:
    settled = np.array([row for row in rows if row[0] >= MEMORY_WARM_UP])
    slope_mb, _ = np.polyfit(settled[:, 0], settled[:, 1], 1)
    an_hour_mb = slope_mb * 3600 * AGENT_HZ
    last, largest = settled[-1], settled[:, 1].max()
    Console().print(
        f"Memory over {last[0]:.0f} frames ({last[0] / AGENT_HZ / 60:.0f} minutes of video at {AGENT_HZ} a second): "
        f"{settled[0, 1]:.0f} MB after {MEMORY_WARM_UP}, {last[1]:.0f} MB at the end, {largest:.0f} MB at most; "
        f"{slope_mb * 1000:+.2f} MB for 1,000 frames, {an_hour_mb:+.1f} MB for an hour (aim ≤ {AIM_MB_AN_HOUR:g})"
    )


if __name__ == "__main__":
    main()
