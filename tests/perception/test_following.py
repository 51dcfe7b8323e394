import math
from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest

from core.ids import VehicleId
from geofence.positions import LocalPosition
from geofence.zones import ZoneSet
from perception.detections import Detection, Label, PixelBox
from perception.detector import BUILT_IN_CARD
from perception.evaluation.boxes import FrameBoxes, frame_boxes
from perception.evaluation.identities import IdentityFigures, identity_figures
from perception.following import Follower
from perception.frame import Picture
from perception.georeference import Georeference
from perception.model_card import read_card
from perception.offline.track_book import TrackBook
from perception.offline.track_line import TrackLine
from perception.pipeline import Pipeline
from perception.tracker import Placed, Track, Tracker
from sim.camera import CameraRenderer
from sim.scene import CameraLens, CameraView, Scene, SceneThing, ThingType
from tests.perception.eyes import FRAME, LENS, frame_at, gaze

STEP_S = 0.2
REFERENCE = Georeference(camera=LENS, frame=FRAME)
RED, BLUE, GREY = (40, 40, 200), (200, 60, 40), (90, 90, 90)


def follower() -> Follower:
    return Follower(threshold_for=lambda _: 0.5)


def person(x_px: float, y_px: float, *, score: float = 0.8, tall_px: float = 60.0) -> Placed:
    box = PixelBox(x0_px=x_px - tall_px / 6, y0_px=y_px - tall_px, x1_px=x_px + tall_px / 6, y1_px=y_px)
    return Placed(Detection(label=Label.PERSON, score=score, box=box), None)


def walk(followed: Tracker, frames: Sequence[Sequence[Placed]], pictures: Sequence[Picture] = ()) -> list[list[Track]]:
    told = []
    for i, seen in enumerate(frames):
        picture = pictures[i] if pictures else None
        tracks = followed.update(seen, taken_s=i * STEP_S, is_in_view=lambda _: True, picture=picture)
        told.append([one for one in tracks if one.is_seen])
    return told


def painted(people: Sequence[tuple[Placed, tuple[int, int, int]]]) -> Picture:
    picture = np.full((200, 400, 3), 160, np.uint8)
    for one, colour in people:
        x0, y0, x1, y1 = (round(value) for value in one.detection.box.xyxy)
        picture[y0:y1, x0:x1] = colour
    return picture


def test_a_weak_detection_continues_a_track_and_never_begins_one() -> None:
    known, fresh = follower(), follower()
    strong = [[person(100 + 2 * i, 150)] for i in range(5)]

    told = walk(known, [*strong, [person(110, 150, score=0.35)], [person(112, 150, score=0.2)]])
    walk(fresh, [[person(100, 150, score=0.35)]] * 6)

    assert [one.id for one in told[5]] == [1]
    assert told[6] == []
    assert list(fresh.tracks) == []


def test_somebody_hidden_for_two_seconds_keeps_the_number() -> None:
    frames = [[person(60 + 6 * i, 150)] if i < 8 or i > 17 else [] for i in range(24)]

    told = walk(follower(), frames)

    assert {one.id for tracks in told for one in tracks} == {1}


def test_what_is_lost_for_longer_is_not_told_as_if_it_were_there() -> None:
    followed = follower()
    walk(followed, [[person(60, 150)] if i < 8 else [] for i in range(19)])

    assert followed.update([], taken_s=19 * STEP_S, is_in_view=lambda _: True) == []
    assert [one.id for one in followed.tracks] == [1]


