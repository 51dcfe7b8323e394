import pytest

from perception.pose_history import STAMP_WRAP_S, PoseHistory, TimedGaze
from tests.perception.eyes import FRAME, gaze


def pose(at_s: float, *, yaw_deg: float = 0.0, east_m: float = 0.0) -> TimedGaze:
    return TimedGaze(vehicle_time_s=at_s, gaze=gaze(yaw_deg=yaw_deg, east_m=east_m))


def test_a_pose_between_two_reports_turns_the_short_way_across_north() -> None:
    history = PoseHistory()
    history.add(pose(100.0, yaw_deg=350, east_m=0), received_s=1.0)
    history.add(pose(100.2, yaw_deg=10, east_m=2), received_s=1.2)

    middle = history.at(100.1)

    assert middle is not None
    assert min(middle.yaw_deg, 360 - middle.yaw_deg) == pytest.approx(0, abs=1e-6)
    assert FRAME.to_local(middle.place).east_m == pytest.approx(1.0, abs=1e-3)


def test_a_moment_far_from_every_report_has_no_pose() -> None:
    history = PoseHistory(reach_s=0.25)
    history.add(pose(100.0), received_s=1.0)
    history.add(pose(100.2), received_s=1.2)
    history.add(pose(103.2), received_s=4.2)

    assert history.at(99.0) is None
    assert history.at(101.7) is None
    assert history.at(103.9) is None
    assert history.at(103.3) is not None


def test_a_stamp_that_started_again_is_read_near_the_telemetry() -> None:
    history = PoseHistory()
    history.add(pose(STAMP_WRAP_S + 5.0), received_s=1.0)

    assert history.unwrap_s(4.8) == pytest.approx(STAMP_WRAP_S + 4.8)


def test_the_fastest_message_relates_the_two_clocks() -> None:
    history = PoseHistory()
    history.add(pose(50.0), received_s=7.3)
    history.add(pose(50.1), received_s=7.12)

    assert history.ours_s(50.1) == pytest.approx(7.12)
    assert history.vehicle_time_s(7.12) == pytest.approx(50.1)


def test_a_vehicle_that_started_again_begins_a_new_history() -> None:
    history = PoseHistory()
    history.add(pose(900.0), received_s=1.0)
    history.add(pose(2.0), received_s=60.0)

    assert history.newest_s == 2.0
    assert history.at(900.0) is None
