"""Paths that sweep whole areas: rows, their order, ways between them, what they leave out, and the proof after."""

from missions.coverage.measure import swept_ratio
from missions.coverage.path import CoverageLeg, CoveragePath, Place
from missions.coverage.plan import plan_coverage

__all__ = ["CoverageLeg", "CoveragePath", "Place", "plan_coverage", "swept_ratio"]
