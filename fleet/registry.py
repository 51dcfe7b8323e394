"""The live view of all vehicles: the newest word of each, its age, and who wants to hear of changes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Generic, TypeVar

from core.clock import Clock
from core.ids import VehicleId
from fleet.live import EyesState, LivePicture, LiveTracks
from fleet.telemetry import VehicleState

LINK_LOST_AFTER_S = 3.0
TRACKS_STALE_AFTER_S = 3.0

T = TypeVar("T")


class Aspect(Enum):
    """What changed about a vehicle."""

    STATE = auto()
    TRACKS = auto()
    PICTURE = auto()
    EYES = auto()


Changes = Mapping[VehicleId, frozenset[Aspect]]
"""What changed since the reader looked last, per vehicle; the values themselves are read from the registry."""


@dataclass(slots=True)
class _Newest(Generic[T]):
    """The newest word on something; it is made when somebody looks, and then kept."""

    heard_s: float
    make: Callable[[], T]
    made: T | None = None

    def value(self) -> T:
        if self.made is None:
            self.made = self.make()
        return self.made


class _Reader:
    """One reader's set of changes; it never grows beyond the number of vehicles."""

    def __init__(self) -> None:
        self.pending: dict[VehicleId, set[Aspect]] = {}
        self.filled = asyncio.Event()

    def note(self, vehicle_id: VehicleId, aspect: Aspect) -> None:
        aspects = self.pending.get(vehicle_id)
        if aspects is None:
            self.pending[vehicle_id] = {aspect}
        else:
            aspects.add(aspect)
        if not self.filled.is_set():
            self.filled.set()

    def take(self) -> Changes:
        taken = {vehicle_id: frozenset(aspects) for vehicle_id, aspects in self.pending.items()}
        self.pending.clear()
        self.filled.clear()
        return taken


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFacts:
    """What is known of the link of one vehicle. `offset_s` is our clock minus the agent's."""

    agent: str
    since_s: float
    offset_s: float | None = None
    round_trip_s: float | None = None


class FleetRegistry:
    """The newest state, tracks, picture and eyes of every vehicle; nothing is queued, nothing is stored."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._states: dict[VehicleId, _Newest[VehicleState]] = {}
        self._tracks: dict[VehicleId, _Newest[LiveTracks]] = {}
        self._pictures: dict[VehicleId, _Newest[LivePicture]] = {}
        self._eyes: dict[VehicleId, _Newest[EyesState]] = {}
        self._links: dict[VehicleId, LinkFacts] = {}
        self._readers: list[_Reader] = []
        self._silent: set[VehicleId] = set()

    # ------------------------------------------------------------------------------- writing

    def update(self, state: VehicleState) -> None:
        """Take the newest state of a vehicle."""
        self.update_later(state.vehicle_id, lambda: state)

    def update_later(self, vehicle_id: VehicleId, make: Callable[[], VehicleState]) -> None:
        """Take the newest state of a vehicle, to be made by *make* when somebody looks."""
        self._states[vehicle_id] = _Newest(self._clock.monotonic_s(), make)
        self._silent.discard(vehicle_id)
        self._note(vehicle_id, Aspect.STATE)

    def put_tracks(self, vehicle_id: VehicleId, make: Callable[[], LiveTracks]) -> None:
        """Take the newest tracks of a vehicle."""
        self._tracks[vehicle_id] = _Newest(self._clock.monotonic_s(), make)
        self._note(vehicle_id, Aspect.TRACKS)

    def put_picture(self, vehicle_id: VehicleId, make: Callable[[], LivePicture]) -> None:
        """Take the newest picture of a vehicle."""
        self._pictures[vehicle_id] = _Newest(self._clock.monotonic_s(), make)
        self._note(vehicle_id, Aspect.PICTURE)

    def put_eyes(self, vehicle_id: VehicleId, make: Callable[[], EyesState]) -> None:
        """Take how the eyes of a vehicle are doing."""
        self._eyes[vehicle_id] = _Newest(self._clock.monotonic_s(), make)
        self._note(vehicle_id, Aspect.EYES)

    def put_link(self, vehicle_id: VehicleId, facts: LinkFacts | None) -> None:
        """Keep what is known of a vehicle's link; None when it ended."""
        if facts is None:
            self._links.pop(vehicle_id, None)
        else:
            self._links[vehicle_id] = facts
        self._note(vehicle_id, Aspect.STATE)

    def note_silence(self) -> None:
        """Tell the readers once of every vehicle that has fallen silent; call it about once a second."""
        oldest_s = self._clock.monotonic_s() - LINK_LOST_AFTER_S
        for vehicle_id, newest in self._states.items():
            if newest.heard_s < oldest_s and vehicle_id not in self._silent:
                self._silent.add(vehicle_id)
                self._note(vehicle_id, Aspect.STATE)

    # ------------------------------------------------------------------------------- reading

    def state(self, vehicle_id: VehicleId) -> VehicleState | None:
        """Return the newest state; its link is down when the agent was silent for 3 s. None: never heard."""
        newest = self._states.get(vehicle_id)
        if newest is None:
            return None
        state = newest.value()
        silent_s = self._clock.monotonic_s() - newest.heard_s
        if silent_s <= LINK_LOST_AFTER_S or not state.link_up:
            return state
        return replace(state, link_up=False, because=f"nothing heard from its agent for {silent_s:.0f} s")

    def states(self) -> dict[VehicleId, VehicleState]:
        """Return the newest state of every vehicle that was ever heard."""
        known = ((vehicle_id, self.state(vehicle_id)) for vehicle_id in self._states)
        return {vehicle_id: state for vehicle_id, state in known if state is not None}

    def tracks(self, vehicle_id: VehicleId) -> LiveTracks | None:
        """Return what the vehicle's eyes follow; None when they have been silent for 3 s."""
        newest = self._tracks.get(vehicle_id)
        if newest is None or self._clock.monotonic_s() - newest.heard_s > TRACKS_STALE_AFTER_S:
            return None
        return newest.value()

    def picture(self, vehicle_id: VehicleId) -> LivePicture | None:
        """Return the newest picture, however old it is (`at` tells)."""
        newest = self._pictures.get(vehicle_id)
        return None if newest is None else newest.value()

    def perception(self, vehicle_id: VehicleId) -> EyesState | None:
        """Return how the eyes of the vehicle are doing, however old it is (`at` tells)."""
        newest = self._eyes.get(vehicle_id)
        return None if newest is None else newest.value()

    def link(self, vehicle_id: VehicleId) -> LinkFacts | None:
        """Return what is known of the vehicle's link; None when no agent is connected for it."""
        return self._links.get(vehicle_id)

    # ------------------------------------------------------------------------------ following

    async def changes(self, *, at_most_hz: float = 4.0) -> AsyncIterator[Changes]:
        """Yield what changed, one merged set per round, at most *at_most_hz* times a second; the first is everything.

        A slow reader gets fewer, fuller rounds; nothing is kept for it but the names of what changed.
        """
        with self._reading() as reader:
            while True:
                await reader.filled.wait()
                yield reader.take()
                await self._clock.sleep(1.0 / at_most_hz)

    @contextmanager
    def _reading(self) -> Iterator[_Reader]:
        reader = _Reader()
        for vehicle_id in self._states:
            for aspect in Aspect:
                reader.note(vehicle_id, aspect)
        self._readers.append(reader)
        try:
            yield reader
        finally:
            self._readers.remove(reader)

    def _note(self, vehicle_id: VehicleId, aspect: Aspect) -> None:
        for reader in self._readers:
            reader.note(vehicle_id, aspect)
