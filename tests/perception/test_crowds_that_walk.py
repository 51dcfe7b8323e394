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
