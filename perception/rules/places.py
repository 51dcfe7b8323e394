"""Places of things together: near one another, in one disc, in one line."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from perception.detections import PixelBox
from perception.georeference import GroundPlace
from perception.tracker import Track

_ROUNDING_M = 1e-6
_FEW = 12
ComplexArray = NDArray[np.complex128]


def distance_m(a: GroundPlace, b: GroundPlace) -> float:
    """Return the distance of two places."""
    return math.hypot(a.east_m - b.east_m, a.north_m - b.north_m)


def near(track: Track, others: Sequence[Track], within_m: float) -> list[Track]:
    """Return which of *others* stand within *within_m* of *track*; what has no place is near to nothing."""
    here = track.place
    if here is None:
        return []
    return [one for one in others if one.place is not None and distance_m(here, one.place) <= within_m]


def joint_box(boxes: Sequence[PixelBox]) -> PixelBox:
    """Return the smallest box around *boxes*."""
    return PixelBox(
        x0_px=min(b.x0_px for b in boxes),
        y0_px=min(b.y0_px for b in boxes),
        x1_px=max(b.x1_px for b in boxes),
        y1_px=max(b.y1_px for b in boxes),
    )


def middle(tracks: Sequence[Track]) -> GroundPlace:
    """Return the mean place of *tracks*, with the largest of their errors and that of a mean of so few.

    Who or what else belongs to them may be hidden: a mean of n is off by their spread over the root of n.
    """
    places = [track.place for track in tracks if track.place is not None]
    worst, count = max(places, key=lambda place: place.major_m), len(places)
    if count == 1:
        return worst
    east_m, north_m = sum(p.east_m for p in places) / count, sum(p.north_m for p in places) / count
    ee, en, nn = worst.covariance_m2
    ee += sum((p.east_m - east_m) ** 2 for p in places) / count**2
    en += sum((p.east_m - east_m) * (p.north_m - north_m) for p in places) / count**2
    nn += sum((p.north_m - north_m) ** 2 for p in places) / count**2
    return GroundPlace(east_m=east_m, north_m=north_m, covariance_m2=(ee, en, nn))


def clusters(tracks: Sequence[Track], *, within_m: float, at_least: int = 1) -> list[list[Track]]:
    """Return groups of placed tracks: all within *within_m* of a first one; largest first, none under *at_least*."""
    if not tracks or len(tracks) < at_least:
        return []
    if len(tracks) <= _FEW:
        return _few_clusters(tracks, within_m, max(at_least, 1))
    is_near = _apart(_points(tracks)) <= within_m
    groups: list[list[Track]] = []
    while True:
        sizes = is_near.sum(axis=1)
        first = int(sizes.argmax())
        if sizes[first] < max(at_least, 1):
            return groups
        members = is_near[first].nonzero()[0]
        groups.append([tracks[i] for i in members.tolist()])
        is_near[members] = False
        is_near[:, members] = False


def _few_clusters(tracks: Sequence[Track], within_m: float, at_least: int) -> list[list[Track]]:
    """Do the same in plain steps, which for a few tracks takes a fifth of the time of array steps."""
    left = [(one, one.place.east_m, one.place.north_m) for one in tracks if one.place is not None]
    groups: list[list[Track]] = []
    while left:
        around = [[row for row in left if math.hypot(row[1] - e, row[2] - n) <= within_m] for _, e, n in left]
        largest = max(around, key=len)
        if len(largest) < at_least:
            break
        groups.append([one for one, _, _ in largest])
        taken = {one.id for one, _, _ in largest}
        left = [row for row in left if row[0].id not in taken]
    return groups


def discs(tracks: Sequence[Track], *, radius_m: float, at_least: int) -> list[list[Track]]:
    """Return groups of placed tracks that fit into a disc of *radius_m*, fullest first, none under *at_least*."""
    left = list(tracks)
    groups: list[list[Track]] = []
    while len(left) >= at_least:
        points = _points(left)
        inside = _fullest(points, radius_m, at_least)
        if inside.sum() < at_least:
            return groups
        groups.append([left[i] for i in inside.nonzero()[0].tolist()])
        # who stands at the edge of a crowd belongs to it and makes no second one
        around = np.abs(points - points[inside].mean()) <= 2 * radius_m
        left = [left[i] for i in (~around).nonzero()[0].tolist()]
    return groups


def _fullest(points: ComplexArray, radius_m: float, at_least: int) -> NDArray[np.bool_]:
    """Return which points lie in the fullest disc; a fullest one can be moved until two of them lie on its edge."""
    is_near = _apart(points) <= 2 * radius_m
    possible = is_near.sum(axis=1) >= at_least
    if not possible.any():
        return np.zeros(len(points), np.bool_)
    centres = _edge_centres(points, is_near & possible & possible[:, None], radius_m)
    holds = np.abs(points - centres[:, None]) <= radius_m + _ROUNDING_M
    fullest: NDArray[np.bool_] = holds[holds.sum(axis=1).argmax()]
    return fullest


def _edge_centres(points: ComplexArray, is_pair: NDArray[np.bool_], radius_m: float) -> ComplexArray:
    """Return the centres of the discs with both of a pair of *points* on their edges.

    A pair comes from both sides (*is_pair* holds both ways), which gives both of its discs; a point with itself is the
    centre of its own.
    """
    first, second = is_pair.nonzero()
    start = points[first]
    half = 0.5 * (points[second] - start)
    length_m = np.abs(half)
    length_m[length_m == 0.0] = radius_m
    across = 1j * np.sqrt(np.maximum((radius_m / length_m) ** 2 - 1.0, 0.0))
    return np.asarray(start + half * (1.0 + across))


def is_in_line(tracks: Sequence[Track], *, width_m: float) -> bool:
    """Say whether *tracks* stand in a line not wider than *width_m* (two sigmas), at least three times as long."""
    points = _points(tracks)
    if len(points) < 3:
        return False
    offsets = points - points.mean()
    spread = np.linalg.eigvalsh(np.cov(np.stack((offsets.real, offsets.imag))))
    across_m, along_m = (2.0 * math.sqrt(max(float(value), 0.0)) for value in spread)
    return across_m <= width_m / 2 and along_m >= 3 * max(across_m, width_m / 4)


def longest_line(tracks: Sequence[Track], *, width_m: float) -> list[Track]:
    """Return those of *tracks* that stand in the fullest straight strip of *width_m*."""
    points = _points(tracks)
    best = np.zeros(len(points), np.bool_)
    for i, start in enumerate(points):
        for end in points[i + 1 :]:
            way = (end - start) / max(abs(end - start), 1e-6)
            is_in = np.abs(((points - start) * way.conjugate()).imag) <= width_m / 2
            best = is_in if is_in.sum() > best.sum() else best
    return [tracks[i] for i in best.nonzero()[0].tolist()]


def _points(tracks: Sequence[Track]) -> ComplexArray:
    return np.array([complex(one.place.east_m, one.place.north_m) for one in tracks if one.place is not None])


def _apart(points: ComplexArray) -> NDArray[np.float64]:
    return np.abs(points[:, None] - points)
