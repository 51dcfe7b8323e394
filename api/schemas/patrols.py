"""Patrols and their runs."""

import re
from collections.abc import Sequence
from typing import Self

from pydantic import Field, JsonValue, computed_field

from api.schemas.shapes import Because, BecauseTold, Given, Moment, Place, SaidTold, Told, place_of, tell_said
from missions.idleness import Idleness
from missions.patrol import Days, OnMissed, OnOverlap, Patrol, Run
from missions.patrol_files import patrol_to_json
from missions.remainder import RemainderTold
from missions.trial import Trial


class CameraTold(Told):
    """Where the camera looks; a yaw of null follows the vehicle."""

    pitch_deg: float
    yaw_deg: float | None = None


class BlackoutTold(Told):
    """Local days, both included, on which nothing starts."""

    first_day: str
    last_day: str
    because: str


class ChanceTold(Told):
    """How runs are made hard to foresee."""

    window_s: float = Field(description="a start is later by up to this, drawn anew each time")
    reverses: bool = Field(description="some runs go the other way round")
    at_most_unseen_s: float | None = Field(description="chance never lets a place wait longer than this between runs")
    route_s: float | None = Field(description="how long a run takes at most; needed with both of those above")
    seed: int


class ScheduleTold(Told):
    """A recurrence rule (RFC 5545) from a first start in local time, and what happens to days, overlaps and misses."""

    rule: str
    first_start_local: str
    time_zone: str
    blackouts: list[BlackoutTold]
    days: Days
    country: str = Field(description="whose work calendar `days` means (ISO 3166)")
    on_overlap: OnOverlap = Field(description="what happens to a start while the run before it has not ended")
    on_missed: OnMissed = Field(description="what happens to a start that the controller was not there for")
    chance: ChanceTold | None


class PatrolGiven(Given):
    """A patrol as a person defines it; every mistake in it is told at once."""

    id: str | None = None
    name: str
    name_zh: str = ""
    parts: list[dict[str, JsonValue]] = Field(
        description="points, lines, areas and borders of zones, see docs/patrols.md"
    )
    height_agl_m: float
    speed_m_s: float
    vehicle_ids: list[str] = Field(default_factory=list)
    schedule: dict[str, JsonValue] | None = None
    is_active: bool = True
    revision: int = 0


class PatrolTold(Told):
    """A patrol as it is stored."""

    id: str
    name: str
    name_zh: str
    parts: list[dict[str, JsonValue]]
    height_agl_m: float
    speed_m_s: float
    vehicle_ids: list[str]
    schedule: ScheduleTold | None
    is_active: bool
    revision: int
    next_start_at: Moment | None


class PatrolsTold(Told):
    """All patrols by name."""

    patrols: list[PatrolTold]


class StartTold(Told):
    """One planned start."""

    patrol_id: str
    at: Moment


class PatrolStartsTold(Told):
    """Planned starts, earliest first; `is_cut` says that a patrol has more of them than are told."""

    starts: list[StartTold]
    is_cut: bool


class IdlenessTold(Told):
    """One place of a patrol: when it was last passed, and the longest wait between two passes."""

    place: Place
    patrol_id: str
    name: str
    passes: int
    last_seen_at: Moment | None
    idle_s: float | None = Field(description="since it was last passed; null: not in the hours looked at")
    worst_s: float | None


class PlacesTold(Told):
    """How long the places of all patrols have been waiting, the longest first."""

    at: Moment
    places: list[IdlenessTold]


class ViolationTold(BecauseTold):
    """Why a route is not safe: which leg, which zone, where, by how much, and what to do."""

    leg: int | None
    phase: str
    zone_id: str | None
    place: Place | None
    amount_m: float | None
    remedy: str
    code: str
    params: dict[str, str | int | float | bool | None] = Field(default_factory=dict)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def remedy_said(self) -> list[SaidTold]:
        """Return what to do, by codes."""
        return tell_said(self.remedy)


_PLACE = re.compile(r"\((-?\d+\.\d+), (-?\d+\.\d+)\)")


class ProblemTold(Told):
    """Why a patrol cannot be flown, apart from zones."""

    where: str
    what: str
    remedy: str

    @computed_field(description="the place that `where` names, if it names one")  # type: ignore[prop-decorator]
    @property
    def place(self) -> Place | None:
        """Return where on the map it is."""
        found = _PLACE.search(self.where)
        return None if found is None else (float(found[1]), float(found[2]))

    @computed_field  # type: ignore[prop-decorator]
    @property
    def what_said(self) -> list[SaidTold]:
        """Return what is wrong, by codes."""
        return tell_said(self.what)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def remedy_said(self) -> list[SaidTold]:
        """Return what to do, by codes."""
        return tell_said(self.remedy)


