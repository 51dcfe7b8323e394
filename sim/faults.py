"""Faults of one vehicle: settable fields, each with one sentence of what it does."""

import ast
import inspect
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, get_type_hints

from core.errors import InvalidInput


@dataclass(slots=True, kw_only=True)
class Faults:
    """Everything that can be made to go wrong with one vehicle while it runs."""

    link_lost: bool = False
    """Nothing goes in or out by MAVLink, as behind a building."""
    link_delay_s: float = 0.0
    """Every MAVLink datagram arrives this much later, both ways."""
    link_loss_ratio: float = 0.0
    """This share (0..1) of MAVLink datagrams is lost at random, both ways."""
    gps_lost: bool = False
    """The receiver has no fix: the position gets lost, the autopilot descends."""
    battery_ratio: float = -1.0
    """The battery falls to this charge (0..1) at once and drains on from there; negative leaves it alone."""
    wind_m_s: float = 0.0
    """A steady wind of this speed with gusts of a third of it."""
    wind_from_deg: float = 270.0
    """The direction that the wind comes from, clockwise from north."""
    hold_drift_m_s: float = 0.0
    """A weak motor: the vehicle slides eastwards at this speed instead of keeping its place."""
    video_frozen: bool = False
    """The camera sends the same picture again and again, with time stamps that go on."""
    video_lost: bool = False
    """The camera sends nothing."""
    gimbal_yaw_offset_deg: float = 0.0
    """The gimbal points this much to the right of what it reports."""
    duplicate_system_id: int = 0
    """The vehicle answers to this system id as well as to its own; 0 is none."""
    clock_jump_s: float = 0.0
    """The vehicle's own clock since boot runs this much ahead (telemetry and video alike)."""


NAMES = tuple(field.name for field in fields(Faults))
_TYPES = get_type_hints(Faults)


def set_fault(faults: Faults, name: str, text: str) -> None:
    """Set the field *name* from *text* ("" means true for a switch); raises InvalidInput for a wrong one."""
    if name not in NAMES:
        raise InvalidInput("there is no such fault", where=name, remedy=f"known are {', '.join(NAMES)}")
    setattr(faults, name, _parse(name, text))


def clear_fault(faults: Faults, name: str) -> None:
    """Put the field *name* (every field when empty) back to harmless; raises InvalidInput for an unknown one."""
    if name and name not in NAMES:
        raise InvalidInput("there is no such fault", where=name, remedy=f"known are {', '.join(NAMES)}")
    harmless = Faults()
    for each in [name] if name else NAMES:
        setattr(faults, each, getattr(harmless, each))


def active_faults(faults: Faults) -> dict[str, str]:
    """Return the fields that differ from harmless, as text."""
    harmless = Faults()
    return {name: str(getattr(faults, name)) for name in NAMES if getattr(faults, name) != getattr(harmless, name)}


def _parse(name: str, text: str) -> bool | int | float:
    kind: Any = _TYPES[name]
    if kind is bool:
        if text.lower() in {"", "true", "1", "on", "yes"}:
            return True
        if text.lower() in {"false", "0", "off", "no"}:
            return False
        raise InvalidInput(f"{text!r} is neither true nor false", where=name, remedy="say true or false")
    try:
        return int(text) if kind is int else float(text)
    except ValueError as error:
        raise InvalidInput(f"{text!r} is not a number", where=name, remedy="give a number") from error


def describe() -> dict[str, str]:
    """Return every fault with the sentence under its field in this file."""
    tree = ast.parse(inspect.getsource(Faults))
    body = tree.body[0]
    assert isinstance(body, ast.ClassDef)
    told: dict[str, str] = {}
    for field, words in pairwise(body.body):
        if isinstance(field, ast.AnnAssign) and isinstance(words, ast.Expr) and isinstance(field.target, ast.Name):
            told[field.target.id] = str(ast.literal_eval(words.value))
    return told
