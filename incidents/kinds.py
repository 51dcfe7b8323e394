"""Kinds of incident: a table that a city replaces; codes are text and mean nothing to the software."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from core.errors import InvalidInput, NotFound
from core.files import read_text
from missions.work_calendar import WorkCalendar


class FoundBy(StrEnum):
    """Which rule, close look or person finds the kind."""

    VENDOR = "vendor"
    CROWD = "crowd"
    CLUTTER = "clutter"
    PARKING = "parking"
    BIN = "bin"
    CLOSE_VIEW = "close_view"
    PERSON = "person"
    BUTTON = "button"


class LimitClock(StrEnum):
    """Which hours and days a time limit counts."""

    URGENT_HOURS = "urgent_hours"
    """Round the clock."""
    WORKING_HOURS = "working_hours"
    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"


class LimitUnit(StrEnum):
    """What a time limit's amount is in."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"


class Stage(StrEnum):
    """A stage with a time limit of its own."""

    ACCEPT = "accept"
    HANDLE = "handle"
    VERIFY = "verify"


_STRICT = ConfigDict(extra="forbid")
_COUNTS_DAYS = frozenset({LimitClock.WORKING_DAYS, LimitClock.CALENDAR_DAYS})


@checked(frozen=True, slots=True, kw_only=True, config=_STRICT)
class TimeLimit:
    """How long a stage may take, and by which clock.

    Urgent hours run round the clock. Working hours run while people work. A working day is as many working hours as a
    day has: what begins at ten is due at ten of the next working day. Calendar days keep the time of day.
    """

    amount: Annotated[float, Field(gt=0, le=10_000)]
    unit: LimitUnit
    clock: LimitClock

    def __post_init__(self) -> None:
        if self.clock in _COUNTS_DAYS and self.unit is not LimitUnit.DAYS:
            raise ValueError(f"{self.clock} are counted in days, not in {self.unit}")
        if self.clock is LimitClock.WORKING_HOURS and self.unit is LimitUnit.DAYS:
            raise ValueError("working hours are counted in minutes or hours; a day of them is a working day")

    def after(self, start_at: datetime, calendar: WorkCalendar) -> datetime:
        """Return when the limit is reached for a stage that began at *start_at*."""
        match self.clock:
            case LimitClock.URGENT_HOURS:
                return start_at + timedelta(**{self.unit.value: self.amount})
            case LimitClock.WORKING_HOURS:
                return calendar.after_work(start_at, timedelta(**{self.unit.value: self.amount}))
            case LimitClock.WORKING_DAYS:
                return calendar.after_work(start_at, calendar.day * self.amount)
            case LimitClock.CALENDAR_DAYS:
                return calendar.after_days(start_at, self.amount)


@checked(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Kind:
    """One kind. `verify_radius_m` is how far around its place a second look searches for it."""

    code: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,20}$")]
    name: Annotated[str, Field(min_length=1)]
    name_zh: Annotated[str, Field(min_length=1)]
    found_by: FoundBy
    responsible: str
    responsible_zh: str
    verify_radius_m: Annotated[float, Field(gt=0, le=200)]
    limits: Mapping[Stage, TimeLimit] = field(default_factory=dict)
    files_itself: bool = True
    """A sighting of it is filed and dispatched without a person; otherwise it waits for a supervisor."""
    is_alarm: bool = False
    """It is a help alarm, never an incident."""


@checked(frozen=True, slots=True, kw_only=True, config=_STRICT)
class _KindFile:
    kinds: tuple[Kind, ...]
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class KindTable:
    """All kinds of a city."""

    kinds: tuple[Kind, ...]

    @cached_property
    def _by_code(self) -> dict[str, Kind]:
        return {kind.code: kind for kind in self.kinds}

    def kind(self, code: str) -> Kind:
        """Return the kind of *code*; raises NotFound."""
        try:
            return self._by_code[code]
        except KeyError:
            raise NotFound(
                f"there is no kind of incident {code!r}",
                where="kind",
                remedy="add it to the table of kinds",
                params={"kind": code},
            ) from None

    def find(self, code: str) -> Kind | None:
        """Return the kind of *code*; None for an old incident's kind that has left the table since."""
        return self._by_code.get(code)

    def limit(self, code: str, stage: Stage) -> TimeLimit | None:
        """Return the time limit of a stage; None where the table gives none."""
        kind = self.find(code)
        return kind.limits.get(stage) if kind else None


def shipped_kinds() -> KindTable:
    """Return the table that comes with the software."""
    resource = files("incidents").joinpath("kinds.json")
    return parse_kinds(resource.read_text(encoding="utf-8"), where="the shipped table of kinds")


def read_kinds(file: Path) -> KindTable:
    """Return the table of a city's own *file*; raises InvalidInput naming the file and every wrong field."""
    return parse_kinds(read_text(file), where=str(file))


def parse_kinds(text: str, *, where: str) -> KindTable:
    """Return the table of a JSON text; raises InvalidInput naming *where* and every wrong field."""
    try:
        kinds = TypeAdapter(_KindFile).validate_python(json.loads(text)).kinds
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise InvalidInput(wrong, where=where, remedy="incidents/kinds.json shows the shape") from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"is not JSON: {error}", where=where) from error
    _check_whole(kinds, where)
    return KindTable(kinds=kinds)


def _check_whole(kinds: tuple[Kind, ...], where: str) -> None:
    codes = [kind.code for kind in kinds]
    if twice := sorted({code for code in codes if codes.count(code) > 1}):
        raise InvalidInput(f"kinds stand there twice: {', '.join(twice)}", where=where)
    if not kinds:
        raise InvalidInput("there is no kind in the table", where=where)
    if open_ended := [k.code for k in kinds if not k.is_alarm and Stage.HANDLE not in k.limits]:
        raise InvalidInput(f"kinds without a limit to handle them: {', '.join(open_ended)}", where=where)
