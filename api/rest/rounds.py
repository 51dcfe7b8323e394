"""Endless rounds on a road graph, planned for whoever asks; nothing is stored."""

from typing import Annotated

from fastapi import APIRouter

from api.accounts import Account
from api.auth import may
from api.permissions import Permission
from api.presence import Wanted
from api.schemas.rounds import RoundsGiven, RoundsTold, tell_rounds
from api.services import ServicesNow
from core.tasks import run_blocking
from missions.rounds.graph_files import graph_from_json
from missions.rounds.planner import RoundsRequest

router = APIRouter(prefix="/rounds", tags=["patrols"])
Planner = Annotated[Account, may(Permission.PLAN_PATROLS)]


@router.post("")
async def plan_endless_rounds(
    _account: Planner, services: ServicesNow, is_wanted: Wanted, given: RoundsGiven
) -> RoundsTold:
    """Plan rounds on which no node stays unseen for longer than it must; a caller who hangs up ends the search.

    One search runs at a time. 503 says that too many others wait; larger graphs are for `roundsman rounds`.
    """
    graph = await run_blocking(lambda: graph_from_json(given.graph))
    wanted = RoundsRequest(
        graph=graph,
        vehicles=given.vehicles,
        speed_m_s=given.speed_m_s,
        time_limit_s=given.time_limit_s,
        seed=given.seed,
    )

    return await services.rounds.plan(wanted, is_wanted=is_wanted, tell=tell_rounds)
