"""Identifiers: UUIDv7 text, so that rows sort by the time they were made."""

from typing import NewType

import uuid_utils

VehicleId = NewType("VehicleId", str)
"""A short name given at set-up ("drone-1"); it is the common name of the agent's certificate."""
ZoneId = NewType("ZoneId", str)
"""The name of a zone in its zone file."""
OrderId = NewType("OrderId", str)
CommandId = NewType("CommandId", str)
ReportId = NewType("ReportId", str)
PatrolId = NewType("PatrolId", str)
RunId = NewType("RunId", str)
SightingId = NewType("SightingId", str)
EvidenceId = NewType("EvidenceId", str)
IncidentId = NewType("IncidentId", str)
AlarmId = NewType("AlarmId", str)
UserId = NewType("UserId", str)


def new_id() -> str:
    """Return a fresh UUIDv7 in canonical text (36 characters); wrap it in the NewType of its kind."""
    return str(uuid_utils.uuid7())


def is_id(text: str) -> bool:
    """Say whether *text* is a canonical UUIDv7."""
    try:
        parsed = uuid_utils.UUID(text)
    except ValueError:
        return False
    return parsed.version == 7 and str(parsed) == text
