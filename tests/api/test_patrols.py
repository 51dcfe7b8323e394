"""Lists of patrols: asked of the books at once, however many patrols there are."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import event

from api.schemas.patrols import ProblemTold
from core.ids import new_id
from tests.api.controller import Controller
from tests.api.test_notice import patrol, the_estate


async def questions(controller: Controller, desk: httpx.AsyncClient, path: str, params: dict[str, str]) -> int:
    """Return how many SELECTs one answer takes."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            asked.append(statement)

    engine = controller.services.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    answer = await desk.get(path, params=params)
    event.remove(engine, "before_cursor_execute", note)
    assert answer.status_code == 200, answer.text
    return len(asked)


async def test_lists_ask_the_books_as_often_for_many_patrols_as_for_one(controller: Controller) -> None:
    desk, now = await the_estate(controller), controller.services.clock.now()
    week = {"since": now.isoformat(), "until": (now + timedelta(days=7)).isoformat()}
    asked: list[list[int]] = []
    for times in (1, 3):
        for _ in range(times):
            answer = await desk.post("patrols", json={**patrol("FREQ=DAILY"), "id": new_id()})
            assert answer.status_code == 201, answer.text
        asked.append(
            [
                await questions(controller, desk, "patrols", {}),
                await questions(controller, desk, "patrols/starts", week),
            ]
        )
    assert asked[0] == asked[1]
    told = (await desk.get("patrols")).json()["patrols"]
    assert len([one for one in told if one["next_start_at"]]) == 4


@pytest.mark.parametrize(
    ("where", "place"), [("line (121.398871, 31.321167)", (121.398871, 31.321167)), ("yard", None), ("Gate (2)", None)]
)
def test_a_problem_tells_the_place_that_it_names(where: str, place: tuple[float, float] | None) -> None:
    assert ProblemTold(where=where, what="lies outside", remedy="move it").place == place
