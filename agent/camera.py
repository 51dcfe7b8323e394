"""The eyes of a vehicle: its video and its poses become tracks, sightings and answers."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

import structlog

from agent.camera_settings import CameraSettings, FrameClock
from agent.camera_words import live_tracks, never_seen, picture_boxes, questions, timed
from agent.eyes_worker import EyesWorker
from agent.gaze_recorder import NO_PICTURE, GazeRecorder
from core.clock import Clock
from core.errors import InvalidInput
from fleet.gazes import GazeLog
from fleet.live import LivePicture, LiveTracks
from fleet.orders import Order
from fleet.vehicle import Vehicle
from geofence.footprint import Gaze, footprint
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from geofence.zones import ZoneSet
from perception.evidence import to_jpeg
from perception.frame import Frame, RawFrame
from perception.georeference import Georeference
from perception.pipeline import NotAssessed, Pipeline, Seen
from perception.pose_history import PoseHistory
from perception.privacy import redact
from perception.sighting import LookResult, PerceptionState, Sighting
from perception.source import VideoSource
from perception.source_state import SourceState

_POSE_WAIT_S = 0.4
_IDLE_S = 1.0
_LIVE_RANGE_M = 70.0
_DELAYS_KEPT = 20


class EyesReports(Protocol):
    """Takes what the controller must learn and does not lose it (the outbox)."""

    async def put(self, body: Sighting | LookResult) -> None:
        """Return when the report is kept."""

    async def save_draft(self, body: GazeLog) -> None:
        """Return when what was gathered so far is kept, in the place of what was kept of it before."""

    async def put_drafted(self, body: GazeLog) -> None:
        """Return when the finished report is kept."""


class LiveSink(Protocol):
    """Takes what is shown at once; latest wins, never waits."""

    def tracks(self, tracks: LiveTracks) -> None: ...

    def picture(self, picture: LivePicture) -> None: ...

    def perception(self, state: PerceptionState) -> None: ...


class Eyes:
    """Runs one vehicle's camera until cancelled."""

    def __init__(
        self,
        *,
        vehicle: Vehicle,
        settings: CameraSettings,
        worker: EyesWorker,
        reports: EyesReports,
        live: LiveSink,
        clock: Clock,
        zones: ZoneSet | None = None,
    ) -> None:
        self._vehicle = vehicle
        self._settings = settings
        self._worker = worker
        self._reports = reports
        self._live = live
        self._clock = clock
        self._zones = zones or ZoneSet(zones=())
        self._source = VideoSource(url=settings.url, clock=clock, is_paced=True)
        self._recorder = GazeRecorder(vehicle_id=vehicle.id, lens=settings.lens, clock=clock)
        self._poses = PoseHistory()
        self._pose_came = asyncio.Event()
        self._pipeline: Pipeline | None = None
        self._order: Order | None = None
        self._pending: list[Order | None] = []
        self._delays_s: list[float] = []
        self._last_taken_s = float("-inf")
        self._last_picture_s = float("-inf")
        self._unseen = 0
        self._view = "waiting"
        self._log = structlog.get_logger("eyes").bind(vehicle=vehicle.id)

    def set_order(self, order: Order | None) -> None:
        """Watch the zones and answer the checks of *order* from now on; None ends the last one. Returns at once."""
        newest = self._pending[-1] if self._pending else self._order
        if (order and order.id) != (newest and newest.id):
            self._pending.append(order)

    async def run(self) -> None:
        """Look until cancelled."""
        self._source.start()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow_poses(), name="poses")
                group.create_task(self._follow_pictures(), name="pictures")
        finally:
            self._source.close()

    async def _follow_poses(self) -> None:
        async for pose in self._vehicle.camera_poses():
            self._poses.add(timed(pose), received_s=self._clock.monotonic_s())
            self._pose_came.set()

    async def _follow_pictures(self) -> None:
        while True:
            raw = await self._source.next(timeout_s=_IDLE_S)
            await self._take_orders()
            if raw is not None and self._source.state is SourceState.LIVE:
                await self._look(raw)
            else:
                self._unseen += raw is not None
                self._recorder.note(why_not=NO_PICTURE)
            await self._hand_on(self._recorder.due())
            if (log := self._recorder.unsaved()) is not None:
                await self._reports.save_draft(log)
            self._live.perception(self._state())

    async def _look(self, raw: RawFrame) -> None:
        frame = await self._frame(raw)
        if frame.taken_s - self._last_taken_s < 0.8 / self._settings.most_frames_per_s:
            return
        self._last_taken_s = frame.taken_s
        pipeline = self._pipeline or self._make_pipeline(frame.gaze)
        if pipeline is None:
            self._unseen += 1
            self._view = NotAssessed.NO_POSE.value
            self._recorder.note(why_not=self._view)
            return
        seen = await self._worker.run(lambda: pipeline.process(frame))
        self._view = "assessed" if seen.not_assessed is None else seen.not_assessed.value
        self._recorder.note(why_not=seen.not_assessed or "")
        await self._report(seen.sightings, seen.answers, frame)
        self._show(seen, pipeline)
        await self._show_picture(seen)

    async def _frame(self, raw: RawFrame) -> Frame:
        """Return the picture with the pose at its own time, waiting shortly for a pose that is still on its way."""
        vehicle_s = self._vehicle_time_s(raw)
        if vehicle_s is not None:
            await self._wait_for_pose(vehicle_s)
        taken_s = raw.received_s - self._settings.latency_s
        if vehicle_s is not None and self._settings.clock is FrameClock.VEHICLE:
            taken_s = min(self._poses.ours_s(vehicle_s) or taken_s, raw.received_s)
        return Frame(
            number=raw.number,
            picture=raw.picture,
            taken_s=taken_s,
            taken_at=raw.received_at - timedelta(seconds=raw.received_s - taken_s),
            gaze=None if vehicle_s is None else self._poses.at(vehicle_s),
        )

    def _vehicle_time_s(self, raw: RawFrame) -> float | None:
        if self._settings.clock is FrameClock.ARRIVAL:
            return self._poses.vehicle_time_s(raw.received_s - self._settings.latency_s)
        return None if raw.stamp_s is None else self._poses.unwrap_s(raw.stamp_s)

    async def _wait_for_pose(self, vehicle_s: float) -> None:
        newest = self._poses.newest_s
        if newest is None or newest >= vehicle_s or vehicle_s - newest > 2.0:
            return
        try:
            async with asyncio.timeout(_POSE_WAIT_S):
                while (self._poses.newest_s or vehicle_s) < vehicle_s:
                    self._pose_came.clear()
                    await self._pose_came.wait()
        except TimeoutError:
            return

    def _make_pipeline(self, gaze: Gaze | None) -> Pipeline | None:
        """Return the pipeline; its metres count from the first known place."""
        if gaze is None:
            return None
        frame = LocalFrame(origin=gaze.place)
        reference = Georeference(camera=self._settings.lens, frame=frame, distortion=self._settings.distortion)
        self._pipeline = Pipeline(
            vehicle_id=self._vehicle.id,
            detector=self._worker.detector_for(self._settings),
            reference=reference,
            zones=self._zones,
            lowest_agl_m=self._settings.lowest_agl_m,
        )
        if self._order is not None:
            self._pipeline.set_order(self._order.id, questions(self._order), self._clock.now())
        return self._pipeline

    async def _take_orders(self) -> None:
        while self._pending:
            order = self._pending.pop(0)
            await self._hand_on(self._recorder.begin(None if order is None else order.id))
            answers = await self._begin(order)
            for answer in answers:
                await self._reports.put(answer)

    async def _hand_on(self, log: GazeLog | None) -> None:
        if log is not None:
            await self._reports.put_drafted(log)

    async def _begin(self, order: Order | None) -> list[LookResult]:
        last, self._order = self._order, order
        pipeline, now = self._pipeline, self._clock.now()
        if order is not None:
            self._zones = order.zones
        if pipeline is None:
            return [] if last is None else never_seen(last, self._vehicle.id, now)
        if order is not None:
            await self._watch_zones(pipeline, order.zones)
        asked = [] if order is None else questions(order)
        return await self._worker.run(lambda: pipeline.set_order(order.id if order else None, asked, now))

    async def _watch_zones(self, pipeline: Pipeline, zones: ZoneSet) -> None:
        try:
            await self._worker.run(lambda: pipeline.set_zones(zones))
        except InvalidInput as error:
            self._log.error("the rules of the order's zones cannot be used, the last ones stay", error=str(error))

    async def _report(self, sightings: Sequence[Sighting], answers: Sequence[LookResult], frame: Frame) -> None:
        for sighting in sightings:
            await self._reports.put(sighting)
            self._delays_s.append(self._clock.monotonic_s() - frame.taken_s)
        for answer in answers:
            await self._reports.put(answer)
        del self._delays_s[:-_DELAYS_KEPT]

    def _show(self, seen: Seen, pipeline: Pipeline) -> None:
        gaze = seen.frame.gaze
        ground = (
            None
            if gaze is None or seen.not_assessed is NotAssessed.BAD_POSE
            else footprint(gaze, self._settings.lens, max_range_m=_LIVE_RANGE_M, frame=pipeline.frame)
        )
        if ground is not None and gaze is not None and seen.not_assessed is None:
            self._recorder.keep(gaze, ground, taken_at=seen.frame.taken_at)
        ring = [] if ground is None else list(ground.exterior.coords)[:-1]
        self._live.tracks(
            LiveTracks(
                vehicle_id=self._vehicle.id,
                at=seen.frame.taken_at,
                footprint=tuple(GeoPosition(lon_deg=lon, lat_deg=lat) for lon, lat in ring),
                tracks=live_tracks(seen, pipeline.frame),
            )
        )

    async def _show_picture(self, seen: Seen) -> None:
        if not seen.was_searched or seen.frame.taken_s - self._last_picture_s < self._settings.picture_every_s:
            return
        self._last_picture_s = seen.frame.taken_s
        width, height = seen.frame.size_px
        jpeg = await self._worker.run(lambda: to_jpeg(redact(seen.frame.picture, seen.detections), quality=70))
        self._live.picture(
            LivePicture(
                vehicle_id=self._vehicle.id,
                at=seen.frame.taken_at,
                jpeg=jpeg,
                width_px=width,
                height_px=height,
                boxes=picture_boxes(seen),
            )
        )

    def _blind_view(self) -> str:
        """Return why nothing is looked at: a camera that stands on the ground has nothing to see, which is no fault."""
        newest = self._poses.newest
        is_low = newest is not None and newest.height_agl_m < self._settings.lowest_agl_m
        return NotAssessed.TOO_LOW.value if is_low else "waiting"

    def _state(self) -> PerceptionState:
        counters = self._pipeline.counters if self._pipeline else None
        return PerceptionState(
            vehicle_id=self._vehicle.id,
            at=self._clock.now(),
            source=self._source.state.value,
            because=self._source.because,
            view=self._view if self._source.state is SourceState.LIVE else self._blind_view(),
            frames_analysed=counters.analysed if counters else 0,
            frames_not_assessed=(counters.not_assessed_total if counters else 0) + self._unseen,
            frames_dropped=self._source.dropped + self._source.damaged,
            sightings=counters.sightings if counters else 0,
            frame_to_sighting_s=tuple(self._delays_s),
        )
