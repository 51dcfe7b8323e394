"""When a patrol starts: its rule, the days it may start on, and what is left to chance.

Starts never overtake each other: chance moves one by less than the time to the next.
"""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from core.errors import InvalidInput
from missions.patrol import Chance, Days, Schedule
from missions.recurrence import check_rule, starts_by_rule
from missions.work_days import is_working_day

_MOST_LEFT_OUT = 400
"""Days in a row on which starts of the rule fall that are not allowed."""
_LONGEST_WINDOW_S = 86_400.0
_MOST_STARTS = 100_000
_LAST_DAY = date(9000, 1, 1)
_FARTHEST = timedelta(days=366 * 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStart:
    """A start as it will be: `rule_at` is when the rule gives it, before chance moved it."""

    at: datetime
    rule_at: datetime
    is_reversed: bool = False
    seed: int | None = None


def check_schedule(schedule: Schedule) -> None:
    """Raise InvalidInput, naming the part and the remedy, unless *schedule* can be read and starts at least once."""
    check_rule(schedule)
    if schedule.days is not Days.EVERY_DAY:
        is_working_day(schedule.first_start_local.date(), country=schedule.country)
    for blackout in schedule.blackouts:
        if blackout.last_day < blackout.first_day:
            what = f"ends on {blackout.last_day}, before it begins on {blackout.first_day}"
            raise InvalidInput(what, where="blackouts", remedy="exchange the two days")
    if schedule.chance is not None:
        _check_chance(schedule.chance)
    before = schedule.first_start_local.replace(tzinfo=ZoneInfo(schedule.time_zone)) - timedelta(days=1)
    start = next_start(schedule, after=before)
    if start is None or start > before + _FARTHEST:
        raise InvalidInput("no start is left by days and blackouts", where="rule", remedy="check days and blackouts")


def _check_chance(chance: Chance) -> None:
    if not 0 <= chance.window_s <= _LONGEST_WINDOW_S:
        remedy = f"give 0 to {_LONGEST_WINDOW_S:g} seconds"
        raise InvalidInput(f"window_s is {chance.window_s:g}", where="chance.window_s", remedy=remedy)
    for name, value in (("at_most_unseen_s", chance.at_most_unseen_s), ("route_s", chance.route_s)):
        if value is not None and not 0 < value < math.inf:
            raise InvalidInput(f"{name} is {value:g}", where=f"chance.{name}", remedy="give seconds, more than 0")
    if chance.reverses and chance.at_most_unseen_s is not None and chance.route_s is None:
        what = "a bound on what stays unseen needs the length of a run when its direction changes"
        raise InvalidInput(what, where="chance.route_s", remedy="give route_s, or leave at_most_unseen_s out")


def first_start(schedule: Schedule, *, now: datetime, spent_until: datetime | None = None) -> datetime:
    """Return the first start after *now*; raises InvalidInput when every start of *schedule* lies in the past."""
    start = next_start(schedule, after=now, spent_until=spent_until)
    if start is None:
        remedy = "give a later UNTIL or a greater COUNT, or leave the schedule out (null)"
        raise InvalidInput("every start lies in the past", where="patrol.schedule.rule", remedy=remedy)
    return start


def next_start(schedule: Schedule, *, after: datetime, spent_until: datetime | None = None) -> datetime | None:
    """Return the first start later than *after* (aware), in UTC; None when there is none. Raises InvalidInput.

    Starts that the rule gives up to *spent_until* had their turn, wherever chance would move them now.
    """
    starts = planned_starts(schedule, after=after)
    return next((start.at for start in starts if spent_until is None or start.rule_at > spent_until), None)


def starts_between(
    schedule: Schedule,
    since: datetime,
    until: datetime,
    *,
    most: int = 5000,
    now: datetime | None = None,
    spent_until: datetime | None = None,
) -> tuple[datetime, ...]:
    """Return the starts after *since*, up to *until* (aware), at most so many, in UTC. Raises InvalidInput.

    What the rule gives up to *spent_until* had its turn: it is not to come after *now*.
    """
    found = islice(planned_starts(schedule, after=since), min(most, _MOST_STARTS))
    return tuple(
        start.at
        for start in takewhile(lambda start: start.at <= until, found)
        if spent_until is None or start.rule_at > spent_until or (now is not None and start.at <= now)
    )


def start_at(schedule: Schedule, at: datetime) -> PlannedStart:
    """Return the planned start that takes place *at*; one of the rule alone when the schedule has changed since."""
    found = next(planned_starts(schedule, after=at - timedelta(microseconds=1)), None)
    return found if found is not None and found.at == at else PlannedStart(at=at, rule_at=at)


def planned_starts(schedule: Schedule, *, after: datetime) -> Iterator[PlannedStart]:
    """Yield the starts later than *after* (aware), in order. Raises InvalidInput."""
    chance = schedule.chance
    if chance is None:
        for at in _allowed(schedule, after):
            yield PlannedStart(at=at, rule_at=at)
        return
    starts = _allowed(schedule, after - timedelta(seconds=chance.window_s))
    here = next(starts, None)
    before = None if here is None else _last_before(schedule, here, within_s=chance.at_most_unseen_s)
    while here is not None:
        there = next(starts, None)
        start = _drawn(schedule, chance, before=before, here=here, there=there)
        if start.at > after:
            yield start
        before, here = here, there


def _last_before(schedule: Schedule, here: datetime, *, within_s: float | None) -> datetime | None:
    """Return the last start of the rule before *here*, where that is not further away than *within_s*."""
    back_s = 60.0
    while within_s is not None and back_s < 2 * within_s:
        reach = timedelta(seconds=min(back_s, within_s))
        found = list(takewhile(lambda at: at < here, _allowed(schedule, here - reach - timedelta(microseconds=1))))
        if found:
            return found[-1]
        back_s *= 2
    return None


def _allowed(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Yield the starts of the rule on days that are allowed."""
    left_out, starts = 0, starts_by_rule(schedule, after=after)
    while (at := next(starts, None)) is not None and left_out < _MOST_LEFT_OUT:
        closed_until = _closed_until(schedule, at)
        if closed_until is None:
            left_out = 0
            yield at
        else:
            left_out += 1
            starts = starts_by_rule(schedule, after=closed_until)


def _closed_until(schedule: Schedule, at: datetime) -> datetime | None:
    """Return the last moment of the days around *at* on which nothing starts; None on a day that is allowed."""
    zone = ZoneInfo(schedule.time_zone)
    day = at.astimezone(zone).date()
    last = max((one.last_day for one in schedule.blackouts if one.first_day <= day <= one.last_day), default=None)
    if last is None and _is_day(schedule, day):
        return None
    last = min(last or day, _LAST_DAY)
    return datetime.combine(last, time.max, tzinfo=zone).astimezone(UTC)


def _is_day(schedule: Schedule, day: date) -> bool:
    if schedule.days is Days.EVERY_DAY:
        return True
    return is_working_day(day, country=schedule.country) is (schedule.days is Days.WORKING_DAYS)


def _drawn(
    schedule: Schedule, chance: Chance, *, before: datetime | None, here: datetime, there: datetime | None
) -> PlannedStart:
    """Return the start of the rule at *here* moved by chance, between those before and after it."""
    draw = hashlib.sha256(f"{chance.seed}:{here.timestamp():.6f}".encode()).digest()
    passed_s = math.inf if before is None else (here - before).total_seconds()
    ahead_s = math.inf if there is None else (there - here).total_seconds()
    window_s = min(chance.window_s, ahead_s, _room_s(chance, passed_s))
    at = here + timedelta(milliseconds=math.floor(window_s * 1000 * int.from_bytes(draw[:6]) / 2**48))
    may_reverse = _may_change(chance, passed_s) and (there is None or _may_change(chance, ahead_s))
    return PlannedStart(
        at=at if _closed_until(schedule, at) is None else here,
        rule_at=here,
        is_reversed=may_reverse and bool(draw[6] & 1),
        seed=int.from_bytes(draw[7:11]) >> 1,
    )


def _room_s(chance: Chance, gap_s: float) -> float:
    """Return by how much a start may be late that comes *gap_s* after the one before it.

    Between two visits of a place lies at most the time between the two starts, the lateness of the second, and the
    length of a run where their directions may differ.
    """
    if chance.at_most_unseen_s is None:
        return math.inf
    turning_s = (chance.route_s or 0.0) if _may_change(chance, gap_s) else 0.0
    return max(0.0, chance.at_most_unseen_s - gap_s - turning_s)


def _may_change(chance: Chance, gap_s: float) -> bool:
    """Say whether a run may go the other way round than the one *gap_s* before it."""
    if chance.at_most_unseen_s is None or not chance.reverses:
        return chance.reverses
    return gap_s + (chance.route_s or 0.0) <= chance.at_most_unseen_s
