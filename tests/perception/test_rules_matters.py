"""Scripted tracks for what must be seen and for what must stay quiet."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import pairwise

import numpy as np
import pytest

from core.errors import InvalidInput
from core.events import Json
from core.ids import OrderId
from geofence.footprint import Gaze
from geofence.zones import ZoneSet
from perception.detections import Label, PixelBox
from perception.flat import Uprightness
from perception.georeference import Georeference
from perception.matters import Found, RuleWatch
from perception.rules.catalogue import make_watches
from perception.rules.contested import Claims
from perception.rules.places import clusters, discs, is_in_line
from perception.sight import Sight
from perception.tracker import Track
from perception.walls import Walls
from tests.perception.eyes import FRAME, LENS, START_AT, frame_at, gaze, place, track, zones_with

STEP_S = 0.25
Script = Callable[[float], Sequence[Track]]
"""Which tracks there are after so many seconds."""
EVENT_HOURS: dict[str, Json] = {
    "start": (START_AT - timedelta(hours=1)).isoformat(),
    "end": (START_AT + timedelta(hours=1)).isoformat(),
}
HERE: dict[str, Json] = {"lon_deg": FRAME.origin.lon_deg, "lat_deg": FRAME.origin.lat_deg}


def sight_from(view: Gaze) -> Sight:
    return Sight(
        gaze=view,
        reference=Georeference(camera=LENS, frame=FRAME),
        walls=Walls(zones=ZoneSet(zones=()), frame=FRAME),
    )


def watch_for(name: str, values: dict[str, Json]) -> RuleWatch:
    return make_watches(zones_with({name: values}), FRAME)[0]


def play(
    watching: RuleWatch,
    script: Script,
    *,
    seconds: float,
    from_s: float = 0.0,
    order: str | None = None,
    view: Gaze | None = None,
) -> list[Found]:
    """Show the script to the rule, four frames a second; the camera looks at the middle of the square."""
    view = view or gaze()
    found: list[Found] = []
    for i in range(int(seconds / STEP_S) + 1):
        time_s = from_s + i * STEP_S
        order_id = None if order is None else OrderId(order)
        found += watching.look(script(time_s), frame_at(time_s, view=view), (), order_id, sight_from(view))
    return found


def still(*tracks: Track) -> Script:
    return lambda _: tracks


def people(count: int, *, gap_m: float = 1.2, east_m: float = 0.0, north_m: float = 0.0) -> list[Track]:
    side = 4
    return [
        track(Label.PERSON, east_m + i % side * gap_m, north_m + i // side * gap_m, number=100 + i)
        for i in range(count)
    ]


def queue(count: int, *, gap_m: float = 0.8) -> list[Track]:
    return [track(Label.PERSON, i * gap_m - 4, 0.15 * (-1) ** i, number=100 + i) for i in range(count)]


def heard(*frames: Sequence[Track]) -> list[Track]:
    """Return what the rules hear after the last of these frames."""
    claims = Claims()
    return [claims.hear(tracks) for tracks in frames][-1]


def codes(found: Sequence[Found]) -> list[str]:
    return [one.finding.kind for one in found]


# --- vendors -----------------------------------------------------------------------------------------------------

VENDOR: dict[str, Json] = {"dwell_s": 3}


def passer_by(time_s: float, *, number: int = 9) -> Track:
    return track(Label.PERSON, -10 + 1.4 * time_s % 20, 1.0, number=number)


def test_people_who_walk_past_a_cart_are_no_customers() -> None:
    cart = track(Label.CART, 0, 0)

    def script(time_s: float) -> list[Track]:
        return [cart, *(passer_by(time_s + 4 * i, number=10 + i) for i in range(4))]

    assert play(watch_for("vendor", VENDOR), script, seconds=12) == []
    assert len(play(watch_for("vendor", {**VENDOR, "standing_only": False}), script, seconds=12)) == 1


def test_a_delivery_stop_is_no_vendor() -> None:
    """A tricycle stands; its rider carries parcels to a door 14 m away and comes back."""
    tricycle = track(Label.CART, 0, 0)

    def script(time_s: float) -> list[Track]:
        phase = time_s % 20
        away_m = 1.4 * (phase if phase < 10 else 20 - phase)
        return [tricycle, track(Label.PERSON, 0.8 + away_m, 0.5, number=5)]

    assert play(watch_for("vendor", VENDOR), script, seconds=40) == []


def test_who_is_seen_now_and_then_only_is_no_customer() -> None:
    """A wheel of the cart looks like somebody who stands, in one of four frames."""
    cart, wheel = track(Label.CART, 0, 0), track(Label.PERSON, 1.3, 0, number=2)
    flickers = replace(wheel, scores=deque([0.5, 0.0, 0.0, 0.0] * 3, maxlen=10))

    assert codes(play(watch_for("vendor", VENDOR), still(cart, wheel), seconds=6)) == ["20501"]
    assert play(watch_for("vendor", VENDOR), still(cart, flickers), seconds=6) == []


def test_a_licensed_breakfast_cart_is_quiet_in_its_hours_and_seen_after_them() -> None:
    licence: dict[str, Json] = {**HERE, "radius_m": 5, "hours": [{"start": "06:00", "end": "10:30"}]}
    stall = still(track(Label.CART, 1, 1), track(Label.PERSON, 2, 1, number=2))
    licensed: dict[str, Json] = {**VENDOR, "licences": [licence]}

    in_hours = play(watch_for("vendor", licensed), stall, seconds=6)  # the tests begin at 10:00 in Shanghai
    after = play(watch_for("vendor", licensed), stall, seconds=6, from_s=45 * 60)
    elsewhere = play(
        watch_for("vendor", licensed), still(track(Label.CART, 9, 1), track(Label.PERSON, 9, 2, number=2)), seconds=6
    )

    assert in_hours == []
    assert codes(after) == codes(elsewhere) == ["20501"]


def test_a_vendor_s_sighting_says_who_stood_where_and_how_sure_the_place_is() -> None:
    stall = still(track(Label.CART, 3, 0), track(Label.PERSON, 4, 1, number=2), track(Label.PERSON, 9, 9, number=3))

    [found] = play(watch_for("vendor", VENDOR), stall, seconds=5)

    assert found.finding.facts["who"] == [
        {"label": "cart", "east_m": 0.0, "north_m": 0.0},
        {"label": "person", "east_m": 1.0, "north_m": 1.0},
    ]
    assert found.finding.facts["place_error_m"] == 0.5
    assert found.finding.facts["dwell_s"] == 3


def test_a_cart_whose_customers_are_there_for_less_than_half_of_the_time_is_no_vendor() -> None:
    def script(time_s: float) -> list[Track]:
        cart, customer = track(Label.CART, 0, 0), track(Label.PERSON, 1, 0, number=2)
        return [cart, customer] if time_s % 5 < 2 else [cart]

    assert play(watch_for("vendor", VENDOR), script, seconds=20) == []


# --- shops -------------------------------------------------------------------------------------------------------


def test_a_shop_that_spills_out_is_seen_and_people_before_its_window_are_not() -> None:
    goods = still(track(Label.PILE, 0, 0), track(Label.TABLE, 1.5, 0, number=2), track(Label.PERSON, 1, 1, number=3))
    window_shoppers = still(*people(6))

    found = play(watch_for("shop", {"things_at_least": 2}), goods, seconds=6)

    assert codes(found) == ["20504"]
    assert found[0].finding.facts["things"] == 2
    assert play(watch_for("shop", {}), window_shoppers, seconds=6) == []
    assert play(watch_for("shop", {}), lambda t: [passer_by(t), passer_by(t + 3, number=8)], seconds=12) == []


def test_goods_that_are_carried_through_do_not_count_for_a_shop() -> None:
    assert play(watch_for("shop", {}), lambda t: [track(Label.PILE, -8 + 1.2 * t, 0)], seconds=12) == []


# --- crowds ------------------------------------------------------------------------------------------------------

CROWD: dict[str, Json] = {"people_at_least": 8, "radius_m": 4, "for_s": 3}


def test_a_crowd_is_counted_in_the_fullest_disc_wherever_its_middle_is() -> None:
    ring = [
        track(Label.PERSON, 3.9 * np.cos(angle), 3.9 * np.sin(angle), number=i)
        for i, angle in enumerate(np.linspace(0, 2 * np.pi, 8, endpoint=False))
    ]
    wider = [
        track(Label.PERSON, 4.2 * np.cos(angle), 4.2 * np.sin(angle), number=i)
        for i, angle in enumerate(np.linspace(0, 2 * np.pi, 8, endpoint=False))
    ]

    assert codes(play(watch_for("crowd", CROWD), still(*ring), seconds=5)) == ["20409"]
    assert play(watch_for("crowd", CROWD), still(*wider), seconds=5) == []


def test_a_crowd_has_to_last_without_a_break() -> None:
    def comes_and_goes(time_s: float) -> list[Track]:
        return people(9) if time_s % 5 < 2.5 else people(4)

    assert play(watch_for("crowd", CROWD), comes_and_goes, seconds=30) == []
    assert len(play(watch_for("crowd", CROWD), still(*people(9)), seconds=30)) == 1


def test_who_made_the_crowd_was_there_before_being_believed() -> None:
    def the_eighth_is_believed_late(time_s: float, *, first_s: float) -> list[Track]:
        *others, last = people(8)
        last.first_s, last.believed_s = first_s, 2.0
        return [*others, last] if time_s >= 2.0 else others

    for first_s, expected in ((0.5, 1), (2.0, 0)):
        script = partial(the_eighth_is_believed_late, first_s=first_s)
        assert len(play(watch_for("crowd", CROWD), script, seconds=4.2)) == expected


def test_a_crowd_that_goes_apart_and_comes_together_again_is_a_new_sighting() -> None:
    def script(time_s: float) -> list[Track]:
        return people(3) if 10 <= time_s < 40 else people(9)

    found = play(watch_for("crowd", CROWD), script, seconds=60)

    assert codes(found) == ["20409", "20409"]


def test_a_crowd_that_was_out_of_view_meanwhile_is_still_the_same() -> None:
    watching, away = watch_for("crowd", CROWD), gaze(yaw_deg=180.0)

    first = play(watching, still(*people(9)), seconds=6, order="a")
    nothing = play(watching, still(), seconds=40, from_s=6.25, order="a", view=away)
    again = play(watching, still(*people(9)), seconds=6, from_s=50, order="a")

    assert [len(first), len(nothing), len(again)] == [1, 0, 0]


def test_a_queue_at_a_bus_stop_is_no_crowd_and_a_cluster_there_is() -> None:
    stops: dict[str, Json] = {**CROWD, "radius_m": 6, "stops": [{**HERE, "radius_m": 6}]}

    assert play(watch_for("crowd", stops), still(*queue(12)), seconds=6) == []
    assert codes(play(watch_for("crowd", stops), still(*people(12)), seconds=6)) == ["20409"]
    assert codes(play(watch_for("crowd", {**CROWD, "radius_m": 6}), still(*queue(12)), seconds=6)) == ["20409"]


def test_walkers_and_a_crowd_beside_a_queue_change_nothing_about_either() -> None:
    stops: dict[str, Json] = {**CROWD, "stops": [{**HERE, "radius_m": 5}]}
    walkers = [track(Label.PERSON, 2.0 * i - 2, 2.5, number=200 + i) for i in range(3)]
    crowd = [replace(one, id=300 + i) for i, one in enumerate(people(12, gap_m=1.0, east_m=3.0, north_m=4.0))]

    assert play(watch_for("crowd", stops), still(*queue(9), *walkers), seconds=6) == []
    (found,) = play(watch_for("crowd", stops), still(*queue(9), *crowd), seconds=6)
    assert found.finding.facts["people"] == 12


def test_a_wedding_in_the_calendar_is_no_crowd_during_its_hours() -> None:
    def wedding(**more: Json) -> dict[str, Json]:
        event: dict[str, Json] = {"name": "wedding", **EVENT_HOURS, **more}
        return {**CROWD, "events": [event]}

    guests = still(*people(12))

    assert play(watch_for("crowd", wedding()), guests, seconds=6) == []
    assert play(watch_for("crowd", wedding(**HERE, radius_m=10)), guests, seconds=6) == []
    assert codes(play(watch_for("crowd", wedding(people_at_most=10)), guests, seconds=6)) == ["20409"]
    assert codes(play(watch_for("crowd", wedding()), guests, seconds=6, from_s=3700)) == ["20409"]
    far = {"lon_deg": FRAME.origin.lon_deg + 0.001, "lat_deg": FRAME.origin.lat_deg, "radius_m": 20}
    assert codes(play(watch_for("crowd", wedding(**far)), guests, seconds=6)) == ["20409"]


def test_a_threshold_can_differ_by_hour() -> None:
    evening: dict[str, Json] = {"start": "18:00", "end": "21:00", "people_at_least": 15}
    night: dict[str, Json] = {"start": "23:00", "end": "06:00", "off": True}
    watching: dict[str, Json] = {**CROWD, "hours": [evening, night]}
    ten = still(*people(10))
    hour_s = 3600.0  # the tests begin at 10:00 in Shanghai

    assert codes(play(watch_for("crowd", watching), ten, seconds=6)) == ["20409"]
    assert play(watch_for("crowd", watching), ten, seconds=6, from_s=9 * hour_s) == []
    assert play(watch_for("crowd", watching), ten, seconds=6, from_s=14 * hour_s) == []


@pytest.mark.parametrize(
    "hours",
    [
        "always",
        [{"start": "25:00", "end": "26:00"}],
        [{"start": "18:00"}],
        [{"start": "18:00", "end": "20:00", "days": [8]}],
        [{"start": "18:00", "end": "20:00", "peoples": 4}],
    ],
)
def test_wrong_hours_are_refused(hours: Json) -> None:
    with pytest.raises(InvalidInput, match="crowd"):
        watch_for("crowd", {**CROWD, "hours": hours})


def test_people_who_walk_together_are_no_crowd_where_only_standing_counts() -> None:
    def march(time_s: float) -> list[Track]:
        return people(12, east_m=-10 + 1.3 * time_s)

    assert play(watch_for("crowd", {**CROWD, "standing_only": True}), march, seconds=9) == []
    assert codes(play(watch_for("crowd", {**CROWD, "standing_only": True}), still(*people(12)), seconds=9)) == ["20409"]


# --- clutter, boards, bikes, bins ----------------------------------------------------------------------------------

CLUTTER: dict[str, Json] = {"unmoved_for_s": 4}


def wide(label: Label, width_px: float, *, number: int = 1) -> Track:
    one = track(label, 0, 0, number=number)
    box = PixelBox(x0_px=320 - width_px / 2, y0_px=170, x1_px=320 + width_px / 2, y1_px=200)
    return replace(one, box=box)


def test_a_pile_is_reported_again_in_the_next_pass_with_how_it_has_grown() -> None:
    watching = watch_for("clutter", CLUTTER)

    [first] = play(watching, still(wide(Label.PILE, 20)), seconds=6, order="a")
    [second] = play(watching, still(wide(Label.PILE, 40)), seconds=6, from_s=600, order="b")

    assert "grew_from_m" not in first.finding.facts
    assert second.finding.facts["grew_from_m"] == first.finding.facts["width_m"]
    assert "grown" in second.finding.because


def test_a_pile_within_the_zone_s_baseline_is_quiet_until_it_is_wider() -> None:
    origin = FRAME.origin
    usual: dict[str, Json] = {**CLUTTER, "baseline": [[origin.lon_deg, origin.lat_deg, 4, 1.5]]}

    assert play(watch_for("clutter", usual), still(wide(Label.PILE, 20)), seconds=6) == []
    assert codes(play(watch_for("clutter", usual), still(wide(Label.PILE, 60)), seconds=6)) == ["20507"]
    with pytest.raises(InvalidInput, match="2 numbers"):
        watch_for("clutter", {**CLUTTER, "baseline": [[1, 2]]})


def test_two_looks_can_be_asked_for() -> None:
    twice: dict[str, Json] = {**CLUTTER, "looks_at_least": 2}
    watching = watch_for("clutter", twice)

    once = play(watching, still(track(Label.PILE, 0, 0)), seconds=10, order="a")
    second = play(watching, still(track(Label.PILE, 0.3, 0)), seconds=3, from_s=300, order="a")

    assert once == []
    assert codes(second) == ["20507"]
    assert second[0].finding.facts["looks"] == 2


def test_the_goods_of_a_stall_are_no_clutter() -> None:
    stall = still(track(Label.CART, 0, 0), track(Label.PILE, 0.8, 0, number=2))

    assert play(watch_for("clutter", CLUTTER), stall, seconds=6) == []


def test_a_board_is_seen_by_its_own_rule_and_not_by_the_one_for_piles() -> None:
    board = still(track(Label.BOARD, 0, 0))

    assert codes(play(watch_for("board", CLUTTER), board, seconds=6)) == ["20203"]
    assert play(watch_for("clutter", CLUTTER), board, seconds=6) == []


def test_shadows_and_a_parked_car_are_nothing_to_any_rule() -> None:
    """A shadow is seen as something for moments only; a car stands in its bay all the time."""
    car = track(Label.CAR, 5, 0, number=1)

    def script(time_s: float) -> list[Track]:
        return [car, track(Label.PILE, 0, 0, number=2)] if time_s % 6 < 0.5 else [car]

    rules: dict[str, dict[str, Json]] = {name: {} for name in ("vendor", "shop", "crowd", "clutter", "board", "bin")}
    for name, values in rules.items():
        assert play(watch_for(name, values), script, seconds=20) == [], name


def test_bikes_in_a_rack_are_parked_well_and_beside_it_badly() -> None:
    origin = FRAME.origin
    rack: dict[str, Json] = {"unmoved_for_s": 4, "baseline": [[origin.lon_deg, origin.lat_deg, 5]]}
    inside = still(*(track(Label.BIKE, 0.8 * i, 0, number=i) for i in range(5)))
    beside = still(*(track(Label.BIKE, 8 + 0.8 * i, 0, number=i) for i in range(5)))

    assert play(watch_for("parking", rack), inside, seconds=6) == []
    assert codes(play(watch_for("parking", rack), beside, seconds=6)) == ["20506"]


def test_riders_who_wait_with_their_bikes_are_not_parked_bikes() -> None:
    bikes = [track(Label.BIKE, 0.9 * i, 0, number=i) for i in range(4)]
    riders = [track(Label.PERSON, 0.9 * i, 0.3, number=20 + i) for i in range(4)]

    assert play(watch_for("parking", {"unmoved_for_s": 4}), still(*bikes, *riders), seconds=6) == []
    assert codes(play(watch_for("parking", {"unmoved_for_s": 4}), still(*bikes, *riders[:2]), seconds=6)) == ["20506"]


def test_a_full_bin_is_seen_and_an_empty_one_is_not() -> None:
    def flickers(time_s: float) -> list[Track]:
        return [track(Label.FULL_BIN if time_s % 2 < 0.5 else Label.BIN, 0, 0)]

    assert codes(play(watch_for("bin", {}), still(track(Label.FULL_BIN, 0, 0)), seconds=4)) == ["L0101"]
    assert play(watch_for("bin", {}), still(track(Label.BIN, 0, 0)), seconds=9) == []
    assert play(watch_for("bin", {}), flickers, seconds=9) == []
    bags = still(track(Label.BIN, 0, 0), track(Label.PILE, 0.8, 0, number=2))
    assert codes(play(watch_for("bin", {}), bags, seconds=4)) == ["L0101"]


# --- a person down -------------------------------------------------------------------------------------------------


def person(*, width_px: float, height_px: float, east_m: float = 0.0) -> Track:
    one = track(Label.PERSON, east_m, 0)
    return replace(one, box=PixelBox(x0_px=300, y0_px=200 - height_px, x1_px=300 + width_px, y1_px=200))


def test_somebody_who_lies_is_an_alarm_and_somebody_who_stands_or_rides_by_is_none() -> None:
    lies, stands = person(width_px=40, height_px=14), person(width_px=14, height_px=40)

    found = play(watch_for("person_down", {}), still(lies), seconds=4)

    assert codes(found) == ["L0901"]
    assert play(watch_for("person_down", {}), still(stands), seconds=9) == []
    assert play(watch_for("person_down", {}), lambda t: [lies] if t % 3 < 1 else [stands], seconds=12) == []
    rides = play(
        watch_for("person_down", {}), lambda t: [person(width_px=45, height_px=34, east_m=2 * t - 9)], seconds=9
    )
    assert rides == []


# --- one thing, one sighting ---------------------------------------------------------------------------------------


def test_one_pass_gives_one_sighting_however_often_it_comes_by() -> None:
    watching, away = watch_for("clutter", CLUTTER), gaze(yaw_deg=180.0)
    found: list[Found] = []
    for i in range(5):
        found += play(watching, still(track(Label.PILE, 0.4 * i, 0)), seconds=6, from_s=300 * i, order="a")
        found += play(watching, still(), seconds=30, from_s=300 * i + 10, order="a", view=away)

    assert len(found) == 1


def test_uncertain_places_of_one_thing_are_joined_within_their_errors() -> None:
    apart_m = 8.0
    near = still(track(Label.PILE, 0, 0, sigma_m=0.5))
    far_off = still(track(Label.PILE, apart_m, 0, sigma_m=4.2))
    sure_off = still(track(Label.PILE, apart_m, 0, number=2, sigma_m=0.5))

    joined = watch_for("clutter", {**CLUTTER, "moved_tolerance_m": 20})
    uncertain = [
        *play(joined, near, seconds=6, order="a"),
        *play(joined, far_off, seconds=6, from_s=20, order="a"),
    ]
    two = watch_for("clutter", CLUTTER)
    certain = [*play(two, near, seconds=6, order="a"), *play(two, sure_off, seconds=6, from_s=20, order="a")]

    assert len(uncertain) == 1
    assert len(certain) == 2


def test_a_place_behind_a_building_or_outside_of_the_picture_is_not_seen_empty() -> None:
    sight = sight_from(gaze())

    assert sight.shows(place(0, 0))
    assert not sight.shows(place(0, -60))
    assert not sight.shows(place(0, 200))


def test_fullest_discs_are_found_wherever_points_lie() -> None:
    random = np.random.default_rng(3)
    for _ in range(6):
        points = random.uniform(-8, 8, (14, 2))
        tracks = [track(Label.PERSON, float(e), float(n), number=i) for i, (e, n) in enumerate(points)]
        found = discs(tracks, radius_m=3.0, at_least=2)
        grid = np.stack(np.meshgrid(np.arange(-8, 8, 0.25), np.arange(-8, 8, 0.25)), axis=-1).reshape(-1, 1, 2)
        best = int((np.linalg.norm(points - grid, axis=2) <= 3.0).sum(axis=1).max())
        assert not found or len(found[0]) >= best
        assert sorted((len(group) for group in found), reverse=True) == [len(group) for group in found]
        for group, after in pairwise(found):
            assert not {one.id for one in group} & {one.id for one in after}


def test_a_line_is_a_line_in_every_direction() -> None:
    for angle in (0.0, 0.7, 2.0):
        line = [track(Label.PERSON, i * 0.8 * np.cos(angle), i * 0.8 * np.sin(angle), number=i) for i in range(9)]
        assert is_in_line(line, width_m=1.0)
    assert not is_in_line(people(12), width_m=1.0)
    assert clusters([], within_m=2.0) == []


def test_a_box_that_two_labels_claim_is_heard_as_the_more_certain_one() -> None:
    sure = track(Label.PERSON, 0, 0, number=1)
    unsure = replace(track(Label.BIKE, 0.2, 0, number=2), scores=deque([0.45] * 10, maxlen=10), box=sure.box)
    beside = replace(track(Label.BIKE, 3, 0, number=3), scores=deque([0.45] * 10, maxlen=10))
    missed = replace(unsure, id=4, is_seen=False)

    assert heard([unsure, beside, sure]) == [beside, sure]
    assert heard([missed, sure]) == [missed, sure]
    assert heard([replace(unsure, label=Label.PERSON), sure]) == [replace(unsure, label=Label.PERSON), sure]


def test_one_that_is_not_believed_yet_may_still_cast_doubt() -> None:
    bike = replace(track(Label.BIKE, 0, 0), scores=deque([0.45] * 10, maxlen=10))
    person = replace(track(Label.PERSON, 0, 0, number=2), is_believed=False)

    assert bike not in heard([bike, person])
    assert heard([bike, replace(person, scores=deque([0.2] * 10, maxlen=10))]) == [bike]


def test_how_sure_a_track_is_depends_on_what_its_label_needs() -> None:
    lies = replace(track(Label.LYING, 0, 0), scores=deque([0.3] * 10, maxlen=10), threshold=0.2)
    bike = replace(track(Label.BIKE, 0, 0, number=2), scores=deque([0.5] * 10, maxlen=10), threshold=0.48)

    assert heard([lies, bike]) == [lies]


def test_a_piece_of_a_car_is_no_board_but_a_board_before_it_is() -> None:
    car = replace(track(Label.CAR, 0, 0), box=PixelBox(x0_px=100, y0_px=100, x1_px=200, y1_px=160))
    piece = replace(track(Label.BOARD, 0, 1, number=2), box=PixelBox(x0_px=110, y0_px=110, x1_px=140, y1_px=150))
    before = replace(piece, box=PixelBox(x0_px=110, y0_px=120, x1_px=140, y1_px=172))

    assert heard([car, piece]) == [car]
    assert heard([car, before]) == [car, before]


@pytest.mark.parametrize("label", [Label.PERSON, Label.LYING])
@pytest.mark.parametrize("vehicle", [Label.CAR, Label.CART])
def test_nobody_who_stands_or_lies_before_a_vehicle_is_a_piece_of_it(label: Label, vehicle: Label) -> None:
    large = replace(track(vehicle, 0, 0), box=PixelBox(x0_px=100, y0_px=100, x1_px=200, y1_px=160))
    body = replace(track(label, 0, 1, number=2), box=PixelBox(x0_px=110, y0_px=130, x1_px=160, y1_px=158))

    assert heard([large, body]) == [large, body]


def scored(one: Track, score: float) -> Track:
    return replace(one, scores=deque([score] * 10, maxlen=10))


def boxed(one: Track, x0: float, y0: float, x1: float, y1: float) -> Track:
    return replace(one, box=PixelBox(x0_px=x0, y0_px=y0, x1_px=x1, y1_px=y1))


def boards(*, upright_m: float, deep_m: float, score: float = 0.45, unseen: int = 0, from_m: int = 50) -> list[bool]:
    """Return whether a thing a metre wide is heard of, as a camera comes near to it at 30 m, ten frames long.

    In the first *unseen* frames before those, from the side, nothing was seen of it.
    """
    board, upright, heard_of = scored(track(Label.BOARD, 0, 0), score), Uprightness(), []
    for aside_m in range(from_m + 3 * unseen, from_m, -3):
        upright.note([], sight_from(gaze(north_m=-float(aside_m), height_agl_m=30.0)))
    for aside_m in range(from_m, from_m - 30, -3):
        sight, down = sight_from(gaze(north_m=-float(aside_m), height_agl_m=30.0)), np.arctan2(30.0, aside_m)
        m_per_px = np.hypot(aside_m, 30.0) / LENS.fx_px
        high_px = (upright_m * np.cos(down) + deep_m * np.sin(down)) / m_per_px
        seen = replace(board, box=PixelBox(x0_px=100, y0_px=100, x1_px=100 + 1.0 / m_per_px, y1_px=100 + high_px))
        upright.note([seen], sight)
        heard_of.append(upright.hear([seen]) == [seen])
    return heard_of


def test_a_mark_on_the_ground_is_no_board_and_what_stands_is_one() -> None:
    assert boards(upright_m=0.0, deep_m=1.5) == [False, True, True, True, *[False] * 6]
    assert all(boards(upright_m=1.2, deep_m=0.6))
    assert all(boards(upright_m=2.0, deep_m=0.4))


def test_what_was_never_seen_from_the_side_is_a_mark_and_a_board_is_seen_from_there() -> None:
    assert all(boards(upright_m=0.8, deep_m=0.8, score=0.7, from_m=42))
    assert not any(boards(upright_m=0.8, deep_m=0.8, score=0.42, from_m=42, unseen=8)[:4])
    assert all(boards(upright_m=0.8, deep_m=0.8, score=0.7, from_m=42, unseen=8))


def test_what_is_no_clearer_than_a_mark_and_only_seen_from_above_waits_for_what_other_views_tell() -> None:
    from_above = boards(upright_m=1.2, deep_m=0.6, score=0.42, from_m=40)

    assert not any(from_above[:3])
    assert from_above[-1]
    assert not any(boards(upright_m=0.0, deep_m=1.5, score=0.42, from_m=40))


def test_what_may_as_well_be_something_else_is_not_heard_of() -> None:
    board, bin_ = track(Label.BOARD, 0, 0), track(Label.BIN, 0, 0, number=2)
    full = track(Label.FULL_BIN, 0, 0, number=3)

    assert heard([scored(board, 0.5), scored(bin_, 0.4)]) == []
    assert heard([scored(board, 0.5), scored(bin_, 0.2)]) == [scored(board, 0.5)]
    assert heard([scored(full, 0.5), scored(bin_, 0.4)]) == [scored(full, 0.5)]
    cart, customer = scored(track(Label.CART, 0, 0), 0.6), scored(track(Label.PERSON, 0, 0, number=2), 0.5)
    assert cart in heard([cart, customer])
    lies = scored(track(Label.LYING, 0, 0), 0.5)
    assert lies in heard([lies, scored(track(Label.PILE, 0, 0, number=2), 0.45)])


def test_a_board_that_is_sure_at_last_was_there_all_the_time() -> None:
    """Weakly seen from afar for four seconds, well seen for the last one."""
    board = replace(track(Label.BOARD, 0, 0), is_believed=False)

    def script(time_s: float) -> list[Track]:
        return [replace(board, is_believed=time_s > 4.0)]

    (found,) = play(watch_for("board", {"unmoved_for_s": 3}), script, seconds=5)
    assert found.matter.observed_s > 4.0
    assert play(watch_for("board", {"unmoved_for_s": 3}), still(board), seconds=20) == []
    pile = replace(board, label=Label.PILE)
    assert (
        play(watch_for("clutter", {"unmoved_for_s": 3}), lambda s: [replace(pile, is_believed=s > 4)], seconds=5) == []
    )


def test_a_wrong_name_that_wins_in_some_frames_does_not_win_over_all_of_them() -> None:
    person, bike = track(Label.PERSON, 0, 0), track(Label.BIKE, 0, 0, number=2)
    mostly = [scored(person, 0.6), scored(bike, 0.5)]
    once = [scored(person, 0.4), scored(bike, 0.8)]

    assert heard(*[mostly] * 5, once) == [once[0]]
    assert heard(once) == [once[1]]


def test_a_bystander_before_somebody_who_lies_silences_nobody() -> None:
    stands = boxed(track(Label.PERSON, 0, 0), 100, 100, 120, 140)
    lies = boxed(scored(track(Label.LYING, 0, 0, number=2), 0.5), 103, 124, 135, 142)

    assert heard(*[[stands, lies]] * 20) == [stands, lies]


def test_bags_at_a_full_bin_are_nobody_who_lies() -> None:
    full = boxed(track(Label.FULL_BIN, 0, 0), 100, 100, 150, 160)
    bags = boxed(track(Label.LYING, 0, 0, number=2), 102, 135, 152, 162)
    lies_before = boxed(bags, 90, 140, 180, 172)

    assert heard([full, bags]) == [full]
    assert heard([full, lies_before]) == [full, lies_before]


def test_people_in_a_row_seen_along_it_are_no_full_bin() -> None:
    row = [
        boxed(track(Label.PERSON, 0, i, number=i), 100 + 4 * i, 100 - 8 * i, 110 + 4 * i, 140 - 8 * i) for i in range(3)
    ]
    full = boxed(scored(track(Label.FULL_BIN, 0, 0, number=9), 0.5), 100, 88, 122, 140)

    assert heard([*row, full]) == row
    assert heard([row[0], full]) == [row[0], full]


def test_somebody_who_walks_is_not_down_however_unsure_the_places_are() -> None:
    def walks(time_s: float) -> list[Track]:
        return [track(Label.LYING, 1.2 * time_s, 0, sigma_m=1.5)]

    assert play(watch_for("person_down", {}), walks, seconds=3) == []
    assert len(play(watch_for("person_down", {}), still(track(Label.LYING, 0, 0, sigma_m=1.5)), seconds=4)) == 1


def test_who_is_weakly_seen_to_lie_is_a_look_first_and_an_alarm_once_it_is_sure() -> None:
    lies = replace(track(Label.LYING, 0, 0), threshold=0.4)
    weak, strong = still(scored(lies, 0.42)), still(scored(lies, 0.7))

    (soon,) = play(watch_for("person_down", {}), strong, seconds=3)
    unsure = play(watch_for("person_down", {}), weak, seconds=3)
    later = play(watch_for("person_down", {}), weak, seconds=8)

    assert soon.finding.is_sure
    assert soon.finding.facts["is_sure"] is True
    assert [one.finding.is_sure for one in unsure] == [False]
    assert unsure[0].finding.because.endswith("; it is not sure: look at the picture before anybody is called")
    assert [one.finding.is_sure for one in later] == [False, True]
    assert later[0].matter is later[1].matter


def test_whom_the_detector_says_to_lie_is_an_alarm_whatever_the_box() -> None:
    found = play(watch_for("person_down", {}), still(track(Label.LYING, 0, 0)), seconds=4)

    assert [one.finding.kind for one in found] == ["L0901"]
    assert (
        play(
            watch_for("person_down", {"licences": [{**HERE, "radius_m": 5}]}),
            still(track(Label.LYING, 0, 0)),
            seconds=9,
        )
        == []
    )
