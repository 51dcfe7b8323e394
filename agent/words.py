"""Words to one vehicle: each is on the disk before it is acknowledged, and outlives the process that took it."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from agent.flight import Flight
from agent.flight_hold import OTHER_HANDS
from agent.left_words import NOT_KNOWN, TAKEN_OVER, left_of
from agent.order_book import OrderBook
from core.clock import Clock
from core.errors import Conflict, Fault, RoundsmanError, Unavailable
from core.ids import CommandId, OrderId
from core.tasks import guarded
from fleet.holding import Speaker
from fleet.orders import Command, CommandKind, CommandState
from fleet.telemetry import FlightMode
from fleet.vehicle import Vehicle

_FIRST_HEARD_WITHIN_S = 5.0
_POLL_S = 0.05
_AGAIN_S = 0.3
_OUR_FAULT = "the agent failed over it, its log says how; look at the vehicle and ask again"
_WAITS = frozenset({CommandKind.HOLD, CommandKind.RETURN})
"""What may come true a little later than it was said, wherever the vehicle is then."""
_STOPS = frozenset({CommandKind.HOLD, CommandKind.RETURN, CommandKind.LAND, CommandKind.CANCEL})


class Words:
    """Takes commands in, carries them out at once, and answers each.

    *flight* is the order that is being carried out, if any; *withdraw* ends an order that waits
    for the one before it, and says whether there was one.
    """

    def __init__(
        self,
        *,
        vehicle: Vehicle,
        book: OrderBook,
        clock: Clock,
        flight: Callable[[], Flight | None],
        withdraw: Callable[[OrderId, str], Awaitable[bool]],
    ) -> None:
        self._vehicle = vehicle
        self._book = book
        self._clock = clock
        self._flight = flight
        self._withdraw = withdraw
        self._commands: asyncio.Queue[Command] = asyncio.Queue()
        self._taken: set[CommandId] = set()
        """What this process has accepted and not begun: it may come before what was left is taken up."""
        self._last_person: Command | None = None
        self._last_lasting: Command | None = None
        """The newest word of a person that waits for a silent vehicle."""
        self._acted = 0
        """How often the vehicle did something else by a person's word."""
        self._left: list[Command] = []
        """What was accepted by a process before and has no answer, in the order in which it came."""
        self.ended_before_they_came: set[OrderId] = set()
        """Orders that somebody has ended and that this agent did not know, or had ended."""
        self._obeyed: set[CommandId] = set()
        """What was carried out though it could not be written: it comes again."""
        self._log = structlog.get_logger("agent").bind(vehicle_id=vehicle.id)

    async def take(self, command: Command) -> None:
        """Take a command in: stored and answered when this returns; `run` carries it out at once.

        Raises Fault where it cannot be stored; a person's word to stop is carried out all the same.
        """
        is_late = command.expires_at <= self._clock.now()
        try:
            known = await self._book.store.outcome(command.id)
            if known is None and not is_late:
                self._taken.add(command.id)
                await self._book.take_command(command, self._begin)
                return
        except Fault as error:
            if not is_late:
                await self._obey_unwritten(command, error)
            raise
        if known is not None:
            await self._book.reports.put(known)
        else:
            await self._book.answer(command, CommandState.EXPIRED, "it came after its time")

    def _begin(self, command: Command) -> None:
        self._note(command)
        self._commands.put_nowait(command)

    def _note(self, command: Command) -> None:
        """Keep the newest word of a person in mind; one that was obeyed already is not new."""
        if command.speaker is Speaker.PERSON and command.id not in self._obeyed:
            self._last_person = command
            if _may_wait(command):
                self._last_lasting = command

    async def run(self) -> None:
        """Carry out what is taken in, each word at once, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                command = await self._commands.get()
                # From here on it is begun: if this ends in the middle, `take_up` finds it.
                self._taken.discard(command.id)
                group.create_task(self._carry_out(command), name=f"command {command.id}")

    # ------------------------------------------------------------------------------- after a restart

    async def take_up(self) -> None:
        """Find the words that were under way when the process before ended."""
        found = await self._book.store.open_commands()
        of_before = [one for one in found if one.outcome.command_id not in self._taken]
        self._left = [one.command for one in of_before if one.command is not None]
        for one in of_before:
            if one.command is None:
                await self._book.lost(one.outcome, NOT_KNOWN)

    def unwanted(self) -> dict[OrderId, str]:
        """Return the orders that words which were left are to end, with the reasons."""
        cancels = [word for word in self._left if word.kind is CommandKind.CANCEL]
        return {word.order_id: word.because for word in cancels if word.order_id is not None}

    async def obey_left(self) -> None:
        """Carry out the words that were left, or tell what became of them, before anything is flown by this process."""
        while self._left:
            word = self._left[0]
            await self._first_heard()
            spoken = [] if self._last_person is None else [self._last_person]
            is_late = word.expires_at <= self._clock.now()
            todo, told = left_of(word, newer=[*self._left[1:], *spoken], state=self._vehicle.state(), is_late=is_late)
            if todo is None:
                await self._book.answer(word, CommandState.FAILED, told)
            else:
                if _may_wait(todo) and self._last_lasting is None:
                    self._last_lasting = todo
                await self._carry_out(todo, told=told)
            del self._left[0]

    # ----------------------------------------------------------------------------------- each word

    async def _carry_out(self, command: Command, *, told: str = "") -> None:
        """Obey *command* and answer it; *told* is the answer where it is not what was asked.

        A fault of this program is answered, too: it ends neither other words, nor comes again with every restart.
        """
        await guarded(
            self._obey_and_answer(command, told),
            name=f"command {command.id}",
            on_fault=lambda: self._book.answer(command, CommandState.FAILED, _OUR_FAULT),
        )

    async def _obey_and_answer(self, command: Command, told: str) -> None:
        if command.id in self._obeyed and not self._is_newest(command):
            await self._book.answer(command, CommandState.FAILED, TAKEN_OVER)
            return
        await self._first_heard()
        try:
            because = await self._obey_when_heard(command)
        except RoundsmanError as error:
            await self._book.answer(command, CommandState.FAILED, str(error))
        else:
            await self._book.answer(command, CommandState.FAILED if told else CommandState.DONE, told or because)

    def _is_newest(self, command: Command) -> bool:
        return self._last_person is not None and self._last_person.id == command.id

    async def _first_heard(self) -> None:
        """Give a vehicle that this agent has not heard yet a moment: words come as soon as the controller is linked."""
        until_s = self._clock.monotonic_s() + _FIRST_HEARD_WITHIN_S
        while self._vehicle.state().mode is FlightMode.UNKNOWN and self._clock.monotonic_s() < until_s:
            await self._clock.sleep(_POLL_S)

    async def _obey_when_heard(self, command: Command) -> str:
        """Obey; what a person wants of a silent vehicle waits for it, until its time is over or a newer word comes."""
        acted = self._acted
        while True:
            try:
                return await self._obey(command)
            except Unavailable:
                if not _may_wait(command):
                    raise
                await self._heard_again(command, acted)
                if not self._still_counts(command, acted):
                    raise Conflict(TAKEN_OVER, where=self._vehicle.id) from None
                if command.expires_at <= self._clock.now():
                    raise

    async def _heard_again(self, command: Command, acted: int) -> None:
        """Return when the vehicle is heard, or *command* is worth nothing any more."""
        await self._clock.sleep(_AGAIN_S)
        while not self._vehicle.state().link_up and self._still_counts(command, acted):
            if command.expires_at <= self._clock.now():
                return
            await self._clock.sleep(_POLL_S)

    def _still_counts(self, command: Command, acted: int) -> bool:
        """Say whether nothing newer that lasts was said to the silent vehicle, nor anything done by a person's word."""
        return self._last_lasting is not None and self._last_lasting.id == command.id and self._acted == acted

    async def _obey_unwritten(self, command: Command, error: Fault) -> None:
        """Stop for a person though it cannot be written down; it is acknowledged when it comes again and can be."""
        is_wanted = command.speaker is Speaker.PERSON and command.kind in _STOPS
        if not is_wanted or command.id in self._obeyed:
            return
        self._note(command)
        self._obeyed.add(command.id)
        self._log.error("obeyed without a line in the books", kind=command.kind, because=str(error))
        try:
            await self._obey(command)
        except RoundsmanError as refused:
            if self._is_newest(command):
                # It comes again, and is tried again then.
                self._obeyed.discard(command.id)
            self._log.error("not obeyed", kind=command.kind, because=str(refused))

    async def _obey(self, command: Command) -> str:
        state = self._vehicle.state()
        is_in_other_hands = state.is_airborne and state.mode in OTHER_HANDS
        if self._flight() is None and is_in_other_hands and command.speaker is not Speaker.PERSON:
            raise Conflict(f"others have it in hand: it is in mode {state.mode}", where=self._vehicle.id)
        actions = {
            CommandKind.HOLD: self._hold,
            CommandKind.RESUME: self._resume,
            CommandKind.RETURN: self._return,
            CommandKind.LAND: self._land,
            CommandKind.CANCEL: self._cancel,
        }
        return await actions[command.kind](command)

    def _acts(self, command: Command) -> None:
        self._acted += command.speaker is Speaker.PERSON

    async def _hold(self, command: Command) -> str:
        if (flight := self._flight()) is None:
            await self._vehicle.hold()
        else:
            await flight.hold(command.because, command.speaker)
        return "it holds"

    async def _resume(self, command: Command) -> str:
        if (flight := self._flight()) is None:
            raise Conflict("no order is under way", where=self._vehicle.id)
        await flight.resume(command.because, command.speaker)
        self._acts(command)
        return "it goes on"

    async def _return(self, command: Command) -> str:
        if (flight := self._flight()) is None:
            await self._vehicle.return_home()
        else:
            await flight.end_at_home(command.because, command.speaker)
        return "it is on its way home"

    async def _land(self, command: Command) -> str:
        if (flight := self._flight()) is None:
            await self._vehicle.land()
        else:
            await flight.end_here(command.because)
        self._acts(command)
        return "it is landing"

    async def _cancel(self, command: Command) -> str:
        if command.order_id is not None and await self._withdraw(command.order_id, command.because):
            return "the order was ended before it was begun"
        flight = self._flight()
        if flight is not None and command.order_id in {None, flight.held.order.id}:
            await flight.cancel(command.because, command.speaker, is_kept=command.order_id is not None)
            self._acts(command)
            return "it is on its way home"
        if command.order_id is None:
            raise Conflict("no such order is under way", where=self._vehicle.id)
        # An order that comes after the word to end it is not begun.
        self.ended_before_they_came.add(command.order_id)
        known = await self._book.store.find(command.order_id)
        if known is not None and not known.progress.is_ended:
            raise Conflict("no such order is under way", where=self._vehicle.id)
        return "no such order is under way" if known is None else f"it had ended before: {known.progress.state}"


def _may_wait(command: Command) -> bool:
    """Say whether it is worth something a little later, too, when a silent vehicle is heard."""
    return command.speaker is Speaker.PERSON and command.kind in _WAITS
