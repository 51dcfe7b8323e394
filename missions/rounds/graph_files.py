"""Road graphs from JSON documents: every fault is told at once."""

import math
from collections.abc import Mapping, Sequence

from core.errors import InvalidInput
from missions.errors import Problem
from missions.rounds.graph import NodeId, RoadEdge, RoadGraph, RoadNode

_MOST_NODES = 2000
_LARGEST = 1e12
_SHORTEST_M = 1e-6
"""Places at no distance from each other are one place."""


class BadGraph(InvalidInput):
    """A road graph is not what it must be; `problems` holds everything that is wrong with it."""

    code = "bad_graph"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems), where="graph")
        self.problems = tuple(problems)


class _Faults:
    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, where: str, what: str, remedy: str) -> None:
        self.problems.append(Problem(where=where, what=what, remedy=remedy))

    def number(self, item: Mapping[str, object], field: str, *, where: str, low: float, default: float | None) -> float:
        value = item.get(field, default)
        lowest = max(low, -_LARGEST)
        if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= _LARGEST:
            limit = "a finite number" if low == -math.inf else f"a finite number from {low:g} on"
            self.add(f"{where}.{field}", f"is {value!r:.40}", f"give {limit}")
            return 1.0
        return float(value)

    def flag(self, item: Mapping[str, object], field: str, *, where: str) -> bool:
        value = item.get(field, False)
        if not isinstance(value, bool):
            self.add(f"{where}.{field}", f"is {value!r:.40}", "give true or false")
        return value is True

    def node_id(self, item: Mapping[str, object], field: str, *, where: str) -> NodeId | None:
        value = item.get(field)
        if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
            self.add(f"{where}.{field}", f"is {value!r:.40}", "give a whole number or a text")
            return None
        return value

    def items(self, document: Mapping[str, object], field: str) -> list[tuple[str, Mapping[str, object]]]:
        value = document.get(field)
        if not isinstance(value, list):
            self.add(field, "is missing or no list", "give a list of objects")
            return []
        for number, item in enumerate(value):
            if not isinstance(item, Mapping):
                self.add(f"{field}[{number}]", f"is {item!r:.40}", "give an object")
        return [(f"{field}[{number}]", item) for number, item in enumerate(value) if isinstance(item, Mapping)]


def graph_from_json(document: object) -> RoadGraph:
    """Return the graph of {"nodes": [{"id", "x_m", "y_m", "weight"?}], "edges": [{"a", "b", "length_m", …}]}.

    An edge may say "one_way" (from a to b only) and "single_lane" (nobody passes). Raises BadGraph with every fault.
    """
    faults = _Faults()
    if not isinstance(document, Mapping):
        raise BadGraph([Problem(where="graph", what="is not an object", remedy='give {"nodes": […], "edges": […]}')])
    nodes = _nodes(faults, document)
    graph = RoadGraph(nodes=nodes, edges=_edges(faults, document, {node.id for node in nodes}))
    if faults.problems:
        raise BadGraph(faults.problems)
    _check_returns(faults, graph)
    if faults.problems:
        raise BadGraph(faults.problems)
    return graph


def _nodes(faults: _Faults, document: Mapping[str, object]) -> tuple[RoadNode, ...]:
    nodes: dict[NodeId, RoadNode] = {}
    items = faults.items(document, "nodes")
    for where, item in items:
        node_id = faults.node_id(item, "id", where=where)
        if node_id in nodes:
            faults.add(f"{where}.id", f"{node_id!r} is taken by an earlier node", "give every node its own id")
        node = RoadNode(
            id=where if node_id is None else node_id,
            x_m=faults.number(item, "x_m", where=where, low=-math.inf, default=None),
            y_m=faults.number(item, "y_m", where=where, low=-math.inf, default=None),
            weight=faults.number(item, "weight", where=where, low=1e-6, default=1.0),
        )
        nodes.setdefault(node.id, node)
    if not items and not faults.problems:
        faults.add("nodes", "there are none", "give at least one place to see")
    if len(items) > _MOST_NODES:
        faults.add("nodes", f"there are {len(items)}", f"plan at most {_MOST_NODES} at once")
    return tuple(nodes.values())


def _edges(faults: _Faults, document: Mapping[str, object], known: set[NodeId]) -> tuple[RoadEdge, ...]:
    edges = []
    for where, item in faults.items(document, "edges"):
        a, b = faults.node_id(item, "a", where=where), faults.node_id(item, "b", where=where)
        for field, end in (("a", a), ("b", b)):
            if end is not None and end not in known:
                faults.add(f"{where}.{field}", f"there is no node {end!r}", "name a node of this graph")
        if a is not None and a == b:
            faults.add(where, f"leads from {a!r} to itself", "leave it out")
        length_m = faults.number(item, "length_m", where=where, low=_SHORTEST_M, default=None)
        one_way, single = (faults.flag(item, field, where=where) for field in ("one_way", "single_lane"))
        if a is not None and b is not None:
            edges.append(RoadEdge(a=a, b=b, length_m=length_m, is_one_way=one_way, is_single_lane=single))
    return tuple(edges)


def _check_returns(faults: _Faults, graph: RoadGraph) -> None:
    """Name every one-way street that nobody comes back from: no walk can go over it for ever."""
    if not graph.is_directed:
        return
    for edge in graph.edges:
        if not graph.reaches[graph.index[edge.b], graph.index[edge.a]]:
            what = f"from {edge.b!r} no way leads back to {edge.a!r}"
            faults.add(f"edge {edge.a!r}-{edge.b!r}", what, "add the way back, or plan the two sides apart")
