"""The second look: is the thing of an incident still at its place?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.ids import IncidentId, OrderId, SightingId, VehicleId, new_id
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from perception.detections import Detection, Label, PixelBox
from perception.evidence import Snapshot, make_photos
from perception.frame import Frame
from perception.georeference import Georeference
from perception.sighting import LookResult, LookVerdict
from perception.tracker import Track
from perception.walls import Walls

_LABELS: Mapping[str, frozenset[Label]] = {
    "20501": frozenset({Label.CART, Label.UMBRELLA}),
    "20504": frozenset({Label.CART, Label.UMBRELLA, Label.PILE}),
    "20409": frozenset({Label.PERSON}),
    "20506": frozenset({Label.BIKE}),
    "20507": frozenset({Label.PILE}),
    "20203": frozenset({Label.BOARD}),
}
_THINGS_AT_LEAST = {"20409": 5, "20506": 2}
_EDGE_SHARE = 0.07
_WIDE_M = 1.5
"""The picture must show so much around a place: a thing at its edge would be cut off."""
_GAP_S = 1.0
_RADIUS_M = (2.5, 6.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked about one incident."""

    incident_id: IncidentId
    order_id: OrderId
    kind: str
    place: GeoPosition
    radius_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LookSettings:
    """How long one must have looked before one may say so; within `farthest_m` of the camera."""

    still_after_s: float = 1.5
    gone_after_s: float = 3.0
    gone_share: float = 0.15
    still_share: float = 0.4
    farthest_m: float = 60.0


class Look:
    """Answers one question; only seconds between two frames with the place well inside and in sight count."""

    def __init__(
        self, *, question: Question, vehicle_id: VehicleId, frame: LocalFrame, settings: LookSettings | None = None
    ) -> None:
        self.question = question
        self._vehicle_id = vehicle_id
        self._place = frame.to_local(question.place)
        self._settings = settings or LookSettings()
        self._observed_s = 0.0
        self._present_s = 0.0
        self._hidden_frames = 0
        self._last_s: float | None = None
        self._shot: Snapshot | None = None
        self._is_answered = False

    def see(
        self,
        frame: Frame,
        tracks: Sequence[Track],
        detections: Sequence[Detection],
        reference: Georeference,
        walls: Walls,
    ) -> LookResult | None:
        """Take an assessed frame; return the answer once it is certain. What *walls* hide was not looked at."""
        pixel = None if self._is_answered else self._pixel(frame, reference)
        if pixel is None or self._is_hidden(frame, reference, walls):
            self._last_s = None
            return None
        step_s = 0.0 if self._last_s is None else frame.taken_s - self._last_s
        self._last_s = frame.taken_s
        present = self._present(tracks)
        if step_s <= _GAP_S:
            self._observed_s += step_s
            self._present_s += step_s if present else 0.0
        self._keep_picture(frame, detections, _box_of(present, pixel))
        return self._answer_if_certain(frame.taken_at)

    def end(self, at: datetime) -> LookResult | None:
        """Return the answer at the end of the order, if none was given before."""
        if self._is_answered:
            return None
        because = (
            f"the place was well in view for {self._observed_s:.1f} s; {self._settings.gone_after_s:g} s are needed"
            + (f" (a building hid it in {self._hidden_frames} pictures)" if self._hidden_frames else "")
            if self._observed_s < self._settings.gone_after_s
            else f"it was seen in {self._present_s:.1f} of {self._observed_s:.1f} s: neither clearly there nor gone"
        )
        return self._answer(LookVerdict.NOT_ASSESSED, because, at)

    def _pixel(self, frame: Frame, reference: Georeference) -> tuple[float, float] | None:
        """Return the pixel of the place, or None when it is not near and well inside the picture."""
        if frame.gaze is None:
            return None
        east_m, north_m = reference.camera_m(frame.gaze)
        away_m = ((east_m - self._place.east_m) ** 2 + (north_m - self._place.north_m) ** 2) ** 0.5
        pixel = reference.to_pixel(self._place, frame.gaze)
        if pixel is None or away_m > self._settings.farthest_m:
            return None
        width, height = frame.size_px
        slant_m = math.hypot(away_m, frame.gaze.height_agl_m)
        edge = max(_EDGE_SHARE * height, reference.camera.fx_px * _WIDE_M / slant_m)
        is_inside = edge <= pixel[0] <= width - edge and edge <= pixel[1] <= height - edge
        return pixel if is_inside else None

    def _is_hidden(self, frame: Frame, reference: Georeference, walls: Walls) -> bool:
        assert frame.gaze is not None
        east_m, north_m = reference.camera_m(frame.gaze)
        camera = LocalPosition(east_m=east_m, north_m=north_m, up_m=frame.gaze.height_agl_m)
        is_hidden = walls.hide(self._place, camera)
        self._hidden_frames += is_hidden
        return is_hidden

    def _present(self, tracks: Sequence[Track]) -> list[Track]:
        labels = _LABELS.get(self.question.kind, frozenset(Label) - {Label.PERSON, Label.LYING, Label.CAR})
        near = [track for track in tracks if track.is_seen and track.label in labels and self._is_here(track)]
        return near if len(near) >= _THINGS_AT_LEAST.get(self.question.kind, 1) else []

    def _is_here(self, track: Track) -> bool:
        if track.place is None:
            return False
        low, high = _RADIUS_M
        reach_m = min(max(self.question.radius_m, low), high) + track.place.major_m
        east, north = track.place.east_m - self._place.east_m, track.place.north_m - self._place.north_m
        return bool(east**2 + north**2 <= reach_m**2)

    def _keep_picture(self, frame: Frame, detections: Sequence[Detection], box: PixelBox) -> None:
        shot = Snapshot(picture=frame.picture, detections=detections, box=box, taken_at=frame.taken_at)
        if self._shot is None or shot.worth >= 0.9 * self._shot.worth:
            self._shot = shot

    def _answer_if_certain(self, at: datetime) -> LookResult | None:
        s = self._settings
        share = self._present_s / self._observed_s if self._observed_s else 0.0
        seen = f"seen in {self._present_s:.1f} of {self._observed_s:.1f} s in view"
        if self._present_s >= s.still_after_s and share >= s.still_share:
            return self._answer(LookVerdict.STILL_THERE, f"it is still there: {seen}", at)
        if self._observed_s >= s.gone_after_s and share <= s.gone_share:
            return self._answer(LookVerdict.GONE, f"it is gone: {seen}", at)
        return None

    def _answer(self, verdict: LookVerdict, because: str, at: datetime) -> LookResult:
        self._is_answered = True
        return LookResult(
            id=SightingId(new_id()),
            vehicle_id=self._vehicle_id,
            order_id=self.question.order_id,
            incident_id=self.question.incident_id,
            verdict=verdict,
            observed_s=self._observed_s,
            looked_at=at,
            because=because,
            photos=make_photos(self._shot, None) if self._shot is not None else (),
        )


def _box_of(present: Sequence[Track], pixel: tuple[float, float]) -> PixelBox:
    if present:
        return max(present, key=lambda track: track.score).box
    x, y = pixel
    return PixelBox(x0_px=x - 22, y0_px=y - 26, x1_px=x + 22, y1_px=y + 10)
