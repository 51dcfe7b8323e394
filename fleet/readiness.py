"""May this vehicle take off on an order now? Every reason why not, at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from string import Template

from core.errors import Detail
from fleet.orders import Dock
from fleet.store import OrderRecord, VehicleRecord
from fleet.telemetry import LandedState, VehicleState
from geofence.frames import LocalFrame

STALE_AFTER_S = 3.0
RESERVE_BATTERY_RATIO = 0.3
AT_DOCK_WITHIN_M = 15.0

TEXTS: Mapping[str, tuple[str, str]] = {
    "never_heard": ("nothing was heard of it yet", "尚未收到任何信号"),
    "link_lost": ("its link is lost: ${because}", "链路已断开：${because}"),
    "stale": ("its position is ${age_s} s old", "位置数据已过期 ${age_s} 秒"),
    "no_position": ("it does not know where it is", "车辆尚无定位"),
    "gps": ("its satellite position is not good enough", "卫星定位不可用"),
    "unhealthy": ("it reports that it is not well: ${because}", "车辆自检未通过：${because}"),
    "duplicate": ("two vehicles answer to its identity", "有两台车辆使用同一标识"),
    "battery_unknown": ("it does not say how full its battery is", "电量未知"),
    "battery": ("its battery is at ${percent} %, the reserve is ${reserve_percent} %",
                "电量 ${percent}%，低于保留电量 ${reserve_percent}%"),
    "no_dock": ("it has no dock to come home to", "没有可返回的机场"),
    "not_at_dock": ("it is ${distance_m} m away from its dock", "距离机场 ${distance_m} 米"),
    "airborne": ("it is in the air", "正在空中"),
    "armed": ("it is armed", "电机已解锁"),
    "landed_unknown": ("it does not say whether it is on the ground", "未知是否在地面"),
    "out_of_service": ("${by} took it out of service: ${because}", "${by} 已停用该车辆：${because}"),
    "busy": ("it still has order ${order_id} (${state})", "仍有任务指令 ${order_id}（${state}）"),
}  # fmt: skip
"""Each reason's code with its sentence in English and in Chinese."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason why a vehicle cannot take an order: a stable code and the numbers of its sentence."""

    code: str
    params: Mapping[str, Detail] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Return the sentence in English."""
        return Template(TEXTS[self.code][0]).substitute(self.params)

    @property
    def text_zh(self) -> str:
        """Return the sentence in Chinese."""
        return Template(TEXTS[self.code][1]).substitute(self.params)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether a vehicle can take off now; not ready has at least one reason."""

    reasons: tuple[Reason, ...]

    @property
    def is_ready(self) -> bool:
        """Say whether nothing speaks against a take-off."""
        return not self.reasons

    @property
    def because(self) -> str:
        """Return all reasons in English, joined by "; ", empty when it is ready."""
        return "; ".join(reason.text for reason in self.reasons)

    @property
    def because_zh(self) -> str:
        """Return all reasons in Chinese, empty when it is ready."""
        return "；".join(reason.text_zh for reason in self.reasons)


def check_readiness(
    *, state: VehicleState, record: VehicleRecord, current: OrderRecord | None, dock: Dock | None, now_s: float
) -> Readiness:
    """Return every reason why the vehicle cannot take off at monotonic *now_s*; what is not known counts against it."""
    reasons = [*_books(record, current)]
    if state.received_s is None and not state.link_up:
        return Readiness(reasons=(*reasons, Reason(code="never_heard")))
    return Readiness(reasons=(*reasons, *_link(state, now_s), *_health(state), *_battery(state), *_place(state, dock)))


def _books(record: VehicleRecord, current: OrderRecord | None) -> Iterator[Reason]:
    out = record.out_of_service
    if out is not None:
        yield Reason(code="out_of_service", params={"by": out.by, "because": out.because})
    if current is not None:
        yield Reason(code="busy", params={"order_id": current.order.id, "state": current.progress.state.value})


def _link(state: VehicleState, now_s: float) -> Iterator[Reason]:
    if not state.link_up:
        yield Reason(code="link_lost", params={"because": state.because or "silence"})
    elif state.age_s(now_s) > STALE_AFTER_S and state.received_s is not None:
        yield Reason(code="stale", params={"age_s": round(state.age_s(now_s), 1)})


def _health(state: VehicleState) -> Iterator[Reason]:
    if state.is_ambiguous:
        yield Reason(code="duplicate")
    if not state.gps_ok:
        yield Reason(code="gps")
    if state.health_ok is False:
        yield Reason(code="unhealthy", params={"because": state.because or "no reason given"})


def _battery(state: VehicleState) -> Iterator[Reason]:
    if state.battery_ratio is None:
        yield Reason(code="battery_unknown")
    elif state.battery_ratio < RESERVE_BATTERY_RATIO:
        percent = {"percent": round(100 * state.battery_ratio), "reserve_percent": round(100 * RESERVE_BATTERY_RATIO)}
        yield Reason(code="battery", params=percent)


def _place(state: VehicleState, dock: Dock | None) -> Iterator[Reason]:
    if state.landed is LandedState.UNKNOWN:
        yield Reason(code="landed_unknown")
    elif state.landed is not LandedState.ON_GROUND:
        yield Reason(code="airborne")
    if state.is_armed:
        yield Reason(code="armed")
    if dock is None:
        yield Reason(code="no_dock")
    elif state.position is None:
        yield Reason(code="no_position")
    else:
        away = LocalFrame(origin=dock.place).to_local(state.position)
        distance_m = (away.east_m**2 + away.north_m**2) ** 0.5
        if distance_m > AT_DOCK_WITHIN_M:
            yield Reason(code="not_at_dock", params={"distance_m": round(distance_m)})
