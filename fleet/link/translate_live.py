"""Telemetry, tracks, pictures and the state of the eyes ↔ protobuf: what is never stored."""

from roundsman.v1 import link_pb2 as pb

from core.ids import VehicleId
from fleet.link.translate import reading
from fleet.link.translate_places import (
    ellipse_from_pb,
    ellipse_to_pb,
    flatten,
    from_us,
    position_from_pb,
    position_to_pb,
    to_us,
    unflatten,
)
from fleet.live import EyesState, LivePicture, LiveTrack, LiveTracks, PictureBox
from fleet.telemetry import FlightMode, LandedState, VehicleState
from geofence.positions import GeoPosition


def telemetry_to_pb(state: VehicleState, *, now_s: float) -> pb.Telemetry:
    """Return *state* as protobuf; its position's age at our monotonic *now_s* stands for `received_s`."""
    message = pb.Telemetry(
        age_s=None if state.received_s is None else max(0.0, now_s - state.received_s),
        received_at_us=None if state.received_at is None else to_us(state.received_at),
        vehicle_time_s=state.vehicle_time_s,
        altitude_amsl_m=state.altitude_amsl_m,
        height_above_home_m=state.height_above_home_m,
        east_m_s=state.east_m_s,
        north_m_s=state.north_m_s,
        up_m_s=state.up_m_s,
        heading_deg=state.heading_deg,
        home_altitude_amsl_m=state.home_altitude_amsl_m,
        battery_ratio=state.battery_ratio,
        mode=state.mode.value,
        is_armed=state.is_armed,
        landed=state.landed.value,
        gps_ok=state.gps_ok,
        health_ok=state.health_ok,
        mission_item=state.mission_item,
        mission_items=state.mission_items,
        link_up=state.link_up,
        because=state.because,
        is_ambiguous=state.is_ambiguous,
    )
    if state.position is not None:
        message.lon_deg, message.lat_deg = state.position.lon_deg, state.position.lat_deg
    if state.home is not None:
        message.home_lon_deg, message.home_lat_deg = state.home.lon_deg, state.home.lat_deg
    return message


def telemetry_from_pb(message: pb.Telemetry, *, vehicle_id: VehicleId, heard_s: float) -> VehicleState:
    """Return the state of *message*, heard at our monotonic *heard_s*; raises InvalidInput."""
    has = message.HasField
    with reading(f"telemetry of {vehicle_id}"):
        return VehicleState(
            vehicle_id=vehicle_id,
            received_s=heard_s - message.age_s if has("age_s") else None,
            received_at=from_us(message.received_at_us) if has("received_at_us") else None,
            vehicle_time_s=message.vehicle_time_s if has("vehicle_time_s") else None,
            position=_place(message.lon_deg, message.lat_deg) if has("lon_deg") else None,
            altitude_amsl_m=message.altitude_amsl_m if has("altitude_amsl_m") else None,
            height_above_home_m=message.height_above_home_m if has("height_above_home_m") else None,
            east_m_s=message.east_m_s,
            north_m_s=message.north_m_s,
            up_m_s=message.up_m_s,
            heading_deg=message.heading_deg if has("heading_deg") else None,
            home=_place(message.home_lon_deg, message.home_lat_deg) if has("home_lon_deg") else None,
            home_altitude_amsl_m=message.home_altitude_amsl_m if has("home_altitude_amsl_m") else None,
            battery_ratio=message.battery_ratio if has("battery_ratio") else None,
            mode=FlightMode(message.mode),
            is_armed=message.is_armed if has("is_armed") else None,
            landed=LandedState(message.landed),
            gps_ok=message.gps_ok if has("gps_ok") else None,
            health_ok=message.health_ok if has("health_ok") else None,
            mission_item=message.mission_item if has("mission_item") else None,
            mission_items=message.mission_items if has("mission_items") else None,
            link_up=message.link_up,
            because=message.because,
            is_ambiguous=message.is_ambiguous,
        )


def _place(lon_deg: float, lat_deg: float) -> GeoPosition:
    return GeoPosition(lon_deg=lon_deg, lat_deg=lat_deg)


def tracks_to_pb(tracks: LiveTracks) -> pb.Tracks:
    """Return *tracks* as protobuf."""
    return pb.Tracks(
        at_us=to_us(tracks.at),
        footprint_lon_lat_deg=flatten(tracks.footprint),
        tracks=[_track_to_pb(track) for track in tracks.tracks],
    )


def tracks_from_pb(message: pb.Tracks, *, vehicle_id: VehicleId) -> LiveTracks:
    """Return the tracks of *message*; raises InvalidInput."""
    with reading(f"tracks of {vehicle_id}"):
        return LiveTracks(
            vehicle_id=vehicle_id,
            at=from_us(message.at_us),
            footprint=unflatten(message.footprint_lon_lat_deg),
            tracks=tuple(_track_from_pb(track) for track in message.tracks),
        )


def _track_to_pb(track: LiveTrack) -> pb.Track:
    return pb.Track(
        id=track.id,
        label=track.label,
        place=position_to_pb(track.place),
        score=track.score,
        ellipse=None if track.ellipse is None else ellipse_to_pb(track.ellipse),
        observed_s=track.observed_s,
    )


def _track_from_pb(track: pb.Track) -> LiveTrack:
    return LiveTrack(
        id=track.id,
        label=track.label,
        place=position_from_pb(track.place),
        score=track.score,
        ellipse=ellipse_from_pb(track.ellipse) if track.HasField("ellipse") else None,
        observed_s=track.observed_s,
    )


def picture_to_pb(picture: LivePicture) -> pb.Picture:
    """Return *picture* as protobuf."""
    return pb.Picture(
        at_us=to_us(picture.at),
        jpeg=picture.jpeg,
        width_px=picture.width_px,
        height_px=picture.height_px,
        boxes=[
            pb.PictureBox(track=box.track, label=box.label, score=box.score, xyxy_px=box.xyxy_px)
            for box in picture.boxes
        ],
    )


def picture_from_pb(message: pb.Picture, *, vehicle_id: VehicleId) -> LivePicture:
    """Return the picture of *message*."""
    return LivePicture(
        vehicle_id=vehicle_id,
        at=from_us(message.at_us),
        jpeg=message.jpeg,
        width_px=message.width_px,
        height_px=message.height_px,
        boxes=tuple(_box_from_pb(box) for box in message.boxes if len(box.xyxy_px) == 4),
    )


def _box_from_pb(box: pb.PictureBox) -> PictureBox:
    left, top, right, bottom = box.xyxy_px
    return PictureBox(track=box.track, label=box.label, score=box.score, xyxy_px=(left, top, right, bottom))


def eyes_from_pb(message: pb.EyesState, *, vehicle_id: VehicleId) -> EyesState:
    """Return the state of the eyes in *message* (perception.wire writes it)."""
    return EyesState(
        vehicle_id=vehicle_id,
        at=from_us(message.at_us),
        source=message.source,
        because=message.because,
        view=message.view or "waiting",
        frames_analysed=message.frames_analysed,
        frames_not_assessed=message.frames_not_assessed,
        frames_dropped=message.frames_dropped,
        sightings=message.sightings,
        frame_to_sighting_s=tuple(message.frame_to_sighting_s),
    )
