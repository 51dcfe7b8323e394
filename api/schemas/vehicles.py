"""Vehicles as the desk sees them."""

import math
from typing import Any, Self

from pydantic import Field, computed_field

from api.schemas.shapes import Because, BecauseTold, Given, Moment, Place, SaidTold, Told, place_of, tell_said
from fleet.contingency import contingencies
from fleet.live import EyesState
from fleet.orders import CommandKind, FailsafeChoices, Leg
from fleet.store import CommandRecord, OrderRecord
from fleet.telemetry import VehicleState
from missions.situation import Situation


class StateTold(BecauseTold):
    """The newest word of a vehicle, with its age; `is_stale` when it is too old to be trusted."""

    position: Place | None
    height_agl_m: float | None
    heading_deg: float | None
    speed_m_s: float
    battery_ratio: float | None
    mode: str
    is_armed: bool | None
    is_airborne: bool
    gps_ok: bool | None
    link_up: bool
    is_stale: bool
    age_s: float | None


class ReasonTold(Told):
    """Why a vehicle is not ready: a code with its numbers, and the sentence in both languages."""

    code: str
    text: str
    text_zh: str
    params: dict[str, str | int | float | bool | None] = Field(default_factory=dict)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def text_said(self) -> list[SaidTold]:
        """Return the sentence by codes, what it quotes included."""
        return tell_said(self.text)


class ReadinessTold(Told):
    """Whether it could take off now, and all that stands against it."""

    is_ready: bool
    because: list[ReasonTold]


class EyesTold(BecauseTold):
    """How its camera and perception are doing."""

    source: str
    view: str
    frames_analysed: int
    frames_not_assessed: int
    frames_dropped: int
    sightings: int
    frame_to_sighting_s: list[float]
    at: Moment


class VehicleTold(Told):
    """One vehicle now."""

    id: str
    name: str
    name_zh: str
    kind: str
    dock_id: str
    capabilities: list[str]
    doing: str
    state: StateTold
    run_id: str | None
    order_id: str | None
    order_state: str | None
    order_because: str = ""
    legs_done: int = 0
    legs_total: int = 0
    current_leg: str = ""
    readiness: ReadinessTold
    perception: EyesTold | None
    out_of_service: str | None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def order_because_said(self) -> list[SaidTold]:
        """Return why its order stands as it does, by codes."""
        return tell_said(self.order_because)


class VehiclesTold(Told):
    """All vehicles by id."""

    vehicles: list[VehicleTold]


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


class VehicleDetailTold(VehicleTold):
    """One vehicle with the order that it has."""

    order: OrderTold | None


class CommandGiven(Given):
    """A person's word to a vehicle."""

    kind: CommandKind = Field(description="cancel is given through the run")
    because: Because


class ServiceGiven(Given):
    """Take a vehicle out of service, or put it back."""

    in_service: bool
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


def tell_state(state: VehicleState, *, now_s: float, stale_after_s: float = 3.0) -> StateTold:
    """Return what is told of a state at monotonic *now_s*."""
    age_s = state.age_s(now_s)
    return StateTold(
        position=place_of(state.position) if state.position else None,
        height_agl_m=state.height_above_home_m,
        heading_deg=state.heading_deg,
        speed_m_s=math.hypot(state.east_m_s, state.north_m_s),
        battery_ratio=state.battery_ratio,
        mode=state.mode.value,
        is_armed=state.is_armed,
        is_airborne=state.is_airborne and state.received_s is not None,
        gps_ok=state.gps_ok,
        link_up=state.link_up,
        is_stale=age_s > stale_after_s,
        age_s=None if math.isinf(age_s) else round(age_s, 1),
        because=state.because,
    )


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


def tell_vehicle(situation: Situation, *, eyes: EyesState | None, now_s: float) -> VehicleTold:
    """Return what is told of one vehicle at monotonic *now_s*."""
    return VehicleTold(**_vehicle_fields(situation, eyes=eyes, now_s=now_s))


def tell_vehicle_detail(situation: Situation, *, eyes: EyesState | None, now_s: float) -> VehicleDetailTold:
    """Return what is told of one vehicle, its order with all legs included."""
    order = None if situation.current is None else tell_order(situation.current)
    return VehicleDetailTold(**_vehicle_fields(situation, eyes=eyes, now_s=now_s), order=order)


def _vehicle_fields(situation: Situation, *, eyes: EyesState | None, now_s: float) -> dict[str, Any]:
    card, service = situation.record.card, situation.record.out_of_service
    readiness = ReadinessTold(
        is_ready=not situation.not_ready,
        because=[ReasonTold.model_validate(reason) for reason in situation.reasons],
    )
    return {
        "id": card.id,
        "name": card.name,
        "name_zh": card.name_zh,
        "kind": card.kind.value,
        "dock_id": card.dock_id,
        "capabilities": sorted(capability.value for capability in card.capabilities),
        "doing": situation.doing.value,
        "state": tell_state(situation.state, now_s=now_s),
        "readiness": readiness,
        "perception": None if eyes is None else EyesTold.model_validate(eyes),
        "out_of_service": None if service is None else service.because,
        **_order_fields(situation.current),
    }


def _order_fields(record: OrderRecord | None) -> dict[str, Any]:
    if record is None:
        return {"run_id": None, "order_id": None, "order_state": None}
    legs, done = record.order.legs, record.progress.legs_done
    return {
        "run_id": record.order.run_id,
        "order_id": record.order.id,
        "order_state": record.progress.state.value,
        "order_because": record.progress.because or record.order.because,
        "legs_done": done,
        "legs_total": len(legs),
        "current_leg": legs[done].name or legs[done].purpose.value if done < len(legs) else "return",
    }
