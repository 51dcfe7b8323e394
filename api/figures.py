"""Figures: what every domain counts, gathered for the desk, the demo's report and Prometheus."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Protocol

from core.database import Database, Transaction
from core.events import Json
from fleet.store import FleetStore


class FigureSource(Protocol):
    """A domain that counts: its numbers by name; nested mappings are fine."""

    async def figures(self, unit: Transaction) -> Mapping[str, Json]:
        """Return the present figures; counters count from the first start of the database."""


class InboxSource:
    """Reports of vehicles: committed, seen again, refused."""

    def __init__(self, *, fleet: FleetStore) -> None:
        self._fleet = fleet

    async def figures(self, unit: Transaction) -> Mapping[str, Json]:
        """Return the inbox's counts."""
        return asdict(await self._fleet.inbox_figures(unit))


class Figures:
    """All sources by name."""

    def __init__(self, *, database: Database, sources: Mapping[str, FigureSource]) -> None:
        self._database = database
        self._sources = sources

    async def read(self) -> dict[str, Mapping[str, Json]]:
        """Return every source's figures, of one moment of the database."""
        async with self._database.reading() as unit:
            return {name: await source.figures(unit) for name, source in self._sources.items()}


def flat_numbers(value: Json | Mapping[str, Json], name: str) -> Iterator[tuple[str, float]]:
    """Yield every finite number below *value* with its path as a Prometheus name; lists and texts are left out."""
    if isinstance(value, int | float):
        yield name, float(value)
    elif isinstance(value, Mapping):
        for key, below in value.items():
            yield from flat_numbers(below, f"{name}_{_clean(key)}")


def _clean(key: str) -> str:
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in key)
