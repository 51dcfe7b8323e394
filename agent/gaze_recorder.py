"""What the pictures of an order showed of the ground, gathered for the proof of coverage and handed on now and then."""

from datetime import datetime

from shapely import Polygon

from core.clock import Clock
from core.ids import OrderId, VehicleId
from fleet.gazes import GazeLog, TakenGaze
from geofence.footprint import Gaze, Intrinsics

NO_PICTURE = "no_picture"
_NEW_SHARE = 0.1
"""A picture that shows less new ground than this is left out: less is then claimed as seen, never more."""
_HAND_ON_EVERY_S = 30.0
_SAVE_EVERY_S = 5.0
_MOST = 200
_LONGEST_S = 2.0
"""A picture stands for the time since the one before it, but for no longer than this."""


class GazeRecorder:
    """Keeps the newest pictures of one order for half a minute; what is not saved meanwhile an agent's crash costs."""

    def __init__(self, *, vehicle_id: VehicleId, lens: Intrinsics, clock: Clock) -> None:
        self._vehicle_id = vehicle_id
        self._lens = lens
        self._clock = clock
        self._order_id: OrderId | None = None
        self._gazes: list[TakenGaze] = []
        self._shown: Polygon | None = None
        self._assessed_s = 0.0
        self._not_assessed_s: dict[str, float] = {}
        self._saved_s = 0.0
        self._begin()

    def begin(self, order_id: OrderId | None) -> GazeLog | None:
        """Record for another order (None: for none) from now on; return what is left of the one before."""
        last = self._hand_on()
        self._order_id, self._shown = order_id, None
        return last

    def note(self, *, why_not: str) -> None:
        """Take the time since the last call as not assessed for *why_not*; with an empty one as assessed."""
        span_s = self._span_s()
        counted_s = min(span_s, _LONGEST_S)
        if why_not:
            self._add(why_not, counted_s)
        else:
            self._assessed_s += counted_s
        self._add(NO_PICTURE, span_s - counted_s)

    def keep(self, gaze: Gaze, ground: Polygon, *, taken_at: datetime) -> None:
        """Keep an assessed picture that shows *ground* (WGS-84), unless hardly anything of it is new."""
        if self._order_id is None or ground.area <= 0:
            return
        if self._shown is not None and ground.difference(self._shown).area < _NEW_SHARE * ground.area:
            return
        self._shown = ground
        self._gazes.append(TakenGaze(at=taken_at, gaze=gaze))

    def due(self) -> GazeLog | None:
        """Return what was gathered when it is time to hand it on."""
        is_due = self._clock.monotonic_s() - self._begun_s >= _HAND_ON_EVERY_S or len(self._gazes) >= _MOST
        return self._hand_on() if is_due else None

    def unsaved(self) -> GazeLog | None:
        """Return what was gathered so far when it is time to put it on the disk; it goes on being gathered."""
        if self._order_id is None or self._clock.monotonic_s() - self._saved_s < _SAVE_EVERY_S:
            return None
        self._saved_s = self._clock.monotonic_s()
        return self._log(end_at=self._clock.now())

    def _begin(self) -> None:
        self._begun_s = self._noted_s = self._saved_s = self._clock.monotonic_s()
        self._begin_at = self._clock.now()

    def _hand_on(self) -> GazeLog | None:
        log = self._log(end_at=self._clock.now())
        self._gazes, self._assessed_s, self._not_assessed_s = [], 0.0, {}
        self._begin()
        return log

    def _log(self, *, end_at: datetime) -> GazeLog | None:
        if self._order_id is None:
            return None
        return GazeLog(
            vehicle_id=self._vehicle_id,
            order_id=self._order_id,
            lens=self._lens,
            begin_at=self._begin_at,
            end_at=end_at,
            gazes=tuple(self._gazes),
            assessed_s=self._assessed_s,
            not_assessed_s=dict(self._not_assessed_s),
        )

    def _span_s(self) -> float:
        now_s = self._clock.monotonic_s()
        span_s, self._noted_s = now_s - self._noted_s, now_s
        return span_s

    def _add(self, reason: str, span_s: float) -> None:
        if span_s > 0:
            self._not_assessed_s[reason] = self._not_assessed_s.get(reason, 0.0) + span_s
