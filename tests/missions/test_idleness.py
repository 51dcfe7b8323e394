from dataclasses import replace
from datetime import timedelta

from core.ids import PatrolId
from fleet.orders import Leg, LegPurpose, OrderProgress, OrderState
from geofence.positions import GeoPosition
from missions.idleness import Flown, idleness
from tests.fleet import examples

PATROL = PatrolId("p1")
START = examples.NOW


def flown(*, done_s: list[float], begin_s: float = 0.0) -> Flown:
    """Return an order with a transit and two work legs; the legs are done at those seconds after its begin."""
    places = [GeoPosition(lon_deg=121.4 + 5e-4 * number, lat_deg=31.32) for number in range(3)]
    purposes = [LegPurpose.TRANSIT, LegPurpose.LINE, LegPurpose.POINT]
    legs = tuple(
        Leg(place=place, height_agl_m=25, speed_m_s=5, purpose=purpose, name=f"leg {number}")
        for number, (place, purpose) in enumerate(zip(places, purposes, strict=True))
    )
    order = replace(examples.order(), legs=legs)
    history = [
        OrderProgress(
            order_id=order.id,
            state=OrderState.RUNNING,
            legs_done=number + 1,
            at=START + timedelta(seconds=begin_s + done),
        )
        for number, done in enumerate(done_s)
    ]
    return Flown(patrol_id=PATROL, order=order, history=history)


def test_a_place_waits_since_it_was_last_passed() -> None:
    rounds = [flown(done_s=[10, 20, 30]), flown(done_s=[10, 22, 30], begin_s=100), flown(done_s=[10, 20], begin_s=300)]
    second, first = idleness(rounds, since=START)
    assert [first.name, second.name] == ["leg 1", "leg 2"]
    assert (first.passes, first.last_seen_at, first.worst_s) == (3, START + timedelta(seconds=320), 198)
    assert (second.passes, second.last_seen_at, second.worst_s) == (2, START + timedelta(seconds=130), 100)


def test_a_place_that_nobody_reached_stands_first_and_says_so() -> None:
    unseen, seen = idleness([flown(done_s=[10, 20])], since=START)
    assert (unseen.name, unseen.passes, unseen.last_seen_at, unseen.worst_s) == ("leg 2", 0, None, None)
    assert seen.passes == 1


def test_what_lies_before_the_hours_asked_about_does_not_count() -> None:
    found = idleness([flown(done_s=[10, 20, 30])], since=START + timedelta(seconds=25))
    assert {one.name: one.passes for one in found} == {"leg 1": 0, "leg 2": 1}
