"""What people remember when their process is started again: what they did already."""

import json
from pathlib import Path

from core.errors import InvalidInput

_FILE = "people.json"


class PeopleMemory:
    """Named deeds with a value, kept in one small file that is replaced at once."""

    def __init__(self, *, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / _FILE
        self._deeds: dict[str, str] = self._read()

    def has_done(self, deed: str) -> bool:
        """Say whether *deed* was noted."""
        return deed in self._deeds

    def value(self, deed: str) -> str | None:
        """Return what was noted with *deed*, None when nothing was."""
        return self._deeds.get(deed)

    def note(self, deed: str, value: str = "") -> None:
        """Remember *deed*."""
        self._deeds[deed] = value
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(self._deeds))
        fresh.replace(self._file)

    def _read(self) -> dict[str, str]:
        if not self._file.exists():
            return {}
        try:
            found: dict[str, str] = json.loads(self._file.read_text())
        except ValueError as error:
            remedy = "remove this file: people then act as if for the first time"
            raise InvalidInput(f"is damaged: {error}", where=str(self._file), remedy=remedy) from error
        return found
