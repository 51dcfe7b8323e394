"""Versions of a QGroundControl plan and its parts: what another version means is not guessed at.

Source: docs.qgroundcontrol.com, Plan File Format; QGroundControl itself refuses what is of other versions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

PLAN, MISSION = (1,), (2,)
_GEOFENCE, _FENCE = (1, 2), (1,)


@dataclass(frozen=True, slots=True, kw_only=True)
class OddVersion:
    """A part of a plan whose version is not one of the *known* ones; *named* is None where it names none."""

    where: str
    named: str | None
    known: tuple[int, ...]

    @property
    def because(self) -> str:
        """Return what is odd."""
        known = " and ".join(map(str, self.known))
        if self.named is None:
            return f"names no version and was read as version {self.known[-1]}"
        return f"has version {self.named}; what is known is {known}"


def odd_fence_versions(document: Mapping[str, object]) -> Iterator[OddVersion]:
    """Yield the odd versions of all that a plan's fences are read from."""
    yield from odd_version(document, "plan", PLAN)
    fence = document.get("geoFence")
    if not isinstance(fence, dict):
        return
    yield from odd_version(fence, "geoFence", _GEOFENCE)
    for kind in ("polygons", "circles"):
        shapes = fence.get(kind)
        for number, shape in enumerate(shapes if isinstance(shapes, list) else []):
            if isinstance(shape, dict):
                yield from odd_version(shape, f"geoFence.{kind}[{number}]", _FENCE)


def odd_version(part: Mapping[str, object], where: str, known: Sequence[int]) -> Iterator[OddVersion]:
    """Yield the version of *part* where it is not one of the *known* ones."""
    version = part.get("version")
    if version is None:
        yield OddVersion(where=where, named=None, known=tuple(known))
    elif isinstance(version, bool) or version not in known:
        yield OddVersion(where=where, named=f"{version!r:.20}", known=tuple(known))
