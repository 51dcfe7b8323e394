"""How soon plans would notice something: two schedules compared before either is flown."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter
from shapely import Polygon
from shapely.geometry import shape

from api.accounts import Account
from api.auth import may
from api.permissions import Permission
from api.presence import Wanted
from api.schemas.notice import NoticeGiven, NoticePlanGiven, NoticeTold, tell_notice
from api.services import Services, ServicesNow
from core.errors import InvalidInput
from core.ids import PatrolId
from core.tasks import run_blocking
from missions.notice import Appearing
from missions.notice_planner import NamedPlan, Question
from missions.patrol_files import patrol_from_json
from missions.route_view import View

router = APIRouter(prefix="/patrols", tags=["patrols"])
Reader = Annotated[Account, may(Permission.READ_FLEET)]
_MOST_PATROLS = 100
"""Each is planned and looked at for about half a second of the processor's time."""


@router.post("/notice")
async def compare_notice(_account: Reader, services: ServicesNow, is_wanted: Wanted, given: NoticeGiven) -> NoticeTold:
    """Tell for each plan how long something that appears at a random place and hour stays unseen; stores nothing.

    One comparison runs at a time, and ends when its caller hangs up. 503 says that too many others wait.
    """
    asked = sum(len(plan.patrol_ids) + len(plan.patrols) for plan in given.plans)
    if asked > _MOST_PATROLS:
        what, remedy = (
            f"there are {asked} patrols in all, at most {_MOST_PATROLS} are compared",
            "compare fewer at once",
        )
        raise InvalidInput(what, where="plans", remedy=remedy)
    begin_at = given.begin_at or services.clock.now()
    appearing = Appearing(
        begin_at=begin_at,
        span_s=timedelta(days=given.days).total_seconds(),
        hour_weights=tuple(given.hour_weights),
        time_zone=services.site.time_zone,
    )
    question = Question(
        appearing=appearing, area=_area(given), spacing_m=given.spacing_m, view=View(range_m=given.range_m)
    )
    plans = [await _plan(plan, services) for plan in given.plans]
    found = await services.notice.compare(plans, question, is_wanted=is_wanted)
    told = await run_blocking(lambda: [tell_notice(one) for one in found])
    return NoticeTold(places=found[0].notice.places, plans=told)


async def _plan(given: NoticePlanGiven, services: Services) -> NamedPlan:
    async with services.database.reading() as unit:
        stored = [await services.missions.patrol(unit, PatrolId(patrol_id)) for patrol_id in given.patrol_ids]
    drawn = await run_blocking(lambda: [patrol_from_json(one.model_dump(exclude_none=True)) for one in given.patrols])
    return NamedPlan(name=given.name, patrols=(*stored, *drawn))


def _area(given: NoticeGiven) -> Polygon | None:
    if given.area is None:
        return None
    try:
        area = shape(given.area)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise InvalidInput(f"cannot be read: {error}", where="area", remedy="give a GeoJSON polygon") from error
    if not isinstance(area, Polygon) or area.is_empty or not area.is_valid:
        raise InvalidInput(
            "is no simple polygon", where="area", remedy="give a GeoJSON polygon that does not cross itself"
        )
    return area
