"""Graphs to go round on."""

import math
from collections.abc import Sequence
from random import Random
from typing import Any

Document = dict[str, Any]


def ring(count: int, step_m: float = 10.0) -> Document:
    """Return places on a circle, each joined with the next."""
    radius_m = step_m / (2 * math.sin(math.pi / count))
    angles = [2 * math.pi * number / count for number in range(count)]
    nodes = [
        {"id": number, "x_m": radius_m * math.cos(angle), "y_m": radius_m * math.sin(angle)}
        for number, angle in enumerate(angles)
    ]
    edges = [{"a": number, "b": (number + 1) % count, "length_m": step_m} for number in range(count)]
    return {"nodes": nodes, "edges": edges}


def star(arms: Sequence[float]) -> Document:
    """Return a place in the middle ("hub") with dead ends of these lengths."""
    nodes: list[Document] = [{"id": "hub", "x_m": 0.0, "y_m": 0.0}]
    edges: list[Document] = []
    for number, length_m in enumerate(arms):
        angle = 2 * math.pi * number / len(arms)
        name = f"end-{number}"
        nodes.append({"id": name, "x_m": length_m * math.cos(angle), "y_m": length_m * math.sin(angle)})
        edges.append({"a": "hub", "b": name, "length_m": length_m})
    return {"nodes": nodes, "edges": edges}


def town(count: int, *, seed: int) -> Document:
    """Return scattered places joined as a tree of short ways with some ways more, like a floor of offices."""
    random = Random(seed)
    nodes = [{"id": number, "x_m": random.uniform(0, 60), "y_m": random.uniform(0, 40)} for number in range(count)]

    def edge(a: int, b: int) -> Document:
        length_m = math.dist((nodes[a]["x_m"], nodes[a]["y_m"]), (nodes[b]["x_m"], nodes[b]["y_m"]))
        return {"a": a, "b": b, "length_m": round(length_m, 3)}

    edges = [
        min((edge(number, other) for other in range(number)), key=lambda one: float(one["length_m"]))
        for number in range(1, count)
    ]
    for _ in range(count // 6):
        a, b = random.sample(range(count), 2)
        edges.append(edge(a, b))
    return {"nodes": nodes, "edges": edges}
