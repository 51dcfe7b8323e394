"""The grid worker (网格员): accepts what is assigned, walks there, handles it, proves it with a photo."""

from dataclasses import dataclass
from random import Random

import structlog

from core.clock import Clock
from core.errors import Conflict
from sim.people_memory import PeopleMemory
from sim.person_api import Json, PersonApi
from sim.town_hands import TownHands

_LOOK_EVERY_S = 1.5
_REACH_M = 12.0
_DO: dict[str, str] = {"dispatched": "accepted", "accepted": "handling", "rework": "handling", "handling": "handled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How long a worker takes for each step, in seconds from … to."""

    accept_s: tuple[float, float] = (1.0, 3.0)
    set_out_s: tuple[float, float] = (1.0, 2.0)
    handle_s: tuple[float, float] = (4.0, 8.0)


class GridWorker:
    """Works through the own incidents, oldest first, one step at a time."""

    def __init__(
        self,
        *,
        api: PersonApi,
        hands: TownHands,
        memory: PeopleMemory,
        clock: Clock,
        seed: int,
        habits: Habits | None = None,
    ) -> None:
        self._api = api
        self._hands = hands
        self._memory = memory
        self._clock = clock
        self._random = Random(seed)
        self._habits = habits or Habits()
        self._log = structlog.get_logger("people").bind(person="grid worker")

    async def run(self) -> None:
        """Work for ever."""
        while True:
            await self.work()
            await self._clock.sleep(_LOOK_EVERY_S)

    async def work(self) -> int:
        """Take one step in every open incident that waits for this worker; return how many were taken."""
        answer = await self._api.get("/incidents", open=True)
        waiting = [incident for incident in reversed(answer["incidents"]) if incident["state"] in _DO]
        taken = 0
        for incident in waiting:
            try:
                await self._step(incident)
            except Conflict as conflict:
                self._log.info("the incident has moved on", incident=incident["number"], because=conflict.message)
            else:
                taken += 1
        return taken

    async def _step(self, incident: Json) -> None:
        state = incident["state"]
        if state == "dispatched":
            await self._think(self._habits.accept_s)
            await self._move(incident, because="received, on my way")
        elif state in {"accepted", "rework"}:
            await self._think(self._habits.set_out_s)
            await self._move(incident, because="arrived, working on it" if state == "accepted" else "doing it again")
        else:
            await self._handle(incident)

    async def _handle(self, incident: Json) -> None:
        await self._think(self._habits.handle_s)
        # A worker who is started again must not clear a thing twice: the round is noted before it is told.
        round_name = f"{incident['id']}/{incident['reworks']}"
        if not self._memory.has_done(round_name):
            await self._clear(incident)
            self._memory.note(round_name)
        jpeg = await self._hands.photo(incident["place"])
        photo = await self._api.upload("/evidence", jpeg=jpeg, kind="after")
        await self._move(incident, because="cleared, see the photo", photos=[photo["id"]])

    async def _clear(self, incident: Json) -> None:
        cleared = await self._hands.handle(incident["place"], kind=incident["kind"], within_m=_REACH_M)
        self._log.info("handled", incident=incident["number"], things=cleared.thing_ids, is_gone=cleared.is_gone)

    async def _move(self, incident: Json, *, because: str, photos: list[str] | None = None) -> None:
        body: Json = {
            "to": _DO[incident["state"]],
            "because": because,
            "revision": incident["revision"],
            "photos": photos or [],
        }
        await self._api.post(f"/incidents/{incident['id']}/moves", body)
        self._log.info("moved", incident=incident["number"], to=body["to"])

    async def _think(self, between_s: tuple[float, float]) -> None:
        await self._clock.sleep(self._random.uniform(*between_s))
