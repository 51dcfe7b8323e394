"""A living controller for the browser: the real one, with someone who speaks to its books in the agents' place."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np

from api.permissions import Role
from api.running import Running, running_controller
from api.services import Services
from api.settings import ControllerSettings
from core.events import Json
from core.ids import EvidenceId, IncidentId, SightingId, VehicleId, ZoneId, new_id
from fleet.live import EyesState, LivePicture, LiveTrack, LiveTracks, PictureBox
from fleet.orders import CommandKind, CommandOutcome, CommandState
from fleet.telemetry import FlightMode, LandedState, VehicleState
from fleet.vehicle import Capability, VehicleCard, VehicleKind
from geofence.frames import LocalFrame
from geofence.positions import ErrorEllipse, GeoPosition, LocalPosition
from incidents.incident import IncidentState
from incidents.moves import Person, Post, Step
from missions.patrol_files import patrol_from_json
from perception.sighting import Photo, PhotoKind, Sighting

ESTATE = Path(__file__).parents[2] / "sim" / "worlds" / "estate"
PASSWORD = "a good long password"
FLYING, PARKED = VehicleId("drone-1"), VehicleId("drone-2")
NAMES = {FLYING: ("Drone 1", "无人机1号"), PARKED: ("Drone 2", "无人机2号")}
BEAT_S = 0.2


def settings(folder: Path, console: Path | None = None) -> ControllerSettings:
    """Return the settings of a controller of the estate that listens on any free ports."""
    return ControllerSettings(
        data_dir=folder / "controller",
        site=ESTATE / "site.json",
        zones=ESTATE / "zones.geojson",
        patrols=ESTATE / "patrols.json",
        console_dir=console,
        port=0,
        grpc_port=0,
        alarm_ring_s=600.0,
    )


@dataclass(slots=True)
class Town:
    """A running controller with its people and vehicles."""

    running: Running
    panel_token: str
    speaks: bool = True
    """While false the vehicles are silent, and the desk has to show how old their words are."""

    @property
    def services(self) -> Services:
        """Return the controller's parts."""
        return self.running.services

    @property
    def address(self) -> str:
        """Return where the pages are."""
        return f"http://127.0.0.1:{self.running.http_port}"

    def place(self, east_m: float, north_m: float) -> GeoPosition:
        """Return a place by metres from the site's origin."""
        frame = LocalFrame(origin=self.services.site.origin)
        return frame.to_geo(LocalPosition(east_m=east_m, north_m=north_m))

    async def live(self) -> None:
        """Speak in the vehicles' place: states, pictures, tracks, and the fate of commands."""
        started_s = self.services.clock.monotonic_s()
        while True:
            if self.speaks:
                self._speak(self.services.clock.monotonic_s() - started_s)
                await self._obey()
            await self.services.clock.sleep(BEAT_S)

    async def sighting(self, *, east_m: float, north_m: float, kind: str, because: str) -> IncidentId:
        """Report a sighting with two photos, as an agent would, and return the incident that it belongs to."""
        found = self._sighting(self.place(east_m, north_m), kind, because)
        async with self.services.database.transaction() as unit:
            return (await self.services.intake.take(unit, found)).incident_id

    async def reject(self, incident_id: IncidentId, *, by: str) -> None:
        """Reject a case as another supervisor would at another desk."""
        async with self.services.database.transaction() as unit:
            revision = (await self.services.incidents.get(unit, incident_id)).revision
            step = Step(to=IncidentState.REJECTED, because="known already", revision=revision)
            await self.services.moves.move(unit, incident_id, step, person=Person(name=by, post=Post.SUPERVISOR))

    async def add_patrol(self, document: Mapping[str, Json]) -> None:
        """Store a patrol as a supervisor would."""
        async with self.services.database.transaction() as unit:
            await self.services.mission_requests.add_patrol(unit, patrol_from_json(document), by="supervisor")

    def _speak(self, at_s: float) -> None:
        registry = self.services.registry
        angle = at_s / 12
        east_m, north_m = 45 * np.cos(angle), 12 + 28 * np.sin(angle)
        position = self.place(float(east_m), float(north_m))
        heading_deg = float(np.degrees(np.arctan2(-45 * np.sin(angle), 28 * np.cos(angle)))) % 360
        flying = self._state(FLYING, position, airborne=True)
        registry.update(replace(flying, heading_deg=heading_deg, height_above_home_m=25.0, east_m_s=4.0))
        registry.update(self._state(PARKED, self.services.site.docks[1].place, airborne=False))
        ring = [(-14, 12), (14, 12), (22, 48), (-22, 48)]
        turned = [_turn(corner, heading_deg) for corner in ring]
        footprint = tuple(self.place(float(east_m) + e, float(north_m) + n) for e, n in turned)
        track = LiveTrack(id=1, label="person", place=footprint[2], score=0.8)
        now = self.services.clock.now()
        registry.put_tracks(FLYING, lambda: LiveTracks(vehicle_id=FLYING, at=now, footprint=footprint, tracks=(track,)))
        jpeg = a_picture(f"{at_s:.1f} s")
        box = PictureBox(track=1, label="person", score=0.8, xyxy_px=(280.0, 120.0, 330.0, 240.0))
        picture = LivePicture(vehicle_id=FLYING, at=now, jpeg=jpeg, width_px=640, height_px=360, boxes=(box,))
        registry.put_picture(FLYING, lambda: picture)
        eyes = EyesState(
            vehicle_id=FLYING,
            at=now,
            source="live",
            because="pictures come",
            view="assessed",
            frames_analysed=int(at_s * 5),
            frames_not_assessed=3,
            frames_dropped=0,
            sightings=2,
        )
        registry.put_eyes(FLYING, lambda: eyes)

    def _state(self, vehicle_id: VehicleId, position: GeoPosition, *, airborne: bool) -> VehicleState:
        clock = self.services.clock
        return VehicleState(
            vehicle_id=vehicle_id,
            received_s=clock.monotonic_s(),
            received_at=clock.now(),
            position=position,
            height_above_home_m=0.0,
            heading_deg=90.0,
            home=self.services.site.docks[0].place,
            battery_ratio=0.76 if airborne else 0.98,
            mode=FlightMode.MISSION if airborne else FlightMode.READY,
            is_armed=airborne,
            landed=LandedState.IN_AIR if airborne else LandedState.ON_GROUND,
            gps_ok=True,
            health_ok=True,
            link_up=True,
        )

    async def _obey(self) -> None:
        """Take each command as an agent does: accepted with one beat, done (or refused) with the next."""
        async with self.services.database.transaction() as unit:
            for vehicle_id in NAMES:
                for record in await self.services.fleet.open_commands(unit, vehicle_id=vehicle_id):
                    state, because = _fate(record.command.kind, record.outcome.state)
                    now = self.services.clock.now()
                    outcome = CommandOutcome(command_id=record.command.id, state=state, because=because, at=now)
                    await self.services.fleet.set_outcome(unit, outcome, vehicle_id=vehicle_id)

    def _sighting(self, place: GeoPosition, kind: str, because: str) -> Sighting:
        now = self.services.clock.now()
        return Sighting(
            id=SightingId(new_id()),
            vehicle_id=FLYING,
            order_id=None,
            kind=kind,
            zone_id=ZoneId("no-vending"),
            place=place,
            ellipse=ErrorEllipse(major_m=1.4, minor_m=0.9, heading_deg=20),
            first_seen_at=now - timedelta(seconds=9),
            last_seen_at=now,
            observed_s=9.0,
            score=0.91,
            because=because,
            facts={"people": 3},
            rule="vendor",
            rule_version="1",
            model="estate",
            model_sha256="0" * 64,
            photos=(self._photo(PhotoKind.NEAR, 1), self._photo(PhotoKind.FAR, 2)),
        )

    def _photo(self, kind: PhotoKind, seed: int) -> Photo:
        jpeg = a_picture(kind.value, seed=seed)
        return Photo(
            id=EvidenceId(new_id()),
            kind=kind,
            jpeg=jpeg,
            sha256=hashlib.sha256(jpeg).hexdigest(),
            taken_at=self.services.clock.now(),
            width_px=640,
            height_px=360,
            box_xyxy_px=(270.0, 120.0, 400.0, 230.0),
        )


