"""Small changes of a line that make it shorter or sweep more, tried one after the other on samples of the ground.

A local search with a price on what stays unswept (Lagrange's relaxation of the two coverage conditions, see Fisher
1981); the price rises while too much is missed and falls while there is room.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

import numpy as np
import shapely
from shapely import Polygon

from missions.coverage.changes import Change, changes_at, length_m, touches, turns_of
from missions.coverage.effort import Effort
from missions.coverage.footing import Footing, Leg, Trial, legs_of
from missions.coverage.ground import Ground
from missions.coverage.line import Line
from missions.coverage.measure import KEPT_RATIO, kept_ratio, unswept
from missions.coverage.path import turns
from missions.coverage.repair import MISSED_RATIO, too_much, touch_of
from missions.coverage.samples import XY, Samples

_MISSED = 0.98 * MISSED_RATIO
_UNKEPT = 0.0045
_STEPS = (0.5, 0.25, 0.12, 0.06)
"""How far points are moved, in swaths."""
_ROUNDS = 40
_SETTLE_AFTER = 0.8
"""Share of the steps after which only what is missed too much is filled."""
_FIRST, _DEAR, _DEAREST, _CHEAPEST = (4.0, 16.0), 20.0, 60.0, 0.6
"""Prices of one swath squared, in swaths of way; the first ones for a line that misses little and for others."""
_WEIGHTS = (1.0, 0.25)
"""What a missed sample of each layer counts at first."""
_LIGHTEST, _HEAVIEST = 0.02, 2.0
_DEARER = 1.5
"""By so much the price rises where too much is missed."""
_STEPS_PER_LOOK = 150
_STEPS_PER_CALL, _STEPS_PER_CHANGE, _STEPS_PER_SAMPLE = 290, 60, 0.006
"""What a try costs."""
_WORTH = 1e-4
"""What a change must bring at least, in swaths."""


class Polish:
    """Polishes one line over one ground; a turn counts as much as *turn_m* of way."""

    def __init__(self, ground: Ground, line: Line, angle_rad: float, *, turn_m: float) -> None:
        self._ground, self._turn_m = ground, turn_m
        self._samples = samples = Samples(ground, angle_rad)
        self._footing = Footing(ground, samples)
        self._points: list[XY] = [(float(x), float(y)) for x, y in samples.framed(line.points)]
        self._failed: list[dict[int, float]] = [{} for _ in self._points]
        self._weights = list(_WEIGHTS)
        self._best: tuple[float, Line] | None = None
        shares = (_MISSED * ground.area.area / samples.cell_m2, _UNKEPT * samples.layers[-1].missed)
        self._most = [share for share, _ in zip(shares, samples.layers, strict=False)]
        self._legs = self._laid(self._points, line.is_row.tolist())
        for leg in self._legs:
            self._add(leg)
        self._price = _FIRST[samples.layers[0].missed > self._most[0]] / ground.swath_m

    @property
    def line(self) -> Line:
        """Return the line as it is now."""
        points = np.array(self._points) @ self._samples.turn.T
        return Line(points=points, is_row=np.array([leg.is_row for leg in self._legs], dtype=bool))

    @property
    def best(self) -> Line:
        """Return the best line seen that sweeps enough; the one of now if there was none."""
        return self._best[1] if self._best else self.line

    def run(self, effort: Effort) -> None:
        """Try changes until *effort* is spent or until none is left that helps; the best line seen is the end."""
        self._search(effort)
        self._settle(effort)
        self._look(effort, is_filling=False)

    def _search(self, effort: Effort) -> None:
        """Try changes at prices that rise and fall with what is missed."""
        trying = effort.part(_SETTLE_AFTER)
        for turn in range(_ROUNDS):
            self._round(turn % len(_STEPS), trying)
            if trying.is_over():
                break
            self._look(trying, is_filling=turn % 3 == 0)
            if not self._reprice():
                break
        effort.give_back(trying)

    def _settle(self, effort: Effort) -> None:
        """Let the price rise until all is swept."""
        self._price = max(self._price, _DEAR / self._ground.swath_m)
        for turn in range(_ROUNDS):
            if self._look(effort) or effort.is_over():
                break
            self._round(1 + turn % 3, effort)
            self._price *= _DEARER

    def _look(self, effort: Effort, *, is_filling: bool = True) -> bool:
        """Measure exactly what is unswept, fill it where it is too much, and say whether all was well."""
        effort.spend(_STEPS_PER_LOOK * len(self._points))
        line, cells = self.line, self._ground.area.area / self._samples.cell_m2
        gaps = unswept(self._ground, line.starts, line.ends)
        share = gaps.area / self._ground.area.area
        self._most[0] = max(0.0, (_MISSED - share) * cells + self._samples.layers[0].missed)
        if share <= 0.999 * MISSED_RATIO:
            self._remember(line)
            return True
        if is_filling:
            price, self._price = self._price, max(self._price, _DEAR / self._ground.swath_m)
            for gap in too_much(self._ground, gaps):
                if not effort.is_over():
                    self._fill(gap, effort)
            self._price = max(price, _FIRST[0] / self._ground.swath_m)
        return False

    def _remember(self, line: Line) -> None:
        """Keep *line*, which sweeps enough, if it keeps enough overlap too and none so far was better."""
        if any(layer.missed > most for layer, most in zip(self._samples.layers[1:], self._most[1:], strict=True)):
            return
        cost_m = line.length_m + self._turn_m * turns(line.points)
        if self._best and cost_m >= self._best[0]:
            return
        kept = kept_ratio(self._ground, line.starts, line.ends) if len(self._most) > 1 else 1.0
        if kept >= KEPT_RATIO:
            self._best = (cost_m, line)
        else:
            self._most[1] = 0.98 * self._samples.layers[1].missed * (1 - KEPT_RATIO) / (1 - kept)

    def _reprice(self) -> bool:
        """Change the prices on what is missed, each by itself; say whether that may lead to anything."""
        before, swath_m = (self._price, *self._weights), self._ground.swath_m
        over = [layer.missed > most for layer, most in zip(self._samples.layers, self._most, strict=True)]
        self._price = min(max(self._price * (_DEARER if over[0] else 0.75), _CHEAPEST / swath_m), _DEAREST / swath_m)
        if len(over) > 1:
            kept = self._weights[1] * before[0] * (1.5 if over[1] else 0.6)
            self._weights[1] = min(max(kept / self._price, _LIGHTEST), _HEAVIEST)
        return before != (self._price, *self._weights)

    def _round(self, step: int, effort: Effort) -> None:
        """Try all changes by one step, where they did not fail lately at about the same price."""
        step_m, swath_m = _STEPS[step] * self._ground.swath_m, self._ground.swath_m
        at = 0
        while at < len(self._points) and not effort.is_over():
            failed = self._failed[at].get(step, 0.0)
            if not failed * 0.6 < self._price < failed * 1.7:
                while at < len(self._points) and self._make_best(changes_at(self._points, at, step_m, swath_m), effort):
                    pass
                if at < len(self._points):
                    self._failed[at][step] = self._price
            at += 1

    def _fill(self, gap: Polygon, effort: Effort) -> None:
        touch = touch_of(self._footing.room, shapely.transform(gap, self._samples.framed), self._ground.swath_m / 2)
        if touch is not None:
            (x0, y0), (x1, y1) = touch.tolist()
            self._make_best(touches(self._points, (x0, y0), (x1, y1), self._ground.swath_m), effort)

    def _make_best(self, changes: Iterable[Change], effort: Effort) -> bool:
        """Make the best of *changes*, if there is a legal one that is better than none; say so."""
        tried = list(changes)
        trials = self._trials(tried)
        reached = sum(len(index) for trial in trials for leg in trial.legs for index in leg.reached)
        effort.spend(_STEPS_PER_CALL + _STEPS_PER_CHANGE * len(tried) + _STEPS_PER_SAMPLE * reached)
        best: tuple[float, Trial] | None = None
        for span, group in groupby(sorted(trials, key=lambda trial: trial.span), key=lambda trial: trial.span):
            best = self._best_of(span, list(group), best)
        if best is None:
            return False
        self._take_over(best[1])
        return True

    def _best_of(
        self, span: tuple[int, int], trials: Sequence[Trial], best: tuple[float, Trial] | None
    ) -> tuple[float, Trial] | None:
        layers = self._samples.layers
        before = [layer.missed for layer in layers]
        old = self._legs_between(*span)
        for leg in old:
            self._take(leg)
        without = [layer.missed for layer in layers]
        least = best[0] if best else _WORTH * self._ground.swath_m
        legs = [leg for trial in trials for leg in trial.legs]
        first = np.cumsum([0, *(len(trial.legs) for trial in trials[:-1])])
        again = [
            np.add.reduceat(layer.missed_among([leg.reached[n] for leg in legs]), first).tolist()
            for n, layer in enumerate(layers)
        ]
        for trial, regained in zip(trials, zip(*again, strict=True), strict=True):
            hope = [gone - lost + back for gone, lost, back in zip(before, without, regained, strict=True)]
            if trial.gain_m + self._worth_m(hope) <= least:
                continue
            gain_m = trial.gain_m + self._worth_m(self._exactly(trial, before))
            if gain_m > least:
                best, least = (gain_m, trial), gain_m
        for leg in old:
            self._add(leg)
        return best

    def _exactly(self, trial: Trial, before: Sequence[int]) -> list[float]:
        """Return how many samples less are missed in each layer; endlessly many more, if that is not allowed."""
        layers = self._samples.layers
        for leg in trial.legs:
            self._add(leg)
        after = [layer.missed for layer in layers]
        for leg in trial.legs:
            self._take(leg)
        may_stay = all(now <= max(was, most) for now, was, most in zip(after, before, self._most, strict=True))
        return [float(was - now) for was, now in zip(before, after, strict=True)] if may_stay else [-np.inf]

    def _trials(self, changes: Sequence[Change]) -> list[Trial]:
        """Return those of *changes* that are legal and could be better, with their legs."""
        inner = self._footing.inside([place for change in changes for place in change.inner])
        trials: list[Trial] = []
        for change in changes:
            mine = inner[: len(change.inner)]
            inner = inner[len(change.inner) :]
            stretch = self._stretch(change, mine)
            gain_m = self._shorter_m(change, stretch)
            if gain_m > 0 or gain_m + self._worth_m(self._samples.missed_around(mine, self._ground.swath_m)) > 0:
                trials.append(Trial(change=change, stretch=stretch, gain_m=gain_m, legs=[]))
        trials = self._footing.legal(trials)
        legs = iter(self._laid_all(trials))
        for trial in trials:
            trial.legs = [next(legs) for _ in trial.stretch[1:]]
        return trials

    def _laid_all(self, trials: list[Trial]) -> list[Leg]:
        if not trials:
            return []
        legs, number = legs_of(trials)
        are_rows = [any(leg.is_row for leg in self._legs_between(*trial.span)) for trial in trials]
        return self._footing.lay(legs, [are_rows[n] for n in number.tolist()])

    def _laid(self, points: Sequence[XY], rows: Sequence[bool]) -> list[Leg]:
        line = np.array(points)
        return self._footing.lay(np.stack((line[:-1], line[1:]), axis=1), rows)

    def _take_over(self, trial: Trial) -> None:
        change, old = trial.change, self._legs_between(*trial.span)
        for leg in old:
            self._take(leg)
        for leg in trial.legs:
            self._add(leg)
        if len(old) == len(trial.legs):
            for leg, was in zip(trial.legs, old, strict=True):
                leg.is_row = was.is_row
        first, last = change.first, change.last
        inner = trial.stretch[1 if first >= 0 else 0 : -1 if last < len(self._points) else None]
        self._legs[max(first, 0) : last] = trial.legs
        self._points[first + 1 : last] = inner
        self._failed[first + 1 : last] = [{} for _ in inner]
        for at in range(max(first - 1, 0), min(first + len(inner) + 3, len(self._points))):
            self._failed[at] = {}

    def _legs_between(self, first: int, last: int) -> list[Leg]:
        return self._legs[max(first, 0) : last]

    def _stretch(self, change: Change, inner: Sequence[XY]) -> list[XY]:
        before = [self._points[change.first]] if change.first >= 0 else []
        after = [self._points[change.last]] if change.last < len(self._points) else []
        return [*before, *inner, *after]

    def _shorter_m(self, change: Change, stretch: Sequence[XY]) -> float:
        before = self._points[max(change.first - 1, 0) : max(change.first, 0)]
        after = self._points[change.last + 1 : change.last + 2]
        now = self._points[max(change.first, 0) : change.last + 1]
        fewer = turns_of([*before, *now, *after]) - turns_of([*before, *stretch, *after])
        return length_m(now) - length_m(stretch) + self._turn_m * fewer

    def _worth_m(self, samples: Sequence[float]) -> float:
        """Return what it is worth to reach so many *samples* more in each layer, in metres."""
        weighted = sum(weight * count for weight, count in zip(self._weights, samples, strict=False))
        return self._price * self._samples.cell_m2 * weighted

    def _add(self, leg: Leg) -> None:
        for layer, index in zip(self._samples.layers, leg.reached, strict=True):
            layer.add(index)

    def _take(self, leg: Leg) -> None:
        for layer, index in zip(self._samples.layers, leg.reached, strict=True):
            layer.take(index)
