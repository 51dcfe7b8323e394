"""Lets a vehicle that was held to make way for a look go on with its own order when no look needs it any more."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from core.clock import Clock
from core.database import Database, Transaction
from core.ids import CommandId, VehicleId
from core.tasks import RestartPolicy
from fleet.commands import make_command
from fleet.holding import Holder, Speaker
from fleet.orders import CommandKind, CommandOutcome, CommandState, OrderPurpose, VehicleEvent
from fleet.store import FleetStore, OrderRecord
from fleet.telemetry import FlightMode
from missions.patrol import Run, RunKind
from missions.situation import Situations
from missions.store import MissionStore

_LOOK_OVER = "the look that it made way for is over"
_CANCEL_LIVES = timedelta(hours=1)
_AGAIN = RestartPolicy(first_s=2.0, most_s=60.0)
_REFUSED = frozenset({CommandState.FAILED, CommandState.EXPIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeWord:
    """The newest word to a vehicle to go on, how often in a row one failed, and until when it is not repeated."""

    id: CommandId
    failures: int = 0
    rests_until_s: float = 0.0
    is_answered: bool = False
    is_told: bool = False


class RunResume:
    """Says "resume" as the dispatcher until the vehicle goes on, with patience; tells people once when it is refused.

    Who holds a vehicle stands in its order's progress; its agent tells when somebody else has taken the vehicle over,
    and refuses where the dispatcher's word does not count.
    """

    def __init__(
        self, *, database: Database, missions: MissionStore, fleet: FleetStore, situations: Situations, clock: Clock
    ) -> None:
        self._database = database
        self._missions = missions
        self._fleet = fleet
        self._situations = situations
        self._clock = clock
        self._words: dict[VehicleId, ResumeWord] = {}

    async def go_on(self, run: Run, record: OrderRecord) -> None:
        """Let the vehicle of *record*, the order of *run*, go on when it still makes way for a look that is over."""
        vehicle_id = record.order.vehicle_id
        if not _is_held_for_look(record):
            self._words.pop(vehicle_id, None)
            return
        async with self._database.transaction() as unit:
            word = await self._hear(unit, record)
            if self._may_speak(word) and await self._is_left_waiting(unit, run, record):
                word = await self.say(unit, vehicle_id, because=f"goes on: {_LOOK_OVER}")
        if word is not None:
            self.remember(vehicle_id, word)

    async def say(self, unit: Transaction, vehicle_id: VehicleId, *, because: str) -> ResumeWord:
        """Say it; hand what is returned to `remember` once the transaction is committed."""
        command = make_command(
            vehicle_id, CommandKind.RESUME, because=because, now=self._clock.now(), speaker=Speaker.DISPATCHER
        )
        await self._fleet.add_command(unit, command)
        before = self._words.get(vehicle_id)
        if before is None:
            return ResumeWord(id=command.id)
        return replace(before, id=command.id, is_answered=False)

    def remember(self, vehicle_id: VehicleId, word: ResumeWord) -> None:
        """Keep the newest word to a vehicle: what became of it decides when the next one is said."""
        self._words[vehicle_id] = word

    async def after_look(self, looked: OrderRecord) -> None:
        """Call a vehicle home that still makes way after its look, when the run it was held in has ended meanwhile."""
        if looked.order.purpose is not OrderPurpose.LOOK:
            return
        vehicle_id, now = looked.order.vehicle_id, self._clock.now()
        async with self._database.transaction() as unit:
            current = await self._fleet.current_order(unit, vehicle_id)
            if current is None or current.order.run_id is None or not _is_held_for_look(current):
                return
            run = await self._missions.run(unit, current.order.run_id)
            if not run.is_ended or await self._fleet.open_commands(unit, vehicle_id=vehicle_id):
                return
            command = make_command(
                vehicle_id,
                CommandKind.CANCEL,
                because=run.because,
                now=now,
                speaker=Speaker.DISPATCHER,
                order_id=current.order.id,
                life=_CANCEL_LIVES,
            )
            await self._fleet.add_command(unit, command)

    async def _hear(self, unit: Transaction, record: OrderRecord) -> ResumeWord | None:
        """Look at what became of the newest word; that the vehicle still waits says that it changed nothing."""
        word = self._words.get(record.order.vehicle_id)
        if word is None or word.is_answered:
            return word
        outcome = (await self._fleet.command(unit, word.id)).outcome
        if outcome.state not in {*_REFUSED, CommandState.DONE}:
            return word
        is_refused = outcome.state in _REFUSED
        if is_refused and not word.is_told:
            await self._tell(unit, record, outcome)
        failures = word.failures + 1
        rests_until_s = self._clock.monotonic_s() + _AGAIN.pause_s(failures)
        is_told = word.is_told or is_refused
        return replace(word, failures=failures, rests_until_s=rests_until_s, is_answered=True, is_told=is_told)

    async def _tell(self, unit: Transaction, record: OrderRecord, outcome: CommandOutcome) -> None:
        vehicle_id, at = record.order.vehicle_id, self._clock.now()
        text = f"the word to go on was not done: {outcome.because}"
        event = VehicleEvent(vehicle_id=vehicle_id, kind="resume_refused", text=text, at=at, order_id=record.order.id)
        await self._fleet.add_vehicle_event(unit, event)

    def _may_speak(self, word: ResumeWord | None) -> bool:
        return word is None or (word.is_answered and self._clock.monotonic_s() >= word.rests_until_s)

    async def _is_left_waiting(self, unit: Transaction, run: Run, record: OrderRecord) -> bool:
        """Say whether it hangs there, heard, and neither a word nor a look is on its way to it."""
        vehicle_id = record.order.vehicle_id
        fresh = await self._missions.claim_run(unit, run.id)
        if fresh is None or fresh.revision != run.revision:
            return False
        if await self._fleet.open_commands(unit, vehicle_id=vehicle_id):
            return False
        active = await self._missions.runs(unit, only_active=True, limit=1000)
        return not _is_wanted(vehicle_id, active) and await self._hangs(unit, record)

    async def _hangs(self, unit: Transaction, record: OrderRecord) -> bool:
        for vehicle in await self._situations.all(unit):
            if vehicle.id == record.order.vehicle_id:
                state, current = vehicle.state, vehicle.current
                is_same = current is not None and current.order.id == record.order.id and _is_held_for_look(current)
                return is_same and state.link_up and state.is_airborne and state.mode is FlightMode.HOLD
        return False


def _is_held_for_look(record: OrderRecord) -> bool:
    return record.progress.holder is Holder.DISPATCHER


def _is_wanted(vehicle_id: VehicleId, active: Sequence[Run]) -> bool:
    return any(run.kind is RunKind.LOOK and run.vehicle_id == vehicle_id for run in active)
