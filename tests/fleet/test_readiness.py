"""May this vehicle take off? All reasons at once, what is unknown counts against it."""

from dataclasses import replace

import pytest

from fleet.orders import Dock, OrderProgress, OrderState
from fleet.readiness import TEXTS, Readiness, check_readiness
from fleet.store import OrderRecord, OutOfService, VehicleRecord
from fleet.telemetry import LandedState, VehicleState
from geofence.positions import GeoPosition
from tests.fleet import examples

NOW_S = 50.0
READY = examples.ready_state(now_s=NOW_S)
RECORD = VehicleRecord(
    card=examples.card(), agent="tower", software="x", boot_id="1", hello_at=examples.NOW, last_seen_at=examples.NOW
)
_ORDER = examples.order()
CURRENT = OrderRecord(
    order=_ORDER, progress=OrderProgress(order_id=_ORDER.id, state=OrderState.RUNNING, at=examples.NOW)
)


def readiness(
    state: VehicleState = READY,
    *,
    record: VehicleRecord = RECORD,
    current: OrderRecord | None = None,
    dock: Dock | None = examples.DOCK,
) -> Readiness:
    return check_readiness(state=state, record=record, current=current, dock=dock, now_s=NOW_S)


def codes(result: Readiness) -> set[str]:
    return {reason.code for reason in result.reasons}


def test_a_healthy_vehicle_in_its_dock_is_ready() -> None:
    result = readiness()
    assert result.is_ready
    assert result.because == result.because_zh == ""


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"link_up": False, "because": "radio"}, "link_lost"),
        ({"received_s": NOW_S - 3.5}, "stale"),
        ({"position": None}, "no_position"),
        ({"gps_ok": None}, "gps"),
        ({"gps_ok": False}, "gps"),
        ({"health_ok": False, "because": "compass"}, "unhealthy"),
        ({"is_ambiguous": True}, "duplicate"),
        ({"battery_ratio": None}, "battery_unknown"),
        ({"battery_ratio": 0.29}, "battery"),
        ({"position": GeoPosition(lon_deg=121.4003, lat_deg=31.32)}, "not_at_dock"),
        ({"landed": LandedState.IN_AIR}, "airborne"),
        ({"landed": LandedState.UNKNOWN}, "landed_unknown"),
        ({"is_armed": True}, "armed"),
    ],
)
def test_each_fault_of_the_vehicle_is_one_reason(changes: dict[str, object], code: str) -> None:
    result = readiness(replace(READY, **changes))  # type: ignore[arg-type]
    assert codes(result) == {code}
    assert not result.is_ready


def test_a_vehicle_that_was_never_heard_says_just_that() -> None:
    assert codes(readiness(VehicleState(vehicle_id=READY.vehicle_id))) == {"never_heard"}


def test_the_books_speak_too() -> None:
    out = OutOfService(because="bent propeller", by="ann", at=examples.NOW)
    result = readiness(record=replace(RECORD, out_of_service=out), current=CURRENT, dock=None)
    assert codes(result) == {"out_of_service", "busy", "no_dock"}
    assert "bent propeller" in result.because
    assert "ann" in result.because_zh


def test_all_reasons_come_at_once_in_both_languages() -> None:
    state = replace(READY, battery_ratio=0.1, gps_ok=False, is_armed=True)
    result = readiness(state)
    assert codes(result) == {"battery", "gps", "armed"}
    assert "10 %" in result.because
    assert "10%" in result.because_zh
    assert result.because.count("; ") == 2


def test_every_reason_has_a_sentence_in_both_languages() -> None:
    assert all(english and chinese for english, chinese in TEXTS.values())
