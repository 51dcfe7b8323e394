"""What the controller says to vehicles by itself: a word that is refused is not repeated at once, and told once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from core.clock import Clock
from core.database import Transaction
from core.errors import NotFound
from core.ids import CommandId, VehicleId
from core.tasks import RestartPolicy
from fleet.commands import make_command
from fleet.holding import Speaker
from fleet.orders import CommandKind, CommandState, VehicleEvent
from fleet.store import FleetStore

_AGAIN = RestartPolicy(first_s=2.0, most_s=60.0)
_REFUSED = frozenset({CommandState.FAILED, CommandState.EXPIRED})


@dataclass(slots=True, kw_only=True)
class _Word:
    """The newest word to a vehicle: how often in a row it was refused, and until when it is not repeated."""

    id: CommandId
    kind: CommandKind
    refusals: int = 0
    rests_until_s: float = 0.0
    is_answered: bool = False


class PatientWords:
    """Says words of one speaker to vehicles and tells people; remembers what was refused and what was told.

    *purpose* and *refused_kind* are what people are told by when a vehicle refuses one.
    """

    def __init__(
        self,
        *,
        fleet: FleetStore,
        clock: Clock,
        speaker: Speaker = Speaker.SEPARATION,
        purpose: str = "to keep it apart from others",
        refused_kind: str = "separation_refused",
    ) -> None:
        self._fleet = fleet
        self._clock = clock
        self._speaker = speaker
        self._purpose = purpose
        self._refused_kind = refused_kind
        self._words: dict[VehicleId, _Word] = {}
        self._told: dict[tuple[VehicleId, str], str] = {}

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Forget what was said and told within the block when it fails: its transaction was rolled back."""
        words = {vehicle_id: replace(word) for vehicle_id, word in self._words.items()}
        told = dict(self._told)
        is_done = False
        try:
            yield
            is_done = True
        finally:
            if not is_done:
                self._words, self._told = words, told

    async def hear(self, unit: Transaction) -> None:
        """Look at what became of the words that were said."""
        for vehicle_id, word in self._words.items():
            if word.is_answered:
                continue
            try:
                outcome = (await self._fleet.command(unit, word.id)).outcome
            except NotFound:
                # Answered so long ago that the books have let it go.
                word.is_answered = True
                continue
            word.is_answered = outcome.state in {*_REFUSED, CommandState.DONE}
            if outcome.state in _REFUSED:
                self._rest(word)
                text = f"{word.kind} {self._purpose} was not done: {outcome.because}"
                await self.tell_once(unit, vehicle_id, self._refused_kind, word.kind, text)
            elif word.is_answered:
                word.refusals = 0
                self.forget(vehicle_id, self._refused_kind)

    def _rest(self, word: _Word) -> None:
        word.refusals += 1
        word.rests_until_s = self._clock.monotonic_s() + _AGAIN.pause_s(word.refusals)

    def came_to_nothing(self, vehicle_id: VehicleId) -> None:
        """Rest as after a refusal: the word was done, and somebody undid what it did."""
        word = self._words.get(vehicle_id)
        if word is not None and self._clock.monotonic_s() >= word.rests_until_s:
            self._rest(word)

    def refusing(self, kind: CommandKind) -> frozenset[VehicleId]:
        """Return the vehicles that refused this word and are not asked again yet."""
        return frozenset(vehicle_id for vehicle_id in self._words if self.rests(vehicle_id, kind))

    async def say(self, unit: Transaction, vehicle_id: VehicleId, kind: CommandKind, because: str) -> bool:
        """Say it, unless a word is under way or this one was refused just now; return whether it was said."""
        if self.rests(vehicle_id, kind) or await self._fleet.open_commands(unit, vehicle_id=vehicle_id):
            return False
        command = make_command(vehicle_id, kind, because=because, now=self._clock.now(), speaker=self._speaker)
        await self._fleet.add_command(unit, command)
        before = self._words.get(vehicle_id)
        refusals = before.refusals if before is not None and before.kind is kind else 0
        self._words[vehicle_id] = _Word(id=command.id, kind=kind, refusals=refusals)
        return True

    def rests(self, vehicle_id: VehicleId, kind: CommandKind) -> bool:
        """Say whether this word was refused just now and is not said again yet."""
        word = self._words.get(vehicle_id)
        return word is not None and word.kind is kind and self._clock.monotonic_s() < word.rests_until_s

    async def tell_once(self, unit: Transaction, vehicle_id: VehicleId, kind: str, key: str, text: str) -> None:
        """Tell people, unless the same (by *key*) was the last thing of that kind that was told of the vehicle."""
        if self._told.get((vehicle_id, kind)) == key:
            return
        self._told[vehicle_id, kind] = key
        event = VehicleEvent(vehicle_id=vehicle_id, kind=kind, text=text, at=self._clock.now())
        await self._fleet.add_vehicle_event(unit, event)

    def forget(self, vehicle_id: VehicleId, *kinds: str) -> None:
        """Let things be told again: what they were about is over."""
        for kind in kinds:
            self._told.pop((vehicle_id, kind), None)
