"""What a run has seen of what it was to see."""

import json
from collections.abc import Iterator

import numpy as np
import shapely
from pydantic import Field, JsonValue
from shapely.geometry.base import BaseGeometry

from api.schemas.shapes import BecauseTold, Place, Told
from missions.coverage_prover import CoverageTold
from missions.run_coverage import MissedPlace, RunCoverage

_MOST_MISSED = 200
_RESUMED = (
    "what is planned since the run was last taken up again, with what was flown before: lower than planned_ratio where "
    "no way leads to some of it any more; null when it was flown in one order"
)


class PartCoverageTold(Told):
    """One part of the patrol."""

    name: str
    kind: str = Field(description="point, line, area or look")
    wanted_m2: float = Field(description="ground that was to be seen")
    seen_ratio: float
    planned_ratio: float = Field(description="what the planned route was to show of it")
    resumed_ratio: float | None = Field(description=_RESUMED)


class MissedPlaceTold(Told):
    """A place that no picture shows; `number` stands beside it on the map."""

    number: int
    part: str
    area_m2: float
    place: Place


class NotAssessedTold(Told):
    """Seconds of the flight in which pictures told nothing of the ground."""

    why: str
    seconds: float


class RunCoverageTold(BecauseTold):
    """How much of the ground a run has seen. The ratios are null when nothing was to be seen or nothing is known."""

    run_id: str
    is_final: bool = Field(description="the run has ended; a vehicle without a link may still tell more")
    because: str = Field(description="why there are no figures, or what they leave out; empty: nothing")
    seen_ratio: float | None
    planned_ratio: float | None
    resumed_ratio: float | None = Field(description=_RESUMED)
    wanted_m2: float
    parts: list[PartCoverageTold]
    missed: list[MissedPlaceTold] = Field(description="the largest first, at most 200 of them")
    missed_total: int
    pictures: int
    assessed_s: float
    not_assessed: list[NotAssessedTold]
    map: dict[str, JsonValue] = Field(description="GeoJSON; property `part`: wanted, seen, missed")


def tell_coverage(told: CoverageTold) -> RunCoverageTold:
    """Return what is told of a run's coverage."""
    coverage = told.coverage
    if coverage is None:
        return RunCoverageTold(
            run_id=told.run.id,
            is_final=told.run.is_ended,
            because=told.because,
            seen_ratio=None,
            planned_ratio=None,
            resumed_ratio=None,
            wanted_m2=0.0,
            parts=[],
            missed=[],
            missed_total=0,
            pictures=0,
            assessed_s=0.0,
            not_assessed=[],
            map=_collection([]),
        )
    missed = coverage.missed[:_MOST_MISSED]
    return RunCoverageTold(
        run_id=told.run.id,
        is_final=told.run.is_ended,
        because=told.because,
        seen_ratio=coverage.seen_ratio,
        planned_ratio=coverage.planned_ratio,
        resumed_ratio=coverage.resumed_ratio,
        wanted_m2=coverage.wanted_m2,
        parts=[PartCoverageTold.model_validate(part) for part in coverage.parts],
        missed=[_missed(number, one) for number, one in enumerate(missed, start=1)],
        missed_total=len(coverage.missed),
        pictures=coverage.pictures,
        assessed_s=coverage.assessed_s,
        not_assessed=_not_assessed(coverage),
        map=_collection(list(_features(coverage))),
    )


def _missed(number: int, missed: MissedPlace) -> MissedPlaceTold:
    place = missed.hole.outline.representative_point()
    return MissedPlaceTold(number=number, part=missed.part, area_m2=missed.hole.area_m2, place=(place.x, place.y))


def _not_assessed(coverage: RunCoverage) -> list[NotAssessedTold]:
    longest_first = sorted(coverage.not_assessed_s.items(), key=lambda item: -item[1])
    return [NotAssessedTold(why=why, seconds=seconds_s) for why, seconds_s in longest_first]


def _features(coverage: RunCoverage) -> Iterator[JsonValue]:
    if not coverage.wanted.is_empty:
        yield _feature(coverage.wanted, part="wanted")
    if not coverage.seen.is_empty:
        yield _feature(coverage.seen, part="seen")
    for number, one in enumerate(coverage.missed[:_MOST_MISSED], start=1):
        yield _feature(one.hole.outline, part="missed", number=number, area_m2=round(one.hole.area_m2, 1))


def _feature(shape: BaseGeometry, **properties: JsonValue) -> JsonValue:
    rounded = shapely.transform(shape, lambda places: np.round(places, 7))
    return {"type": "Feature", "geometry": json.loads(shapely.to_geojson(rounded)), "properties": properties}


def _collection(features: list[JsonValue]) -> dict[str, JsonValue]:
    return {"type": "FeatureCollection", "features": features}
