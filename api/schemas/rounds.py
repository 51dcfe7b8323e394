"""Endless rounds on a road graph."""

from pydantic import Field, JsonValue

from api.schemas.shapes import Given, SaidTold, Told, tell_said
from missions.rounds.rounds import Rounds
from missions.rounds.rounds_files import rounds_to_json
from missions.rounds_desk import LONGEST_S, MOST_NODES, MOST_VEHICLES


class RoundsGiven(Given):
    """A road graph and who is to go round on it; docs/planning.md explains GRAPH."""

    graph: dict[str, JsonValue] = Field(
        description=f'{{"nodes": [{{"id", "x_m", "y_m", "weight"?}}], "edges": [{{"a", "b", "length_m", "one_way"?, '
        f'"single_lane"?}}]}}, at most {MOST_NODES} nodes'
    )
    vehicles: int = Field(ge=1, description=f"at most {MOST_VEHICLES}")
    speed_m_s: float = Field(default=1.0, gt=0, lt=1000)
    time_limit_s: float = Field(default=10.0, gt=0, description=f"how long to search, at most {LONGEST_S:g} s")
    seed: int = Field(default=1, ge=0, description="the same seed gives the same rounds")


class RoundsWalkTold(Told):
    """Where one vehicle goes round: its nodes, the first one again at the end, and where it starts on the way."""

    walk: list[int | str]
    start_offset_m: float


class NodeRoundsTold(Told):
    """The longest time that a node stays unseen."""

    id: int | str
    worst_idleness_s: float
    weight: float


class RoundsTold(Told):
    """ROUNDS of docs/planning.md; no rounds whatever have less worst idleness than `lower_bound_s`."""

    vehicles: list[RoundsWalkTold]
    speed_m_s: float
    worst_idleness_s: float
    mean_idleness_s: float
    lower_bound_s: float
    worst_weighted_idleness_s: float | None = Field(default=None, description="where nodes have weights")
    nodes: list[NodeRoundsTold]
    notice: dict[str, float] = Field(description="how long something that appears stays unseen: mean, quantiles, worst")
    single_lanes: dict[str, JsonValue] | None = Field(
        default=None, description="who meets whom, where lanes are single"
    )
    notes: list[str]
    notes_said: list[list[SaidTold]] = Field(default_factory=list)
    runtime_s: float


def tell_rounds(rounds: Rounds, runtime_s: float) -> RoundsTold:
    """Return what is told of rounds."""
    told = rounds_to_json(rounds, runtime_s=runtime_s)
    return RoundsTold.model_validate({**told, "notes_said": [tell_said(note) for note in rounds.notes]})
