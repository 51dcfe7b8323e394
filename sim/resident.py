"""The resident (居民) at the panel: presses the big button once and waits for somebody."""

import structlog

from core.clock import Clock
from core.ids import new_id
from sim.people_memory import PeopleMemory
from sim.person_api import Json, PersonApi

_PRESS = "resident/press"
_LOOK_EVERY_S = 1.0


class Resident:
    """One press, sent again until it is stored; then looks at the panel until the alarm has ended."""

    def __init__(self, *, api: PersonApi, memory: PeopleMemory, clock: Clock, press_after_s: float) -> None:
        self._api = api
        self._memory = memory
        self._clock = clock
        self._press_after_s = press_after_s
        self._log = structlog.get_logger("people").bind(person="resident")

    async def run(self) -> None:
        """Press (once in a lifetime, also over restarts) and wait until the alarm has ended."""
        press_id = await self._press()
        told = ""
        while True:
            alarm = await self._api.get("/panel/alarm", press_id=press_id)
            if alarm["state"] != told:
                told = alarm["state"]
                self._log.info("the panel shows", state=told, alarm=alarm["number"])
            if not alarm["is_open"]:
                return
            await self._clock.sleep(_LOOK_EVERY_S)

    async def _press(self) -> str:
        known = self._memory.value(_PRESS)
        if known is None:
            await self._clock.sleep(self._press_after_s)
            known = f"{new_id()}|{self._clock.now().isoformat()}"
            self._memory.note(_PRESS, known)
        press_id, pressed_at = known.split("|")
        answer: Json = await self._api.post("/panel/presses", {"press_id": press_id, "pressed_at": pressed_at})
        self._log.info("pressed", alarm=answer["number"])
        return press_id
