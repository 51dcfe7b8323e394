"""Paths over whole areas, judged with shapely alone, straight from the definitions."""

import math
from itertools import count, pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, affinity, box

from benchmarks.coverage import Case, judged
from core.errors import InvalidInput
from missions.coverage import CoveragePath, plan_coverage
from missions.coverage.cells import rows_along
from missions.coverage.drafts import Drafts
from missions.coverage.effort import Effort
from missions.coverage.fitted import fitted_rows, slanting_m2
from missions.coverage.ground import Ground
from missions.coverage.headlands import with_headlands
from missions.coverage.line import Line
from missions.coverage.measure import kept_ratio, unswept
from missions.coverage.path import turns
from missions.coverage.repair import mended
from missions.coverage.tidy import tidied
from missions.coverage.tour import Tour


def _polygon(shape: object) -> Polygon:
    assert isinstance(shape, Polygon)
    return shape


ELL = _polygon(box(0, 0, 250, 70).union(box(0, 0, 80, 250)))
COMB = _polygon(shapely.union_all([box(0, 0, 300, 60), *(box(x, 60, x + 60, 160) for x in (0, 120, 240))]))
POND = _polygon(box(0, 0, 200, 160).difference(Polygon([(60, 50), (140, 60), (130, 110), (70, 100)])))
BLOCKS = _polygon(
    box(0, 0, 230, 130).difference(
        shapely.union_all([box(x, y, x + 50, y + 20) for x in (30, 90, 150) for y in (25, 85)])
    )
)
NEARLY_CUT = _polygon(box(0, 0, 180, 120).difference(box(16, 54, 164, 66).union(box(88, 66, 100, 96))))
QUICK_S = 0.25


def swept(area: Polygon, *, swath_m: float, overlap: float, limit_s: float = QUICK_S) -> CoveragePath:
    """Return a path over *area* that holds what every path must."""
    path = plan_coverage(area, swath_m=swath_m, overlap=overlap, time_limit_s=limit_s)
    verdict = judged(Case(name="", area=area, swath_m=swath_m, overlap=overlap), path)
    assert verdict.swept_ratio >= 0.999
    assert verdict.kept_ratio >= 0.995
    assert verdict.outside_m == 0
    assert verdict.swept_ratio == pytest.approx(path.swept_ratio, abs=1e-5)
    assert verdict.length_m == pytest.approx(path.length_m)
    assert verdict.turns == path.turns
    assert all(a.end == b.start for a, b in pairwise(path.legs))
    return path


@pytest.mark.parametrize("wide_m", [1.0, 6.0])
def test_a_lane_round_a_corner_may_be_far_narrower_than_the_swath(wide_m: float) -> None:
    swept(_polygon(box(0, 0, 100, wide_m).union(box(0, 0, wide_m, 100))), swath_m=10, overlap=0.1)


@pytest.mark.parametrize(("overlap", "turned_deg"), [(0.3, 0.0), (0.0, 23.0)])
@pytest.mark.parametrize("area", [ELL, COMB, POND, BLOCKS, NEARLY_CUT], ids=["ell", "comb", "pond", "blocks", "cut"])
def test_all_is_swept_with_its_overlap_and_no_leg_leaves_the_area(
    area: Polygon, turned_deg: float, overlap: float
) -> None:
    swept(_polygon(affinity.rotate(area, turned_deg, origin=(0, 0))), swath_m=12, overlap=overlap)


def test_a_yard_is_swept_there_and_back_along_its_long_side() -> None:
    path = swept(box(0, 0, 100, 40), swath_m=10, overlap=0)

    assert path.length_m <= 4 * 100 + 3 * 10
    assert path.turns <= 6


def test_each_arm_of_an_ell_has_its_own_direction() -> None:
    assert swept(ELL, swath_m=10, overlap=0).turns <= 2 * 14 + 1


def test_lanes_between_blocks_are_flown_along() -> None:
    path = swept(BLOCKS, swath_m=20, overlap=0.1)

    assert path.length_m < 2.2 * BLOCKS.area / 18


