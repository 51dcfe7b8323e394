import csv
import json
import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from sim.dataset import CATEGORIES
from sim.scene import ThingType
from sim.street import CROWD, KINDS, VENDOR, Negative, make_street
from sim.street_flight import Carrier, Condition, make_scene
from sim.street_record import record_scene


def test_equal_seeds_give_equal_scenes_and_others_differ() -> None:
    first, again, other = make_scene(7), make_scene(7), make_scene(8)

    assert (first.shots, first.street.things(3.0)) == (again.shots, again.street.things(3.0))
    assert first.street.things(3.0) != other.street.things(3.0)


def test_a_hundred_scenes_hold_every_kind_negative_height_and_weather() -> None:
    scenes = [make_scene(seed) for seed in range(1000, 1100)]

    kinds = [matter.kind for scene in scenes for matter in scene.street.matters]
    negatives = {one.kind for scene in scenes for one in scene.street.lawful}

    assert min(kinds.count(kind) for kind in KINDS) >= 30
    assert negatives == set(Negative)
    assert {scene.condition for scene in scenes} == set(Condition)
    assert {scene.height_m for scene in scenes if scene.carrier is Carrier.DRONE} == {15.0, 22.0, 30.0}
    assert sum(scene.carrier is Carrier.ROBOT for scene in scenes) == 20


def test_a_matter_s_things_stand_around_its_place_and_apart_from_what_is_lawful() -> None:
    for seed in range(20):
        scene = make_scene(seed)
        things = {thing.id: thing for thing in scene.street.things(0.0)}
        for matter in scene.street.matters:
            for name in matter.things:
                place = (things[name].east_m, things[name].north_m)
                assert math.dist(place, (matter.east_m, matter.north_m)) < 4.5
            for one in scene.street.lawful:
                assert math.dist((one.east_m, one.north_m), (matter.east_m, matter.north_m)) > 5.0


def test_customers_and_crowds_are_as_many_as_the_truth_needs() -> None:
    for seed in range(10):
        scene = make_scene(seed)
        things = {thing.id: thing.type for thing in scene.street.things(0.0)}
        for matter in scene.street.matters:
            kinds = [things[name] for name in matter.things]
            assert len(kinds) >= matter.needs
            assert (kinds.count(ThingType.CART) == 1) is (matter.kind == VENDOR)
            if matter.kind == CROWD:
                assert kinds.count(ThingType.PERSON) >= 10


def test_who_walks_goes_to_and_fro_at_his_speed() -> None:
    walkers = [actor for actor in make_street(np.random.default_rng(3)).actors if actor.path]

    for actor in walkers:
        way = [actor.at(0.25 * i) for i in range(200)]
        steps = [math.dist((a.east_m, a.north_m), (b.east_m, b.north_m)) for a, b in pairwise(way)]
        assert max(steps) == pytest.approx(0.25 * actor.speed_m_s, rel=1e-6)
        assert len({round(thing.stride, 2) for thing in way}) > 10


def test_a_recording_holds_pictures_poses_and_truth_that_fit_each_other(tmp_path: Path) -> None:
    whole = make_scene(5)
    scene = replace(whole, shots=whole.shots[40:43])

    record_scene(scene, tmp_path)

    pictures = sorted((tmp_path / "images").iterdir())
    rows = [line.split(",") for line in (tmp_path / "gt.txt").read_text().splitlines()]
    ground = list(csv.DictReader((tmp_path / "ground.csv").open()))
    poses = list(csv.DictReader((tmp_path / "poses.csv").open()))
    classes = (tmp_path / "classes.txt").read_text().split()
    expected = [json.loads(line) for line in (tmp_path / "matters.jsonl").read_text().splitlines()]
    camera = json.loads((tmp_path / "camera.json").read_text())["intrinsics"]
    assert [np.asarray(cv2.imread(str(picture))).shape for picture in pictures] == [(360, 640, 3)] * 3
    assert len(poses) == 3
    assert [one["kind"] for one in expected] == [matter.kind for matter in scene.street.matters]
    assert len(ground) == len(rows) > 10
    assert {int(row[0]) for row in rows} == {1, 2, 3}
    for row, place in zip(rows, ground, strict=True):
        assert (int(row[0]) - 1, row[1]) == (int(place["frame"]), place["id"])
        assert 0 <= float(row[2]) <= float(row[2]) + float(row[4]) <= camera["width_px"]
        assert classes[int(row[7]) - 1] in CATEGORIES


def test_a_wrong_gimbal_yaw_is_told_and_not_true() -> None:
    right, wrong = make_scene(3), make_scene(3, gimbal_yaw_off_deg=180.0)

    assert [shot.true for shot in right.shots] == [shot.true for shot in wrong.shots]
    for here, there in zip(right.shots, wrong.shots, strict=True):
        assert (here.told.yaw_deg - there.told.yaw_deg) % 360.0 == pytest.approx(180.0)
