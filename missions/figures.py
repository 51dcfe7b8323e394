"""What missions count."""

from collections.abc import Mapping

from core.database import Transaction
from core.events import Json
from missions.patrol import RunState
from missions.store import MissionStore


class MissionFigures:
    """Patrol runs by state and the legs that were done."""

    def __init__(self, *, missions: MissionStore) -> None:
        self._missions = missions

    async def figures(self, unit: Transaction) -> Mapping[str, Json]:
        """Return the counts since the first day."""
        counts = await self._missions.counts(unit)
        return {state.value: counts.get(state.value, 0) for state in RunState} | {"legs_done": counts["legs_done"]}
