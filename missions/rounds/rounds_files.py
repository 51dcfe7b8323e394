"""Rounds as JSON documents, out and in."""

import math
from collections.abc import Mapping

from core.errors import InvalidInput
from core.events import Json
from missions.rounds.graph import RoadGraph
from missions.rounds.lanes import LaneReport, lane_report
from missions.rounds.rounds import Rounds, Walk

_QUANTILES = {"median_s": 0.5, "p90_s": 0.9, "p99_s": 0.99}


def rounds_to_json(rounds: Rounds, *, runtime_s: float) -> dict[str, Json]:
    """Return the document of *rounds*: walks with their first node repeated at the end, seconds and metres."""
    document: dict[str, Json] = {
        "vehicles": [{"walk": list(walk.closed), "start_offset_m": walk.start_offset_m} for walk in rounds.walks],
        "speed_m_s": rounds.speed_m_s,
        "worst_idleness_s": rounds.worst_idleness_s,
        "mean_idleness_s": rounds.mean_idleness_s,
        "lower_bound_s": rounds.lower_bound_s,
        "nodes": [
            {"id": node.id, "worst_idleness_s": rounds.idleness_s[node.id], "weight": node.weight}
            for node in rounds.graph.nodes
        ],
        "notice": notice_to_json(rounds),
        "notes": list(rounds.notes),
        "runtime_s": runtime_s,
    }
    if len(set(rounds.graph.weights)) > 1:
        document["worst_weighted_idleness_s"] = rounds.worst_weighted_s
    if (lanes := lane_report(rounds)) is not None:
        document["single_lanes"] = _lanes(lanes)
    return document


def notice_to_json(rounds: Rounds) -> dict[str, Json]:
    """Return for how long something that appears at a random node and moment stays unseen."""
    unseen = rounds.unseen
    quantiles: dict[str, Json] = {name: unseen.quantile_s(ratio) for name, ratio in _QUANTILES.items()}
    return {"mean_s": unseen.mean_s, **quantiles, "worst_s": unseen.worst_s}


def _lanes(report: LaneReport) -> dict[str, Json]:
    return {
        "conflicts": [
            {"lane": list(one.lane), "vehicles": list(one.vehicles), "at_s": one.at_s} for one in report.conflicts
        ],
        "waited_ratio": report.waited_ratio,
        "worst_idleness_with_waiting_s": report.worst_idleness_s,
    }


def rounds_from_json(document: object, *, graph: RoadGraph) -> Rounds:
    """Return the rounds of a document on *graph*, its walks closed or with the first node left out at the end.

    Raises InvalidInput naming the vehicle.
    """
    if not isinstance(document, Mapping) or not isinstance(vehicles := document.get("vehicles"), list) or not vehicles:
        raise InvalidInput("has no vehicles", where="rounds", remedy='give {"vehicles": [{"walk": […]}]}')
    speed = document.get("speed_m_s", 1.0)
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not 0 < speed < math.inf:
        raise InvalidInput(f"is {speed!r:.40}", where="speed_m_s", remedy="give metres a second")
    walks = tuple(_walk(vehicle, number, graph) for number, vehicle in enumerate(vehicles))
    return Rounds(graph=graph, walks=walks, speed_m_s=float(speed))


def _walk(vehicle: object, number: int, graph: RoadGraph) -> Walk:
    where = f"vehicles[{number}]"
    places = vehicle.get("walk") if isinstance(vehicle, Mapping) else None
    if not isinstance(vehicle, Mapping) or not isinstance(places, list) or not places:
        raise InvalidInput("has no walk", where=where, remedy="give its nodes in order")
    if unknown := [place for place in places if not isinstance(place, int | str) or place not in graph.index]:
        raise InvalidInput(f"there is no node {unknown[0]!r:.40}", where=f"{where}.walk", remedy="name known nodes")
    offset = vehicle.get("start_offset_m", 0.0)
    if isinstance(offset, bool) or not isinstance(offset, int | float) or not math.isfinite(offset):
        raise InvalidInput(f"is {offset!r:.40}", where=f"{where}.start_offset_m", remedy="give metres")
    return Walk(places=tuple(places), start_offset_m=float(offset))
