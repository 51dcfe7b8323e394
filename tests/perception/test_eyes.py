import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import cv2
import numpy as np
import pytest

from agent.camera import Eyes
from agent.camera_settings import CameraSettings, FrameClock
from agent.eyes_worker import EyesWorker
from core.clock import SystemClock
from core.ids import IncidentId, OrderId, VehicleId
from fleet.gazes import GazeLog
from fleet.live import LivePicture, LiveTracks
from fleet.orders import Check, Dock, FailsafeChoices, Order, OrderPurpose
from fleet.telemetry import CameraPose
from geofence.positions import GeoPosition, LocalPosition
from perception.frame import Picture
from perception.sighting import LookResult, LookVerdict, PerceptionState, Sighting
from sim.camera import CameraRenderer
from sim.camera_video import VideoSender
from sim.scene import CameraLens, CameraView
from tests.perception.eyes import FRAME, ORIGIN, START_AT, gaze, shared, zones_with
from tests.perception.test_pipeline import PILE, RULES, STALL, scene
from tests.perception.test_privacy import city, face_finder
from tests.perception.video import Station, free_port

BOOT_S = 5000.0
FAR_AWAY = FRAME.to_geo(LocalPosition(east_m=300, north_m=300))


class Drone:
    """A hovering vehicle that tells where its camera is; time on board is our time plus an offset."""

    id = VehicleId("drone-1")

    def __init__(self, *, clock: SystemClock) -> None:
        self._clock = clock
        self.view = gaze()

    def now_s(self) -> float:
        return self._clock.monotonic_s() + BOOT_S

    async def camera_poses(self) -> AsyncIterator[CameraPose]:
        while True:
            yield CameraPose(
                vehicle_time_s=self.now_s(),
                position=self.view.place,
                height_agl_m=self.view.height_agl_m,
                yaw_deg=self.view.yaw_deg,
                pitch_deg=self.view.pitch_deg,
                roll_deg=self.view.roll_deg,
            )
            await asyncio.sleep(0.05)


@dataclass
class Desk:
    """Keeps what the eyes say."""

    reports: list[Sighting | LookResult] = field(default_factory=list)
    gazes: list[GazeLog] = field(default_factory=list)
    drafts: list[GazeLog] = field(default_factory=list)
    shown: list[LiveTracks] = field(default_factory=list)
    pictures: list[LivePicture] = field(default_factory=list)
    state: PerceptionState | None = None

    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def has(self, wanted: Callable[[], bool]) -> None:
        while not wanted():
            self.changed.clear()
            await self.changed.wait()

    def sightings_told(self) -> int:
        return 0 if self.state is None else self.state.sightings

    async def put(self, body: Sighting | LookResult | GazeLog) -> None:
        if isinstance(body, GazeLog):
            self.gazes.append(body)
        else:
            self.reports.append(body)
        self.changed.set()

    async def save_draft(self, body: GazeLog) -> None:
        self.drafts.append(body)

    async def put_drafted(self, body: GazeLog) -> None:
        await self.put(body)

    def tracks(self, tracks: LiveTracks) -> None:
        self.shown.append(tracks)

    def picture(self, picture: LivePicture) -> None:
        self.pictures.append(picture)
        self.changed.set()

    def perception(self, state: PerceptionState) -> None:
        self.state = state
        self.changed.set()


def order(*checks: Check, name: str = "order") -> Order:
    return Order(
        id=OrderId(name),
        vehicle_id=Drone.id,
        run_id=None,
        purpose=OrderPurpose.PATROL,
        legs=(),
        zones=zones_with(RULES),
        dock=Dock(id="dock", place=ORIGIN),
        ground_amsl_m=0.0,
        return_height_agl_m=75.0,
        takeoff_height_agl_m=20.0,
        failsafes=FailsafeChoices(),
        authorisation=None,
        not_before_at=START_AT,
        not_after_at=START_AT + timedelta(hours=1),
        checks=checks,
        made_at=START_AT,
    )


