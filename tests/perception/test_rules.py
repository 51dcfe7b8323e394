from collections.abc import Sequence
from dataclasses import replace
from datetime import time

import pytest

from core.errors import InvalidInput
from core.events import Json
from core.ids import OrderId
from geofence.zones import WeeklyWindow, ZoneSet
from perception.detections import Label
from perception.georeference import Georeference
from perception.matters import Found, RuleWatch
from perception.rules.catalogue import make_rule, make_watches
from perception.rules.rule import RuleZone, Stillness
from perception.sight import Sight
from perception.tracker import Track
from perception.walls import Walls
from tests.perception.eyes import FRAME, LENS, frame_at, gaze, rule_zone, track, zones_with

VENDOR: dict[str, Json] = {"dwell_s": 3, "people_within_m": 4, "people_at_least": 1}
CLUTTER: dict[str, Json] = {"unmoved_for_s": 5, "moved_tolerance_m": 2.5}
CROWD: dict[str, Json] = {"people_at_least": 8, "radius_m": 6, "for_s": 3}
PARKING: dict[str, Json] = {"bikes_at_least": 3, "radius_m": 4, "unmoved_for_s": 4}


def watch_for(name: str, values: dict[str, Json]) -> RuleWatch:
    return make_watches(zones_with({name: values}), FRAME)[0]


def watch(
    watching: RuleWatch,
    tracks: Sequence[Track],
    *,
    from_s: float = 0.0,
    seconds: float,
    order: str | None = None,
) -> list[Found]:
    found: list[Found] = []
    for i in range(int(seconds / 0.25) + 1):
        frame = frame_at(from_s + i * 0.25, view=gaze())
        found += watching.look(tracks, frame, (), None if order is None else OrderId(order))
    return found


def stall_with_customer() -> list[Track]:
    return [track(Label.CART, 0, 0), track(Label.PERSON, 1.5, 0.5, number=2)]


