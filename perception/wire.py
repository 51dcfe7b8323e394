"""Sightings, second looks and the state of the eyes ↔ protobuf (`roundsman.v1`)."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from roundsman.v1 import link_pb2 as pb

from core.errors import InvalidInput
from core.ids import EvidenceId, IncidentId, OrderId, SightingId, VehicleId, ZoneId
from geofence.positions import ErrorEllipse, GeoPosition
from perception.sighting import LookResult, LookVerdict, PerceptionState, Photo, PhotoKind, Sighting

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def sighting_to_pb(sighting: Sighting) -> pb.Sighting:
    """Return *sighting* as protobuf; the stream says which vehicle made it."""
    place, ellipse = sighting.place, sighting.ellipse
    return pb.Sighting(
        id=sighting.id,
        order_id=sighting.order_id,
        kind=sighting.kind,
        zone_id=sighting.zone_id,
        place=pb.Position(lon_deg=place.lon_deg, lat_deg=place.lat_deg),
        ellipse=pb.ErrorEllipse(major_m=ellipse.major_m, minor_m=ellipse.minor_m, heading_deg=ellipse.heading_deg),
        first_seen_at_us=_to_us(sighting.first_seen_at),
        last_seen_at_us=_to_us(sighting.last_seen_at),
        observed_s=sighting.observed_s,
        score=sighting.score,
        because=sighting.because,
        facts_json=json.dumps(dict(sighting.facts), ensure_ascii=False),
        rule=sighting.rule,
        rule_version=sighting.rule_version,
        model=sighting.model,
        model_sha256=sighting.model_sha256,
        photos=[_photo_to_pb(photo) for photo in sighting.photos],
    )


def sighting_from_pb(message: pb.Sighting, *, vehicle_id: VehicleId) -> Sighting:
    """Return the sighting of *message*; raises InvalidInput."""
    try:
        return Sighting(
            id=SightingId(message.id),
            vehicle_id=vehicle_id,
            order_id=OrderId(message.order_id) if message.HasField("order_id") else None,
            kind=message.kind,
            zone_id=ZoneId(message.zone_id) if message.HasField("zone_id") else None,
            place=GeoPosition(lon_deg=message.place.lon_deg, lat_deg=message.place.lat_deg),
            ellipse=_ellipse_from_pb(message.ellipse),
            first_seen_at=_from_us(message.first_seen_at_us),
            last_seen_at=_from_us(message.last_seen_at_us),
            observed_s=message.observed_s,
            score=message.score,
            because=message.because,
            facts=json.loads(message.facts_json or "{}"),
            rule=message.rule,
            rule_version=message.rule_version,
            model=message.model,
            model_sha256=message.model_sha256,
            photos=_photos_from_pb(message.photos),
        )
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"not understood: {error}", where=f"sighting {message.id}") from error


def look_result_to_pb(result: LookResult) -> pb.LookResult:
    """Return *result* as protobuf; the stream says which vehicle looked."""
    return pb.LookResult(
        id=result.id,
        order_id=result.order_id,
        incident_id=result.incident_id,
        verdict=result.verdict.value,
        observed_s=result.observed_s,
        looked_at_us=_to_us(result.looked_at),
        because=result.because,
        photos=[_photo_to_pb(photo) for photo in result.photos],
    )


def look_result_from_pb(message: pb.LookResult, *, vehicle_id: VehicleId) -> LookResult:
    """Return the result of *message*; raises InvalidInput."""
    try:
        return LookResult(
            id=SightingId(message.id),
            vehicle_id=vehicle_id,
            order_id=OrderId(message.order_id),
            incident_id=IncidentId(message.incident_id),
            verdict=LookVerdict(message.verdict),
            observed_s=message.observed_s,
            looked_at=_from_us(message.looked_at_us),
            because=message.because,
            photos=_photos_from_pb(message.photos),
        )
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"not understood: {error}", where=f"second look {message.id}") from error


def eyes_to_pb(state: PerceptionState) -> pb.EyesState:
    """Return *state* as protobuf; the stream says whose eyes they are."""
    return pb.EyesState(
        at_us=_to_us(state.at),
        source=state.source,
        because=state.because,
        view=state.view,
        frames_analysed=state.frames_analysed,
        frames_not_assessed=state.frames_not_assessed,
        frames_dropped=state.frames_dropped,
        sightings=state.sightings,
        frame_to_sighting_s=state.frame_to_sighting_s,
    )


def _photo_to_pb(photo: Photo) -> pb.Photo:
    return pb.Photo(
        id=photo.id,
        kind=photo.kind.value,
        jpeg=photo.jpeg,
        sha256=photo.sha256,
        taken_at_us=_to_us(photo.taken_at),
        width_px=photo.width_px,
        height_px=photo.height_px,
        box_xyxy_px=photo.box_xyxy_px or (),
    )


def _photos_from_pb(photos: Sequence[pb.Photo]) -> tuple[Photo, ...]:
    return tuple(
        Photo(
            id=EvidenceId(photo.id),
            kind=PhotoKind(photo.kind),
            jpeg=photo.jpeg,
            sha256=photo.sha256,
            taken_at=_from_us(photo.taken_at_us),
            width_px=photo.width_px,
            height_px=photo.height_px,
            box_xyxy_px=_box(photo.box_xyxy_px),
        )
        for photo in photos
    )


def _box(numbers: Sequence[float]) -> tuple[float, float, float, float] | None:
    if not numbers:
        return None
    left, top, right, bottom = numbers
    return (left, top, right, bottom)


def _ellipse_from_pb(ellipse: pb.ErrorEllipse) -> ErrorEllipse:
    return ErrorEllipse(major_m=ellipse.major_m, minor_m=ellipse.minor_m, heading_deg=ellipse.heading_deg)


def _to_us(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _from_us(moment_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=moment_us)