def test_a_slanting_border_leaves_no_triangles_between_rows() -> None:
    swept(Polygon([(0, 0), (200, 0), (320, 160), (90, 190)]), swath_m=20, overlap=0)


def test_the_path_begins_near_the_dock() -> None:
    path = plan_coverage(box(0, 0, 100, 40), swath_m=10, overlap=0, start=(105, 45), time_limit_s=QUICK_S)

    assert math.dist(path.legs[0].start, (105, 45)) < 15


@pytest.mark.parametrize("area", [box(0, 0, 5, 5), box(0, 0, 300, 4), Polygon([(0, 0), (300, 1), (300, -1)])])
def test_areas_smaller_than_a_swath_get_a_leg_through_them(area: Polygon) -> None:
    path = plan_coverage(area, swath_m=20, overlap=0.2, time_limit_s=0.1)

    assert path.swept_ratio >= 0.999
    assert path.length_m < 1.4 * 300


def test_what_no_leg_fits_into_is_told() -> None:
    path = plan_coverage(box(0, 0, 100, 0.001), swath_m=20, overlap=0)

    assert path.legs == ()
    assert path.swept_ratio == 0
    assert "thinner than 2 mm" in path.because[0]


def test_an_area_inside_a_keep_out_is_told() -> None:
    path = plan_coverage(box(0, 0, 50, 50), swath_m=20, overlap=0.2, keep_outs=[box(-1, -1, 60, 60)])

    assert path.legs == ()
    assert path.because == ("nothing of the area is left beside the keep-outs",)


def test_both_sides_of_a_keep_out_that_cuts_the_area_are_swept() -> None:
    area, wall = box(0, 0, 200, 100), box(90, -10, 110, 110)
    path = plan_coverage(area, swath_m=20, overlap=0.2, keep_outs=[wall], time_limit_s=QUICK_S)

    assert path.swept_ratio >= 0.999
    lines = shapely.linestrings([[leg.start, leg.end] for leg in path.legs])
    assert not shapely.intersects(lines, wall).any()
    jumps = [a for a, b in pairwise(path.legs) if a.end != b.start]
    assert len(jumps) == 1


def test_pieces_of_a_scattered_area_follow_each_other() -> None:
    area = MultiPolygon([box(0, 0, 60, 40), box(300, 0, 310, 10)])
    path = plan_coverage(area, swath_m=15, overlap=0.1, time_limit_s=QUICK_S)

    assert path.swept_ratio >= 0.999
    assert all(area.covers(shapely.LineString([leg.start, leg.end])) for leg in path.legs)


def test_a_border_that_crosses_itself_is_refused_with_the_place() -> None:
    with pytest.raises(InvalidInput, match=r"Self-intersection\[50 50\]"):
        plan_coverage(Polygon([(0, 0), (100, 100), (100, 0), (0, 100)]), swath_m=10, overlap=0)


@pytest.mark.parametrize(("swath_m", "overlap"), [(0, 0.2), (-3, 0.2), (float("nan"), 0), (10, 1), (10, -0.1)])
def test_a_swath_that_sweeps_nothing_is_refused(swath_m: float, overlap: float) -> None:
    with pytest.raises(InvalidInput):
        plan_coverage(ELL, swath_m=swath_m, overlap=overlap)


def test_a_hair_thin_swath_over_a_town_is_refused() -> None:
    with pytest.raises(InvalidInput, match="90,000 rows"):
        plan_coverage(box(0, 0, 9000, 9000), swath_m=0.1, overlap=0)


def test_thousands_of_corners_are_no_hindrance() -> None:
    angles = np.linspace(0, 2 * np.pi, 5000, endpoint=False)
    radii = 100 + 12 * np.sin(5 * angles) + 2 * np.sin(90 * angles)
    swept(Polygon(np.column_stack((radii * np.cos(angles), radii * np.sin(angles)))), swath_m=25, overlap=0.2)