class PatrolCheckTold(Told):
    """What a patrol would be: its route, minutes, metres, and everything that stands against it."""

    is_flyable: bool
    vehicle_id: str
    route: list[tuple[float, float, float]]
    purposes: list[str] = Field(description="of the leg to each point of `route`")
    duration_s: float
    usable_s: float = Field(description="how long the vehicle flies before its battery is low")
    distance_m: float
    covered_ratio: float | None = Field(description="least share of a patrol area that is seen; null without areas")
    violations: list[ViolationTold]
    problems: list[ProblemTold]


class RunStartGiven(Given):
    """Start a patrol now; without a vehicle the best one is taken."""

    vehicle_id: str | None = None


class CancelGiven(Given):
    """End a run."""

    because: Because


class RunTold(BecauseTold):
    """One run."""

    id: str
    kind: str
    patrol_id: str | None
    alarm_id: str | None
    name: str
    state: str
    vehicle_id: str | None
    wanted_vehicle_id: str | None
    asked_by: str
    planned_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    place: Place | None
    order_id: str | None
    legs_total: int
    legs_done: int
    is_reversed: bool = Field(description="flown from its last part to its first")
    seed: int | None = Field(description="what its start and direction were drawn with; null without chance")
    revision: int

    @classmethod
    def of(cls, run: Run) -> Self:
        """Return what is told of *run*."""
        place = None if run.place is None else place_of(run.place)
        plain = {name: getattr(run, name) for name in cls.model_fields if name not in {"kind", "state", "place"}}
        return cls(**plain, kind=run.kind.value, state=run.state.value, place=place)


class RunRemainderTold(BecauseTold):
    """What would be flown of a run that was interrupted."""

    run_id: str
    flown_ratio: float | None = Field(
        description="share of the length of what is left of its areas, 1: nothing is left out; null: it cannot be flown"
    )
    because: str = Field(description="why it cannot be flown, or that it is not interrupted; else empty")

    @classmethod
    def of(cls, told: RemainderTold) -> Self:
        """Return what is told of a trial of a remainder."""
        return cls(run_id=told.run.id, flown_ratio=told.flown_ratio, because=told.because)


class RunsTold(Told):
    """Runs, newest first."""

    runs: list[RunTold]


def tell_patrol(patrol: Patrol, *, next_start_at: Moment | None) -> PatrolTold:
    """Return what is told of a patrol."""
    return PatrolTold.model_validate({**patrol_to_json(patrol), "next_start_at": next_start_at})


def tell_check(trial: Trial) -> PatrolCheckTold:
    """Return what is told of a trial plan."""
    route = trial.route
    return PatrolCheckTold(
        is_flyable=route.is_flyable,
        vehicle_id=trial.vehicle_id,
        route=[(leg.place.lon_deg, leg.place.lat_deg, leg.height_agl_m) for leg in route.legs],
        purposes=[leg.purpose.value for leg in route.legs],
        duration_s=route.duration_s,
        usable_s=trial.usable_s,
        distance_m=route.distance_m,
        covered_ratio=route.covered_ratio,
        violations=[
            ViolationTold(
                leg=found.leg,
                phase=str(found.phase),
                zone_id=found.zone_id,
                place=place_of(found.place) if found.place else None,
                amount_m=found.amount_m,
                because=found.because,
                remedy=found.remedy,
                code=found.code,
                params=dict(found.params),
            )
            for found in route.violations
        ],
        problems=[ProblemTold.model_validate(problem) for problem in route.problems],
    )


def tell_idleness(found: Sequence[Idleness], *, now: Moment) -> PlacesTold:
    """Return what is told of the places' waiting."""
    return PlacesTold(
        at=now,
        places=[
            IdlenessTold(
                place=place_of(one.place),
                patrol_id=one.patrol_id,
                name=one.name,
                passes=one.passes,
                last_seen_at=one.last_seen_at,
                idle_s=None if one.last_seen_at is None else (now - one.last_seen_at).total_seconds(),
                worst_s=one.worst_s,
            )
            for one in found
        ],
    )
