"""From an area to a path that sweeps all of it."""

import time
from collections.abc import Sequence

import numpy as np
from shapely import MultiPolygon, Polygon

from missions.coverage import measure
from missions.coverage.drafts import Drafts, filling_m
from missions.coverage.effort import STEPS_PER_S, Effort
from missions.coverage.ground import INSET_M, Ground
from missions.coverage.line import Line
from missions.coverage.path import CoveragePath, Place, legs_of, turns
from missions.coverage.polish import Polish
from missions.coverage.repair import MISSED_RATIO, mended
from missions.coverage.tidy import tidied

TURN_SWATHS = 0.8
"""What a turn counts for, in swaths of way."""
_PLANNING = 0.75
"""Share of the time limit whose worth in steps is planned with; the rest is for measuring and for slower machines."""
_GUARD = 0.92
"""Share of the time limit after which nothing more is begun, whatever steps are left."""
POLISH_TURN = 1.0
_DRAFTING = 0.35
"""Share of the steps for first drafts."""
_MORE, _WORTH_MORE = 0.5, 0.05
"""Other drafts are polished with this share of what steps are left, while they would last for so many seconds."""
_FILLED = 0.7
"""What filling gaps costs less at best than thought."""


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
    *time_limit_s* is of the processor's time and stands for as many steps as fit in on an everyday machine, so that the
    same question has the same answer; only where steps take far longer does the time itself cut the search short.
    Raises InvalidInput for a border that crosses itself or a wrong swath.
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
        limit_s = time_limit_s * ground.area.area / whole_m2
        effort = Effort(_PLANNING * STEPS_PER_S * limit_s, until_s=time.process_time() + _GUARD * limit_s)
        here = (float(lines[-1][1].points[-1, 0]), float(lines[-1][1].points[-1, 1])) if lines else start
        lines.append((ground, _best_line(ground, here, rng, effort)))
    return _measured(lines, whole_m2, swath_m, because)


def _measured(
    lines: Sequence[tuple[Ground, Line]], whole_m2: float, swath_m: float, because: Sequence[str]
) -> CoveragePath:
    missed_m2 = [measure.surely_unswept_m2(ground, line.starts, line.ends) for ground, line in lines]
    swept_m2 = sum(ground.area.area for ground, _ in lines) - sum(missed_m2)
    inner_m2 = [ground.inner.area for ground, _ in lines]
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


def _best_line(ground: Ground, start: Place | None, rng: np.random.Generator, effort: Effort) -> Line:
    turn_m = TURN_SWATHS * ground.swath_m
    drafting = effort.part(_DRAFTING)
    drafts = Drafts(ground, start=start, turn_m=turn_m, rng=rng).best(drafting)
    effort.give_back(drafting)
    best = _polished(ground, drafts[0], effort)
    more = effort.part(_MORE)
    for draft in drafts[1:]:
        if more.left > _WORTH_MORE * STEPS_PER_S and not more.is_over():
            best = _cheaper(ground, best, _polished(ground, draft, more))
        elif _cost_m(ground, draft) + _FILLED * filling_m(ground, draft) < _cost_m(ground, best):
            best = _cheaper(ground, best, tidied(ground, mended(ground, draft)))
    return best


def _polished(ground: Ground, line: Line, effort: Effort) -> Line:
    polish = Polish(ground, line, _main_direction(line), turn_m=POLISH_TURN * ground.swath_m)
    polish.run(effort)
    return tidied(ground, mended(ground, polish.best))


def _cheaper(ground: Ground, one: Line, other: Line) -> Line:
    """Return the line that is whole, or the cheaper one if both are or neither is."""
    return min(one, other, key=lambda line: (not _is_whole(ground, line), _cost_m(ground, line)))


def _cost_m(ground: Ground, line: Line) -> float:
    return line.length_m + POLISH_TURN * ground.swath_m * turns(line.points)


def _is_whole(ground: Ground, line: Line) -> bool:
    is_swept = measure.unswept(ground, line.starts, line.ends).area <= MISSED_RATIO * ground.area.area
    return is_swept and measure.kept_ratio(ground, line.starts, line.ends) >= measure.KEPT_RATIO


def _main_direction(line: Line) -> float:
    runs = line.ends - line.starts
    longest = runs[np.argmax(np.hypot(*runs.T))]
    return float(np.arctan2(longest[1], longest[0]))
