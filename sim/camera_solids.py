"""Small solids of a few faces, built from boxes, cones, discs and bars."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Colour = tuple[float, float, float]
CORNERS = 8
"""Corners stored for every face; shorter faces repeat their last corner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Faces (n, 8, 3) in metres (right, ahead, up); colours BGR (n, 3); blobs (m, 7): centre, radius, BGR."""

    faces: FloatArray
    colours: FloatArray
    two_sided: NDArray[np.bool_]
    blobs: FloatArray

    @property
    def height_m(self) -> float:
        """Return the height of the highest point."""
        tops = [float(self.faces[..., 2].max())] if len(self.faces) else []
        tops += [float((self.blobs[:, 2] + self.blobs[:, 3]).max())] if len(self.blobs) else []
        return max(tops)


@dataclass(slots=True)
class Builder:
    """Collects the faces of one shape."""

    faces: list[FloatArray] = field(default_factory=list)
    colours: list[Colour] = field(default_factory=list)
    two_sided: list[bool] = field(default_factory=list)
    blobs: list[tuple[float, ...]] = field(default_factory=list)

    def face(self, corners: list[tuple[float, float, float]], colour: Colour, *, two_sided: bool = False) -> None:
        """Add a face of three to eight *corners* (right, ahead, up)."""
        padded = corners + [corners[-1]] * (CORNERS - len(corners))
        self.faces.append(np.array(padded, float))
        self.colours.append(colour)
        self.two_sided.append(two_sided)

    def box(
        self, at: tuple[float, float, float], size: tuple[float, float, float], colour: Colour, *, turn_deg: float = 0.0
    ) -> None:
        """Add a box whose base centre is *at*, size is across, along, up."""
        c, s = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))
        half = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
        ring = [
            (at[0] + (x * size[0] * c - y * size[1] * s) / 2, at[1] + (x * size[0] * s + y * size[1] * c) / 2)
            for x, y in half
        ]
        low, high = at[2], at[2] + size[2]
        self.face([(x, y, high) for x, y in ring], colour)
        for (x0, y0), (x1, y1) in zip(ring, ring[1:] + ring[:1], strict=True):
            self.face([(x0, y0, low), (x1, y1, low), (x1, y1, high), (x0, y0, high)], colour)

    def cone(self, at: tuple[float, float, float], radius: float, rise: float, colours: tuple[Colour, Colour]) -> None:
        """Add an umbrella: eight triangles up to a tip, coloured in turn."""
        rim = [(at[0] + radius * math.cos(a), at[1] + radius * math.sin(a), at[2]) for a in np.arange(8) * math.pi / 4]
        for i in range(8):
            self.face([rim[i], rim[(i + 1) % 8], (at[0], at[1], at[2] + rise)], colours[i % 2], two_sided=True)

    def disc(self, at: tuple[float, float, float], radius: float, colour: Colour) -> None:
        """Add a standing wheel in the plane ahead–up."""
        ring = [(at[0], at[1] + radius * math.cos(a), at[2] + radius * math.sin(a)) for a in np.arange(8) * math.pi / 4]
        self.face(ring, colour, two_sided=True)

    def bar(
        self, start: tuple[float, float, float], end: tuple[float, float, float], thick: float, colour: Colour
    ) -> None:
        """Add a bar as two crossed strips."""
        for side in ((thick / 2, 0.0, 0.0), (0.0, thick / 2, thick / 2)):
            d = np.array(side)
            corners = [tuple(np.array(p) + k * d) for p, k in ((start, -1), (start, 1), (end, 1), (end, -1))]
            self.face([(float(x), float(y), float(z)) for x, y, z in corners], colour, two_sided=True)

    def shape(self) -> Shape:
        """Return all that was added."""
        return Shape(
            faces=np.array(self.faces) if self.faces else np.zeros((0, CORNERS, 3)),
            colours=np.array(self.colours) if self.colours else np.zeros((0, 3)),
            two_sided=np.array(self.two_sided, bool),
            blobs=np.array(self.blobs) if self.blobs else np.zeros((0, 7)),
        )
