"""An independent look at rounds: walk every document step by step and write down who is where when."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

Document = Mapping[str, Any]


def steps(graph: Document) -> dict[tuple[Any, Any], float]:
    """Return the shortest edge between each two joined nodes, in the directions that may be gone."""
    found: dict[tuple[Any, Any], float] = {}
    for edge in graph["edges"]:
        pairs = [(edge["a"], edge["b"])] + ([] if edge.get("one_way") else [(edge["b"], edge["a"])])
        for pair in pairs:
            found[pair] = min(edge["length_m"], found.get(pair, edge["length_m"]))
    return found


def visits(graph: Document, rounds: Document, *, speed_m_s: float, until_s: float) -> dict[Any, list[float]]:
    """Return when each node is visited up to *until_s*; a walk may be written with its first node at the end or not."""
    lengths, seen = steps(graph), defaultdict[Any, list[float]](list)
    for vehicle in rounds["vehicles"]:
        walk = list(vehicle["walk"])
        if len(walk) == 1:
            seen[walk[0]] += [float(second) for second in range(int(until_s) + 2)]
            continue
        if walk[0] != walk[-1]:
            walk.append(walk[0])
        at_m = -vehicle["start_offset_m"]
        while at_m / speed_m_s < until_s:
            for a, b in pairwise(walk):
                if at_m >= 0:
                    seen[a].append(at_m / speed_m_s)
                at_m += lengths[a, b]
    return {node["id"]: sorted(seen[node["id"]]) for node in graph["nodes"]}


def worst_gaps(graph: Document, rounds: Document, *, speed_m_s: float, laps: int = 30) -> dict[Any, float]:
    """Return the longest gap at each node once everybody has gone round, over so many of the longest laps."""
    lengths = steps(graph)
    longest_s = max(_lap_m(vehicle["walk"], lengths) for vehicle in rounds["vehicles"]) / speed_m_s
    standing = {vehicle["walk"][0] for vehicle in rounds["vehicles"] if len(vehicle["walk"]) == 1}
    until_s = laps * longest_s
    seen = visits(graph, rounds, speed_m_s=speed_m_s, until_s=until_s)
    gaps = {}
    for node, times in seen.items():
        inside = [at for at in times if longest_s <= at <= until_s]
        gaps[node] = 0.0 if node in standing else max((b - a for a, b in pairwise(inside)), default=float("inf"))
    return gaps


def _lap_m(walk: Sequence[Any], lengths: Mapping[tuple[Any, Any], float]) -> float:
    closed = list(walk) if walk[0] == walk[-1] else [*walk, walk[0]]
    return sum(lengths[pair] for pair in pairwise(closed) if pair[0] != pair[1])