def test_colours_tell_who_is_who_after_two_have_met() -> None:
    """Two people walk up to each other, stand as one box, and turn back: motion alone would swap them."""
    frames: list[list[Placed]] = []
    pictures: list[Picture] = []
    for i in range(30):
        away = 50 - 5 * i if i < 10 else max(0, 5 * (i - 20))
        left, right = person(200 - max(away, 0) - 1, 150), person(200 + max(away, 0) + 1, 150)
        frames.append([left, right] if away > 4 else [person(200, 150)])
        pictures.append(painted([(left, RED), (right, BLUE)]))

    told = walk(follower(), frames, pictures)

    def sides(tracks: Sequence[Track]) -> dict[int, bool]:
        return {one.id: one.box.foot_px[0] < 200 for one in tracks}

    assert sides(told[0]) == sides(told[-1]) == {1: True, 2: False}


def test_a_sign_that_never_moves_is_not_believed_and_a_person_who_steps_aside_is() -> None:
    sign = [[person(100 + 3 * (i % 2), 150, score=0.58)] for i in range(20)]
    steps = [[person(100 + 12 * math.sin(0.3 * i), 150, score=0.58)] for i in range(20)]
    sure = [[person(100, 150, score=0.9)] for _ in range(20)]

    believed = [walk(follower(), frames)[-1][0].is_believed for frames in (sign, steps, sure)]

    assert believed == [False, True, True]


def test_what_was_found_to_be_a_thing_needs_more_than_a_jumping_box_to_be_believed_again() -> None:
    resting = [[person(100, 150, score=0.58)] for _ in range(20)]
    jumps = [[person(100 + 14 * (i % 2), 150, score=0.58)] for i in range(6)]
    followed, believed = follower(), []

    for i, seen in enumerate([*resting, *jumps, *resting[:4]]):
        tracks = followed.update(seen, taken_s=i * STEP_S, is_in_view=lambda _: True, picture=painted([]))
        believed.append([track.is_believed for track in tracks])

    assert believed[6] == [True]
    assert not any(flag for flags in believed[16:] for flag in flags)


def believed_each_frame(frames: Sequence[Sequence[Placed]], picture: Picture | None) -> list[bool]:
    followed, believed = follower(), []
    for i, seen in enumerate(frames):
        tracks = followed.update(seen, taken_s=i * STEP_S, is_in_view=lambda _: True, picture=picture)
        believed.append(any(track.is_believed for track in tracks if track.is_seen))
    return believed


@pytest.mark.parametrize("tall_px", [60.0, 15.0])
@pytest.mark.parametrize("is_shown", [False, True])
@pytest.mark.parametrize("score", [0.55, 0.62])
def test_who_stood_still_for_long_and_falls_is_believed_at_once(tall_px: float, is_shown: bool, score: float) -> None:
    stands = [[person(100, 150, score=0.58, tall_px=tall_px)] for _ in range(100)]
    box = PixelBox(x0_px=100 - tall_px / 2, y0_px=150 - tall_px / 3, x1_px=100 + tall_px / 2, y1_px=150)
    lies = [[Placed(Detection(label=Label.PERSON, score=score, box=box), None)] for _ in range(100)]

    believed = believed_each_frame([*stands, *lies], painted([]) if is_shown else None)

    assert not any(believed[20:100])
    assert all(believed[100:])


def test_who_lay_and_stands_again_is_asked_for_life_anew() -> None:
    box = PixelBox(x0_px=70, y0_px=130, x1_px=130, y1_px=150)
    lies = [[Placed(Detection(label=Label.PERSON, score=0.58, box=box), None)] for _ in range(20)]
    stands = [[person(100, 150, score=0.58)] for _ in range(20)]

    believed = believed_each_frame([*stands, *lies, *stands], painted([]))

    assert all(believed[20:40])
    assert not any(believed[40:])


@pytest.mark.parametrize(("tall_px", "is_again"), [(15.0, True), (60.0, False)])
def test_whoever_is_too_small_for_life_to_be_seen_needs_none_after_a_step(tall_px: float, is_again: bool) -> None:
    """A step of less than a metre, without a place: no walk, and in a few pixels nothing that stirs is seen."""
    stands = [[person(100, 150, score=0.58, tall_px=tall_px)] for _ in range(50)]
    steps = [[person(100 + 0.4 * tall_px, 150, score=0.58, tall_px=tall_px)] for _ in range(10)]

    believed = believed_each_frame([*stands, *steps], painted([]))

    assert not any(believed[20:50])
    assert any(believed[50:]) is is_again


