"""The zones in force and their history: documents in the store, checked before they get there, parsed once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from api.store import ZoneDocument, ZoneDocumentStore
from core.clock import Clock
from core.database import Transaction
from core.errors import Conflict
from core.events import Event, Json
from core.tasks import run_blocking
from geofence.errors import BadZoneFile, ZoneProblem
from geofence.formats.choices import ImportChoices
from geofence.formats.exchange import check_zone_file
from geofence.positions import GeoPosition
from geofence.zone_files import ZoneFileReport, check_names, check_zones, read_zones
from geofence.zones import ZoneSet, canonical_text
from perception.rules.catalogue import check_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneChange:
    """Zones that were found good, and who wants them for what reason."""

    zones: ZoneSet
    by: str
    because: str
    expected_revision: int | None = None
    """The revision that the writer had read; None takes whatever stands."""


class ZoneBook:
    """Gives the zones in force, and takes new ones as the next revision."""

    def __init__(self, *, documents: ZoneDocumentStore, clock: Clock, near: GeoPosition) -> None:
        self._documents = documents
        self._clock = clock
        self._near = near
        self._parsed: tuple[str, ZoneSet] | None = None
        # Its own: who reads the zones in force may hold the books meanwhile.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="zones")

    async def zones(self, unit: Transaction) -> ZoneSet:
        """Return the zones in force; empty when none was ever given."""
        document = await self._documents.newest(unit)
        if document is None:
            return ZoneSet(zones=())
        if self._parsed is None or self._parsed[0] != document.hash:
            text = document.text
            self._parsed = (document.hash, await run_blocking(lambda: read_zones(text), executor=self._thread))
        return self._parsed[1]

    async def check(self, content: bytes, choices: ImportChoices) -> ZoneFileReport:
        """Return all that is right and wrong with a zone file of any format for this site; nothing is stored."""
        near = self._near
        return await run_blocking(lambda: _with_rules(check_zone_file(content, near=near, choices=choices)))

    async def read(self, content: bytes) -> tuple[ZoneSet, tuple[ZoneProblem, ...]]:
        """Return the zones of a file in our own form with its warnings; raises BadZoneFile with every problem."""
        near = self._near
        report = await run_blocking(lambda: _with_rules(check_zones(content, near=near)))
        if report.problems:
            raise BadZoneFile(report.problems)
        return report.zones, report.warnings

    async def put(self, unit: Transaction, change: ZoneChange) -> ZoneDocument:
        """Make checked zones the newest revision; raises Conflict when somebody was faster."""
        newest = await self._documents.newest(unit)
        revision = 0 if newest is None else newest.revision
        if change.expected_revision not in {None, revision}:
            raise Conflict(
                f"the zones are at revision {revision} now",
                where="revision",
                remedy="read them again and decide anew",
                params={"revision": revision},
            )
        document = ZoneDocument(
            revision=revision + 1,
            hash=change.zones.hash,
            text=canonical_text(change.zones),
            made_at=self._clock.now(),
            made_by=change.by,
            because=change.because,
        )
        await self._documents.add(unit, document)
        unit.emit(_event(document))
        return document


def _with_rules(report: ZoneFileReport) -> ZoneFileReport:
    """Look at the shapes first, then at what the eyes of a vehicle would say to the rules, and the books to names."""
    return replace(report, problems=(*report.problems, *check_rules(report.zones), *check_names(report.zones)))


def _event(document: ZoneDocument) -> Event:
    body: dict[str, Json] = {
        "revision": document.revision,
        "hash": document.hash,
        "by": document.made_by,
        "because": document.because,
    }
    return Event(subject="zones.changed", key=str(document.revision), body=body)
