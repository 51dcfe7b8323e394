"""How the executor's orders and commands lie on the disk: the tables, and what their rows mean."""

from datetime import UTC, datetime

import aiosqlite
from google.protobuf.message import DecodeError
from roundsman.v1 import link_pb2 as pb

from agent.held_order import HeldOrder
from core.errors import InvalidInput
from core.ids import CommandId, OrderId
from fleet.holding import Holder
from fleet.link.translate import command_from_pb, order_from_pb
from fleet.orders import Command, CommandOutcome, CommandState, OrderProgress, OrderState
from geofence.positions import GeoPosition

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS orders (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    body BLOB NOT NULL,
    state TEXT NOT NULL,
    legs_done INTEGER NOT NULL,
    because TEXT NOT NULL,
    at TEXT NOT NULL,
    from_air INTEGER NOT NULL,
    ending TEXT,
    ending_because TEXT NOT NULL,
    is_reported INTEGER NOT NULL,
    held_by TEXT NOT NULL DEFAULT 'nobody',
    start_lon_deg REAL,
    start_lat_deg REAL
);
CREATE TABLE IF NOT EXISTS commands (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    because TEXT NOT NULL,
    at TEXT NOT NULL,
    is_reported INTEGER NOT NULL,
    body BLOB
);
"""
ADDED = {
    "orders": {
        "held_by": "TEXT NOT NULL DEFAULT 'nobody'",
        "start_lon_deg": "REAL",
        "start_lat_deg": "REAL",
    },
    "commands": {"body": "BLOB"},
}
"""Columns that bring the file of an agent from before up to date: nobody may lose its orders over an update."""


def held_from(row: aiosqlite.Row) -> HeldOrder:
    """Return the order of a row; raises DecodeError or InvalidInput where it cannot be read."""
    return HeldOrder(
        order=order_from_pb(pb.Order.FromString(row["body"])),
        progress=progress_from(row),
        from_air=bool(row["from_air"]),
        ending=None if row["ending"] is None else OrderState(row["ending"]),
        ending_because=row["ending_because"],
        start=_start(row),
    )


def _start(row: aiosqlite.Row) -> GeoPosition | None:
    if row["start_lon_deg"] is None:
        return None
    return GeoPosition(lon_deg=row["start_lon_deg"], lat_deg=row["start_lat_deg"])


def progress_from(row: aiosqlite.Row) -> OrderProgress:
    """Return where the order of a row stands."""
    return OrderProgress(
        order_id=OrderId(row["id"]),
        state=OrderState(row["state"]),
        legs_done=row["legs_done"],
        because=row["because"],
        at=time_from(row["at"]),
        held_by=Holder(row["held_by"]),
    )


def outcome_from(row: aiosqlite.Row) -> CommandOutcome:
    """Return the fate of the command of a row."""
    return CommandOutcome(
        command_id=CommandId(row["id"]),
        state=CommandState(row["state"]),
        because=row["because"],
        at=time_from(row["at"]),
    )


def command_from(row: aiosqlite.Row) -> Command | None:
    """Return None also where it cannot be read: one such row must not keep an agent from obeying all others."""
    try:
        return None if row["body"] is None else command_from_pb(pb.Command.FromString(row["body"]))
    except (DecodeError, InvalidInput):
        return None


def time_from(text: str) -> datetime:
    """Return a time of a row."""
    return datetime.fromisoformat(text).astimezone(UTC)