def _fate(kind: CommandKind, state: CommandState) -> tuple[CommandState, str]:
    if state is CommandState.SENT:
        return CommandState.ACCEPTED, "stored by the agent"
    if kind is CommandKind.RESUME:
        return CommandState.FAILED, "it was not held"
    return CommandState.DONE, "the vehicle shows it"


def _turn(corner: tuple[float, float], heading_deg: float) -> tuple[float, float]:
    angle = np.radians(-heading_deg)
    east_m, north_m = corner
    return (
        float(east_m * np.cos(angle) - north_m * np.sin(angle)),
        float(east_m * np.sin(angle) + north_m * np.cos(angle)),
    )


def a_picture(words: str, *, seed: int = 0) -> bytes:
    """Return a JPEG of 640 × 360 px with *words* in it."""
    pixels = np.full((360, 640, 3), (96 + 20 * seed, 110, 104), dtype=np.uint8)
    cv2.rectangle(pixels, (270, 120), (400, 230), (60, 90, 170), -1)
    cv2.putText(pixels, words, (20, 340), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 255, 255), 2)
    return bytes(cv2.imencode(".jpg", pixels)[1])


@asynccontextmanager
async def running_town(folder: Path) -> AsyncIterator[Town]:
    """Yield a town whose vehicles have said hello and speak."""
    async with running_controller(settings(folder)) as running:
        services = running.services
        async with services.database.transaction() as unit:
            for name, role in (("supervisor", Role.SUPERVISOR), ("grid1", Role.GRID_WORKER)):
                await services.sign_in.add(unit, name=name, roles=(role,), password=PASSWORD)
            _, token = await services.sign_in.add_device(unit, panel_id="gate")
        for number, vehicle_id in enumerate(NAMES):
            await _hello(services, vehicle_id, services.site.docks[number].id)
        town = Town(running=running, panel_token=token)
        speaking = asyncio.ensure_future(town.live())
        try:
            yield town
        finally:
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)


async def _hello(services: Services, vehicle_id: VehicleId, dock_id: str) -> None:
    name, name_zh = NAMES[vehicle_id]
    card = VehicleCard(
        id=vehicle_id,
        kind=VehicleKind.DRONE,
        name=name,
        name_zh=name_zh,
        capabilities=frozenset({Capability.FENCE, Capability.GIMBAL_PITCH}),
        dock_id=dock_id,
        speed_m_s=6.0,
    )
    async with services.database.transaction() as unit:
        await services.fleet.put_vehicle(
            unit, card, agent="test", software="test", boot_id="1", at=services.clock.now()
        )
