"""An outbox that only remembers."""

from agent.order_book import Report
from core.errors import TimedOut
from core.ids import CommandId, OrderId
from fleet.orders import CommandOutcome, CommandState, OrderProgress, OrderState, VehicleEvent


class Reports:
    """Remembers every report; raises while `is_broken`."""

    def __init__(self) -> None:
        self.bodies: list[Report] = []
        self.is_broken = False

    async def put(self, body: Report) -> None:
        if self.is_broken:
            raise TimedOut("the outbox does not answer")
        self.bodies.append(body)

    def progress(self) -> list[OrderProgress]:
        """Return the reports on orders."""
        return [body for body in self.bodies if isinstance(body, OrderProgress)]

    def has_progress(self) -> bool:
        """Say whether an order was reported on."""
        return bool(self.progress())

    def states(self) -> list[OrderState]:
        """Return the states of orders in the order in which they were reported, repeats left out."""
        states = [progress.state for progress in self.progress()]
        return [state for n, state in enumerate(states) if n == 0 or state is not states[n - 1]]

    def last(self) -> OrderProgress:
        """Return the newest progress."""
        return self.progress()[-1]

    def end_of(self, order_id: OrderId) -> OrderProgress:
        """Return the newest progress of an order."""
        return [progress for progress in self.progress() if progress.order_id == order_id][-1]

    def events(self) -> list[str]:
        """Return the kinds of the vehicle's events."""
        return [body.kind for body in self.bodies if isinstance(body, VehicleEvent)]

    def outcome(self, command_id: CommandId) -> CommandState | None:
        """Return the newest fate of a command."""
        fates = self._fates(command_id)
        return fates[-1].state if fates else None

    def answer(self, command_id: CommandId) -> str:
        """Return what was told of a command last."""
        return self._fates(command_id)[-1].because

    def _fates(self, command_id: CommandId) -> list[CommandOutcome]:
        return [body for body in self.bodies if isinstance(body, CommandOutcome) and body.command_id == command_id]
