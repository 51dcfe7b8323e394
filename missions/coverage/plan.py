"""From an area to a path that sweeps all of it."""

import time
from collections.abc import Sequence

import numpy as np
from shapely import MultiPolygon, Polygon

from missions.coverage import measure
from missions.coverage.drafts import Drafts
from missions.coverage.ground import Ground
from missions.coverage.line import Line
from missions.coverage.path import CoverageLeg, CoveragePath, Place, legs_of
from missions.coverage.polish import Polish
from missions.coverage.repair import mended

TURN_SWATHS = 0.5
"""What a turn counts for, in swaths of way."""
_DRAFTING = 0.3
"""Share of the time for first drafts."""


def plan_coverage(
    area: Polygon | MultiPolygon,
    *,
    swath_m: float,
    overlap: float,
    keep_outs: Sequence[Polygon] = (),
    start: Place | None = None,
    time_limit_s: float = 1.0,
    seed: int = 0,
) -> CoveragePath:
    """Return a path that sweeps *area* without *keep_outs*, all in local metres, begun near *start*.

    Legs never leave the area. Where it falls apart, each piece has a path of its own, one after the other, and the
    first leg of a piece does not begin where the last one of the piece before ended: the way there leads outside.
    *time_limit_s* is of the processor's time. Raises InvalidInput for a border that crosses itself or a wrong swath.
    """
    grounds = Ground.pieces(area, swath_m=swath_m, overlap=overlap, keep_outs=keep_outs)
    rng, until = np.random.default_rng(seed), time.process_time() + time_limit_s
    legs: list[CoverageLeg] = []
    swept_m2, kept_m2, inner_m2 = 0.0, 0.0, 0.0
    for ground in grounds:
        here = legs[-1].end if legs else start
        line = _best_line(ground, here, rng, until)
        legs.extend(legs_of(line.points, [True] * len(line.is_row)))
        swept_m2 += ground.area.area - measure.unswept(ground, line.starts, line.ends).area
        inner = ground.area.buffer(-swath_m / 2).area
        kept_m2 += inner * measure.kept_ratio(ground, line.starts, line.ends)
        inner_m2 += inner
    area_m2 = sum(ground.area.area for ground in grounds)
    return CoveragePath(
        legs=tuple(legs),
        swath_m=swath_m,
        swept_ratio=swept_m2 / area_m2 if area_m2 else 0.0,
        kept_ratio=kept_m2 / inner_m2 if inner_m2 else 1.0,
    )


def _best_line(ground: Ground, start: Place | None, rng: np.random.Generator, until: float) -> Line:
    now = time.process_time()
    turn_m = TURN_SWATHS * ground.swath_m
    line = Drafts(ground, start=start, turn_m=turn_m, rng=rng).best(now + _DRAFTING * (until - now))
    polish = Polish(ground, line, _main_direction(line), turn_m=turn_m)
    polish.run(until)
    return mended(ground, polish.line)


def _main_direction(line: Line) -> float:
    runs = line.ends - line.starts
    longest = runs[np.argmax(np.hypot(*runs.T))]
    return float(np.arctan2(longest[1], longest[0]))
