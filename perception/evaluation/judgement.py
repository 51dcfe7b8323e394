"""A whole evaluation: everything that the given files allow to be said, as one value and as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from core.errors import InvalidInput
from perception.detections import Label
from perception.evaluation.boxes import Boxes
from perception.evaluation.identities import IdentityFigures, identity_figures
from perception.evaluation.places import PlaceError, PlaceFigures, place_errors, place_figures
from perception.evaluation.precision import PrecisionCurve, precision_curve
from perception.evaluation.sightings import RuleFigures, read_reports, rule_figures
from perception.evaluation.truth_files import FoundTrack, found_boxes, read_boxes, read_places, read_tracks


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What could be judged; None is what no truth was given for."""

    curve: PrecisionCurve | None = None
    detector: PrecisionCurve | None = None
    """The curve of the detector alone, before anything was followed."""
    identities: IdentityFigures | None = None
    places: PlaceFigures | None = None
    errors: Sequence[PlaceError] = ()
    rules: Mapping[str, RuleFigures] | None = None
    notes: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return the figures as JSON."""
        document = {
            "ap50": None if self.curve is None else round(self.curve.ap50, 4),
            "detector_ap50": None if self.detector is None else round(self.detector.ap50, 4),
            "best_f1": None if self.curve is None else round(self.curve.best_f1, 4),
            "best_score": None if self.curve is None else round(self.curve.best_score, 4),
            "identities": None if self.identities is None else asdict(self.identities),
            "places": None if self.places is None else asdict(self.places),
            "rules": None if self.rules is None else {name: _rule_json(one) for name, one in self.rules.items()},
            "notes": list(self.notes),
        }
        return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The files to compare; a pair of which one is missing is not judged."""

    tracks: Path | None = None
    detections: Path | None = None
    boxes: Path | None = None
    places: Path | None = None
    sightings: Path | None = None
    expected: Path | None = None


def judge(
    files: Evidence,
    *,
    label: Label,
    first_frame: int | None = None,
    truth_every: int = 1,
    least_visibility: float = 0.0,
    near_m: float = 5.0,
) -> Judgement:
    """Return the judgement; raises InvalidInput when a file is wrong or nothing can be compared."""
    if files.tracks is None and files.sightings is None and files.detections is None:
        raise InvalidInput("nothing to judge", remedy="give --tracks, --detections or --sightings")
    notes: list[str] = []
    found = [] if files.tracks is None else read_tracks(files.tracks, label=label)
    truth: Boxes | None = None
    if files.boxes is not None:
        read = read_boxes(files.boxes, label=label, first_frame=first_frame, least_visibility=least_visibility)
        truth = read.boxes
        notes.append(f"the true boxes count their frames from {read.first_frame} (--first-frame says otherwise)")
    found = [one for one in found if one.frame % truth_every == 0]
    alone = [] if files.detections is None else read_tracks(files.detections, label=label)
    errors = [] if files.places is None else place_errors(found, read_places(files.places), truth)
    there = None if truth is None else _every(truth, truth_every)
    boxes = None if files.tracks is None else there
    return Judgement(
        curve=None if boxes is None else precision_curve(boxes, found_boxes(found)),
        detector=None if there is None or not alone else _curve(there, alone, truth_every),
        identities=None if boxes is None else identity_figures(boxes, found_boxes(found)),
        places=place_figures(errors),
        errors=errors,
        rules=_rules(files, near_m),
        notes=tuple(notes),
    )


def _curve(truth: Boxes, found: Sequence[FoundTrack], truth_every: int) -> PrecisionCurve:
    return precision_curve(truth, found_boxes([one for one in found if one.frame % truth_every == 0]))


def _every(truth: Boxes, truth_every: int) -> Boxes:
    return {frame: boxes for frame, boxes in truth.items() if frame % truth_every == 0}


def _rules(files: Evidence, near_m: float) -> dict[str, RuleFigures] | None:
    if files.sightings is None or files.expected is None:
        return None
    return rule_figures(read_reports(files.expected), read_reports(files.sightings), near_m=near_m)


def _rule_json(figures: RuleFigures) -> dict[str, object]:
    return {**asdict(figures), "precision": figures.precision, "recall": figures.recall}