@asynccontextmanager
async def looking(
    vehicle: Drone, desk: Desk, worker: EyesWorker, settings: CameraSettings, *orders: Order | None
) -> AsyncIterator[Eyes]:
    """Run a vehicle's eyes, for half a minute at most, with these orders from the beginning."""
    eyes = Eyes(
        vehicle=vehicle,  # type: ignore[arg-type]  # only id and camera_poses are used
        settings=settings,
        worker=worker,
        reports=desk,
        live=desk,
        clock=SystemClock(),
    )
    for one in orders:
        eyes.set_order(one)
    running = asyncio.ensure_future(eyes.run())
    try:
        async with asyncio.timeout(60):
            yield eyes
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def at_once(url: str, **more: object) -> CameraSettings:
    """Return settings of a camera whose pictures are as old as their arrival."""
    return CameraSettings(url=url, clock=FrameClock.ARRIVAL, latency_s=0.0, **more)  # type: ignore[arg-type]


def check_pile(place: GeoPosition = ORIGIN) -> Check:
    return Check(incident_id=IncidentId("pile"), kind="20507", place=place, radius_m=3.0)


async def film(drone: Drone, url: str) -> None:
    """Send the stall, as the hovering camera sees it, five times a second."""
    renderer = CameraRenderer(scene=scene())
    view = CameraView(east_m=0, north_m=-30, height_agl_m=25, yaw_deg=0, pitch_deg=-38)
    with VideoSender(url=url) as sender:
        while True:
            picture = renderer.render(view=view, lens=CameraLens(), things=(*STALL, PILE))
            sender.send(picture, vehicle_time_s=drone.now_s())
            await asyncio.sleep(0.2)


@pytest.mark.slow
async def test_a_video_stream_becomes_tracks_pictures_sightings_and_answers() -> None:
    desk, url = Desk(), f"udp://127.0.0.1:{free_port()}"
    drone = Drone(clock=SystemClock())
    with EyesWorker() as worker:
        async with looking(drone, desk, worker, CameraSettings(url=url), order(check_pile())) as eyes:
            filming = asyncio.ensure_future(film(drone, url))
            try:
                await desk.has(lambda: len(desk.reports) >= 3 and bool(desk.pictures) and desk.sightings_told() == 2)
                eyes.set_order(order(check_pile(FAR_AWAY), name="out of view"))
                eyes.set_order(None)
                await desk.has(lambda: len(desk.reports) >= 4)
            finally:
                filming.cancel()
                await asyncio.gather(filming, return_exceptions=True)

    sightings = [one for one in desk.reports if isinstance(one, Sighting)]
    answers = [one for one in desk.reports if isinstance(one, LookResult)]
    assert {one.kind for one in sightings} == {"20501", "20507"}
    assert [(one.order_id, one.verdict) for one in answers] == [
        ("order", LookVerdict.STILL_THERE),
        ("out of view", LookVerdict.NOT_ASSESSED),
    ]
    stall = next(track for track in desk.shown[-1].tracks if track.label == "cart")
    assert FRAME.to_local(stall.place).north_m == pytest.approx(3, abs=1.5)
    assert len(desk.shown[-1].footprint) >= 4
    assert desk.pictures[0].jpeg.startswith(b"\xff\xd8")
    assert desk.state is not None
    assert (desk.state.source, desk.state.sightings) == ("live", 2)
    assert len(desk.state.frame_to_sighting_s) >= 1
    first = desk.gazes[0]
    assert (first.order_id, len(first.gazes)) == ("order", 1), "it hovers: every picture shows the same ground"
    assert first.gazes[0].gaze.height_agl_m == pytest.approx(25, abs=0.01)
    assert first.assessed_s > 2


async def test_an_order_without_any_picture_answers_not_assessed() -> None:
    desk, drone = Desk(), Drone(clock=SystemClock())
    settings = CameraSettings(url=f"udp://127.0.0.1:{free_port()}")
    with EyesWorker() as worker:
        async with looking(drone, desk, worker, settings, order(check_pile()), None):
            await desk.has(lambda: bool(desk.reports))

    assert [one.verdict for one in desk.reports if isinstance(one, LookResult)] == [LookVerdict.NOT_ASSESSED]
    assert desk.state is None or desk.state.source == "connecting"


