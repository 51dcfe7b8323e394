"""The demo's report: what happened, by the books of the controller and by the truth of the simulator."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from geofence.frames import LocalFrame
from geofence.positions import GeoPosition

MATCH_WITHIN_M = 8.0
"""An incident of the right kind this near to a thing is about that thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What the two sides say: JSON of the controller's interface, and of the simulator's truth."""

    duration_s: float
    figures: Mapping[str, Any]
    incidents: Sequence[Mapping[str, Any]]
    runs: Sequence[Mapping[str, Any]]
    truth: Mapping[str, Any]
    restarts: int
    peak_memory_bytes: int


def make_report(happened: Happened) -> dict[str, Any]:
    """Return the report as the README describes it."""
    figures, truth = happened.figures, happened.truth
    runs, incidents = figures["missions"], figures["incidents"]
    found = _match(happened)
    return {
        "vehicles": len(truth["vehicles"]),
        "duration_s": round(happened.duration_s, 1),
        "world_time_factor": 1.0,
        "patrols": {
            "planned": sum(runs[state] for state in _RUN_STATES),
            "completed": runs["done"],
            "failed": runs["failed"] + runs["aborted"],
        },
        "legs_done": runs["legs_done"],
        "runs": [{name: run[name] for name in _OF_A_RUN} for run in happened.runs],
        "fence_breaches": truth["fence_breaches"],
        "min_separation_m": truth["min_separation_m"],
        "frames_analysed": figures["perception"]["frames_analysed"],
        "sightings": incidents["sightings"],
        "incidents": {
            "filed": incidents["filed"],
            "closed": incidents["closed"],
            "rework": incidents["reworks"],
            "by_kind": incidents["by_kind"],
        },
        "truth": found,
        "latency_s": {
            "frame_to_sighting_p50": figures["perception"]["frame_to_sighting_p50_s"],
            "sighting_to_incident_p99": incidents["sighting_to_incident_p99_s"],
        },
        "alarms": {
            "raised": incidents["alarms_raised"],
            "answered": incidents["alarms_answered"],
            "resolved": incidents["alarms_resolved"],
            "press_to_ring_s_p99": incidents["press_to_ring_p99_s"],
        },
        "reports": figures["reports"],
        "process_restarts": happened.restarts,
        "peak_memory_mb": round(happened.peak_memory_bytes / 1e6),
    }


_OF_A_RUN = ("kind", "name", "state", "because", "seen_ratio")
_RUN_STATES = ("planned", "running", "interrupted", "done", "failed", "aborted")


def why_not(report: Mapping[str, Any]) -> list[str]:
    """Return what the demo promised and did not show; empty when everything came true."""
    wishes = {
        "no patrol was completed": report["patrols"]["completed"] >= 1,
        "a fence was broken": report["fence_breaches"] == 0,
        "no incident was filed from pixels": report["incidents"]["filed"] >= 1 and report["frames_analysed"] > 0,
        "no incident was closed after a second look": report["incidents"]["closed"] >= 1,
        "no alarm was rung, answered and resolved": min(
            report["alarms"]["raised"], report["alarms"]["answered"], report["alarms"]["resolved"]
        ) >= 1 and report["alarms"]["press_to_ring_s_p99"] is not None,
        "a report was lost": report["reports"]["lost"] == 0,
        "a report was committed twice": report["reports"]["duplicated"] == 0,
    }  # fmt: skip
    return [what for what, came_true in wishes.items() if not came_true]


def _match(happened: Happened) -> dict[str, Any]:
    """Hold the incidents against the things that really stood there."""
    things = [thing for thing in happened.truth["things"] if thing["kind"]]
    errors_m: list[float] = []
    true_incidents: set[str] = set()
    for thing in things:
        near = [(_distance_m(thing, one), one["id"]) for one in happened.incidents if one["kind"] == thing["kind"]]
        matching = [(distance_m, name) for distance_m, name in near if distance_m <= MATCH_WITHIN_M]
        if matching:
            errors_m.append(min(matching)[0])
            true_incidents.update(name for _, name in matching)
    return {
        "objects": len(things),
        "found": len(errors_m),
        "false_incidents": sum(one["id"] not in true_incidents for one in happened.incidents),
        "median_place_error_m": round(statistics.median(errors_m), 2) if errors_m else None,
    }


def _distance_m(thing: Mapping[str, Any], incident: Mapping[str, Any]) -> float:
    lon_deg, lat_deg = incident["place"]
    there = GeoPosition(lon_deg=thing["lon_deg"], lat_deg=thing["lat_deg"])
    here = LocalFrame(origin=there).to_local(GeoPosition(lon_deg=lon_deg, lat_deg=lat_deg))
    return math.hypot(here.east_m, here.north_m)
