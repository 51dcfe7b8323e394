"""What an agent reports, as protobuf."""

from datetime import datetime

from roundsman.v1 import link_pb2 as pb

from core.ids import ReportId
from fleet.gazes import GazeLog
from fleet.link.translate import event_to_pb, outcome_to_pb, progress_to_pb
from fleet.link.translate_gazes import gaze_log_to_pb
from fleet.link.translate_places import to_us
from fleet.orders import CommandOutcome, OrderProgress, VehicleEvent
from perception.sighting import LookResult, Sighting
from perception.wire import look_result_to_pb, sighting_to_pb

ReportBody = OrderProgress | CommandOutcome | VehicleEvent | Sighting | LookResult | GazeLog


def report_to_pb(body: ReportBody, *, report_id: ReportId, made_at: datetime) -> pb.Report:
    """Return *body* as a report with its own id."""
    report = pb.Report(id=report_id, made_at_us=to_us(made_at))
    match body:
        case OrderProgress():
            report.order_progress.CopyFrom(progress_to_pb(body))
        case CommandOutcome():
            report.command_outcome.CopyFrom(outcome_to_pb(body))
        case VehicleEvent():
            report.vehicle_event.CopyFrom(event_to_pb(body))
        case Sighting():
            report.sighting.CopyFrom(sighting_to_pb(body))
        case LookResult():
            report.look_result.CopyFrom(look_result_to_pb(body))
        case GazeLog():
            report.gaze_log.CopyFrom(gaze_log_to_pb(body))
    return report