def crowd(people: int) -> list[Track]:
    return [track(Label.PERSON, (i % 4) * 0.9, (i // 4) * 0.9, number=i) for i in range(people)]


def test_a_stall_with_a_customer_is_reported_once_its_dwell_is_over() -> None:
    watching = watch_for("vendor", VENDOR)

    early = watch(watching, stall_with_customer(), seconds=2.5)
    later = watch(watching, stall_with_customer(), from_s=2.75, seconds=5)

    assert early == []
    assert [found.finding.kind for found in later] == ["20501"]
    assert later[0].finding.facts["people"] == 1
    assert "3 s in view" in later[0].finding.because


def test_a_stall_with_nobody_near_is_no_vendor() -> None:
    far = [track(Label.CART, 0, 0), track(Label.PERSON, 9, 0, number=2)]

    assert watch(watch_for("vendor", VENDOR), far, seconds=10) == []


def test_an_umbrella_needs_a_table_under_it() -> None:
    parasol = [track(Label.UMBRELLA, 0, 0), track(Label.PERSON, 1, 0, number=2)]
    table = [*parasol, track(Label.TABLE, 0.5, 0.5, number=3)]

    assert watch(watch_for("vendor", VENDOR), parasol, seconds=6) == []
    assert len(watch(watch_for("vendor", VENDOR), table, seconds=6)) == 1


def test_time_that_was_not_observed_does_not_count_as_dwelling() -> None:
    watching = watch_for("vendor", VENDOR)

    first = watch(watching, stall_with_customer(), seconds=1.5)
    after_a_minute = watch(watching, stall_with_customer(), from_s=60, seconds=1)
    enough = watch(watching, stall_with_customer(), from_s=61.25, seconds=1)

    assert (first, after_a_minute) == ([], [])
    assert len(enough) == 1


def test_nothing_is_claimed_within_the_error_of_the_border() -> None:
    near_border = [
        track(Label.CART, 19.2, 0, sigma_m=0.5),
        track(Label.PERSON, 18, 0, number=2),
    ]
    surer = [track(Label.CART, 19.2, 0, sigma_m=0.3), track(Label.PERSON, 18, 0, number=2)]
    outside = [track(Label.CART, 25, 0), track(Label.PERSON, 24, 0, number=2)]

    assert watch(watch_for("vendor", VENDOR), near_border, seconds=8) == []
    assert watch(watch_for("vendor", VENDOR), outside, seconds=8) == []
    assert len(watch(watch_for("vendor", VENDOR), surer, seconds=8)) == 1


def test_a_rule_sleeps_outside_of_its_zone_s_times() -> None:
    zone = replace(
        rule_zone({"vendor": VENDOR}),
        times=(WeeklyWindow(days=frozenset({1}), start=time(20), end=time(22)),),
    )
    rule = make_rule("vendor", VENDOR, zone=zone, frame=FRAME)
    watching = RuleWatch(rule=rule, zone=RuleZone(zone=zone, frame=FRAME))

    assert watch(watching, stall_with_customer(), seconds=10) == []


def test_one_thing_is_one_sighting_a_pass() -> None:
    watching = watch_for("vendor", VENDOR)
    nearby = [track(Label.CART, 2.0, 1.0, number=7), track(Label.PERSON, 1.5, 0.5, number=2)]

    first = watch(watching, stall_with_customer(), seconds=6, order="a")
    same_pass = watch(watching, nearby, from_s=20, seconds=6, order="a")
    next_pass = watch(watching, nearby, from_s=40, seconds=6, order="b")

    assert [len(first), len(same_pass), len(next_pass)] == [1, 0, 1]


def test_eight_people_together_are_a_crowd_and_seven_are_not() -> None:
    seven = watch(watch_for("crowd", CROWD), crowd(7), seconds=8)
    eight = watch(watch_for("crowd", CROWD), crowd(8), seconds=8)

    assert seven == []
    assert [found.finding.kind for found in eight] == ["20409"]


def test_eight_people_spread_over_the_square_are_no_crowd() -> None:
    spread = [track(Label.PERSON, -18 + 5 * i, (-1) ** i * 12, number=i) for i in range(8)]

    assert watch(watch_for("crowd", CROWD), spread, seconds=8) == []


def test_a_pile_that_stays_is_clutter_and_one_that_moves_is_not() -> None:
    stays = watch(watch_for("clutter", CLUTTER), [track(Label.PILE, 0, 0)], seconds=7)
    watching = watch_for("clutter", CLUTTER)
    moves = [watch(watching, [track(Label.PILE, 0.22 * i, 0)], from_s=0.25 * i, seconds=0) for i in range(30)]

    assert [found.finding.kind for found in stays] == ["20507"]
    assert [found for found in moves if found] == []


def test_two_looks_with_a_gap_show_that_a_pile_did_not_move() -> None:
    watching = watch_for("clutter", CLUTTER)

    first = watch(watching, [track(Label.PILE, 0, 0)], seconds=1.25)
    second = watch(watching, [track(Label.PILE, 0.4, 0)], from_s=30, seconds=1.25)

    assert first == []
    assert len(second) == 1
    assert second[0].finding.facts["looks"] == 2


def test_what_belongs_to_the_place_is_no_clutter() -> None:
    origin = FRAME.origin
    allowed: dict[str, Json] = {**CLUTTER, "baseline": [[origin.lon_deg, origin.lat_deg, 3.0]]}

    assert watch(watch_for("clutter", allowed), [track(Label.PILE, 1, 1)], seconds=8) == []
    assert len(watch(watch_for("clutter", allowed), [track(Label.PILE, 8, 1)], seconds=8)) == 1


def test_three_bikes_together_are_badly_parked_and_two_are_not() -> None:
    bikes = [track(Label.BIKE, 0.9 * i, 0, number=i) for i in range(3)]

    three = watch(watch_for("parking", PARKING), bikes, seconds=6)
    two = watch(watch_for("parking", PARKING), bikes[:2], seconds=6)

    assert [(found.finding.kind, found.finding.facts["things"]) for found in three] == [("20506", 3)]
    assert two == []


@pytest.mark.parametrize(
    ("rules", "word"),
    [
        ({"vendor": {"dwell": 3}}, "dwell_s"),
        ({"vendor": {"dwell_s": "long"}}, "dwell_s"),
        ({"litter": {}}, "litter"),
    ],
)
def test_a_zone_with_a_wrong_rule_is_refused_by_name(rules: dict[str, dict[str, Json]], word: str) -> None:
    with pytest.raises(InvalidInput, match=word):
        make_watches(zones_with(rules), FRAME)


@pytest.mark.parametrize("step_s", [0.04, 0.2, 0.5])
def test_the_seconds_of_a_rule_do_not_depend_on_the_rate_of_the_video(step_s: float) -> None:
    watching = watch_for("vendor", VENDOR)

    found = [
        one
        for i in range(int(6 / step_s))
        for one in watching.look(stall_with_customer(), frame_at(i * step_s, view=gaze()), (), None)
    ]

    assert len(found) == 1
    assert found[0].finding.facts["observed_s"] == pytest.approx(3.0, abs=0.5)


def test_what_was_missed_once_is_looked_for_in_the_very_next_frame() -> None:
    watching = watch_for("vendor", VENDOR)
    sight = Sight(
        gaze=gaze(),
        reference=Georeference(camera=LENS, frame=FRAME),
        walls=Walls(zones=ZoneSet(zones=()), frame=FRAME),
    )
    seen = stall_with_customer()
    unseen = [replace(one, is_seen=False) for one in seen]
    missed = {6, 12, 15, 16}

    found = [
        one
        for i in range(24)
        for one in watching.look(unseen if i in missed else seen, frame_at(i * 0.2, view=gaze()), (), None, sight)
    ]

    assert [one.finding.facts["looks"] for one in found] == [1]
    assert found[0].finding.facts["observed_s"] == pytest.approx(3.4, abs=0.5)


def test_who_turns_round_beside_a_stall_does_not_stand_there() -> None:
    stillness = Stillness()
    for i in range(9):
        turning_m = abs(i - 4) * 0.3
        stillness.note([track(Label.PERSON, turning_m, 0), track(Label.PERSON, 5, 0.1 * (i % 2), number=2)], i * 0.25)

    assert stillness.standing() == {2}
