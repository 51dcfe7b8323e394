"""Tables of what street scenes came to: what was covered, found and false by kind, and how far off the places were."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np
from rich.console import Console
from rich.table import Table

from sim.street import BIKES, BIN, BOARD, CROWD, DOWN, KINDS, PILE, SHOP, VENDOR, Negative
from sim.street_flight import StreetScene

AIMS = {"precision": 0.95, "recall": 0.90, "median at 30 m": 1.5, "inside": 0.95}
_NAMES = {
    VENDOR: "vendor", SHOP: "shop spilling out", CROWD: "crowd", PILE: "piled goods", BIKES: "bikes parked badly",
    BOARD: "board", BIN: "overflowing bin", DOWN: "person down",
}  # fmt: skip
_RULE_S = {VENDOR: 3.0, SHOP: 3.0, CROWD: 3.0, PILE: 3.0, BIKES: 3.0, BOARD: 3.0, BIN: 2.0, DOWN: 2.0}
_BELIEF_S = 1.5


@dataclass(slots=True, kw_only=True)
class Told:
    """What one sighting was: right or not, how far off, and inside of its ellipse or not."""

    kind: str
    matter: str | None
    error_m: float
    is_inside: bool
    because: str
    near: Negative | None = None
    is_sure: bool = True
    """Whether it calls people at once, where its kind is an alarm."""
    is_again: bool = False
    """Whether its matter was told of before, though not surely."""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of one scene."""

    scene: StreetScene
    covered: dict[str, float]
    """Seconds of the longest time in view, by matter."""
    told: list[Told] = field(default_factory=list)
    processor_s: float = 0.0


def needed_s(kind: str) -> float:
    """Return how long a matter of a kind has to be in view to count as covered."""
    return _RULE_S[kind] + _BELIEF_S


def show(outcomes: Sequence[Outcome], *, verbose: bool = False) -> None:
    """Print the tables."""
    table = Table(title=f"{len(outcomes)} street scenes")
    for heading in ("kind", "there", "covered", "found", "recall", "sightings", "false", "precision"):
        table.add_column(heading)
    for kind in KINDS:
        table.add_row(_NAMES[kind], *_row(outcomes, kind))
    table.add_row(f"{_NAMES[DOWN]}: rings", *_row(outcomes, DOWN, only_sure=True))
    console = Console(width=150)
    console.print(table)
    console.print(_places(outcomes))
    false = [told for outcome in outcomes for told in outcome.told if told.near is not None]
    console.print(
        f"sightings from the negatives list: {len(false)} of {sum(len(o.scene.street.lawful) for o in outcomes)}"
    )
    console.print(f"processor time: {sum(o.processor_s for o in outcomes):.0f} s")
    if verbose:
        for outcome in outcomes:
            _tell(console, outcome)


def _row(outcomes: Sequence[Outcome], kind: str, *, only_sure: bool = False) -> list[str]:
    matters = [(o, m) for o in outcomes for m in o.scene.street.matters if m.kind == kind]
    covered = [(o, m) for o, m in matters if o.covered[m.id] >= needed_s(kind)]
    all_told = [told for outcome in outcomes for told in outcome.told if told.kind == kind]
    told = [one for one in all_told if (one.is_sure if only_sure else not one.is_again)]
    found = [1 for o, m in covered if any(one.matter == m.id for one in o.told if one.is_sure or not only_sure)]
    false = sum(one.matter is None for one in told)
    recall, precision = len(found) / max(len(covered), 1), 1 - false / max(len(told), 1)
    return [
        str(len(matters)), str(len(covered)), str(len(found)), f"{recall:.2f}", str(len(told)), str(false),
        f"{precision:.2f}",
    ]  # fmt: skip


def _places(outcomes: Sequence[Outcome]) -> Table:
    table = Table(title="places of right sightings")
    for heading in ("camera", "sightings", "median error m", "90 % m", "inside their 95 % ellipse"):
        table.add_column(heading)
    heights = sorted({outcome.scene.height_m for outcome in outcomes})
    for height_m in (*heights, None):
        right = [
            told
            for o in outcomes
            if height_m in {None, o.scene.height_m}
            for told in o.told
            if told.matter is not None and not told.is_again
        ]
        if right:
            errors = [told.error_m for told in right]
            inside = sum(told.is_inside for told in right) / len(right)
            name = "all" if height_m is None else f"{height_m:g} m"
            far = float(np.quantile(errors, 0.9))
            table.add_row(name, str(len(right)), f"{median(errors):.2f}", f"{far:.2f}", f"{inside:.2f}")
    return table


def _tell(console: Console, outcome: Outcome) -> None:
    scene = outcome.scene
    head = f"{scene.seed} {scene.carrier} {scene.height_m:g} m {scene.condition}"
    for matter in scene.street.matters:
        is_told = any(told.matter == matter.id for told in outcome.told)
        if outcome.covered[matter.id] >= needed_s(matter.kind) and not is_told:
            console.print(f"{head}: missed {_NAMES[matter.kind]} ({outcome.covered[matter.id]:.1f} s in view)")
    for told in outcome.told:
        if told.matter is None:
            near = f" near a {told.near}" if told.near else ""
            console.print(f"{head}: false {_NAMES.get(told.kind, told.kind)}{near}: {told.because}")
