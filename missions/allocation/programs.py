"""Integer programs, solved by HiGHS until it is told to stop; the library's only home.

SciPy reaches HiGHS as well, but cannot stop it before its time is over: here it asks every so often whether to go on.
At times it asks seldom (seconds apart): where the limit is of the wall clock, it is told what is left as well.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import highspy
import numpy as np
from highspy.highs import HighsCallbackEvent
from scipy.sparse import csr_array

from missions.allocation.problem import FloatArray

_Flags = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
_NO_LIMIT = 2**31 - 1
_FOUND = 2
"""HiGHS: there is a solution, and it keeps all rows and bounds."""


def forever_s() -> float:
    """Return the seconds left where no wall clock limits anything: infinity."""
    return math.inf


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Program:
    """Make `cost` times the variables small: `lower` <= `matrix` times them <= `upper`, none below 0 or over `most`."""

    cost: FloatArray
    matrix: csr_array
    lower: FloatArray
    upper: FloatArray
    most: FloatArray
    is_whole: _Flags
    """Which variables are whole numbers."""


def solved(
    program: Program,
    *,
    gap: float,
    is_over: Callable[[], bool],
    most_nodes: int = _NO_LIMIT,
    wall_left_s: Callable[[], float] = forever_s,
    start: FloatArray | None = None,
) -> FloatArray | None:
    """Return the best values found (within *gap* of the bound, a ratio) until *is_over*; None: none were found.

    *start* gives values that keep everything, to begin with. *wall_left_s* is the longest that it may take, by the wall
    clock; HiGHS keeps that also where it does not ask. Where neither says stop, a program always gives the same.
    """
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in (("output_flag", False), ("threads", 1), ("mip_rel_gap", gap), ("mip_max_nodes", most_nodes)):
        solver.setOptionValue(name, value)
    solver.setOptionValue("time_limit", max(0.0, wall_left_s()))
    solver.passModel(_model(program))
    if start is not None:
        first = highspy.HighsSolution()
        first.col_value = start.tolist()
        solver.setSolution(first)

    def ask(event: HighsCallbackEvent) -> None:
        if is_over():
            event.interrupt()

    solver.cbMipInterrupt.subscribe(ask)
    solver.cbSimplexInterrupt.subscribe(ask)
    solver.run()
    if solver.getInfo().primal_solution_status != _FOUND:
        return None
    return np.array(solver.getSolution().col_value)


def _model(program: Program) -> highspy.HighsLp:
    model, rows = highspy.HighsLp(), program.matrix
    model.num_row_, model.num_col_ = rows.shape
    model.col_cost_, model.col_upper_ = program.cost, program.most
    model.col_lower_ = np.zeros(len(program.cost))
    model.row_lower_, model.row_upper_ = program.lower, program.upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.num_row_, model.a_matrix_.num_col_ = rows.shape
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = rows.indptr, rows.indices, rows.data
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    model.integrality_ = [kinds[is_whole] for is_whole in program.is_whole.tolist()]
    return model
