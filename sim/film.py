"""What the vehicles' cameras send: rendered from their true poses in one thread, stamped with their own time."""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.clock import Clock
from core.tasks import run_blocking
from sim.autopilot import Autopilot
from sim.camera import CameraRenderer, render_photo
from sim.camera_geometry import Projection
from sim.camera_video import VideoSender
from sim.flight import Landed
from sim.referee import RefereeState
from sim.scene import CameraLens, CameraView, SceneThing
from sim.town import Town

_PICTURES_PER_S = 5
_DOCKED_PERIOD_S = 1.0
"""A vehicle in its dock sends one picture a second: its eyes are open, and the processor is spared."""
_SEEN_WITHIN_M = 65.0
_LOWEST_M = 0.3

Picture = NDArray[np.uint8]


@dataclass(slots=True, kw_only=True)
class Camera:
    """One vehicle's camera and the way of its pictures; `now_s` gives the vehicle's own time."""

    pilot: Autopilot
    lens: CameraLens
    sender: VideoSender
    now_s: Callable[[], float]
    last: Picture | None = None
    sent_s: float = -math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSite:
    """Where one vehicle's video goes."""

    pilot: Autopilot
    lens: CameraLens
    url: str
    now_s: Callable[[], float]


@dataclass(slots=True, kw_only=True)
class Film:
    """Renders and sends; everything heavy happens in one thread."""

    town: Town
    sites: Sequence[CameraSite]
    world_s: Callable[[], float]
    seen: RefereeState
    clock: Clock
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="camera"))
    _cameras: list[Camera] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)
    _renderer: CameraRenderer | None = None

    def __enter__(self) -> Self:
        for site in self.sites:
            sender = VideoSender(
                url=site.url,
                width_px=site.lens.width_px,
                height_px=site.lens.height_px,
                pictures_per_s=_PICTURES_PER_S,
            )
            self._stack.enter_context(sender)
            self._cameras.append(Camera(pilot=site.pilot, lens=site.lens, sender=sender, now_s=site.now_s))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=True)
        self._stack.close()

    async def run(self) -> None:
        """Film for ever."""
        await run_blocking(self._ready, executor=self._thread)
        while True:
            began_s = self.clock.monotonic_s()
            for camera in self._cameras:
                await self._film(camera)
            await self.clock.sleep(1.0 / _PICTURES_PER_S - (self.clock.monotonic_s() - began_s))

    async def photo(self, *, east_m: float, north_m: float, from_deg: float | None) -> bytes:
        """Return a phone's photograph (JPEG) of a place as it looks now."""
        things = self.town.things(self.world_s())
        angle_deg = self._best_side_deg(east_m, north_m) if from_deg is None else from_deg

        def take() -> bytes:
            return render_photo(self._ready(), east_m=east_m, north_m=north_m, things=things, from_deg=angle_deg)

        return await run_blocking(take, executor=self._thread)

    def _ready(self) -> CameraRenderer:
        if self._renderer is None:
            self._renderer = CameraRenderer(scene=self.town.scene(self.world_s()))
        return self._renderer

    def _best_side_deg(self, east_m: float, north_m: float) -> float:
        """Return a direction in which a photographer, 7 m away, does not stand in a building."""

        def room_m(angle_deg: float) -> float:
            angle = math.radians(angle_deg)
            here = east_m + 7.0 * math.sin(angle), north_m + 7.0 * math.cos(angle)
            return min(math.dist(here, corner) for each in self.town.plan.buildings for corner in each.outline)

        return max((200.0, 290.0, 20.0, 110.0), key=room_m)

    async def _film(self, camera: Camera) -> None:
        pilot, now_s = camera.pilot, camera.now_s()
        is_docked = pilot.record.landed is Landed.ON_GROUND and not pilot.record.is_armed
        if pilot.faults.video_lost or (is_docked and 0 <= now_s - camera.sent_s < _DOCKED_PERIOD_S):
            return
        camera.sent_s = now_s
        view, things = view_of(pilot), self.town.things(self.world_s())
        if not is_docked:
            self._note_seen(view, camera.lens)
        await run_blocking(lambda: self._shoot(camera, view, things, now_s), executor=self._thread)

    def _shoot(self, camera: Camera, view: CameraView, things: tuple[SceneThing, ...], now_s: float) -> None:
        if camera.last is None or not camera.pilot.faults.video_frozen:
            camera.last = self._ready().render(view=view, lens=camera.lens, things=things)
        camera.sender.send(camera.last, vehicle_time_s=now_s)

    def _note_seen(self, view: CameraView, lens: CameraLens) -> None:
        """Remember which matters were in a picture, near enough to be recognised (buildings do not hide them here)."""
        now_s = self.world_s()
        unseen = [
            thing
            for thing in self.town.truth(now_s)
            if thing.kind and thing.appeared_s is not None and thing.removed_s is None
        ]
        unseen = [thing for thing in unseen if thing.id not in self.seen.in_view_s]
        if not unseen:
            return
        projection = Projection(view=view, lens=lens)
        camera_m = projection.to_camera(np.array([(thing.east_m, thing.north_m, 0.5) for thing in unseen]))
        px = projection.to_px(camera_m)
        for thing, depth_m, (x, y) in zip(unseen, camera_m[:, 2], px, strict=True):
            if 1.0 < depth_m < _SEEN_WITHIN_M and 0 <= x < lens.width_px and 0 <= y < lens.height_px:
                self.seen.in_view_s[thing.id] = now_s


def view_of(pilot: Autopilot) -> CameraView:
    """Return where a vehicle's camera truly is and looks; its gimbal keeps the roll level."""
    record = pilot.record
    return CameraView(
        east_m=record.body.east_m,
        north_m=record.body.north_m,
        height_agl_m=max(_LOWEST_M, record.body.up_m),
        yaw_deg=(record.body.yaw_deg + record.gimbal_yaw_deg + pilot.faults.gimbal_yaw_offset_deg) % 360.0,
        pitch_deg=record.gimbal_pitch_deg,
    )
