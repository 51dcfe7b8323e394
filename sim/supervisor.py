"""The patrol supervisor (巡逻主管) of a headless run: answers alarms, sends a look, and ends them."""

from random import Random

import structlog

from core.clock import Clock
from core.errors import CallerError, Conflict
from sim.person_api import Json, PersonApi

_LOOK_EVERY_S = 0.5
_WATCH_LOOK_S = 90.0
_RUN_ENDS = frozenset({"done", "failed", "aborted"})


class Supervisor:
    """Sits at a desk that confirms ringing at once, and takes a person's time for everything else."""

    def __init__(
        self,
        *,
        api: PersonApi,
        clock: Clock,
        seed: int,
        think_s: tuple[float, float] = (1.0, 3.0),
        watch_look_s: float = _WATCH_LOOK_S,
    ) -> None:
        self._api = api
        self._clock = clock
        self._random = Random(seed)
        self._think_s = think_s
        self._watch_look_s = watch_look_s
        self._log = structlog.get_logger("people").bind(person="supervisor")

    async def run(self) -> None:
        """Attend to alarms for ever."""
        while True:
            await self.attend()
            await self._clock.sleep(_LOOK_EVERY_S)

    async def attend(self) -> None:
        """Attend to every open alarm, oldest first."""
        answer = await self._api.get("/alarms", open=True)
        for alarm in reversed(answer["alarms"]):
            try:
                await self._care(alarm)
            except Conflict as conflict:
                self._log.info("the alarm has moved on", alarm=alarm["number"], because=conflict.message)

    async def _care(self, alarm: Json) -> None:
        if alarm["state"] in {"raised", "ringing"}:
            alarm = await self._answer(alarm)
        if alarm["state"] in {"answered", "responding"}:
            alarm = await self._respond(alarm)
        if alarm["state"] in {"responding", "on_scene"}:
            await self._end(alarm)

    async def _answer(self, alarm: Json) -> Json:
        await self._api.post(f"/alarms/{alarm['id']}/rung")
        await self._think()
        return await self._move(alarm["id"], to="answered", because="speaking with the resident")

    async def _respond(self, alarm: Json) -> Json:
        if alarm["look_run_id"] is None:
            alarm = await self._send_look(alarm)
        if alarm["state"] == "answered":
            alarm = await self._move(alarm["id"], to="responding", because="a vehicle looks at the place")
        if alarm["look_run_id"] is not None:
            await self._watch(alarm["look_run_id"])
        return alarm

    async def _send_look(self, alarm: Json) -> Json:
        await self._think()
        try:
            return await self._api.post(f"/alarms/{alarm['id']}/look", {"vehicle_id": None})
        except CallerError as refusal:
            self._log.warning("no vehicle can look", alarm=alarm["number"], because=refusal.message)
            return alarm

    async def _watch(self, run_id: str) -> None:
        """Wait until the look has ended, at most as long as a person would."""
        end_s = self._clock.monotonic_s() + self._watch_look_s
        while self._clock.monotonic_s() < end_s:
            run = await self._api.get(f"/runs/{run_id}")
            if run["state"] in _RUN_ENDS:
                self._log.info("the look has ended", state=run["state"], because=run["because"])
                return
            await self._clock.sleep(_LOOK_EVERY_S)
        self._log.warning("the look takes too long, going on without it", run=run_id)

    async def _end(self, alarm: Json) -> None:
        await self._think()
        if alarm["state"] == "responding":
            alarm = await self._move(alarm["id"], to="on_scene", because="the gate keeper is with the resident")
            await self._think()
        await self._move(alarm["id"], to="resolved", because="the resident is well and was brought home")

    async def _move(self, alarm_id: str, *, to: str, because: str) -> Json:
        newest = await self._api.get(f"/alarms/{alarm_id}")
        body: Json = {"to": to, "because": because, "revision": newest["revision"]}
        alarm = await self._api.post(f"/alarms/{alarm_id}/moves", body)
        self._log.info("moved", alarm=alarm["number"], to=to)
        return alarm

    async def _think(self) -> None:
        await self._clock.sleep(self._random.uniform(*self._think_s))
