"""Rings for what may be an emergency and was not sure, when nobody has decided about its pictures in time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from core.clock import Clock
from core.database import Database, Transaction
from core.ids import IncidentId
from incidents.alarms import AlarmDesk, AlarmName, AlarmSettings
from incidents.incident import IncidentState
from incidents.kinds import Kind, KindTable
from incidents.store import IncidentStore, SightingRecord, SightingStore


class Unlooked:
    """A service: what waits, and since when, is in the incidents' rows, so a restart forgets nobody."""

    def __init__(
        self,
        *,
        database: Database,
        incidents: IncidentStore,
        sightings: SightingStore,
        alarms: AlarmDesk,
        kinds: KindTable,
        settings: AlarmSettings,
        clock: Clock,
        pause_s: float = 1.0,
    ) -> None:
        self._database = database
        self._incidents = incidents
        self._sightings = sightings
        self._alarms = alarms
        self._kinds = [kind for kind in kinds.kinds if kind.is_alarm]
        self._settings = settings
        self._clock = clock
        self._pause_s = pause_s
        self._log = structlog.get_logger("unlooked")

    async def run(self) -> None:
        """Ring for what nobody looked at, for ever."""
        while True:
            await self.step()
            await self._clock.sleep(self._pause_s)

    async def step(self) -> None:
        """Ring for what has waited too long by now."""
        for kind in self._kinds:
            async with self._database.reading() as unit:
                late = await self._late(unit, kind)
            for incident_id in late:
                await self._ring(incident_id, kind)

    async def _ring(self, incident_id: IncidentId, kind: Kind) -> None:
        async with self._database.transaction() as unit:
            # Locked, so that whoever decides at this moment either comes first or finds it ringing.
            incident = await self._incidents.get(unit, incident_id, locked=True)
            if incident.state is not IncidentState.REPORTED:
                return
            records = await self._sightings.of_incident(unit, incident_id)
            waited_s = max(0.0, (self._clock.now() - records[0].stored_at).total_seconds())
            because = f"nobody looked at its picture for {waited_s:.0f} s: {_clearest(records).sighting.because}"
            seen = replace(_clearest(records).sighting, because=because)
            name = AlarmName(name=kind.name, name_zh=kind.name_zh)
            await self._alarms.seen(unit, seen, incident_id=incident_id, name=name)
        self._log.warning("nobody looked, so it rings", incident_id=incident_id, waited_s=waited_s)

    async def _late(self, unit: Transaction, kind: Kind) -> Sequence[IncidentId]:
        now, wait = self._clock.now(), timedelta(seconds=self._settings.unsure_s)
        return await self._incidents.unrung(unit, kind=kind.code, stored_before=now - wait, or_after=now + wait)


def _clearest(records: tuple[SightingRecord, ...]) -> SightingRecord:
    return max(records, key=lambda one: one.sighting.score)
