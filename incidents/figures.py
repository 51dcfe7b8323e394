"""The figures by which supervisors are judged, and the counts and delays of the whole chain."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

import numpy as np

from core.database import Transaction
from core.events import Json
from incidents.alarm import OPEN_STATES as OPEN_ALARMS
from incidents.alarm import AlarmState
from incidents.incident import OPEN_STATES, Incident, IncidentState, TimelineLine
from incidents.store import AlarmStore, IncidentStore, SightingStore, TimelineStore

_S = IncidentState
_UNFILED = frozenset({_S.REPORTED, _S.REJECTED, _S.MERGED})
_NEWEST = 1_000
_DELAYS = ("sighting_to_incident", "raise_to_ring", "press_to_ring")


def ratio(part: float, whole: float) -> float | None:
    """Return part / whole as a ratio 0..1, None when there is nothing to divide by."""
    return part / whole if whole else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodCounts:
    """What happened in a period; the national figures are ratios of these."""

    reported: int = 0
    filed: int = 0
    due: int = 0
    """Incidents whose handling was to be closed within the period."""
    closed: int = 0
    """Of those due, closed at all."""
    closed_on_time: int = 0
    """Of those due, closed before their deadline."""
    dispatched: int = 0
    handed_back: int = 0
    verified: int = 0
    """Second looks with a verdict."""
    passed: int = 0
    """Second looks that found the matter gone."""
    reworked: int = 0
    found_by_public: int = 0
    """Matters that patrols should have found and others did."""
    repeated: int = 0
    """Filed again at the same place and kind within the period."""

    @property
    def filing_rate(self) -> float | None:
        """立案率: filed / reported."""
        return ratio(self.filed, self.reported)

    @property
    def closed_on_time_rate(self) -> float | None:
        """按期结案率: closed on time / due."""
        return ratio(self.closed_on_time, self.due)

    @property
    def closed_rate(self) -> float | None:
        """结案率: closed / due."""
        return ratio(self.closed, self.due)

    @property
    def rework_rate(self) -> float | None:
        """返工率: reworked / verified."""
        return ratio(self.reworked, self.verified)

    @property
    def hand_back_rate(self) -> float | None:
        """回退率: handed back / dispatched."""
        return ratio(self.handed_back, self.dispatched)

    @property
    def pass_rate(self) -> float | None:
        """核查通过率: passed / verified."""
        return ratio(self.passed, self.verified)

    @property
    def dispatch_accuracy(self) -> float | None:
        """准确派遣率: dispatched and not handed back / dispatched."""
        return ratio(self.dispatched - self.handed_back, self.dispatched)

    @property
    def missed_rate(self) -> float | None:
        """漏报率: found by the public / (found by the public + reported by patrols)."""
        return ratio(self.found_by_public, self.found_by_public + self.reported)

    @property
    def repeat_rate(self) -> float | None:
        """重复案件率: repeated / filed."""
        return ratio(self.repeated, self.filed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """Percentiles in seconds over `count` delays; None when there are none."""

    count: int
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    most_s: float | None


def delays_of(delays_s: Iterable[float]) -> Delays:
    """Return the percentiles of delays in seconds, interpolated linearly."""
    values = np.fromiter(delays_s, dtype=np.float64)
    if values.size == 0:
        return Delays(count=0, p50_s=None, p95_s=None, p99_s=None, most_s=None)
    p50_s, p95_s, p99_s = (float(one) for one in np.percentile(values, (50, 95, 99)))
    return Delays(count=values.size, p50_s=p50_s, p95_s=p95_s, p99_s=p99_s, most_s=float(values.max()))


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFigures:
    """Counts and delays since the books were begun."""

    sightings: int
    incidents: int
    open: int
    by_state: Mapping[IncidentState, int]
    by_kind: Mapping[str, int]
    filed: int
    closed: int
    reworks: int
    sighting_to_incident: Delays
    """From the last frame that a sighting needed to its incident's being in the books."""
    alarms_raised: int
    alarms_answered: int
    alarms_resolved: int
    alarms_false: int
    alarms_open: int
    raise_to_ring: Delays
    """From our storing a press to the first desk's word that it rings; both by our clock."""
    press_to_ring: Delays
    """From the panel's own time of the press; meaningful where the panel's clock is right."""


_COUNTS = tuple(field.name for field in fields(IncidentFigures) if field.name not in {*_DELAYS, "by_state", "by_kind"})


