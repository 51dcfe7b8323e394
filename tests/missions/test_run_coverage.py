"""What a run has seen of what it was to see."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import shapely
from shapely import LineString, Polygon, box

from core.ids import OrderId, PatrolId, RunId, VehicleId, ZoneId, new_id
from fleet.gazes import GazeLog, TakenGaze
from fleet.orders import CameraAction, Dock, FailsafeChoices, Leg, LegPurpose, Order, OrderPurpose
from geofence.footprint import Gaze
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from geofence.zones import Zone, ZoneKind, ZoneSet
from missions.patrol import Patrol, PatrolArea, PatrolLine, PatrolPart, PatrolPoint, RunKind
from missions.requests import make_run
from missions.route_view import LENS, gazes_on_route
from missions.run_coverage import Flown, RunCoverage, prove_run

FRAME = LocalFrame(origin=GeoPosition(lon_deg=121.4, lat_deg=31.3))
CAMERA = CameraAction(pitch_deg=-45)
AT = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
Keep = Callable[[LocalPosition], bool]


def geo(east_m: float, north_m: float) -> GeoPosition:
    return FRAME.to_geo(LocalPosition(east_m=east_m, north_m=north_m))


def in_degrees(shape: Polygon) -> Polygon:
    return shapely.transform(shape, FRAME.to_geo_array)


def leg(east_m: float, north_m: float, purpose: LegPurpose, name: str, dwell_s: float = 0.0) -> Leg:
    return Leg(
        place=geo(east_m, north_m), height_agl_m=25, speed_m_s=5, purpose=purpose, camera=CAMERA, name=name,
        dwell_s=dwell_s,
    )  # fmt: skip


def order(legs: Sequence[Leg], zones: ZoneSet) -> Order:
    return Order(
        id=OrderId(new_id()), vehicle_id=VehicleId("drone-1"), run_id=RunId("run"), purpose=OrderPurpose.PATROL,
        legs=tuple(legs), zones=zones, dock=Dock(id="dock", place=geo(0, 0)), ground_amsl_m=0,
        return_height_agl_m=60, takeoff_height_agl_m=25, failsafes=FailsafeChoices(), authorisation=None,
        not_before_at=AT, not_after_at=AT + timedelta(hours=1), made_at=AT,
    )  # fmt: skip


def patrol(*parts: PatrolPart) -> Patrol:
    return Patrol(
        id=PatrolId("patrol"), name="yard", name_zh="院子", parts=parts, height_agl_m=25, speed_m_s=5, vehicle_ids=(),
        schedule=None, is_active=True, revision=1,
    )  # fmt: skip


def proof_of(
    parts: Sequence[PatrolPart],
    legs: Sequence[Leg],
    *,
    keep: Keep = lambda _place: True,
    off_m: float = 0.0,
    zones: ZoneSet | None = None,
    look_at: GeoPosition | None = None,
) -> RunCoverage:
    """Fly *legs* as planned but *off_m* farther east, with pictures only where *keep* says so; return the proof."""
    given = order(legs, zones or ZoneSet(zones=()))
    gazes = []
    for one in gazes_on_route(legs, start=geo(0, 0)):
        assert one.gaze is not None
        here = FRAME.to_local(one.gaze.place)
        if keep(here):
            gazes.append(replace(one.gaze, place=geo(here.east_m + off_m, here.north_m)))
    kind = RunKind.LOOK if look_at else RunKind.PATROL
    asked = None if look_at else patrol(*parts)
    run = make_run(kind=kind, name="yard", asked_by="test", now=AT, patrol=asked, place=look_at)
    return prove_run(Flown(run=run, patrol=asked, orders=[given], legs_done=[0], logs=[log_of(given, gazes)]))


@pytest.mark.parametrize("rest_north_m", [95, 30])
def test_what_a_remainder_leaves_out_lowers_the_share_that_is_planned_now(rest_north_m: float) -> None:
    first = order(YARD_LEGS_IN_TWO, ZoneSet(zones=()))
    rest = [leg(0, 20, LegPurpose.TRANSIT, "yard"), leg(0, rest_north_m, LegPurpose.SURVEY, "yard")]
    asked = patrol(YARD)
    run = make_run(kind=RunKind.PATROL, name="yard", asked_by="test", now=AT, patrol=asked, place=None)
    flown = Flown(run=run, patrol=asked, orders=[first, order(rest, first.zones)], legs_done=[2, 0], logs=[])
    proof = prove_run(flown)
    assert proof.planned_ratio == pytest.approx(1)
    assert proof.resumed_ratio == proof.parts[0].resumed_ratio
    assert proof.resumed_ratio is not None
    assert (proof.resumed_ratio > 0.999) is (rest_north_m == 95)
    assert proof.resumed_ratio > 0.3, "what was flown before counts"
    alone = prove_run(replace(flown, orders=[first], legs_done=[2]))
    assert (alone.resumed_ratio, alone.parts[0].resumed_ratio) == (None, None)


def log_of(given: Order, gazes: Sequence[Gaze]) -> GazeLog:
    taken = tuple(TakenGaze(at=AT + timedelta(seconds=n), gaze=gaze) for n, gaze in enumerate(gazes))
    return GazeLog(
        vehicle_id=given.vehicle_id, order_id=given.id, lens=LENS, begin_at=AT, end_at=AT + timedelta(minutes=5),
        gazes=taken, assessed_s=100.0, not_assessed_s={"too_low": 20.0},
    )  # fmt: skip


LANE = PatrolLine(name="lane", line=LineString([(0, 0), (0, 0.001)]), camera=CAMERA)
LANE_LEGS = [leg(0, 0, LegPurpose.TRANSIT, "lane"), leg(0, 100, LegPurpose.LINE, "lane")]
YARD = PatrolArea(name="yard", area=in_degrees(box(-10, 30, 10, 90)), swath_m=20, overlap=0, camera=CAMERA)
YARD_LEGS_IN_TWO = [
    leg(0, 0, LegPurpose.TRANSIT, "yard"),
    leg(0, 20, LegPurpose.SURVEY, "yard"),
    leg(0, 100, LegPurpose.SURVEY, "yard"),
]
YARD_LEGS = [leg(0, 0, LegPurpose.TRANSIT, "yard"), leg(0, 100, LegPurpose.SURVEY, "yard")]


def test_a_lane_that_was_flown_as_planned_is_seen_whole() -> None:
    proof = proof_of([LANE], LANE_LEGS)
    assert proof.seen_ratio == pytest.approx(1)
    assert proof.missed == ()
    assert [(part.name, part.kind) for part in proof.parts] == [("lane", "line")]
    assert proof.wanted_m2 > 100 * 20
    assert (proof.assessed_s, proof.not_assessed_s) == (100.0, {"too_low": 20.0})


def test_a_metre_to_the_side_costs_nothing_ten_metres_do() -> None:
    near, far = (proof_of([LANE], LANE_LEGS, off_m=off_m) for off_m in (1.5, 10.0))
    assert near.seen_ratio is not None
    assert far.seen_ratio is not None
    assert near.seen_ratio > 0.999
    assert 0.5 < far.seen_ratio < 0.9
    assert far.missed[0].part == "lane"


def test_a_camera_that_failed_on_the_way_leaves_a_hole_where_it_would_have_looked() -> None:
    proof = proof_of([LANE], LANE_LEGS, keep=lambda place: not 30 < place.north_m < 75)
    assert proof.seen_ratio is not None
    assert 0.3 < proof.seen_ratio < 0.9
    assert len(proof.missed) == 1
    hole = shapely.transform(proof.missed[0].hole.outline, FRAME.to_local_array)
    assert hole.intersects(shapely.Point(0, 85))
    assert hole.area == pytest.approx(proof.missed[0].hole.area_m2, rel=0.05)
    whole = shapely.transform(proof.wanted, FRAME.to_local_array).area
    seen = shapely.transform(proof.seen, FRAME.to_local_array).area
    assert seen / whole == pytest.approx(proof.seen_ratio, abs=0.01)


def test_of_an_area_all_ground_is_asked_for_but_not_that_below_buildings() -> None:
    house = Zone(id=ZoneId("house"), kind=ZoneKind.KEEP_OUT, polygon=in_degrees(box(-8, 50, 8, 75)), ceiling_agl_m=15)
    clear, built = (proof_of([YARD], YARD_LEGS, zones=ZoneSet(zones=zones)) for zones in ((), (house,)))
    assert clear.seen_ratio == pytest.approx(1)
    assert clear.wanted_m2 == pytest.approx(20 * 60, rel=0.01)
    assert built.wanted_m2 == pytest.approx(20 * 60 - 8 * 17, rel=0.01)
    assert built.seen_ratio is not None
    assert built.seen_ratio < 1, "behind the house"
    assert built.planned_ratio == pytest.approx(built.seen_ratio, abs=0.01)
    hidden = shapely.transform(built.missed[0].hole.outline, FRAME.to_local_array)
    assert hidden.intersects(shapely.Point(0, 79))


def test_of_a_point_only_what_is_seen_from_there_is_asked_for() -> None:
    gate = PatrolPoint(name="gate", place=geo(0, 60), dwell_s=4, camera=CAMERA)
    legs = [leg(0, 60, LegPurpose.POINT, "gate", dwell_s=4)]
    seen = proof_of([gate], legs)
    never = proof_of([gate], legs, keep=lambda place: place.north_m < 20)
    assert seen.seen_ratio == pytest.approx(1)
    assert never.seen_ratio == 0
    assert seen.wanted_m2 == never.wanted_m2 < 1500


def test_of_a_look_the_ground_around_its_place_is_asked_for() -> None:
    legs = [leg(0, 30, LegPurpose.LOOK, "look", dwell_s=20)]
    near, far = (proof_of([], legs, look_at=geo(0, north_m)) for north_m in (55, 200))
    assert near.seen_ratio == pytest.approx(1)
    assert far.seen_ratio == 0
    assert near.parts[0].kind == "look"
