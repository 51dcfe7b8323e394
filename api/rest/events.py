"""The journal: everything that happened, in order, from a cursor."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import SignedIn
from api.schemas.events import EventsTold, tell_line
from api.services import ServicesNow
from api.topics import may_hear

router = APIRouter(prefix="/events", tags=["events"])
After = Annotated[int, Query(ge=0, description="the cursor of the last event that is known")]
Limit = Annotated[int, Query(ge=1, le=1000, description="how many lines of the journal are looked at")]


@router.get("")
async def list_events(account: SignedIn, services: ServicesNow, after: After = 0, limit: Limit = 200) -> EventsTold:
    """Return what happened behind a cursor, as far as the account may hear of it."""
    let_go_until = await services.database.let_go_until()
    lines = await services.database.read_journal(after=after, limit=limit)
    heard = [tell_line(line) for line in lines if may_hear(account, line.event)]
    cursor = lines[-1].cursor if lines else after
    return EventsTold(cursor=cursor, events=heard, let_go_until=let_go_until if after < let_go_until else None)
