"""Orders, commands, cards and the fleet's reports ↔ protobuf; nothing is lost on the way."""

from collections.abc import Iterator
from contextlib import contextmanager

from roundsman.v1 import link_pb2 as pb

from core.errors import InvalidInput
from core.ids import CommandId, IncidentId, OrderId, RunId, VehicleId, ZoneId
from fleet.holding import Holder, Speaker, told_holder
from fleet.link.translate_places import from_us, position_from_pb, position_to_pb, to_us, zones_from_pb, zones_to_pb
from fleet.orders import (
    Authorisation,
    CameraAction,
    Check,
    Command,
    CommandKind,
    CommandOutcome,
    CommandState,
    Dock,
    Failsafe,
    FailsafeChoices,
    Leg,
    LegPurpose,
    Order,
    OrderProgress,
    OrderPurpose,
    OrderState,
    VehicleEvent,
)
from fleet.vehicle import Capability, VehicleCard, VehicleKind
from geofence.zones import ZoneSet


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn the ValueErrors of unknown words and odd numbers into InvalidInput that names *what* was read."""
    try:
        yield
    except (ValueError, KeyError, OverflowError) as error:
        raise InvalidInput(
            f"not understood: {error}", where=what, remedy="run controller and agent of one version"
        ) from error


# ------------------------------------------------------------------------------------- orders


def order_to_pb(order: Order, *, with_zones: bool = True) -> pb.Order:
    """Return *order* as protobuf; without its zones for the books, which keep them once by their hash."""
    return pb.Order(
        id=order.id,
        vehicle_id=order.vehicle_id,
        run_id=order.run_id,
        purpose=order.purpose.value,
        legs=[_leg_to_pb(leg) for leg in order.legs],
        zones=zones_to_pb(order.zones) if with_zones else None,
        dock=pb.Dock(id=order.dock.id, place=position_to_pb(order.dock.place)),
        ground_amsl_m=order.ground_amsl_m,
        return_height_agl_m=order.return_height_agl_m,
        takeoff_height_agl_m=order.takeoff_height_agl_m,
        failsafes=_failsafes_to_pb(order.failsafes),
        authorisation=None if order.authorisation is None else _authorisation_to_pb(order.authorisation),
        not_before_at_us=to_us(order.not_before_at),
        not_after_at_us=to_us(order.not_after_at),
        checks=[_check_to_pb(check) for check in order.checks],
        supersedes=order.supersedes,
        because=order.because,
        made_at_us=to_us(order.made_at),
        rally_points=[pb.Dock(id=rally.id, place=position_to_pb(rally.place)) for rally in order.rally_points],
    )


def order_from_pb(message: pb.Order, *, zones: ZoneSet | None = None) -> Order:
    """Return the order of *message*, with *zones* when the message was written without them; raises InvalidInput."""
    with reading(f"order {message.id}"):
        return Order(
            id=OrderId(message.id),
            vehicle_id=VehicleId(message.vehicle_id),
            run_id=RunId(message.run_id) if message.HasField("run_id") else None,
            purpose=OrderPurpose(message.purpose),
            legs=tuple(_leg_from_pb(leg) for leg in message.legs),
            zones=zones if zones is not None else zones_from_pb(message.zones),
            dock=Dock(id=message.dock.id, place=position_from_pb(message.dock.place)),
            ground_amsl_m=message.ground_amsl_m,
            return_height_agl_m=message.return_height_agl_m,
            takeoff_height_agl_m=message.takeoff_height_agl_m,
            failsafes=_failsafes_from_pb(message.failsafes),
            authorisation=_authorisation_from_pb(message.authorisation) if message.HasField("authorisation") else None,
            not_before_at=from_us(message.not_before_at_us),
            not_after_at=from_us(message.not_after_at_us),
            checks=tuple(_check_from_pb(check) for check in message.checks),
            rally_points=tuple(
                Dock(id=rally.id, place=position_from_pb(rally.place)) for rally in message.rally_points
            ),
            supersedes=OrderId(message.supersedes) if message.HasField("supersedes") else None,
            because=message.because,
            made_at=from_us(message.made_at_us),
        )


def _leg_to_pb(leg: Leg) -> pb.Leg:
    camera = leg.camera
    return pb.Leg(
        place=position_to_pb(leg.place),
        height_agl_m=leg.height_agl_m,
        speed_m_s=leg.speed_m_s,
        purpose=leg.purpose.value,
        camera=None if camera is None else pb.CameraAction(pitch_deg=camera.pitch_deg, yaw_deg=camera.yaw_deg),
        dwell_s=leg.dwell_s,
        name=leg.name,
    )


def _leg_from_pb(leg: pb.Leg) -> Leg:
    return Leg(
        place=position_from_pb(leg.place),
        height_agl_m=leg.height_agl_m,
        speed_m_s=leg.speed_m_s,
        purpose=LegPurpose(leg.purpose),
        camera=_camera_from_pb(leg.camera) if leg.HasField("camera") else None,
        dwell_s=leg.dwell_s,
        name=leg.name,
    )


def _camera_from_pb(camera: pb.CameraAction) -> CameraAction:
    return CameraAction(pitch_deg=camera.pitch_deg, yaw_deg=camera.yaw_deg if camera.HasField("yaw_deg") else None)


def _failsafes_to_pb(choices: FailsafeChoices) -> pb.FailsafeChoices:
    return pb.FailsafeChoices(
        link_lost=choices.link_lost.value,
        link_lost_after_s=choices.link_lost_after_s,
        battery_low=choices.battery_low.value,
        battery_low_ratio=choices.battery_low_ratio,
        position_lost=choices.position_lost.value,
    )


def _failsafes_from_pb(choices: pb.FailsafeChoices) -> FailsafeChoices:
    return FailsafeChoices(
        link_lost=Failsafe(choices.link_lost),
        link_lost_after_s=choices.link_lost_after_s,
        battery_low=Failsafe(choices.battery_low),
        battery_low_ratio=choices.battery_low_ratio,
        position_lost=Failsafe(choices.position_lost),
    )


def _authorisation_to_pb(given: Authorisation) -> pb.Authorisation:
    return pb.Authorisation(
        number=given.number,
        ceiling_agl_m=given.ceiling_agl_m,
        not_before_at_us=to_us(given.not_before_at),
        not_after_at_us=to_us(given.not_after_at),
    )


def _authorisation_from_pb(given: pb.Authorisation) -> Authorisation:
    return Authorisation(
        number=given.number,
        ceiling_agl_m=given.ceiling_agl_m,
        not_before_at=from_us(given.not_before_at_us),
        not_after_at=from_us(given.not_after_at_us),
    )


def _check_to_pb(check: Check) -> pb.Check:
    return pb.Check(
        incident_id=check.incident_id, kind=check.kind, place=position_to_pb(check.place), radius_m=check.radius_m
    )


def _check_from_pb(check: pb.Check) -> Check:
    return Check(
        incident_id=IncidentId(check.incident_id),
        kind=check.kind,
        place=position_from_pb(check.place),
        radius_m=check.radius_m,
    )


# ----------------------------------------------------------------------------------- commands


def command_to_pb(command: Command) -> pb.Command:
    """Return *command* as protobuf."""
    return pb.Command(
        id=command.id,
        vehicle_id=command.vehicle_id,
        kind=command.kind.value,
        because=command.because,
        made_at_us=to_us(command.made_at),
        expires_at_us=to_us(command.expires_at),
        order_id=command.order_id,
        speaker=command.speaker.value,
    )


def command_from_pb(message: pb.Command) -> Command:
    """Return the command of *message*; raises InvalidInput."""
    with reading(f"command {message.id}"):
        return Command(
            id=CommandId(message.id),
            vehicle_id=VehicleId(message.vehicle_id),
            kind=CommandKind(message.kind),
            because=message.because,
            made_at=from_us(message.made_at_us),
            expires_at=from_us(message.expires_at_us),
            order_id=OrderId(message.order_id) if message.HasField("order_id") else None,
            speaker=Speaker(message.speaker or Speaker.PERSON),
        )


# ------------------------------------------------------------------------------------ reports


def progress_to_pb(progress: OrderProgress) -> pb.OrderProgress:
    """Return *progress* as protobuf."""
    return pb.OrderProgress(
        order_id=progress.order_id,
        state=progress.state.value,
        legs_done=progress.legs_done,
        because=progress.because,
        at_us=to_us(progress.at),
        held_by=progress.held_by.value,
    )


def progress_from_pb(message: pb.OrderProgress) -> OrderProgress:
    """Return the progress of *message*; raises InvalidInput."""
    with reading(f"progress of order {message.order_id}"):
        state = OrderState(message.state)
        is_told = bool(message.held_by) or state is OrderState.HELD
        return OrderProgress(
            order_id=OrderId(message.order_id),
            state=state,
            legs_done=message.legs_done,
            because=message.because,
            at=from_us(message.at_us),
            held_by=told_holder(message.held_by, because=message.because) if is_told else Holder.NOBODY,
        )


def outcome_to_pb(outcome: CommandOutcome) -> pb.CommandOutcome:
    """Return *outcome* as protobuf."""
    return pb.CommandOutcome(
        command_id=outcome.command_id, state=outcome.state.value, because=outcome.because, at_us=to_us(outcome.at)
    )


def outcome_from_pb(message: pb.CommandOutcome) -> CommandOutcome:
    """Return the outcome of *message*; raises InvalidInput."""
    with reading(f"outcome of command {message.command_id}"):
        return CommandOutcome(
            command_id=CommandId(message.command_id),
            state=CommandState(message.state),
            because=message.because,
            at=from_us(message.at_us),
        )


def event_to_pb(happened: VehicleEvent) -> pb.VehicleEvent:
    """Return *happened* as protobuf; the stream says which vehicle it is."""
    return pb.VehicleEvent(
        kind=happened.kind,
        text=happened.text,
        at_us=to_us(happened.at),
        zone_id=happened.zone_id,
        order_id=happened.order_id,
    )


def event_from_pb(message: pb.VehicleEvent, *, vehicle_id: VehicleId) -> VehicleEvent:
    """Return the event of *message*; raises InvalidInput."""
    with reading(f"event {message.kind}"):
        return VehicleEvent(
            vehicle_id=vehicle_id,
            kind=message.kind,
            text=message.text,
            at=from_us(message.at_us),
            zone_id=ZoneId(message.zone_id) if message.HasField("zone_id") else None,
            order_id=OrderId(message.order_id) if message.HasField("order_id") else None,
        )


# -------------------------------------------------------------------------------------- cards


def card_to_pb(card: VehicleCard) -> pb.VehicleCard:
    """Return *card* as protobuf."""
    return pb.VehicleCard(
        id=card.id,
        kind=card.kind.value,
        name=card.name,
        name_zh=card.name_zh,
        capabilities=sorted(card.capabilities),
        dock_id=card.dock_id,
        speed_m_s=card.speed_m_s,
        endurance_s=card.endurance_s,
        camera=card.camera,
    )


def card_from_pb(message: pb.VehicleCard) -> VehicleCard:
    """Return the card of *message*; raises InvalidInput. A newer agent's unknown capabilities are left out."""
    known = {capability.value for capability in Capability}
    with reading(f"card of vehicle {message.id}"):
        return VehicleCard(
            id=VehicleId(message.id),
            kind=VehicleKind(message.kind),
            name=message.name,
            name_zh=message.name_zh,
            capabilities=frozenset(Capability(word) for word in message.capabilities if word in known),
            dock_id=message.dock_id,
            speed_m_s=message.speed_m_s,
            endurance_s=message.endurance_s,
            camera=dict(message.camera),
        )
