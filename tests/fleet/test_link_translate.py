"""Values to the wire and back: nothing is lost, what is not understood is said."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from roundsman.v1 import link_pb2 as pb

from core.errors import InvalidInput
from core.ids import EvidenceId, IncidentId, OrderId, SightingId, VehicleId, ZoneId, new_id
from fleet.holding import Holder
from fleet.link.translate import (
    card_from_pb,
    card_to_pb,
    command_from_pb,
    command_to_pb,
    event_from_pb,
    event_to_pb,
    order_from_pb,
    order_to_pb,
    outcome_from_pb,
    outcome_to_pb,
    progress_from_pb,
    progress_to_pb,
)
from fleet.link.translate_live import (
    picture_from_pb,
    picture_to_pb,
    telemetry_from_pb,
    telemetry_to_pb,
    tracks_from_pb,
    tracks_to_pb,
)
from fleet.link.translate_places import from_us, to_us
from fleet.live import LivePicture, LiveTrack, LiveTracks, PictureBox
from fleet.orders import CommandOutcome, CommandState, OrderProgress, OrderState, VehicleEvent
from fleet.telemetry import VehicleState
from geofence.positions import ErrorEllipse, GeoPosition
from perception.sighting import LookResult, LookVerdict, Photo, PhotoKind, Sighting
from perception.wire import look_result_from_pb, look_result_to_pb, sighting_from_pb, sighting_to_pb
from tests.fleet import examples

DRONE = VehicleId("drone-1")


def test_an_order_comes_out_as_it_went_in() -> None:
    order = replace(examples.order(), rally_points=(replace(examples.DOCK, id="roof"),))
    wire = order_to_pb(order).SerializeToString()
    assert order_from_pb(pb.Order.FromString(wire)) == order


@pytest.mark.parametrize(
    ("state", "word", "because", "holder"),
    [
        (OrderState.HELD, "", "makes way for a look at the gate", Holder.DISPATCHER),
        (OrderState.HELD, "", "keeps clear of drone-2: they would come within 3 m", Holder.SEPARATION),
        (OrderState.HELD, "", "wang: a child is below it", Holder.ITSELF),
        (OrderState.HELD, "person", "makes way for a look at the gate", Holder.PERSON),
        (OrderState.HELD, "a mayor", "makes way for a look at the gate", Holder.ITSELF),
        (OrderState.RUNNING, "", "makes way for a look at the gate", Holder.NOBODY),
        (OrderState.ACCEPTED, "person", "wang: a child is below it", Holder.PERSON),
    ],
)
def test_who_holds_a_vehicle_is_what_its_agent_tells_and_of_an_older_one_what_its_reason_does(
    state: OrderState, word: str, because: str, holder: Holder
) -> None:
    message = pb.OrderProgress(order_id="o", state=state.value, because=because, at_us=1, held_by=word)
    assert progress_from_pb(message).held_by is holder


def test_a_bare_order_comes_out_as_it_went_in() -> None:
    order = replace(examples.order(), authorisation=None, supersedes=None, run_id=None, checks=())
    assert order_from_pb(order_to_pb(order)) == order


def test_an_order_whose_zones_were_changed_is_refused() -> None:
    message = order_to_pb(examples.order())
    message.zones.zones[1].ceiling_agl_m = 10.0
    with pytest.raises(InvalidInput, match="not the ones that the order was proved against"):
        order_from_pb(message)


def test_a_word_that_is_not_known_is_refused_with_its_place() -> None:
    message = order_to_pb(examples.order())
    message.purpose = "bombing"
    with pytest.raises(InvalidInput, match="bombing") as refused:
        order_from_pb(message)
    assert message.id in str(refused.value)


def test_commands_reports_and_cards_come_out_as_they_went_in() -> None:
    command, card = examples.command(), examples.card()
    progress = OrderProgress(
        order_id=OrderId(new_id()), state=OrderState.HELD, legs_done=3, because="a person", at=examples.NOW
    )
    outcome = CommandOutcome(command_id=command.id, state=CommandState.DONE, because="it hovers", at=examples.NOW)
    event = VehicleEvent(
        vehicle_id=DRONE, kind="guard", text="停", at=examples.NOW, zone_id=ZoneId("school"), order_id=progress.order_id
    )
    assert command_from_pb(command_to_pb(command)) == command
    assert command_from_pb(command_to_pb(replace(command, order_id=None))) == replace(command, order_id=None)
    assert card_from_pb(card_to_pb(card)) == card
    assert progress_from_pb(progress_to_pb(progress)) == progress
    assert outcome_from_pb(outcome_to_pb(outcome)) == outcome
    assert event_from_pb(event_to_pb(event), vehicle_id=DRONE) == event
    bare = replace(event, zone_id=None, order_id=None)
    assert event_from_pb(event_to_pb(bare), vehicle_id=DRONE) == bare


def test_the_age_of_a_position_travels_not_the_agents_clock() -> None:
    sent = examples.ready_state(now_s=100.0)
    message = telemetry_to_pb(sent, now_s=100.75)
    heard = telemetry_from_pb(message, vehicle_id=DRONE, heard_s=5000.0)
    assert heard == replace(sent, received_s=4999.25)


def test_an_empty_state_stays_empty() -> None:
    state = VehicleState(vehicle_id=DRONE)
    assert telemetry_from_pb(telemetry_to_pb(state, now_s=1.0), vehicle_id=DRONE, heard_s=2.0) == state


def test_tracks_come_out_as_they_went_in() -> None:
    place = GeoPosition(lon_deg=121.4, lat_deg=31.3)
    ellipse = ErrorEllipse(major_m=1.5, minor_m=0.5, heading_deg=12.0)
    track = LiveTrack(id=7, label="cart", place=place, score=0.75, ellipse=ellipse, observed_s=3.5)
    tracks = LiveTracks(vehicle_id=DRONE, at=examples.NOW, footprint=(place, place), tracks=(track,))
    assert tracks_from_pb(tracks_to_pb(tracks), vehicle_id=DRONE) == tracks
    odd = pb.Tracks(footprint_lon_lat_deg=[1.0, 2.0, 3.0])
    with pytest.raises(InvalidInput, match="pairs"):
        tracks_from_pb(odd, vehicle_id=DRONE)


def test_a_sighting_comes_out_as_it_went_in() -> None:
    photo = Photo(
        id=EvidenceId(new_id()),
        kind=PhotoKind.NEAR,
        jpeg=b"\xff\xd8\x00",
        sha256="ab" * 32,
        taken_at=examples.NOW,
        width_px=640,
        height_px=360,
        box_xyxy_px=(1.5, 2.5, 3.5, 4.5),
    )
    sighting = Sighting(
        id=SightingId(new_id()),
        vehicle_id=DRONE,
        order_id=OrderId(new_id()),
        kind="20501",
        zone_id=ZoneId("street"),
        place=GeoPosition(lon_deg=121.4, lat_deg=31.3),
        ellipse=ErrorEllipse(major_m=1.5, minor_m=0.5, heading_deg=12.0),
        first_seen_at=examples.NOW,
        last_seen_at=examples.NOW + timedelta(seconds=9, microseconds=1),
        observed_s=7.25,
        score=0.5,
        because="a cart for 7 s",
        facts={"dwell_s": 7.25, "label": "摊贩", "people": 3},
        rule="vendor",
        rule_version="1",
        model="sim",
        model_sha256="cd" * 32,
        photos=(photo, replace(photo, box_xyxy_px=None)),
    )
    wire = sighting_to_pb(sighting).SerializeToString()
    assert sighting_from_pb(pb.Sighting.FromString(wire), vehicle_id=DRONE) == sighting
    bare = replace(sighting, order_id=None, zone_id=None, photos=(), facts={})
    assert sighting_from_pb(sighting_to_pb(bare), vehicle_id=DRONE) == bare


def test_a_picture_comes_out_with_what_is_followed_in_it() -> None:
    box = PictureBox(track=7, label="cart", score=0.75, xyxy_px=(1.0, 2.5, 30.0, 40.0))
    picture = LivePicture(vehicle_id=DRONE, at=examples.NOW, jpeg=b"jpeg", width_px=640, height_px=360, boxes=(box,))
    assert picture_from_pb(picture_to_pb(picture), vehicle_id=DRONE) == picture


def test_a_second_look_comes_out_as_it_went_in() -> None:
    result = LookResult(
        id=SightingId(new_id()),
        vehicle_id=DRONE,
        order_id=OrderId(new_id()),
        incident_id=IncidentId(new_id()),
        verdict=LookVerdict.NOT_ASSESSED,
        observed_s=0.25,
        looked_at=examples.NOW,
        because="too steep",
    )
    assert look_result_from_pb(look_result_to_pb(result), vehicle_id=DRONE) == result
    message = look_result_to_pb(result)
    message.verdict = "maybe"
    with pytest.raises(InvalidInput, match="maybe"):
        look_result_from_pb(message, vehicle_id=DRONE)


@given(some.integers(min_value=0, max_value=7_000_000_000_000_000))
def test_every_microsecond_survives(since_1970_us: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=since_1970_us)
    assert from_us(to_us(moment)) == moment


def test_a_time_outside_of_the_calendar_is_refused() -> None:
    with pytest.raises(InvalidInput):
        from_us(2**62)
