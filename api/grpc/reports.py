"""Which report goes to whom."""

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
        "sighting": route(
            lambda report, vehicle_id: sighting_from_pb(report.sighting, vehicle_id=vehicle_id), sightings
        ),
        "look_result": route(
            lambda report, vehicle_id: look_result_from_pb(report.look_result, vehicle_id=vehicle_id), looks
        ),
    }
