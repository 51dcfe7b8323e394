import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from sim.camera import CameraRenderer, SeenThing, render_photo
from sim.camera_ground import Picture
from sim.dataset import CATEGORIES, StreetMix, category_of, make_dataset, make_training_sets
from sim.scene import (
    CameraFlaws,
    CameraLens,
    CameraView,
    Scene,
    SceneAir,
    SceneBuilding,
    SceneLight,
    SceneThing,
    ThingType,
)
from sim.street_flight import StreetScene, make_scene

LENS = CameraLens()
SMALL = Scene(ground=(), min_east_m=-50.0, min_north_m=-50.0, max_east_m=50.0, max_north_m=50.0, seed=3)
VIEW = CameraView(east_m=0, north_m=-32, height_agl_m=25, yaw_deg=0, pitch_deg=-38)


def thing(kind: ThingType, east_m: float, north_m: float, *, name: str = "t", seed: int = 5) -> SceneThing:
    return SceneThing(id=name, type=kind, east_m=east_m, north_m=north_m, seed=seed)


def look(
    *things: SceneThing, buildings: tuple[SceneBuilding, ...] = (), view: CameraView = VIEW
) -> dict[str, SeenThing]:
    renderer = CameraRenderer(scene=Scene(ground=(), buildings=buildings, seed=3))
    return {one.thing.id: one for one in renderer.render_with_boxes(view=view, lens=LENS, things=things)[1]}


def test_a_person_is_as_large_as_the_lens_makes_him() -> None:
    seen = look(thing(ThingType.PERSON, 0, 0))["t"]

    x0, y0, x1, y1 = seen.box_xyxy_px
    slant_m = (32**2 + 25**2) ** 0.5
    assert (x0 + x1) / 2 == pytest.approx(320, abs=4)
    assert y1 - y0 == pytest.approx(640 * 1.67 * 32 / slant_m**2, rel=0.25)
    assert seen.visible == pytest.approx(1.0, abs=0.02)


def test_a_person_behind_a_cart_is_partly_hidden_and_the_cart_is_not() -> None:
    seen = look(thing(ThingType.PERSON, 0, 1.4, name="behind"), thing(ThingType.CART, 0, 0, name="cart"))

    assert seen["behind"].visible < 0.8
    assert seen["cart"].visible > 0.97


@pytest.mark.parametrize(("north_m", "is_visible"), [(-4.0, True), (20.0, False)])
def test_a_house_hides_what_is_behind_it_and_not_what_is_before_it(north_m: float, is_visible: bool) -> None:
    house = SceneBuilding(ring=((-10, 2), (10, 2), (10, 12), (-10, 12)), height_m=20)

    seen = look(thing(ThingType.PERSON, 0, north_m), buildings=(house,))

    assert ("t" in seen and seen["t"].visible > 0.9) is is_visible


def test_a_thing_outside_of_the_picture_is_not_listed() -> None:
    assert look(thing(ThingType.CAR, 80, 0), thing(ThingType.CAR, 0, -60, name="behind")) == {}


def test_a_shadow_falls_away_from_the_sun() -> None:
    flat = CameraView(east_m=0, north_m=-20, height_agl_m=30, yaw_deg=0, pitch_deg=-56)
    pictures = []
    for azimuth_deg in (90.0, 270.0):
        light = SceneLight(sun_azimuth_deg=azimuth_deg, sun_elevation_deg=35)
        scene = Scene(ground=(), light=light, things=(thing(ThingType.CAR, 0, 0),), seed=3)
        pictures.append(CameraRenderer(scene=scene).render(view=flat, lens=LENS).astype(float).mean(axis=2))
    beside = slice(165, 185)

    morning, evening = pictures
    assert morning[beside, 270:295].mean() < morning[beside, 345:370].mean() - 15
    assert evening[beside, 345:370].mean() < evening[beside, 270:295].mean() - 15


