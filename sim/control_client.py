"""The other end of the simulator's control service, for the command line and for tests."""

from types import TracebackType
from typing import Any, Self

import grpc
from roundsman.v1 import sim_pb2, sim_pb2_grpc

from core.errors import Fault, InvalidInput, Unavailable

_TIMEOUT_S = 10.0
Report = dict[str, object]


class ControlClient:
    """Asks a running simulator; raises Unavailable when there is none, InvalidInput when it refuses."""

    def __init__(self, *, address: str) -> None:
        self._address = address
        self._channel = grpc.insecure_channel(address)
        self._stub: Any = sim_pb2_grpc.SimControlStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel.close()

    def set_fault(self, *, vehicle_id: str, name: str, value: str) -> dict[str, dict[str, str]]:
        """Set a fault and return what is wrong with each vehicle now."""
        request = sim_pb2.SetFaultRequest(vehicle_id=vehicle_id, name=name, value=value)
        return _faults(self._ask("SetFault", request))

    def clear_fault(self, *, vehicle_id: str, name: str) -> dict[str, dict[str, str]]:
        """Clear a fault (all when *name* is empty) and return what is wrong with each vehicle now."""
        return _faults(self._ask("ClearFault", sim_pb2.ClearFaultRequest(vehicle_id=vehicle_id, name=name)))

    def faults(self) -> dict[str, dict[str, str]]:
        """Return what is wrong with each vehicle now."""
        return _faults(self._ask("ListFaults", sim_pb2.ListFaultsRequest()))

    def truth(self) -> Report:
        """Return what truly happened, with one line a matter under "things"."""
        told: sim_pb2.Truth = self._ask("GetTruth", sim_pb2.GetTruthRequest())
        return {
            "world_s": round(told.world_s, 1),
            "speed": told.speed,
            "vehicles": [_vehicle(vehicle) for vehicle in told.vehicles],
            "things": _matters(told),
            "fence_breaches": len(told.breaches),
            "breaches": [_breach(breach) for breach in told.breaches],
            "min_separation_m": round(told.min_separation_m, 2) if told.HasField("min_separation_m") else None,
        }

    def _ask(self, method: str, request: object) -> Any:
        try:
            return getattr(self._stub, method)(request, timeout=_TIMEOUT_S)
        except grpc.RpcError as error:
            code, words = error.code(), error.details() or "no reason given"
            if code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}:
                raise Unavailable(
                    "no simulator answers", where=self._address, remedy="start it: roundsman sim run"
                ) from error
            if code is grpc.StatusCode.INTERNAL:
                raise Fault(words) from error
            raise InvalidInput(words, where=method) from error


def _faults(told: sim_pb2.Faults) -> dict[str, dict[str, str]]:
    return {vehicle.vehicle_id: dict(vehicle.active) for vehicle in told.vehicles}


def _matters(told: sim_pb2.Truth) -> list[Report]:
    """Return one line a matter that is no lawful thing; one of several things stands at their middle."""
    members: dict[str, list[sim_pb2.ThingTruth]] = {}
    for thing in told.things:
        if thing.kind:
            members.setdefault(thing.matter, []).append(thing)
    return [_matter(name, things) for name, things in members.items()]


def _matter(name: str, things: list[sim_pb2.ThingTruth]) -> Report:
    first = things[0]
    return {
        "id": name,
        "type": first.type,
        "kind": first.kind,
        "lon_deg": sum(thing.lon_deg for thing in things) / len(things),
        "lat_deg": sum(thing.lat_deg for thing in things) / len(things),
        "appears_s": first.appeared_s if first.HasField("appeared_s") else None,
        "claimed_s": first.claimed_s if first.HasField("claimed_s") else None,
        "gone_s": first.removed_s if first.HasField("removed_s") else None,
        "in_view_s": first.in_view_s if first.HasField("in_view_s") else None,
    }


def _vehicle(vehicle: sim_pb2.VehicleTruth) -> Report:
    return {
        "id": vehicle.vehicle_id,
        "lon_deg": vehicle.lon_deg,
        "lat_deg": vehicle.lat_deg,
        "height_agl_m": round(vehicle.height_agl_m, 2),
        "mode": vehicle.mode,
        "is_armed": vehicle.is_armed,
        "is_airborne": vehicle.is_airborne,
        "battery_ratio": round(vehicle.battery_ratio, 3),
        "flown_s": round(vehicle.flown_s, 1),
        "flown_m": round(vehicle.flown_m, 1),
        "landings": vehicle.landings,
    }


def _breach(breach: sim_pb2.Breach) -> Report:
    return {
        "vehicle_id": breach.vehicle_id,
        "zone_id": breach.zone_id,
        "at_s": round(breach.at_s, 1),
        "lon_deg": breach.lon_deg,
        "lat_deg": breach.lat_deg,
        "height_agl_m": round(breach.height_agl_m, 1),
    }
