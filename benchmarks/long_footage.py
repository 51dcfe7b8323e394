"""What `roundsman look` keeps in memory over an hour of video, and how fast it is beside its bare model.

The footage is a simulated flight over a street, encoded once and written sixty times and more one after the other into
a file of one hour at five frames a second; it is looked at as a tester does, with tracks and sightings written down,
every third frame to be done in minutes. The aim is flat memory: what is known of earlier frames must not pile up.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
from rich.console import Console

from benchmarks.frame_pipeline import FRAMES, film
from core.clock import SystemClock
from perception.detector import OnnxDetector
from perception.frame import Frame
from perception.offline.camera_file import read_camera
from perception.offline.examination import Examination
from perception.offline.live_recording import open_recording
from perception.offline.papers import Papers
from perception.offline.poses_file import read_poses
from perception.offline.recording import RecordedFrame
from perception.offline.zones_file import read_zones_for
from sim.camera_video import VideoSender

HOUR_S, STEP_S, EVERY = 3600.0, 0.2, 3
AIM_MB = 10.0
_LENS = '{"intrinsics": {"width_px": 640, "height_px": 360, "fx_px": 640, "fy_px": 640, "cx_px": 320, "cy_px": 180}}'
_ZONES = """{"type": "FeatureCollection", "frame": "local_m", "features": [{"type": "Feature",
 "properties": {"id": "street", "kind": "rule", "rules": {"vendor": {}, "crowd": {}, "clutter": {}}},
 "geometry": {"type": "Polygon", "coordinates": [[[-60, -60], [60, -60], [60, 60], [-60, 60], [-60, -60]]]}}]}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """How much memory there was after so many frames."""

    frames: int
    resident_mb: float


def main() -> None:
    """Print the memory over an hour, and processor time a frame beside the bare model's."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else HOUR_S
    flight = film(count=2 * FRAMES)
    with tempfile.TemporaryDirectory() as folder:
        video = _write(flight, Path(folder), seconds)
        busy_s = time.process_time()
        with _opened(flight, video, seconds) as (examination, frames):
            rows = list(_look(examination, frames))
        busy_s = time.process_time() - busy_s
    _print(rows, busy_s, _model_s(flight), seconds)


def _write(flight: Sequence[Frame], folder: Path, seconds: float) -> Path:
    """Write the flight again and again, its packets as they are."""
    once, video = folder / "once.ts", folder / "hour.mkv"
    with VideoSender(url=str(once)) as sender:
        for frame in flight:
            sender.send(frame.picture, vehicle_time_s=frame.number * STEP_S)
    span_s = len(flight) * STEP_S
    with av.open(str(video), "w") as target:
        stream = None
        for loop in range(max(1, round(seconds / span_s))):
            with av.open(str(once)) as source:
                stream = stream or target.add_stream_from_template(source.streams.video[0])
                for packet in source.demux(source.streams.video[0]):
                    if packet.dts is None or packet.pts is None or packet.time_base is None:
                        continue
                    shift = round(loop * span_s / packet.time_base)
                    packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, stream
                    target.mux(packet)
    return video


@contextmanager
def _opened(
    flight: Sequence[Frame], video: Path, seconds: float
) -> Iterator[tuple[Examination, Iterator[RecordedFrame]]]:
    folder = video.parent
    (folder / "camera.json").write_text(_LENS, encoding="utf-8")
    (folder / "zones.geojson").write_text(_ZONES, encoding="utf-8")
    rows = ["time_s,east_m,north_m,up_m,yaw_deg,pitch_deg,roll_deg"]
    for number in range(round(seconds / STEP_S) + len(flight)):
        turn = number % len(flight)
        north_m = -50 + min(turn, len(flight) - turn) * 0.8
        rows.append(f"{number * STEP_S:.2f},0,{north_m:.2f},25,0,-38,0")
    (folder / "poses.csv").write_text("\n".join(rows), encoding="utf-8")
    poses = read_poses(folder / "poses.csv")
    examination = Examination(
        detector=OnnxDetector(),
        camera=read_camera(folder / "camera.json", needs_pose=False),
        poses=poses,
        zones=read_zones_for(folder / "zones.geojson", poses.ground).zones,
        start_at=datetime(2026, 1, 5, 2, 0, tzinfo=UTC),
    )
    papers = Papers(
        sightings=folder / "sightings.jsonl",
        tracks=folder / "tracks.jsonl",
        pictures=None,
        film=None,
        ground=examination.ground,
        start_at=examination.start_at,
    )
    with open_recording(str(video), rate_hz=None, clock=SystemClock()) as recording, papers:
        yield examination, _walk(examination, recording, papers)
        papers.write_rest(examination.end())


def _walk(examination: Examination, recording: Iterable[RecordedFrame], papers: Papers) -> Iterator[RecordedFrame]:
    for recorded in recording:
        if recorded.number % EVERY == 0:
            papers.write(examination.look(recorded), recorded.time_s)
            yield recorded


def _look(examination: Examination, frames: Iterator[RecordedFrame]) -> Iterator[Row]:
    for _ in frames:
        if examination.account.frames % 100 == 0:
            yield Row(frames=examination.account.frames, resident_mb=_resident_mb())


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _model_s(flight: Sequence[Frame]) -> float:
    """Return the processor time of the bare model for a frame."""
    detector = OnnxDetector()
    tensor, _ = detector.prepare(flight[0].picture)
    detector.infer(tensor)
    began_s = time.process_time()
    for _ in range(100):
        detector.infer(tensor)
    return (time.process_time() - began_s) / 100


def _print(rows: Sequence[Row], busy_s: float, model_s: float, seconds: float) -> None:
    settled = np.array([(row.frames, row.resident_mb) for row in rows if row.frames >= rows[-1].frames / 4])
    slope_mb, _ = np.polyfit(settled[:, 0], settled[:, 1], 1)
    an_hour_mb = slope_mb * rows[-1].frames * HOUR_S / seconds
    a_frame_s = busy_s / rows[-1].frames
    Console().print(
        f"{seconds / 60:.0f} minutes of video, {rows[-1].frames} frames looked at: {rows[0].resident_mb:.0f} MB after "
        f"{rows[0].frames}, {rows[-1].resident_mb:.0f} MB at the end, {settled[:, 1].max():.0f} MB at most; "
        f"{an_hour_mb:+.1f} MB for an hour (aim ≤ {AIM_MB:g})"
    )
    Console().print(
        f"{a_frame_s * 1000:.1f} ms of processor time for each, with {EVERY} decoded and one followed as `look` does; "
        f"the bare model takes {model_s * 1000:.1f} ms: {a_frame_s / model_s:.2f} of it"
    )


if __name__ == "__main__":
    main()
