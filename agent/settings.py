"""What an agent is told: where its controller is, who it is, and which vehicles it looks after."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from pydantic import ConfigDict

from core.errors import InvalidInput
from core.settings import load_settings
from fleet.vehicle import VehicleKind

_ADDRESS = re.compile(r"\S+:[0-9]{1,5}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SPEC = re.compile(r"(?:(?P<id>[^=:]+)=)?(?P<driver>[a-z0-9]+):(?P<url>[^#]+)(?:#(?P<system_id>\d{1,3}))?")


class OnStop(StrEnum):
    """What a vehicle in the air does when its agent is stopped in good order."""

    RETURN = "return"
    LEAVE = "leave"
    """Go on with what is on board; the autopilot's own action for a lost link follows when no agent comes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleSettings:
    """One vehicle; without an id every autopilot heard on the connection becomes a vehicle "mav-<system id>"."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    connection: str
    """"mavlink:URL", with a URL that MAVSDK understands."""
    id: str = ""
    system_id: int | None = None
    name: str = ""
    name_zh: str = ""
    kind: VehicleKind = VehicleKind.DRONE
    dock: str = ""
    speed_m_s: float = 5.0
    endurance_s: float = 1200.0
    camera: Mapping[str, object] | None = None
    """The fields of `agent.camera_settings.CameraSettings`; `mount_pitch_deg` for a camera fixed to the airframe."""

    @property
    def url(self) -> str:
        """Return the connection without its driver."""
        return self.connection.partition(":")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """Everything that one agent process is told."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    controller: str = "127.0.0.1:8443"
    credentials: Path = Path("credentials")
    state_dir: Path = Path("agent-state")
    on_stop: OnStop = OnStop.RETURN
    vehicles: tuple[VehicleSettings, ...] = ()


def load_agent_settings(*, config: Path | None, given: Mapping[str, object], vehicles: Sequence[str]) -> AgentSettings:
    """Return the settings: options over environment over *config*; raises InvalidInput naming what is wrong."""
    settings = load_settings(AgentSettings, file=config, environment=os.environ, given=given)
    settings = replace(settings, vehicles=(*settings.vehicles, *(parse_vehicle(text) for text in vehicles)))
    _check(settings)
    return settings


def parse_vehicle(text: str) -> VehicleSettings:
    """Return the vehicle of "[ID=]mavlink:URL[#SYSTEM_ID]"; raises InvalidInput."""
    match = _SPEC.fullmatch(text)
    if match is None:
        remedy = "[ID=]mavlink:URL[#SYSTEM_ID], for example drone-1=mavlink:udpin://127.0.0.1:14550#1"
        raise InvalidInput("is no vehicle", where=f"--vehicle {text}", remedy=remedy)
    system_id = match["system_id"]
    return VehicleSettings(
        id=match["id"] or "",
        connection=f"{match['driver']}:{match['url']}",
        system_id=None if system_id is None else int(system_id),
    )


def _check(settings: AgentSettings) -> None:
    if not _ADDRESS.fullmatch(settings.controller):
        remedy = "HOST:PORT, for example 127.0.0.1:8443"
        raise InvalidInput(f"{settings.controller!r} is no address", where="controller", remedy=remedy)
    if not settings.vehicles:
        remedy = "--vehicle mavlink:udpin://127.0.0.1:14550, or [[vehicles]] in the --config file"
        raise InvalidInput("an agent needs at least one vehicle", where="vehicles", remedy=remedy)
    for vehicle in settings.vehicles:
        _check_vehicle(vehicle)
    ids = [vehicle.id for vehicle in settings.vehicles if vehicle.id]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise InvalidInput(f"{', '.join(twice)} is given twice", where="vehicles")
    ports = [(vehicle.connection, vehicle.system_id) for vehicle in settings.vehicles]
    if len(set(ports)) < len(ports):
        raise InvalidInput("two vehicles have one connection and system id", where="vehicles")


def _check_vehicle(vehicle: VehicleSettings) -> None:
    where = f"vehicle {vehicle.id or vehicle.connection}"
    if not vehicle.connection.startswith("mavlink:") or not vehicle.url:
        raise InvalidInput(f"no driver for {vehicle.connection!r}", where=where, remedy="mavlink:URL")
    if vehicle.id and not _ID.fullmatch(vehicle.id):
        raise InvalidInput("an id is 1 to 64 letters, digits, dots, dashes", where=where)
    if vehicle.system_id is not None and not 1 <= vehicle.system_id <= 254:
        raise InvalidInput("a system id lies in 1..254", where=where)