def test_what_creeps_keeps_its_place_and_who_walks_slowly_does_not() -> None:
    creeps = [[person(100 + 0.7 * i, 150, score=0.58)] for i in range(30)]
    walks = [[person(100 + 6 * i, 150, score=0.58)] for i in range(30)]

    believed = [walk(follower(), frames)[-1][0].is_believed for frames in (creeps, walks)]

    assert believed == [False, True]


def test_who_lies_still_is_believed_as_who_moves_is() -> None:
    box = PixelBox(x0_px=70, y0_px=130, x1_px=130, y1_px=150)
    lying = [[Placed(Detection(label=Label.PERSON, score=0.58, box=box), None)] for _ in range(40)]

    assert walk(follower(), lying)[-1][0].is_believed


def stirring(count: int, *, stirs: bool) -> list[Picture]:
    """A figure of two tones in a noisy street; one that stirs moves a hand now and then."""
    random = np.random.default_rng(4)
    pictures = []
    for i in range(count):
        picture = random.normal(120, 4, (200, 400, 3))
        picture[90:150, 90:110] -= 60
        if stirs:
            hand = 92 + 11 * (i // 4) % 37
            picture[hand : hand + 20, 104:110] += 90
        pictures.append(picture.clip(0, 255).astype(np.uint8))
    return pictures


def test_who_stands_and_stirs_is_a_person_and_what_does_not_is_a_sign() -> None:
    frames = [[person(100, 150, score=0.55)] for _ in range(40)]

    stirs, sign = (walk(follower(), frames, stirring(40, stirs=stirs))[-1][0] for stirs in (True, False))

    assert (stirs.is_believed, sign.is_believed) == (True, False)


def test_a_sign_that_somebody_hides_for_a_moment_now_and_then_is_no_person() -> None:
    pictures = stirring(60, stirs=False)
    for i, picture in enumerate(pictures):
        if i % 20 in range(8, 13):
            picture[90:150, 75 + 8 * (i % 20 - 8) : 90 + 8 * (i % 20 - 8)] = 40

    sign = walk(follower(), [[person(100, 150, score=0.55)] for _ in range(60)], pictures)[-1][0]

    assert not sign.is_believed


@pytest.mark.parametrize("rate_hz", [2.5, 5, 12.5, 25])
def test_a_person_is_believed_after_the_same_time_at_any_rate_of_frames(rate_hz: float) -> None:
    followed = follower()
    believed_s: list[float] = []
    tracks: list[Track] = []
    for i in range(round(2 * rate_hz)):
        at_s = i / rate_hz
        seen = [person(100 + 20 * at_s, 150, score=0.55), *([person(300, 150, score=0.9)] if 0.78 < at_s < 1 else [])]
        tracks = followed.update(seen, taken_s=at_s, is_in_view=lambda _: True)
        believed_s += [at_s for track in tracks if track.is_believed]

    assert all(track.box.x0_px < 200 for track in tracks if track.is_believed)
    assert 0.3 <= believed_s[0] <= 1.2


def test_what_shows_no_life_is_not_believed_for_being_missed() -> None:
    followed = follower()
    told = [[person(200, 150, score=0.55)] if i % 4 or i < 20 else [] for i in range(30)]
    believed = []
    for i, seen in enumerate(told):
        tracks = followed.update(seen, taken_s=i * STEP_S, is_in_view=lambda _: True, picture=painted([]))
        believed.append([one.is_believed for one in tracks])

    assert believed[5] == [True]
    assert believed[12:] == [[False]] * 18


def test_two_frames_at_almost_one_time_do_not_make_scores_of_hours_count() -> None:
    followed = follower()
    for at_s in (0.0, 1e-7, *(0.2 * i for i in range(1, 10))):
        followed.update([person(200 + 20 * at_s, 150)], taken_s=at_s, is_in_view=lambda _: True)
        assert (followed.tracks[0].scores.maxlen or 0) <= 1000
    assert [one.is_believed for one in followed.tracks] == [True]


def test_light_that_changes_for_all_of_a_sign_makes_it_no_person() -> None:
    frames = [[person(100, 150, score=0.55)] for _ in range(40)]
    clouds = [np.minimum(p + np.uint8(50 * ((i // 5) % 2)), 255) for i, p in enumerate(stirring(40, stirs=False))]

    assert not walk(follower(), frames, clouds)[-1][0].is_believed


def test_who_walked_in_stays_a_person_while_standing() -> None:
    comes = [[person(100 + 10 * i, 150, score=0.58)] for i in range(10)]
    stands = [[person(190, 150, score=0.58)] for _ in range(40)]

    told = walk(follower(), [*comes, *stands])

    assert all(tracks and tracks[0].is_believed for tracks in told[10:])


def test_a_walker_who_is_weakly_seen_is_believed_and_a_flicker_in_one_place_is_not() -> None:
    walker = [[person(100 + 6 * i, 150, score=0.42)] for i in range(25)]
    flicker = [[person(100 + i % 2, 150, score=0.42)] for i in range(25)]

    assert walk(follower(), walker)[-1][0].is_believed
    assert not any(one.is_believed for tracks in walk(follower(), flicker) for one in tracks)


def test_a_person_as_small_as_a_cone_needs_a_better_score() -> None:
    view = gaze()

    def place(tall_px: float) -> Placed:
        one = person(320, 240, score=0.6, tall_px=tall_px)
        return one._replace(place=REFERENCE.to_ground(np.array([one.detection.box.foot_px]), view)[0])

    def follow(tall_px: float) -> list[Track]:
        return follower().update(
            [place(tall_px)],
            taken_s=0.0,
            is_in_view=lambda _: True,
            to_pixel=lambda spot: REFERENCE.to_pixel(spot, view),
        )

    foot = REFERENCE.to_ground(np.array([[320.0, 240.0]]), view)[0]
    assert foot is not None
    head = REFERENCE.to_pixel(LocalPosition(east_m=foot.east_m, north_m=foot.north_m, up_m=1.7), view)
    assert head is not None
    tall_px = 240 - head[1]

    assert len(follow(tall_px)) == 1
    assert follow(0.35 * tall_px) == []


def test_half_a_box_on_a_box_begins_no_second_person() -> None:
    twice = [person(100, 150), person(102, 152, score=0.7)]

    told = walk(follower(), [twice] * 5)

    assert [len(tracks) for tracks in told] == [1] * 5


def crossing(kind: type[Tracker]) -> IdentityFigures:
    """Six people cross in twos under a drone that flies and turns; detections are the exact boxes."""
    renderer = CameraRenderer(scene=Scene(ground=(), seed=4))
    followed, book = kind(threshold_for=lambda _: 0.5), TrackBook()
    truth: dict[int, FrameBoxes] = {}
    lines: list[TrackLine] = []
    for i in range(40):
        seconds = i * STEP_S
        pose = {"east_m": -6 + 1.5 * seconds, "north_m": -26.0, "height_agl_m": 20.0, "yaw_deg": 15 - 4 * seconds}
        view, things = CameraView(**pose, pitch_deg=-35), walkers(seconds)
        picture, seen = renderer.render_with_boxes(view=view, lens=CameraLens(), things=things)
        truth[i] = frame_boxes([one.box_xyxy_px for one in seen], [int(one.thing.id) for one in seen])
        where = gaze(**pose, pitch_deg=-35)
        boxes = [PixelBox(*one.box_xyxy_px) for one in seen if not (one.thing.id == "2" and 15 <= i < 20)]
        places = REFERENCE.to_ground(np.array([box.foot_px for box in boxes]), where)
        placed = [
            Placed(Detection(label=Label.PERSON, score=0.8, box=box), place)
            for box, place in zip(boxes, places, strict=True)
        ]
        followed.update(
            placed,
            taken_s=seconds,
            is_in_view=lambda _: True,
            to_pixel=partial(REFERENCE.to_pixel, gaze=where),
            picture=picture,
        )
        lines += book.add(i, seconds, followed.tracks)
    lines += book.close()
    found = {
        i: frame_boxes([one.box.xyxy for one in mine], [one.track for one in mine])
        for i in range(40)
        if (mine := [one for one in lines if one.frame == i])
    }
    return identity_figures(truth, found)


def walkers(seconds: float) -> tuple[SceneThing, ...]:
    return tuple(
        SceneThing(
            id=str(k),
            type=ThingType.PERSON,
            east_m=(-5 + 1.3 * seconds) * (1 if k % 2 else -1),
            north_m=-2.0 + 1.6 * k,
            heading_deg=90 if k % 2 else 270,
            seed=40 + k,
            stride=(seconds * 0.9) % 1,
        )
        for k in range(6)
    )


def test_identity_survives_a_moving_camera_crossings_and_a_short_occlusion() -> None:
    figures = crossing(Follower)

    assert figures.switches == 0
    assert figures.idf1 > 0.97
    assert figures.mota > 0.97


class SaysOne:
    """A detector that sees one person at the lower edge."""

    card = read_card(BUILT_IN_CARD)

    def detect(self, picture: Picture) -> list[Detection]:
        box = PixelBox(x0_px=310, y0_px=300, x1_px=330, y1_px=360)
        return [Detection(label=Label.PERSON, score=0.9, box=box)]


def test_a_pipeline_takes_the_follower_and_places_people_whose_feet_are_cut_off() -> None:
    where = {}
    for places_cut in (False, True):
        eyes = Pipeline(
            vehicle_id=VehicleId("v"),
            detector=SaysOne(),
            reference=REFERENCE,
            zones=ZoneSet(zones=()),
            tracker=(followed := follower()),
            places_cut_people=places_cut,
        )
        eyes.process(frame_at(0.0, view=gaze()))
        where[places_cut] = [one.place for one in followed.tracks]
    head = REFERENCE.to_pixel(LocalPosition(east_m=0, north_m=0, up_m=1.7), gaze())

    assert where[False] == []
    assert head is not None
    (place,) = where[True]
    assert place is not None
    seen = REFERENCE.to_pixel(LocalPosition(east_m=place.east_m, north_m=place.north_m, up_m=1.7), gaze())
    assert seen == pytest.approx((320, 300), abs=0.5)


def test_a_camera_as_low_as_heads_follows_people_without_feet_in_the_picture_alone() -> None:
    eyes = Pipeline(
        vehicle_id=VehicleId("v"),
        detector=SaysOne(),
        reference=REFERENCE,
        zones=ZoneSet(zones=()),
        tracker=(followed := follower()),
        places_cut_people=True,
        lowest_agl_m=1.0,
    )

    eyes.process(frame_at(0.0, view=gaze(height_agl_m=2.0)))

    assert [one.place for one in followed.tracks] == [None]


def test_who_enters_where_somebody_left_the_picture_is_somebody_else() -> None:
    blank = np.full((200, 400, 3), 160, np.uint8)
    leaves = [[person(340 + 8 * i, 150)] for i in range(7)]
    enters = [[person(388 - 8 * i, 150)] for i in range(7)]
    frames: list[list[Placed]] = [*leaves, *([[]] * 10), *enters]

    told = walk(follower(), frames, [blank] * len(frames))

    assert {one.id for one in told[6]} == {1}
    assert {one.id for one in told[-1]} == {2}
