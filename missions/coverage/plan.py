"""From an area to a path that sweeps all of it."""

import time
from collections.abc import Sequence

import numpy as np
from shapely import MultiPolygon, Polygon

from missions.coverage import measure
from missions.coverage.drafts import Drafts
from missions.coverage.ground import INSET_M, Ground
from missions.coverage.line import Line
from missions.coverage.path import CoveragePath, Place, legs_of
from missions.coverage.polish import Polish
from missions.coverage.repair import MISSED_RATIO, mended

TURN_SWATHS = 0.5
"""What a turn counts for, in swaths of way."""
_PLANNING = 0.88
"""Share of the time limit for planning; the rest is for measuring."""
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
    rng, whole_m2 = np.random.default_rng(seed), sum(ground.area.area for ground in grounds)
    lines: list[tuple[Ground, Line]] = []
    because = [] if grounds else ["nothing of the area is left beside the keep-outs"]
    for ground in grounds:
        if ground.room.is_empty:
            because.append(
                f"a piece of {ground.area.area:.3g} m2 is thinner than {2000 * INSET_M:g} mm: nothing fits in"
            )
            continue
        until = time.process_time() + _PLANNING * time_limit_s * ground.area.area / whole_m2
        here = (float(lines[-1][1].points[-1, 0]), float(lines[-1][1].points[-1, 1])) if lines else start
        lines.append((ground, _best_line(ground, here, rng, until)))
    return _measured(lines, whole_m2, swath_m, because)


def _measured(
    lines: Sequence[tuple[Ground, Line]], whole_m2: float, swath_m: float, because: Sequence[str]
) -> CoveragePath:
    missed_m2 = [measure.unswept(ground, line.starts, line.ends).area for ground, line in lines]
    swept_m2 = sum(ground.area.area for ground, _ in lines) - sum(missed_m2)
    inner_m2 = [ground.area.buffer(-swath_m / 2).area for ground, _ in lines]
    kept = [measure.kept_ratio(ground, line.starts, line.ends) for ground, line in lines]
    kept_m2 = sum(share * inner for share, inner in zip(kept, inner_m2, strict=True))
    too_thin = [
        f"{missed:.3g} m2 of {ground.area.area:.4g} m2 could not be swept: corners too thin for a leg of their own"
        for missed, (ground, _) in zip(missed_m2, lines, strict=True)
        if missed > MISSED_RATIO * ground.area.area
    ]
    return CoveragePath(
        legs=tuple(leg for _, line in lines for leg in legs_of(line.points, [True] * len(line.is_row))),
        swath_m=swath_m,
        swept_ratio=swept_m2 / whole_m2 if whole_m2 else 0.0,
        kept_ratio=kept_m2 / sum(inner_m2) if sum(inner_m2) else 1.0,
        because=(*because, *too_thin),
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
