"""The simulator's control service: faults, truth, and hands for people who act in the town."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeAlias, TypeVar

import grpc
from roundsman.v1 import sim_pb2, sim_pb2_grpc

from core.errors import CallerError, Conflict, InvalidInput, NotFound, RoundsmanError
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from sim.autopilot import Autopilot
from sim.faults import active_faults, clear_fault, set_fault
from sim.film import Film
from sim.living_world import LivingWorld
from sim.referee import Breach, Flown, is_airborne
from sim.town import ThingTruth

_DEFAULT_RADIUS_M = 10.0
_HOW: dict[int, bool | None] = {
    sim_pb2.HandleThingRequest.AS_PLANNED: None,
    sim_pb2.HandleThingRequest.REMOVE: False,
    sim_pb2.HandleThingRequest.LEAVE: True,
}
R = TypeVar("R")
Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


class SimControl(sim_pb2_grpc.SimControlServicer):
    """Answers `roundsman sim fault|truth`, the people of the town, and tests."""

    def __init__(self, *, world: LivingWorld, film: Film, speed: float = 1.0) -> None:
        self._pilots = world.pilots
        self._town = world.town
        self._referee = world.referee
        self._film = film
        self._time = world.time
        self._speed = speed
        self._frame = world.plan.frame

    async def SetFault(self, request: sim_pb2.SetFaultRequest, context: Context) -> sim_pb2.Faults:  # noqa: N802
        """Set one fault of one vehicle, or of all."""

        def work() -> sim_pb2.Faults:
            for pilot in self._of(request.vehicle_id):
                set_fault(pilot.faults, request.name, request.value)
            return self._faults()

        return await _answer(context, work)

    async def ClearFault(self, request: sim_pb2.ClearFaultRequest, context: Context) -> sim_pb2.Faults:  # noqa: N802
        """Make one fault, or all, harmless again."""

        def work() -> sim_pb2.Faults:
            for pilot in self._of(request.vehicle_id):
                clear_fault(pilot.faults, request.name)
            return self._faults()

        return await _answer(context, work)

    async def ListFaults(self, request: sim_pb2.ListFaultsRequest, context: Context) -> sim_pb2.Faults:  # noqa: N802
        """Return what is wrong with each vehicle now."""
        return self._faults()

    async def GetTruth(self, request: sim_pb2.GetTruthRequest, context: Context) -> sim_pb2.Truth:  # noqa: N802
        """Return what truly happened."""
        state, now_s = self._referee.state, self._time.now_s
        return sim_pb2.Truth(
            world_s=now_s,
            speed=self._speed,
            things=[self._thing(thing) for thing in self._town.truth(now_s)],
            breaches=[_breach(breach, self._frame) for breach in state.breaches],
            min_separation_m=state.min_separation_m,
            vehicles=[_vehicle(pilot, state.flown.get(pilot.airframe.vehicle_id, Flown())) for pilot in self._pilots],
        )

    async def HandleThing(  # noqa: N802
        self, request: sim_pb2.HandleThingRequest, context: Context
    ) -> sim_pb2.HandleThingReply:
        """Let somebody handle a thing: by its id, or the nearest of a kind."""

        def work() -> sim_pb2.HandleThingReply:
            ids = [request.thing_id] if request.thing_id else self._find(request)
            gone = [self._town.handle(each, leave=_HOW[request.how], time_s=self._time.now_s) for each in ids]
            return sim_pb2.HandleThingReply(thing_ids=ids, is_gone=all(gone))

        return await _answer(context, work)

    async def RenderPhoto(  # noqa: N802
        self, request: sim_pb2.RenderPhotoRequest, context: Context
    ) -> sim_pb2.RenderedPhoto:
        """Return a photograph of a place as it looks now."""
        here = self._frame.to_local(_position(request.lon_deg, request.lat_deg))
        from_deg = request.from_deg if request.HasField("from_deg") else None
        jpeg = await self._film.photo(east_m=here.east_m, north_m=here.north_m, from_deg=from_deg)
        return sim_pb2.RenderedPhoto(jpeg=jpeg)

    def _of(self, vehicle_id: str) -> Iterable[Autopilot]:
        chosen = [pilot for pilot in self._pilots if vehicle_id in {"", pilot.airframe.vehicle_id}]
        if not chosen:
            known = ", ".join(pilot.airframe.vehicle_id for pilot in self._pilots)
            raise NotFound("there is no such vehicle", where=vehicle_id, remedy=f"known are {known}")
        return chosen

    def _faults(self) -> sim_pb2.Faults:
        return sim_pb2.Faults(
            vehicles=[
                sim_pb2.VehicleFaults(vehicle_id=pilot.airframe.vehicle_id, active=active_faults(pilot.faults))
                for pilot in self._pilots
            ]
        )

    def _find(self, request: sim_pb2.HandleThingRequest) -> list[str]:
        here = self._frame.to_local(_position(request.lon_deg, request.lat_deg))
        ids = self._town.find(
            east_m=here.east_m,
            north_m=here.north_m,
            kind=request.kind,
            within_m=request.radius_m or _DEFAULT_RADIUS_M,
            time_s=self._time.now_s,
        )
        if not ids:
            raise NotFound(
                f"nothing of kind {request.kind or 'any'} is there", where=f"{request.lon_deg}, {request.lat_deg}"
            )
        return ids

    def _thing(self, thing: ThingTruth) -> sim_pb2.ThingTruth:
        here = self._frame.to_geo(LocalPosition(east_m=thing.east_m, north_m=thing.north_m))
        return sim_pb2.ThingTruth(
            id=thing.id,
            type=thing.type,
            kind=thing.kind or "",
            lon_deg=here.lon_deg,
            lat_deg=here.lat_deg,
            appeared_s=thing.appeared_s,
            claimed_s=thing.claimed_s,
            removed_s=thing.removed_s,
            matter=thing.matter,
            in_view_s=self._referee.state.in_view_s.get(thing.id),
        )


def _position(lon_deg: float, lat_deg: float) -> GeoPosition:
    return GeoPosition(lon_deg=lon_deg, lat_deg=lat_deg)


def _breach(breach: Breach, frame: LocalFrame) -> sim_pb2.Breach:
    here = frame.to_geo(LocalPosition(east_m=breach.east_m, north_m=breach.north_m))
    return sim_pb2.Breach(
        vehicle_id=breach.vehicle_id,
        zone_id=breach.zone_id,
        at_s=breach.at_s,
        lon_deg=here.lon_deg,
        lat_deg=here.lat_deg,
        height_agl_m=breach.up_m,
    )


def _vehicle(pilot: Autopilot, flown: Flown) -> sim_pb2.VehicleTruth:
    body = pilot.record.body
    here = pilot.cockpit.frame.to_geo(LocalPosition(east_m=body.east_m, north_m=body.north_m))
    return sim_pb2.VehicleTruth(
        vehicle_id=pilot.airframe.vehicle_id,
        lon_deg=here.lon_deg,
        lat_deg=here.lat_deg,
        height_agl_m=body.up_m,
        heading_deg=body.yaw_deg,
        mode=pilot.record.mode,
        is_armed=pilot.record.is_armed,
        is_airborne=is_airborne(pilot),
        battery_ratio=pilot.record.battery_ratio,
        flown_s=flown.seconds_s,
        flown_m=flown.metres_m,
        landings=flown.landings,
    )


async def _answer(context: Context, work: Callable[[], R]) -> R:
    try:
        return work()
    except RoundsmanError as error:
        await _abort(context, error)
        raise


def _abort(context: Context, error: RoundsmanError) -> Awaitable[object]:
    codes: tuple[tuple[type[RoundsmanError], grpc.StatusCode], ...] = (
        (NotFound, grpc.StatusCode.NOT_FOUND),
        (Conflict, grpc.StatusCode.FAILED_PRECONDITION),
        (InvalidInput, grpc.StatusCode.INVALID_ARGUMENT),
        (CallerError, grpc.StatusCode.INVALID_ARGUMENT),
        (RoundsmanError, grpc.StatusCode.INTERNAL),
    )
    code = next(code for kind, code in codes if isinstance(error, kind))
    return context.abort(code, str(error))