@given(
    radii=st.lists(st.floats(40, 110), min_size=5, max_size=12),
    overlap=st.sampled_from([0.0, 0.2, 0.35]),
    hole=st.booleans(),
)
@settings(max_examples=10, deadline=None)
def test_stars_and_blobs_are_swept_even_in_little_time(radii: list[float], overlap: float, hole: bool) -> None:
    angles = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    area = Polygon(np.column_stack((radii * np.cos(angles), radii * np.sin(angles))))
    swept(_polygon(area.difference(box(-10, -10, 10, 10))) if hole else area, swath_m=16, overlap=overlap, limit_s=0.15)


SQUARE = _polygon(
    box(0, 0, 400, 400).difference(
        shapely.union_all(
            [shapely.Point(x, y).buffer(35, quad_segs=2) for x, y in ((110, 130), (260, 300), (280, 110))]
        )
    )
)


def test_the_same_question_has_the_same_answer_however_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count()
    monkeypatch.setattr("missions.coverage.effort.time.process_time", lambda: 1e-6 * next(ticks))
    first = plan_coverage(SQUARE, swath_m=20, overlap=0.2, time_limit_s=QUICK_S, seed=3)
    monkeypatch.setattr("missions.coverage.effort.time.process_time", lambda: 0.0)
    again = plan_coverage(SQUARE, swath_m=20, overlap=0.2, time_limit_s=QUICK_S, seed=3)
    longer = plan_coverage(SQUARE, swath_m=20, overlap=0.2, time_limit_s=2 * QUICK_S, seed=3)

    assert again.legs == first.legs
    assert longer.legs != first.legs


@pytest.mark.parametrize("area", [SQUARE, BLOCKS, ELL], ids=["square", "blocks", "ell"])
def test_no_leg_is_a_stub_and_no_point_lies_on_the_way_without_a_turn(area: Polygon) -> None:
    path = swept(area, swath_m=20, overlap=0.2)

    assert min(leg.length_m for leg in path.legs) >= 0.03 * 20
    assert len(path.legs) <= 1.05 * path.turns + 2


def test_a_bend_that_is_none_and_a_stub_are_left_out() -> None:
    (ground,) = Ground.pieces(box(0, 0, 100, 10), swath_m=10, overlap=0, keep_outs=())
    points = np.array([(0.002, 5), (0.3, 5), (40, 5.0), (60, 5.001), (99.998, 5)])
    line = tidied(ground, Line(points=points, is_row=np.ones(4, dtype=bool)))

    assert line.points.tolist() == [[0.002, 5], [99.998, 5]]


def test_where_nothing_more_may_stay_unswept_a_needed_stub_stays() -> None:
    (ground,) = Ground.pieces(box(0, 0, 100, 10.4), swath_m=10, overlap=0, keep_outs=())
    points = np.array([(0.0, 5), (50.0, 5), (50.0, 5.4), (100.0, 5.4)])
    line = Line(points=points, is_row=np.ones(3, dtype=bool))

    assert tidied(ground, line).points.tolist() == points.tolist()


@pytest.mark.parametrize("seed", range(3))
def test_a_tour_in_any_order_of_moves_is_whole_and_as_long_as_it_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, 100, (40, 2))
    cost = np.zeros((41, 41))
    cost[:-1, :-1] = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    cost[-1, :-1] = np.hypot(*places.T)
    tour = Tour(cost)
    nearest = tour.nearest_first(int(rng.integers(40)))
    better = tour.better(nearest)
    best = tour.improved(better, rng, 200)

    for order in (nearest, better, best):
        assert sorted(order.tolist()) == list(range(40))
        assert all(a ^ 1 == b for a, b in zip(order[::2].tolist(), order[1::2].tolist(), strict=True))
        links = cost[-1, order[0]] + cost[order[1:-1:2], order[2::2]].sum()
        assert tour.length(order) == pytest.approx(links)
    assert tour.length(best) <= tour.length(better) <= tour.length(nearest)