class Figures:
    """Reads figures from the books."""

    def __init__(
        self,
        *,
        incidents: IncidentStore,
        sightings: SightingStore,
        alarms: AlarmStore,
        timeline: TimelineStore,
    ) -> None:
        self._incidents = incidents
        self._sightings = sightings
        self._alarms = alarms
        self._timeline = timeline

    async def now(self, unit: Transaction) -> IncidentFigures:
        """Return the counts and delays up to now; delays over the newest 1,000 of each."""
        counts = await self._incidents.counts(unit)
        sightings = await self._sightings.newest(unit, limit=_NEWEST)
        alarms = await self._alarms.counts(unit)
        newest = await self._alarms.find(unit, limit=_NEWEST)
        rung = [(alarm, alarm.rung_at) for alarm in newest if alarm.rung_at is not None]
        by_state = {state: _sum(counts, state=state) for state in {state for _, state in counts}}
        return IncidentFigures(
            sightings=await self._sightings.count(unit),
            incidents=sum(counts.values()),
            open=sum(count for state, count in by_state.items() if state in OPEN_STATES),
            by_state=by_state,
            by_kind={kind: _sum(counts, kind=kind) for kind in sorted({kind for kind, _ in counts})},
            filed=sum(count for state, count in by_state.items() if state not in _UNFILED),
            closed=by_state.get(_S.CLOSED, 0),
            reworks=await self._incidents.reworks(unit),
            sighting_to_incident=delays_of(
                (one.stored_at - one.sighting.last_seen_at).total_seconds() for one in sightings if one.opened
            ),
            alarms_raised=sum(alarms.values()),
            alarms_answered=await self._alarms.answered(unit),
            alarms_resolved=alarms.get(AlarmState.RESOLVED, 0),
            alarms_false=alarms.get(AlarmState.FALSE_ALARM, 0),
            alarms_open=sum(count for state, count in alarms.items() if state in OPEN_ALARMS),
            raise_to_ring=delays_of((at - alarm.raised_at).total_seconds() for alarm, at in rung),
            press_to_ring=delays_of((at - alarm.pressed_at).total_seconds() for alarm, at in rung),
        )

    async def figures(self, unit: Transaction) -> Mapping[str, Json]:
        """Return `now` as flat JSON for the figures page and the metrics."""
        now = await self.now(unit)
        numbers: dict[str, Json] = {name: getattr(now, name) for name in _COUNTS}
        numbers["by_state"] = {state.value: count for state, count in now.by_state.items()}
        numbers["by_kind"] = dict(now.by_kind)
        for name in _DELAYS:
            delays: Delays = getattr(now, name)
            numbers |= {
                f"{name}_{part}": getattr(delays, part) for part in ("count", "p50_s", "p95_s", "p99_s", "most_s")
            }
        return numbers

    async def of_period(self, unit: Transaction, *, not_before_at: datetime, before_at: datetime) -> PeriodCounts:
        """Return the counts of a period.

        What patrols missed and what was filed again is not in the books yet: those two stay 0.
        """
        due = await self._incidents.due_between(unit, not_before_at=not_before_at, before_at=before_at)
        whats = [state.value for state in IncidentState]
        lines = await self._timeline.lines_between(unit, whats=whats, not_before_at=not_before_at, before_at=before_at)
        return _count(due, lines)


def _sum(
    counts: Mapping[tuple[str, IncidentState], int], *, kind: str | None = None, state: IncidentState | None = None
) -> int:
    return sum(
        count
        for (its_kind, its_state), count in counts.items()
        if kind in {None, its_kind} and state in {None, its_state}
    )


def _count(due: Sequence[Incident], lines: Sequence[TimelineLine]) -> PeriodCounts:
    def said(state: IncidentState) -> int:
        return sum(line.what == state.value for line in lines)

    closed = [(one.closed_at, one.due_at) for one in due if one.state is _S.CLOSED]
    on_time = sum(at is not None and until is not None and at <= until for at, until in closed)
    return PeriodCounts(
        reported=said(_S.REPORTED),
        filed=said(_S.FILED),
        due=len(due),
        closed=len(closed),
        closed_on_time=on_time,
        dispatched=said(_S.DISPATCHED),
        handed_back=said(_S.HANDED_BACK),
        verified=said(_S.CLOSED) + said(_S.REWORK),
        passed=said(_S.CLOSED),
        reworked=said(_S.REWORK),
    )
