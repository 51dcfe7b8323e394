"""How soon plans notice something."""

import math

from pydantic import Field, JsonValue

from api.schemas.patrols import PatrolGiven
from api.schemas.shapes import Given, Moment, SaidTold, Told, tell_said
from missions.notice import Notice
from missions.notice_planner import PlanNotice

_POINTS = 60


class NoticePlanGiven(Given):
    """Patrols that are judged together: stored ones by id, and others as they are drawn."""

    name: str = Field(min_length=1, max_length=100)
    patrol_ids: list[str] = Field(default_factory=list, max_length=200)
    patrols: list[PatrolGiven] = Field(default_factory=list, max_length=200)


class NoticeGiven(Given):
    """Which plans to compare, over the same places and hours."""

    plans: list[NoticePlanGiven] = Field(min_length=1, max_length=6)
    begin_at: Moment | None = Field(default=None, description="null: from now on")
    days: int = Field(default=7, ge=1, le=31, description="these days are taken to repeat")
    hour_weights: list[float] = Field(
        default_factory=list, max_length=24, description="24: how likely something appears in each local hour"
    )
    area: dict[str, JsonValue] | None = Field(
        default=None, description="GeoJSON polygon in WGS-84; null: wherever vehicles may be"
    )
    spacing_m: float = Field(default=15.0, ge=1, le=1000, description="between the places that are asked about")
    range_m: float = Field(default=60.0, gt=0, le=500, description="how far away something can still be made out")


class NoticePointTold(Told):
    """After so many seconds, this share is still unseen."""

    after_s: float
    unseen_ratio: float


class PlanNoticeTold(Told):
    """How long something that appears at a random place and moment stays unseen; null where for ever."""

    name: str
    starts: int = Field(description="runs in the days that were looked at")
    never_seen_ratio: float = Field(description="share of the places that no run sees")
    mean_s: float | None
    mean_seen_s: float | None = Field(description="at the places that are seen")
    median_s: float | None
    p90_s: float | None
    p99_s: float | None
    worst_s: float | None
    worst_seen_s: float = Field(description="at the places that are seen")
    curve: list[NoticePointTold]
    problems: list[str] = Field(description="what cannot be flown as it is drawn; it was judged as if it could")
    problems_said: list[list[SaidTold]] = Field(default_factory=list)


class NoticeTold(Told):
    """The plans in the order in which they were given."""

    places: int
    plans: list[PlanNoticeTold]


def tell_notice(found: PlanNotice) -> PlanNoticeTold:
    """Return what is told of one plan."""
    notice = found.notice
    return PlanNoticeTold(
        name=found.name,
        starts=found.starts,
        never_seen_ratio=notice.never_seen_ratio,
        mean_s=_finite(notice.mean_s),
        mean_seen_s=_finite(notice.mean_seen_s),
        median_s=_finite(notice.quantile_s(0.5)),
        p90_s=_finite(notice.quantile_s(0.9)),
        p99_s=_finite(notice.quantile_s(0.99)),
        worst_s=_finite(notice.worst_s),
        worst_seen_s=notice.worst_seen_s,
        curve=_curve(notice),
        problems=list(found.problems),
        problems_said=[tell_said(one) for one in found.problems],
    )


def _curve(notice: Notice) -> list[NoticePointTold]:
    steps = [notice.worst_seen_s * number / _POINTS for number in range(_POINTS + 1)]
    return [NoticePointTold(after_s=after_s, unseen_ratio=notice.chance(after_s)) for after_s in steps]


def _finite(value: float) -> float | None:
    return None if math.isinf(value) else value
