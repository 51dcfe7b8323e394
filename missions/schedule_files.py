"""Schedules as JSON, in and out: part of a patrol's document."""

from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from core.errors import InvalidInput
from core.events import Json
from missions.document import DocumentReader
from missions.patrol import Blackout, Chance, Days, OnMissed, OnOverlap, Schedule
from missions.schedule import check_schedule

Choice = TypeVar("Choice", bound=StrEnum)
_FIELDS = frozenset(Schedule.__dataclass_fields__)
_CHANCE_FIELDS = frozenset(Chance.__dataclass_fields__)
_BLACKOUT_FIELDS = frozenset(Blackout.__dataclass_fields__)
_SEED_BITS = 31
_NO_START = datetime.fromisoformat("2000-01-01T00:00:00")
_MONTH_S = 31 * 86_400.0


def read_schedule(read: DocumentReader) -> Schedule | None:
    """Return the schedule of a patrol's document, None where it has none; what is wrong is noted with the reader."""
    document = read.fields.get("schedule")
    if document is None:
        return None
    inner = DocumentReader(document, where="patrol.schedule", problems=read.problems)
    _refuse_unknown(inner, _FIELDS, "a schedule")
    rule, zone = inner.text("rule"), inner.text("time_zone", default="Asia/Shanghai")
    first = inner.attempt("first_start_local", lambda: datetime.fromisoformat(str(inner.fields["first_start_local"])))
    schedule = Schedule(
        rule=rule,
        first_start_local=first or _NO_START,
        time_zone=zone,
        blackouts=_blackouts(inner),
        days=_choice(inner, "days", Days.EVERY_DAY),
        country=inner.text("country", default="CN"),
        on_overlap=_choice(inner, "on_overlap", OnOverlap.SKIP),
        on_missed=_choice(inner, "on_missed", OnMissed.SKIP),
        chance=_chance(inner),
    )
    return _checked(inner, schedule) if first is not None and rule else None


def _checked(inner: DocumentReader, schedule: Schedule) -> Schedule:
    try:
        check_schedule(schedule)
    except InvalidInput as error:
        inner.wrong(error.where or "rule", error.message, error.remedy or "")
    return schedule


def _refuse_unknown(read: DocumentReader, known: frozenset[str], what: str) -> None:
    for name in sorted(set(read.fields) - known):
        read.wrong(name, f"is not a field of {what}", f"fields are {', '.join(sorted(known))}")


def _choice(read: DocumentReader, field: str, default: Choice) -> Choice:
    value, known = read.fields.get(field, default.value), {one.value: one for one in type(default)}
    if not isinstance(value, str) or value not in known:
        read.wrong(field, f"is {value!r:.40}", f"use one of {', '.join(known)}")
        return default
    return known[value]


def _blackouts(read: DocumentReader) -> tuple[Blackout, ...]:
    found = []
    for number, item in enumerate(read.items("blackouts")):
        inner = DocumentReader(item, where=f"{read.where}.blackouts[{number}]", problems=read.problems)
        _refuse_unknown(inner, _BLACKOUT_FIELDS, "a blackout")
        first, last = _day(inner, "first_day"), _day(inner, "last_day")
        because = inner.text("because", default="")
        if first is not None and last is not None:
            found.append(Blackout(first_day=first, last_day=last, because=because))
    return tuple(found)


def _day(read: DocumentReader, field: str) -> date | None:
    return read.attempt(field, lambda: date.fromisoformat(str(read.fields[field])))


def _chance(read: DocumentReader) -> Chance | None:
    document = read.fields.get("chance")
    if document is None:
        return None
    inner = DocumentReader(document, where=f"{read.where}.chance", problems=read.problems)
    _refuse_unknown(inner, _CHANCE_FIELDS, "chance")
    return Chance(
        window_s=inner.number("window_s", low=0, high=86_400),
        reverses=inner.flag("reverses", default=False),
        at_most_unseen_s=_span(inner, "at_most_unseen_s"),
        route_s=_span(inner, "route_s"),
        seed=int(inner.number("seed", low=0, high=2**_SEED_BITS - 1, default=0)),
    )


def _span(read: DocumentReader, field: str) -> float | None:
    return None if read.fields.get(field) is None else read.number(field, low=1, high=_MONTH_S)


def schedule_to_json(schedule: Schedule) -> dict[str, Json]:
    """Return the document of *schedule*; `read_schedule` reads it back to an equal one."""
    chance = schedule.chance
    return {
        "rule": schedule.rule,
        "first_start_local": schedule.first_start_local.isoformat(),
        "time_zone": schedule.time_zone,
        "blackouts": [
            {"first_day": one.first_day.isoformat(), "last_day": one.last_day.isoformat(), "because": one.because}
            for one in schedule.blackouts
        ],
        "days": schedule.days.value,
        "country": schedule.country,
        "on_overlap": schedule.on_overlap.value,
        "on_missed": schedule.on_missed.value,
        "chance": None if chance is None else _chance_to_json(chance),
    }


def _chance_to_json(chance: Chance) -> dict[str, Json]:
    return {
        "window_s": chance.window_s,
        "reverses": chance.reverses,
        "at_most_unseen_s": chance.at_most_unseen_s,
        "route_s": chance.route_s,
        "seed": chance.seed,
    }
