"""One crowd is one sighting, wherever its people walk."""

from perception.tracker import Track
from tests.perception.test_rules_matters import codes, people, play, watch_for

WALKING_M_S = 1.3
CROWD = {"people_at_least": 8, "radius_m": 5.0, "for_s": 3.0}


def test_a_crowd_that_walks_across_the_square_is_one_sighting_where_it_is() -> None:
    found = play(
        watch_for("crowd", {**CROWD}),
        lambda time_s: people(12, east_m=-14 + WALKING_M_S * time_s, gap_m=1.0),
        seconds=18,
    )

    assert codes(found) == ["20409"]


def test_one_of_a_crowd_that_is_replaced_now_and_then_changes_nothing() -> None:
    def changing(time_s: float) -> list[Track]:
        walkers = people(12, east_m=-14 + WALKING_M_S * time_s, gap_m=1.0)
        for i in range(int(time_s / 2)):
            walkers[i % 12].id = 200 + i
        return walkers

    assert codes(play(watch_for("crowd", {**CROWD}), changing, seconds=18)) == ["20409"]


def test_two_crowds_that_pass_each_other_are_two() -> None:
    def passing(time_s: float) -> list[Track]:
        others = people(12, east_m=10 - WALKING_M_S * time_s, north_m=12.0, gap_m=1.0)
        for i, one in enumerate(others):
            one.id = 300 + i
        return [*people(12, east_m=-14 + WALKING_M_S * time_s, gap_m=1.0), *others]

    assert codes(play(watch_for("crowd", {**CROWD}), passing, seconds=15)) == ["20409"] * 2


def test_who_gets_a_new_number_is_not_counted_twice_and_who_is_hidden_counts() -> None:
    def eighth(*, gets_a_number: bool) -> list[Track]:
        group = people(8)
        group[-1].is_seen = False
        if gets_a_number:
            again = people(8)[-1]
            again.id, again.first_s, again.last_s = 500, 0.4, 0.4
            return [*group[1:], again]
        return group

    hidden = play(watch_for("crowd", {**CROWD}), lambda _: eighth(gets_a_number=False), seconds=6)
    renamed = play(watch_for("crowd", {**CROWD}), lambda _: eighth(gets_a_number=True), seconds=6)

    assert (codes(hidden), codes(renamed)) == (["20409"], [])


SMALL = {"people_at_least": 3, "radius_m": 1.0, "for_s": 3.0}


def three(east_m: float, north_m: float = 0.0, *, first: int) -> list[Track]:
    some = people(3, east_m=east_m, north_m=north_m, gap_m=0.8)
    for i, one in enumerate(some):
        one.id = first + i
    return some


def test_two_small_crowds_beside_each_other_are_two() -> None:
    beside = [*three(0.0, first=100), *three(4.0, first=200)]

    assert codes(play(watch_for("crowd", {**SMALL}), lambda _: beside, seconds=6)) == ["20409"] * 2


def test_who_gathers_near_where_a_crowd_has_walked_from_is_another_crowd() -> None:
    def script(time_s: float) -> list[Track]:
        if time_s < 8:
            return three(min(WALKING_M_S * time_s, 4.5), first=100)
        return three(-1.5, first=200)

    assert codes(play(watch_for("crowd", {**SMALL}), script, seconds=14)) == ["20409"] * 2
