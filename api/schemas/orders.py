"""What a vehicle is told to do: orders, a person's commands with their fate, and what it does when something fails."""

from typing import Self

from pydantic import Field, computed_field

from api.schemas.shapes import Because, BecauseTold, Given, Moment, Place, SaidTold, Told, place_of, tell_said
from fleet.contingency import contingencies
from fleet.orders import CommandKind, FailsafeChoices, Leg
from fleet.store import CommandRecord, OrderRecord
from missions.situation import Situation


class LegTold(Told):
    """One leg of an order."""

    place: Place
    height_agl_m: float
    speed_m_s: float
    purpose: str
    dwell_s: float
    name: str


class OrderTold(BecauseTold):
    """An order with its legs."""

    id: str
    vehicle_id: str
    run_id: str | None
    purpose: str
    state: str
    legs_done: int
    made_at: Moment
    not_after_at: Moment
    return_height_agl_m: float
    zones_hash: str
    legs: list[LegTold]


class CommandGiven(Given):
    """A person's word to a vehicle."""

    kind: CommandKind = Field(description="cancel is given through the run")
    because: Because


class CommandTold(BecauseTold):
    """A command and its fate: sent, accepted (stored by the agent), done, failed or expired, and why."""

    id: str
    vehicle_id: str
    kind: str
    made_at: Moment
    expires_at: Moment
    state: str
    state_because: str
    state_at: Moment

    @computed_field  # type: ignore[prop-decorator]
    @property
    def state_because_said(self) -> list[SaidTold]:
        """Return why it stands as it does, by codes."""
        return tell_said(self.state_because)

    @classmethod
    def of(cls, record: CommandRecord) -> Self:
        """Return what is told of *record*."""
        command, outcome = record.command, record.outcome
        return cls(
            id=command.id,
            vehicle_id=command.vehicle_id,
            kind=command.kind.value,
            because=command.because,
            made_at=command.made_at,
            expires_at=command.expires_at,
            state=outcome.state.value,
            state_because=outcome.because,
            state_at=outcome.at,
        )


class FailsafeTold(Told):
    """What happens when something fails in a phase of the flight: words of the translation catalogue."""

    phase: str
    failure: str
    answer: str
    by: str
    after_s: float | None
    below_ratio: float | None


class FailsafesTold(Told):
    """The contingency table of one vehicle."""

    vehicle_id: str
    return_height_agl_m: float | None
    rows: list[FailsafeTold]


def tell_order(record: OrderRecord) -> OrderTold:
    """Return what is told of an order."""
    order = record.order
    return OrderTold(
        id=order.id,
        vehicle_id=order.vehicle_id,
        run_id=order.run_id,
        purpose=order.purpose.value,
        state=record.progress.state.value,
        legs_done=record.progress.legs_done,
        because=record.progress.because or order.because,
        made_at=order.made_at,
        not_after_at=order.not_after_at,
        return_height_agl_m=order.return_height_agl_m,
        zones_hash=order.zones.hash,
        legs=[_tell_leg(leg) for leg in order.legs],
    )


def _tell_leg(leg: Leg) -> LegTold:
    return LegTold(
        place=place_of(leg.place),
        height_agl_m=leg.height_agl_m,
        speed_m_s=leg.speed_m_s,
        purpose=leg.purpose.value,
        dwell_s=leg.dwell_s,
        name=leg.name,
    )


def tell_failsafes(situation: Situation) -> FailsafesTold:
    """Return the table for the vehicle's present order, or for what an order would carry."""
    order = situation.current.order if situation.current else None
    return FailsafesTold(
        vehicle_id=situation.id,
        return_height_agl_m=order.return_height_agl_m if order else None,
        rows=[
            FailsafeTold.model_validate(cell) for cell in contingencies(order.failsafes if order else FailsafeChoices())
        ],
    )
