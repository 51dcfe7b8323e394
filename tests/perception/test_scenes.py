"""A few of the benchmark's street scenes, from camera to sightings; the figures come from all hundred."""

import pytest

from benchmarks.scene_tables import Outcome, needed_s
from benchmarks.scenes import run_scene, zones_of
from sim.street_flight import make_scene

SEEDS = (5, 7)
# One process makes the outcomes for all.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("scenes")]


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return [run_scene(seed) for seed in SEEDS]


def test_what_the_camera_covered_is_reported_once_and_where_it_is(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        right = [told for told in outcome.told if told.matter is not None]
        covered = [m for m in outcome.scene.street.matters if outcome.covered[m.id] >= needed_s(m.kind)]
        found = [m for m in covered if any(told.matter == m.id for told in right)]
        assert len(covered) >= 1
        assert len(found) >= len(covered) - 1, outcome.scene.seed
        assert all(told.error_m < 4.0 for told in right)


def test_rules_and_places_lose_nothing_of_what_is_seen_truly() -> None:
    outcome = run_scene(7, is_oracle=True)

    covered = {m.id for m in outcome.scene.street.matters if outcome.covered[m.id] >= needed_s(m.kind)}
    assert covered
    assert covered <= {told.matter for told in outcome.told}
    assert all(told.matter is not None and told.is_inside for told in outcome.told)


def test_nothing_lawful_is_reported(outcomes: list[Outcome]) -> None:
    assert [told.because for outcome in outcomes for told in outcome.told if told.near is not None] == []


def test_a_scene_s_exemptions_are_in_its_zones() -> None:
    streets = [make_scene(seed).street for seed in range(40)]

    for street in streets:
        rules = next(iter(zones_of(street).zones)).rules
        exempt = [rules["vendor"]["licences"], rules["crowd"]["stops"], rules["crowd"]["events"]]
        lawful = [one.kind.value for one in street.lawful]
        assert [len(rows) for rows in exempt if isinstance(rows, list)] == [
            lawful.count("licensed breakfast cart"),
            lawful.count("bus stop queue"),
            lawful.count("wedding in the calendar"),
        ]
