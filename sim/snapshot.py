"""Snapshots: the whole state of the world in one file, so that a killed simulator goes on where it was."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from core.errors import InvalidInput
from sim.referee import RefereeState
from sim.town import TownState
from sim.vehicles import VehicleMemory

_VERSION = 1


@dataclass(slots=True, kw_only=True)
class WorldMemory:
    """Everything that must survive; `world` is the name of the world file that it belongs to."""

    world: str
    time_s: float
    version: int = _VERSION
    vehicles: dict[str, VehicleMemory] = field(default_factory=dict)
    town: TownState = field(default_factory=TownState)
    referee: RefereeState = field(default_factory=RefereeState)


def encode(memory: WorldMemory) -> bytes:
    """Return the snapshot as text; NaN (a mission item may hold it) is kept."""
    return json.dumps(to_jsonable_python(memory, inf_nan_mode="constants")).encode()


def write_snapshot(file: Path, content: bytes) -> None:
    """Replace *file* at once or not at all."""
    fresh = file.with_suffix(".new")
    with fresh.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)


def read_snapshot(file: Path, *, world: str) -> WorldMemory | None:
    """Return what *file* remembers, None when there is none.

    Raises InvalidInput for a damaged file, or one of another world or version.
    """
    if not file.exists():
        return None
    remedy = "remove this file to start the world anew"
    try:
        memory = TypeAdapter(WorldMemory).validate_python(json.loads(file.read_bytes()))
    except (ValueError, ValidationError) as error:
        raise InvalidInput(f"is damaged: {error}", where=str(file), remedy=remedy) from error
    if memory.world != world or memory.version != _VERSION:
        raise InvalidInput(f"belongs to the world {memory.world!r}", where=str(file), remedy=remedy)
    return memory