def test_a_level_camera_sees_sky_over_the_ground() -> None:
    level = CameraView(east_m=0, north_m=0, height_agl_m=2, yaw_deg=0, pitch_deg=0)

    picture = CameraRenderer(scene=Scene(ground=(), seed=3)).render(view=level, lens=LENS)

    assert picture[40].mean() > 190
    assert picture[300].mean() < 190


def test_a_phone_s_photo_shows_the_place() -> None:
    pile = thing(ThingType.PILE, 3, 4)
    renderer = CameraRenderer(scene=Scene(ground=(), seed=3))

    photos = [
        cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        for jpeg in (
            render_photo(renderer, east_m=3, north_m=4, things=(pile,)),
            render_photo(renderer, east_m=3, north_m=4, things=()),
        )
    ]

    before, after = (np.asarray(photo, float) for photo in photos)
    assert before.shape == (720, 960, 3)
    middle = np.abs(before - after)[300:600, 350:600].mean()
    edge = np.abs(before - after)[:, :80].mean()
    assert middle > 2 * edge


def test_equal_seeds_give_equal_data_sets_with_boxes_in_the_pictures(tmp_path: Path) -> None:
    first = make_dataset(tmp_path / "a", pictures=2, seed=5)
    again = make_dataset(tmp_path / "b", pictures=2, seed=5)
    other = make_dataset(tmp_path / "c", pictures=2, seed=6)

    assert first.read_bytes() == again.read_bytes() != other.read_bytes()
    assert (tmp_path / "a/images/000001.jpg").read_bytes() == (tmp_path / "b/images/000001.jpg").read_bytes()
    coco = json.loads(first.read_text())
    assert [category["name"] for category in coco["categories"]] == list(CATEGORIES)
    assert len(coco["annotations"]) > 5
    for annotation in coco["annotations"]:
        x, y, w, h = annotation["bbox"]
        assert x >= 0
        assert y >= 0
        assert x + w <= 640
        assert y + h <= 360


def test_what_is_learnt_from_holds_random_towns_and_streets_seen_by_drones_and_robots(tmp_path: Path) -> None:
    files = make_training_sets(tmp_path, pictures=10)

    sets = {file.parent.name: json.loads(file.read_text()) for file in files}
    counts = {name: len(coco["images"]) for name, coco in sets.items()}
    assert counts["common"] > counts["hard"] > counts["busy"] == counts["streets"] == 1
    assert all(coco["annotations"] for coco in sets.values())
    assert {image["camera"] for name in ("robot", "low") for image in sets[name]["images"]} == {"robot"}
    assert {image["camera"] for image in sets["high"]["images"]} == {"drone"}


def test_streets_to_learn_from_are_none_of_the_benchmark_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def note(seed: int, *, matters: int, lawful: int) -> StreetScene:
        asked.append(seed)
        return make_scene(seed, matters=matters, lawful=lawful)

    monkeypatch.setattr("sim.dataset.make_scene", note)

    first = make_dataset(tmp_path / "a", pictures=7, seed=1, mix=StreetMix())
    make_dataset(tmp_path / "b", pictures=1, seed=2, mix=StreetMix(matters=8, lawful=8))

    assert asked == [10_000, 10_001, 20_000]
    places = [row["bbox"] for row in json.loads(first.read_text())["annotations"] if row["image_id"] in (1, 2)]
    assert len({tuple(place) for place in places}) > 5


def develop(
    *, air: SceneAir | None = None, light: SceneLight | None = None, flaws: CameraFlaws | None = None
) -> Picture:
    car = thing(ThingType.CAR, 0, 0)
    scene = replace(SMALL, things=(car,), air=air or SceneAir(), light=light or SceneLight())
    return CameraRenderer(scene=scene).render(view=VIEW, lens=LENS, flaws=flaws or CameraFlaws())


def sharpness(picture: Picture) -> float:
    return float(cv2.Laplacian(cv2.GaussianBlur(picture, (3, 3), 1.0), cv2.CV_64F).std())


