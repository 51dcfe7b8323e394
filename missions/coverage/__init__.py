"""Paths that sweep whole areas: rows, their order, ways between them, what they leave out, and the proof after."""

from missions.coverage.path import CoverageLeg, CoveragePath
from missions.coverage.plan import plan_coverage
from missions.coverage.strips import Coverage, cover

__all__ = ["Coverage", "CoverageLeg", "CoveragePath", "cover", "plan_coverage"]
