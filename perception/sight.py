"""What one picture shows of the ground: which places are well in view, and how wide things look."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from geofence.footprint import Gaze
from geofence.positions import LocalPosition
from perception.georeference import Georeference, GroundPlace
from perception.sway import Sway
from perception.tracker import Track
from perception.walls import Walls

_EDGE_SHARE = 0.08
_FARTHEST_M = 45.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A gaze with what is needed to ask it about places; asked for few places, so nothing is computed before."""

    gaze: Gaze
    reference: Georeference
    walls: Walls
    sway: Sway | None = None

    def shows(self, place: GroundPlace, *, farthest_m: float = _FARTHEST_M) -> bool:
        """Say whether a place is near enough, well inside of the picture, and not behind a known building."""
        here = LocalPosition(east_m=place.east_m, north_m=place.north_m)
        pixel = self.reference.to_pixel(here, self.gaze)
        camera = self.reference.camera
        edge_x, edge_y = _EDGE_SHARE * camera.width_px, _EDGE_SHARE * camera.height_px
        if pixel is None or not (edge_x < pixel[0] < camera.width_px - edge_x):
            return False
        if not (edge_y < pixel[1] < camera.height_px - edge_y) or self._away_m(place) > farthest_m:
            return False
        east_m, north_m = self.reference.camera_m(self.gaze)
        return not self.walls.hide(here, LocalPosition(east_m=east_m, north_m=north_m, up_m=self.gaze.height_agl_m))

    def without_sway(self, places: Sequence[GroundPlace]) -> list[tuple[float, float]]:
        """Return east and north of the *places* of those who may move, without the camera's sway."""
        if self.sway is None:
            return [place[:2] for place in places]
        return self.sway.without(places, self.gaze)

    def down_rad(self, place: GroundPlace) -> float:
        """Return how steeply it looks down at a place."""
        return math.atan2(self.gaze.height_agl_m, self._away_m(place))

    def m_per_px(self, place: GroundPlace) -> float:
        """Return how large a pixel is at a place, across the line of sight."""
        return math.hypot(self._away_m(place), self.gaze.height_agl_m) / self.reference.camera.fx_px

    def width_m(self, track: Track) -> float:
        """Return how wide a track's box is at its place; 0 without a place."""
        if track.place is None:
            return 0.0
        return track.box.width_px * self.m_per_px(track.place)

    def _away_m(self, place: GroundPlace) -> float:
        east_m, north_m = self.reference.camera_m(self.gaze)
        return math.hypot(place.east_m - east_m, place.north_m - north_m)