async def test_the_desk_is_told_why_the_eyes_see_nothing() -> None:
    desk, url = Desk(), f"udp://127.0.0.1:{free_port()}"
    drone = Drone(clock=SystemClock())
    views = {
        "assessed": gaze(),
        "bad_pose": gaze(roll_deg=math.nan),
        "sky": gaze(pitch_deg=40),
        "too_steep": gaze(pitch_deg=-90),
        "too_low": gaze(height_agl_m=0.4),
    }

    def told() -> tuple[str, str] | None:
        return None if desk.state is None else (desk.state.source, desk.state.view)

    with EyesWorker() as worker, Station(url):
        async with looking(drone, desk, worker, at_once(url)):
            for name, view in views.items():
                drone.view = view
                await desk.has(lambda name=name: told() == ("live", name))  # type: ignore[misc]

    assert desk.state is not None
    assert desk.state.because == "pictures come"
    assert desk.state.frames_not_assessed > 0


async def test_a_parked_camera_before_a_grey_floor_is_no_covered_lens() -> None:
    desk, url = Desk(), f"udp://127.0.0.1:{free_port()}"
    drone = Drone(clock=SystemClock())
    drone.view = gaze(height_agl_m=0.2)
    floor = np.full((360, 640, 3), 90, np.uint8)

    with EyesWorker() as worker, Station(url, picture=lambda number: floor):
        async with looking(drone, desk, worker, at_once(url)):
            await desk.has(lambda: desk.state is not None and desk.state.source == "covered")
            parked = desk.state
            drone.view = gaze()
            await desk.has(lambda: desk.state is not None and desk.state.view == "waiting")
            flying = desk.state

    assert parked is not None
    assert flying is not None
    assert (parked.source, parked.view) == ("covered", "too_low")
    assert (flying.source, flying.view) == ("covered", "waiting")


def street(number: int) -> Picture:
    """Return a real street with people, moved a little from picture to picture as a robot's camera is."""
    picture = np.asarray(cv2.resize(city(), (640, 451))[45:405], np.uint8)
    return np.roll(picture, number % 3, axis=1)


def faces_in(pictures: Sequence[LivePicture]) -> int:
    count = face_finder(640, 360)
    return sum(count(np.asarray(cv2.imdecode(np.frombuffer(one.jpeg, np.uint8), 1), np.uint8)) for one in pictures)


async def test_no_face_leaves_a_ground_robot_not_even_of_people_whom_its_model_does_not_know() -> None:
    desk, url = Desk(), f"udp://127.0.0.1:{free_port()}"
    robot = Drone(clock=SystemClock())
    robot.view = gaze(height_agl_m=1.2, pitch_deg=-5)
    model = shared("perception/yunet_n_640_640.onnx")
    settings = at_once(url, faces=model, lowest_agl_m=0.3, picture_every_s=0.0)

    with EyesWorker(faces=[model]) as worker, Station(url, picture=street):
        async with looking(robot, desk, worker, settings):
            await desk.has(lambda: len(desk.pictures) >= 3)

    assert face_finder(640, 360)(street(0)) >= 5
    assert faces_in(desk.pictures) == 0
    assert desk.state is not None
    assert desk.state.view == "assessed"


async def test_a_picture_that_no_detector_looked_at_does_not_leave() -> None:
    desk, url = Desk(), f"udp://127.0.0.1:{free_port()}"
    settings = at_once(url, width_px=480, height_px=480, cx_px=240, cy_px=240)

    with EyesWorker() as worker, Station(url, picture=street):
        async with looking(Drone(clock=SystemClock()), desk, worker, settings):
            await desk.has(lambda: desk.state is not None and desk.state.view == "wrong_size")
            seen = desk.state.frames_not_assessed if desk.state is not None else 0
            await desk.has(lambda: desk.state is not None and desk.state.frames_not_assessed > seen + 1)

    assert desk.pictures == []