def test_haze_takes_contrast_from_what_is_far_away_and_less_from_what_is_near() -> None:
    clear, hazy = (develop(air=air).astype(float) for air in (SceneAir(), SceneAir(haze=1.0)))

    far, near = slice(0, 60), slice(300, 360)
    losses = [clear[rows].std(axis=(0, 1)).mean() / hazy[rows].std(axis=(0, 1)).mean() for rows in (far, near)]
    assert losses[0] > losses[1] > 1.2


def test_rain_falls_anew_in_every_picture() -> None:
    changes = []
    for rain in (0.0, 1.0):
        renderer = CameraRenderer(scene=replace(SMALL, air=SceneAir(rain=rain)))
        first, second = (renderer.render(view=VIEW, lens=LENS).astype(float).mean(axis=2) for _ in range(2))
        changes.append(float((np.abs(first - second) > 14).mean()))

    assert changes[0] < 0.001
    assert changes[1] > 0.01


def test_dusk_motion_and_noise_do_what_they_say() -> None:
    plain = develop()

    assert develop(light=SceneLight(brightness=0.4)).mean() < 0.5 * plain.mean()
    assert sharpness(develop(flaws=CameraFlaws(smear_px=5.0))) < 0.85 * sharpness(plain)
    noisy, calm = (develop(flaws=CameraFlaws(grain=grain)).astype(float)[330:, :60].std() for grain in (4.0, 0.0))
    assert noisy > calm + 3


def test_a_compressed_picture_is_a_compressed_picture() -> None:
    plain, coded = develop(), develop(flaws=CameraFlaws(jpeg_quality=10))

    again = cv2.imdecode(cv2.imencode(".jpg", plain, [cv2.IMWRITE_JPEG_QUALITY, 10])[1], cv2.IMREAD_COLOR)
    assert np.array_equal(coded, np.asarray(again))


def test_somebody_who_lies_is_wide_and_somebody_who_stands_is_high() -> None:
    lies = SceneThing(id="lies", type=ThingType.PERSON, east_m=-3, north_m=0, heading_deg=90, seed=5, lies=True)
    stands = SceneThing(id="stands", type=ThingType.PERSON, east_m=3, north_m=0, heading_deg=90, seed=5)

    seen = look(lies, stands)

    ratios = {
        name: (one.box_xyxy_px[2] - one.box_xyxy_px[0]) / (one.box_xyxy_px[3] - one.box_xyxy_px[1])
        for name, one in seen.items()
    }
    assert ratios["lies"] > 1.5
    assert ratios["stands"] < 0.7
    assert (category_of(seen["lies"]), category_of(seen["stands"])) == ("lying", "person")


@pytest.mark.parametrize("is_building", [False, True])
def test_haze_hides_what_stands_near_no_more_before_the_sky_than_before_the_ground(is_building: bool) -> None:
    eye = CameraView(east_m=0, north_m=0, height_agl_m=1.2, yaw_deg=0, pitch_deg=0)
    wall = SceneBuilding(ring=((-4, 6), (4, 6), (4, 8), (-4, 8)), height_m=20)
    things = () if is_building else (thing(ThingType.PERSON, 0, 5, seed=2),)

    def seen(air: SceneAir) -> Picture:
        scene = replace(SMALL, air=air, buildings=(wall,) if is_building else ())
        return CameraRenderer(scene=scene).render(view=eye, lens=LENS, things=things)

    clear, hazy = seen(SceneAir()), seen(SceneAir(haze=1.0))
    empty = CameraRenderer(scene=SMALL).render(view=eye, lens=LENS, things=())

    is_thing = np.abs(clear.astype(float) - empty).sum(axis=2) > 60
    above = np.arange(clear.shape[0])[:, None] < LENS.cy_px - 8
    changed = np.abs(clear.astype(float) - hazy).mean(axis=2)
    assert (is_thing & above).sum() > 200
    assert changed[is_thing & above].mean() < 30
    assert changed[~is_thing & (np.arange(clear.shape[0])[:, None] > 300)].mean() < 30
