"""A graph of ways between places, and how far it is from each to each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import shortest_path

NodeId = int | str
Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadNode:
    """A place that is to be seen again and again; one of weight 2 wants to be seen twice as often."""

    id: NodeId
    x_m: float
    y_m: float
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadEdge:
    """A way between two places; on a single lane nobody passes one who comes the other way."""

    a: NodeId
    b: NodeId
    length_m: float
    is_one_way: bool = False
    """From `a` to `b` only."""
    is_single_lane: bool = False


@dataclass(frozen=True, kw_only=True)
class RoadGraph:
    """Places and ways between them; ids are unique and every edge names known nodes (`graph_files` sees to it)."""

    nodes: tuple[RoadNode, ...]
    edges: tuple[RoadEdge, ...]

    @cached_property
    def index(self) -> Mapping[NodeId, int]:
        """Return the number of each node."""
        return {node.id: number for number, node in enumerate(self.nodes)}

    @cached_property
    def is_directed(self) -> bool:
        """Say whether some way goes in one direction only."""
        return any(edge.is_one_way for edge in self.edges)

    @cached_property
    def weights(self) -> tuple[float, ...]:
        """Return the weight of each node."""
        return tuple(node.weight for node in self.nodes)

    @cached_property
    def steps_m(self) -> Matrix:
        """Return the length of the shortest edge from each node to each, (n, n); infinite where there is none."""
        steps = np.full((len(self.nodes), len(self.nodes)), np.inf)
        np.fill_diagonal(steps, 0.0)
        for edge in self.edges:
            a, b = self.index[edge.a], self.index[edge.b]
            steps[a, b] = min(steps[a, b], edge.length_m)
            if not edge.is_one_way:
                steps[b, a] = min(steps[b, a], edge.length_m)
        return steps

    @cached_property
    def reaches(self) -> npt.NDArray[np.bool_]:
        """Return which node can be reached from which, (n, n)."""
        return np.isfinite(self.ways.lengths_m)

    @cached_property
    def ways(self) -> "Ways":
        """Return the shortest ways."""
        return shortest_ways(self.steps_m)

    def part(self, numbers: Sequence[int]) -> "RoadGraph":
        """Return the graph of these nodes with the edges between them."""
        nodes = tuple(self.nodes[number] for number in numbers)
        known = {node.id for node in nodes}
        return RoadGraph(nodes=nodes, edges=tuple(edge for edge in self.edges if {edge.a, edge.b} <= known))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Shortest ways from each node to each."""

    lengths_m: Matrix
    last_steps: npt.NDArray[np.int32]
    """The node before the end on the way there, (n, n)."""

    def way(self, start: int, end: int) -> list[int]:
        """Return the nodes on a shortest way, without *start*, with *end*; empty when they are the same."""
        way, here = list[int](), end
        while here != start:
            way.append(here)
            here = int(self.last_steps[start, here])
        return way[::-1]


def shortest_ways(steps_m: Matrix) -> Ways:
    """Return the shortest ways over edges of these lengths, (n, n), infinite where there is none (Dijkstra 1959)."""
    starts, ends = np.nonzero(np.isfinite(steps_m) & ~np.eye(len(steps_m), dtype=np.bool_))
    edges = csr_matrix((steps_m[starts, ends], (starts, ends)), shape=steps_m.shape)
    lengths, before = shortest_path(edges, method="D", return_predecessors=True)
    return Ways(lengths_m=np.asarray(lengths, dtype=np.float64), last_steps=np.asarray(before, dtype=np.int32))