@pytest.mark.parametrize(("angle_rad", "depth_m"), [(math.pi / 2, 20.0), (1.45, 18.0)], ids=["square", "slanting"])
def test_a_headland_lies_half_a_swath_from_its_border_and_shortens_the_rows_before_it(
    angle_rad: float, depth_m: float
) -> None:
    (ground,) = Ground.pieces(box(0, 0, 300, 400), swath_m=20, overlap=0.2, keep_outs=())
    headlands, field = with_headlands(ground, angle_rad, 6)

    assert sorted({round(float(y)) for y in headlands[:, :, 1].ravel()}) == [10, 390]
    assert field.bounds == pytest.approx((0, depth_m, 300, 400 - depth_m), abs=0.01)


@pytest.mark.parametrize(("swath_m", "overlap"), [(12.0, 0.3), (25.0, 0.6)])
def test_the_share_of_kept_overlap_is_that_of_round_strips(swath_m: float, overlap: float) -> None:
    (ground,) = Ground.pieces(POND, swath_m=swath_m, overlap=overlap, keep_outs=())
    places = np.random.default_rng(3).uniform((0, 0), (200, 160), (30, 2))
    near = shapely.union_all(shapely.buffer(shapely.linestrings(places.reshape(-1, 2, 2)), ground.spacing_m / 2))
    inner = POND.buffer(-swath_m / 2)

    kept = kept_ratio(ground, places[::2], places[1::2])

    assert 0.1 < kept < 0.9
    assert kept == pytest.approx(near.intersection(inner).area / inner.area, abs=1e-3)


@pytest.mark.parametrize("angle_rad", [math.pi / 2, math.pi / 2 + 0.2], ids=["across", "turned"])
def test_rows_at_chosen_heights_sweep_beside_level_edges_where_evenly_spread_ones_leave_strips(
    angle_rad: float,
) -> None:
    comb = _polygon(affinity.rotate(COMB, math.degrees(angle_rad) - 90, origin=(0, 0)))
    (ground,) = Ground.pieces(comb, swath_m=22, overlap=0.25, keep_outs=())
    even, fitted = rows_along(ground, ground.room_polygon, angle_rad), fitted_rows(ground, angle_rad, 11)

    left_m2 = [unswept(ground, rows[:, 0], rows[:, 1]).area for rows in (even, fitted)]

    assert left_m2[0] > 0.02 * comb.area
    assert left_m2[1] < 0.001 * comb.area
    assert shapely.covers(comb, shapely.linestrings(fitted)).all()


def test_what_rows_leave_before_slanting_borders_is_foreseen() -> None:
    (ground,) = Ground.pieces(Polygon([(0, 0), (800, 0), (400, 600)]), swath_m=16, overlap=0, keep_outs=())
    angles = np.array([0.0, 0.4, 1.1])

    left_m2 = []
    for angle in angles.tolist():
        rows = rows_along(ground, ground.room_polygon, angle)
        left_m2.append(unswept(ground, rows[:, 0], rows[:, 1]).area)

    assert slanting_m2(ground, angles) == pytest.approx(left_m2, rel=0.25)


def test_where_rows_are_few_the_draft_is_taken_that_costs_least_when_its_gaps_are_filled() -> None:
    yard = Polygon([(110, 6), (119, 16), (116, 56), (-53, 96), (-77, -70)])
    ground = Ground.pieces(yard, swath_m=22.8, overlap=0, keep_outs=())[0]
    drafts = Drafts(ground, start=None, turn_m=18.24, rng=np.random.default_rng(0))

    lines = [mended(ground, line) for line in drafts.best(Effort(250_000, until_s=math.inf))]

    costs_m = [line.length_m + 22.8 * turns(line.points) for line in lines]
    assert len(costs_m) > 1
    assert costs_m[0] <= 1.02 * min(costs_m)


def test_an_ell_whose_arms_are_best_flown_along_is_never_longer_than_by_hand() -> None:
    ell = _polygon(affinity.rotate(box(0, 0, 600, 190).union(box(0, 0, 150, 390)), 33, origin=(0, 0)))

    path = swept(ell, swath_m=30, overlap=0)

    assert path.length_m <= 7 * 600 + 7 * 150 + 13 * 30
    assert path.turns <= 2 * 14 - 1
