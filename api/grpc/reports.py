"""Which report goes to whom."""

from roundsman.v1 import link_pb2 as pb

from core.ids import VehicleId
from fleet.link.intake import ReportHandler, ReportRoute, fleet_routes, route
from fleet.store import FleetStore
from perception.sighting import LookResult, Sighting
from perception.wire import look_result_from_pb, sighting_from_pb


def report_routes(
    *, fleet: FleetStore, sightings: ReportHandler[Sighting], looks: ReportHandler[LookResult]
) -> dict[str, ReportRoute]:
    """Return the way of every kind of report, by its field in `roundsman.v1.Report`."""
    return {
        **fleet_routes(fleet),
        "sighting": route(_sighting, sightings),
        "look_result": route(
            lambda report, vehicle_id: look_result_from_pb(report.look_result, vehicle_id=vehicle_id), looks
        ),
    }


def urgent_routes(sightings: ReportHandler[Sighting]) -> dict[str, ReportRoute]:
    """Return the ways of what cannot wait until a report can be taken."""
    return {"sighting": route(_sighting, sightings)}


def _sighting(report: pb.Report, vehicle_id: VehicleId) -> Sighting:
    return sighting_from_pb(report.sighting, vehicle_id=vehicle_id)
