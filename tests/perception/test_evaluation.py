"""Figures against known values: by hand, and those that motmetrics 1.4.0 gives for the same random data."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import InvalidInput
from perception.detections import Label
from perception.evaluation.boxes import Boxes, frame_boxes, ious
from perception.evaluation.drawings import errors_svg, precision_svg
from perception.evaluation.identities import identity_figures
from perception.evaluation.judgement import Evidence, judge
from perception.evaluation.places import place_errors, place_figures
from perception.evaluation.precision import precision_curve
from perception.evaluation.sightings import read_reports, rule_figures
from perception.evaluation.truth_files import read_boxes, read_places, read_tracks

BOX = [0.0, 0.0, 10.0, 20.0]


def beside(x_px: float) -> list[float]:
    return [x_px, 0.0, x_px + 10.0, 20.0]


def noisy() -> tuple[Boxes, Boxes]:
    """Six people who walk to and fro, missed, swapped for a while, renamed, and false boxes; seeded."""
    random = np.random.default_rng(5)
    truth, found = {}, {}
    for frame in range(150):
        there: list[tuple[int, list[float]]] = []
        seen: dict[int, NDArray[np.float64]] = {}
        for k in range(6):
            if random.random() < 0.05:
                continue
            x, y = 50 + 80 * k + frame * (1 - 2 * (k % 2)), 100 + 10 * np.sin(frame / 9 + k)
            there.append((k, [x, y, x + 40, y + 90]))
            if random.random() < 0.12:
                continue
            off = random.normal(0, 6, 4)
            number = 5 - k if 60 < frame < 90 and k in {2, 3} else k
            seen.setdefault(17 if frame > 100 and k == 1 else number, np.array(there[-1][1]) + off)
        for _ in range(random.poisson(0.4)):
            x, y = random.uniform(0, 500, 2)
            seen.setdefault(100 + int(random.integers(5)), np.array([x, y, x + 40, y + 90]))
        truth[frame] = frame_boxes([box for _, box in there], [k for k, _ in there])
        found[frame] = frame_boxes([box.tolist() for box in seen.values()], list(seen))
    return truth, found


def test_identity_figures_are_those_of_the_reference_program() -> None:
    figures = identity_figures(*noisy())

    assert figures.mota == pytest.approx(0.756440, abs=1e-6)
    assert figures.idf1 == pytest.approx(0.770254, abs=1e-6)
    assert 1 - figures.motp_iou == pytest.approx(0.280595, abs=1e-6)
    assert (figures.switches, figures.missed, figures.false, figures.fragments) == (8, 127, 73, 106)


def test_a_perfect_answer_has_full_marks_and_an_empty_one_none() -> None:
    truth = {f: frame_boxes([BOX, beside(50)], [1, 2]) for f in range(5)}

    perfect, empty = identity_figures(truth, truth), identity_figures(truth, {})

    assert (perfect.mota, perfect.idf1, perfect.switches) == (1.0, 1.0, 0)
    assert (empty.mota, empty.idf1, empty.missed) == (0.0, 0.0, 10)
    assert precision_curve(truth, truth).ap50 == 1.0
    assert precision_curve(truth, {}).ap50 == 0.0


def test_a_swap_costs_two_switches_and_half_of_the_names() -> None:
    truth = {f: frame_boxes([BOX, beside(50)], [1, 2]) for f in range(10)}
    found = {f: frame_boxes([BOX, beside(50)], [7, 8] if f < 5 else [8, 7]) for f in range(10)}

    figures = identity_figures(truth, found)

    assert (figures.switches, figures.mota, figures.idf1) == (2, 0.9, 0.5)


def test_what_does_not_count_neither_helps_nor_hurts() -> None:
    truth = {0: frame_boxes([BOX, beside(50)], [1, 2], ignored=[False, True])}

    for found in ({0: frame_boxes([BOX], [1])}, {0: frame_boxes([BOX, beside(50)], [1, 2])}):
        figures = identity_figures(truth, found)
        assert (figures.mota, figures.things, figures.false) == (1.0, 1, 0)
        assert precision_curve(truth, found).ap50 == 1.0


def test_average_precision_is_the_area_under_the_envelope() -> None:
    """Best first right, wrong, right, of four things: 1/4 at precision 1, another 1/4 at 2/3."""
    truth = {f: frame_boxes([BOX], [1]) for f in range(4)}
    found = {
        0: frame_boxes([BOX], [1], [0.9]),
        1: frame_boxes([beside(40)], [1], [0.8]),
        2: frame_boxes([BOX], [1], [0.7]),
    }

    curve = precision_curve(truth, found)

    assert curve.ap50 == pytest.approx(0.25 * 1 + 0.25 * 2 / 3)
    assert curve.best_score == 0.7
    assert curve.best_f1 == pytest.approx(2 * 0.5 * (2 / 3) / (0.5 + 2 / 3))


def test_a_second_box_on_one_thing_is_false() -> None:
    truth = {0: frame_boxes([BOX, beside(100)], [1, 2])}
    found = {0: frame_boxes([BOX, [1.0, 0.0, 11.0, 20.0]], [1, 2], [0.9, 0.8])}

    assert precision_curve(truth, found).ap50 == pytest.approx(0.5)


def test_overlap_is_shared_over_joint_area() -> None:
    assert ious(np.array([BOX]), np.array([BOX, beside(5), beside(10)])).tolist() == [[1.0, pytest.approx(1 / 3), 0.0]]


def write(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


def test_boxes_are_read_as_the_mot_challenge_writes_them(tmp_path: Path) -> None:
    rows = [
        "1,1,10,20,30,60,1,1,1",
        "1,2,50,20,30,60,0,1,1",
        "1,3,90,20,30,60,1,7,1",
        "1,4,0,0,9,9,1,3,1",
        "2,1,12,20,30,60",
    ]

    truth = read_boxes(write(tmp_path / "gt.txt", "\n".join(rows)), label=Label.PERSON, first_frame=None)

    assert truth.first_frame == 1
    assert sorted(truth.boxes) == [0, 1]
    assert truth.boxes[0].ids.tolist() == [1, 2, 3]
    assert truth.boxes[0].ignored.tolist() == [False, True, True]
    assert truth.boxes[0].corners_px[0].tolist() == [10, 20, 40, 80]


def test_a_truth_with_a_frame_0_counts_from_0_and_names_may_be_ours(tmp_path: Path) -> None:
    file = write(tmp_path / "gt.txt", "0,1,10,20,30,60,1,cart,0.9\n3,1,10,20,30,60,1,cart,0.2\n")

    truth = read_boxes(file, label=Label.CART, first_frame=None, least_visibility=0.5)

    assert truth.first_frame == 0
    assert {frame: boxes.ignored.tolist() for frame, boxes in truth.boxes.items()} == {0: [False], 3: [True]}


def test_classes_beside_the_boxes_name_their_numbers(tmp_path: Path) -> None:
    write(tmp_path / "classes.txt", "cart\nperson\n")
    file = write(tmp_path / "gt.txt", "1,1,10,20,30,60,1,2,1\n1,2,50,20,30,60,1,1,1\n")

    assert read_boxes(file, label=Label.PERSON, first_frame=None).boxes[0].ids.tolist() == [1]


@pytest.mark.parametrize(("text", "reason"), [("", "no boxes"), ("1,2,x", "line 1"), ("1,1,0,0,nan,5", "finite")])
def test_wrong_boxes_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        read_boxes(write(tmp_path / "gt.txt", text), label=Label.PERSON, first_frame=None)


def track(frame: int, east_m: float, north_m: float, *, x_px: float = 0.0, number: int = 1) -> str:
    return json.dumps(
        {
            "frame": frame,
            "time_s": frame / 5,
            "track": number,
            "label": "person",
            "score": 0.8,
            "box_xyxy_px": beside(x_px),
            "east_m": east_m,
            "north_m": north_m,
            "error_major_m": 1.0,
            "error_minor_m": 0.5,
            "error_heading_deg": 90.0,
        }
    )


def test_places_are_compared_by_the_thing_that_their_box_shows(tmp_path: Path) -> None:
    tracks = write(tmp_path / "t.jsonl", "\n".join([track(0, 2.0, 0.0), track(1, 0.0, 2.0), track(2, 0.3, 0.4)]))
    places = write(tmp_path / "p.csv", "frame,id,east_m,north_m\n0,1,0,0\n1,1,0,0\n2,1,0,0\n2,9,0.3,0.4\n")
    truth = {f: frame_boxes([BOX], [1]) for f in range(3)}

    errors = place_errors(read_tracks(tracks, label=Label.PERSON), read_places(places), truth)
    figures = place_figures(errors)

    assert [error.distance_m for error in errors] == pytest.approx([2, 2, 0.5])
    # the larger axis points east: 2 m are two sigmas there, and four to the north
    assert [error.is_inside_95 for error in errors] == [True, False, True]
    assert figures is not None
    assert (figures.median_m, figures.count) == (2.0, 3)
    assert figures.inside_95 == pytest.approx(2 / 3)


def test_places_in_degrees_are_compared_in_metres(tmp_path: Path) -> None:
    row = json.loads(track(0, 0, 0))
    row |= {"lon_deg": 121.4, "lat_deg": 31.3001}
    del row["east_m"], row["north_m"]
    tracks = write(tmp_path / "t.jsonl", json.dumps(row))
    places = write(tmp_path / "p.csv", "frame,id,lon_deg,lat_deg\n0,1,121.4,31.3\n")

    (error,) = place_errors(read_tracks(tracks, label=Label.PERSON), read_places(places), {0: frame_boxes([BOX], [1])})

    assert error.off_m == pytest.approx((0, 11.09), abs=0.02)


def test_reports_are_right_by_rule_place_and_time(tmp_path: Path) -> None:
    expected = write(
        tmp_path / "e.jsonl",
        '{"rule": "crowd", "east_m": 0, "north_m": 0, "from_s": 10, "to_s": 20}\n'
        '{"rule": "crowd", "east_m": 50, "north_m": 0, "from_s": 10, "to_s": 20}\n'
        '{"kind": "20507", "east_m": 5, "north_m": 5}\n',
    )
    seen = {"first_seen_s": 12, "last_seen_s": 15}
    rows = [
        {"rule": "crowd", "kind": "20409", "east_m": 1, "north_m": 1, **seen},
        {"rule": "crowd", "kind": "20409", "east_m": 1, "north_m": 1, "first_seen_s": 90, "last_seen_s": 95},
        {"rule": "clutter", "kind": "20507", "east_m": 5, "north_m": 6, **seen},
    ]
    found = write(tmp_path / "s.jsonl", "\n".join(map(json.dumps, rows)))

    figures = rule_figures(read_reports(expected), read_reports(found))

    assert (figures["crowd"].right, figures["crowd"].false, figures["crowd"].missed) == (1, 1, 1)
    assert (figures["crowd"].precision, figures["crowd"].recall) == (0.5, 0.5)
    assert (figures["20507"].precision, figures["20507"].recall) == (1.0, 1.0)


def test_only_the_frames_that_have_truth_are_judged(tmp_path: Path) -> None:
    tracks = write(tmp_path / "t.jsonl", "\n".join(track(f, 0, 0) for f in range(10)))
    truth = write(tmp_path / "gt.txt", "1,1,0,0,10,20\n6,1,0,0,10,20\n")

    every = judge(Evidence(tracks=tracks, boxes=truth), label=Label.PERSON)
    fifth = judge(Evidence(tracks=tracks, boxes=truth), label=Label.PERSON, truth_every=5)

    assert every.identities is not None
    assert fifth.identities is not None
    assert (every.identities.false, fifth.identities.false) == (8, 0)
    assert json.loads(fifth.to_json())["ap50"] == 1.0


def test_pictures_are_drawn_and_well_formed() -> None:
    import xml.etree.ElementTree as Tree

    truth, found = noisy()
    for text in (precision_svg(precision_curve(truth, found), title="a < b"), errors_svg([], title="none")):
        assert Tree.fromstring(text).tag.endswith("svg")
