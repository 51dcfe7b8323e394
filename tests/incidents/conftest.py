"""The incidents room, on both databases in turn."""

from pathlib import Path

import pytest

from core.database import Database
from tests.incidents.room import Room


@pytest.fixture
def room(database: Database, tmp_path: Path) -> Room:
    """The room over a fresh database and an empty folder."""
    return Room(database=database, folder=tmp_path / "evidence")
