"""Vehicles as the desk sees them."""

import math
from typing import Any

from pydantic import Field, computed_field

from api.schemas.orders import OrderTold, tell_order
from api.schemas.shapes import Because, BecauseTold, Given, Moment, Place, SaidTold, Told, place_of, tell_said
from fleet.live import EyesState
from fleet.store import OrderRecord
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


class VehicleDetailTold(VehicleTold):
    """One vehicle with the order that it has."""

    order: OrderTold | None


class ServiceGiven(Given):
    """Take a vehicle out of service, or put it back."""

    in_service: bool
    because: Because


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
