"""The living town."""

from pathlib import Path

import pytest

from core.errors import Conflict, InvalidInput, NotFound
from sim.scene import ThingType
from sim.town import Town, TownState
from sim.world_file import read_world

ESTATE = Path(__file__).parents[2] / "sim" / "worlds" / "estate"


@pytest.fixture
def town() -> Town:
    return Town(plan=read_world(ESTATE))


def ids(town: Town, time_s: float) -> set[str]:
    return {thing.id for thing in town.things(time_s)}


def test_a_handled_vendor_leaves_with_the_customers(town: Town) -> None:
    assert {"cart-1", "cart-1/person-1"} <= ids(town, 10)
    assert town.handle("cart-1", leave=None, time_s=20)
    assert not {"cart-1", "cart-1/person-1"} & ids(town, 21)


def test_the_first_handling_of_a_marked_thing_is_only_claimed(town: Town) -> None:
    assert not town.handle("pile-1", leave=None, time_s=20)
    assert "pile-1" in ids(town, 21)
    assert town.handle("pile-1", leave=None, time_s=40)
    assert "pile-1" not in ids(town, 41)


def test_a_thing_is_not_there_before_it_appears(town: Town) -> None:
    assert "cart-2" not in ids(town, 149)
    assert "cart-2" in ids(town, 151)
    with pytest.raises(Conflict):
        town.handle("cart-2", leave=None, time_s=149)


def test_an_unknown_thing_is_refused(town: Town) -> None:
    with pytest.raises(NotFound):
        town.handle("nothing", leave=None, time_s=0)


def test_walkers_walk_and_keep_to_their_speed(town: Town) -> None:
    before = {thing.id: thing for thing in town.things(100) if thing.id.startswith("walker")}
    after = {thing.id: thing for thing in town.things(101) if thing.id.startswith("walker")}
    assert len(before) == len(town.plan.walkers)
    for walker in town.plan.walkers:
        moved_m = (
            (before[walker.id].east_m - after[walker.id].east_m) ** 2
            + (before[walker.id].north_m - after[walker.id].north_m) ** 2
        ) ** 0.5
        assert moved_m <= walker.speed_m_s + 1e-6


def test_the_same_moment_looks_the_same_after_a_restart(town: Town) -> None:
    town.handle("cart-1", leave=None, time_s=5)
    kept = TownState(removed_s=dict(town.state.removed_s), claimed_s=dict(town.state.claimed_s))
    again = Town(plan=read_world(ESTATE), state=kept)
    assert again.scene(33) == town.scene(33)


def test_nobody_stands_inside_a_building(town: Town) -> None:
    for time_s in range(0, 300, 10):
        for thing in town.things(time_s):
            if thing.type is not ThingType.PERSON:
                continue
            for building in town.plan.buildings:
                east = [corner[0] for corner in building.outline]
                north = [corner[1] for corner in building.outline]
                inside = min(east) < thing.east_m < max(east) and min(north) < thing.north_m < max(north)
                assert not inside, (thing.id, building.id, time_s)


def test_a_wrong_world_file_names_the_field(tmp_path: Path) -> None:
    (tmp_path / "world.json").write_text('{"name": 3}')
    with pytest.raises(InvalidInput, match="origin"):
        read_world(tmp_path)
