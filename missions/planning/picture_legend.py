"""The legend beside the picture of a plan: figures, vehicles, tasks, and what the signs mean."""

import unicodedata
from collections.abc import Iterator, Sequence
from html import escape

from missions.planning.plan import FleetPlan
from missions.planning.request import AreaTask, FleetRequest, PointsTask

EDGE_PX = 24.0
_ROW_PX = 17.0
_SIGN_PX = 34.0
_LONGEST_PX = 190.0
_MOST_ROWS = 40
_BOX = '<rect x="{x:.0f}" y="{y:.0f}" width="26" height="11" {style}/>'
_LINE = '<path d="M{x:.0f},{middle:.1f}h26" fill="none" {style}/>'
_Row = tuple[str, str]
"""A sign with places for x, y and middle (empty: none), and words."""


def text_px(words: str) -> float:
    """Return about how wide *words* are at the picture's size of letters."""
    return sum(12.0 if unicodedata.east_asian_width(letter) in "WF" else 6.8 for letter in words)


def legend(
    request: FleetRequest, plan: FleetPlan, left_px: float, colours: Sequence[str], left_out: int
) -> tuple[list[str], float, float]:
    """Return the legend as SVG lines that begin at *left_px*, how wide it is, and how far down it goes."""
    rows = [
        *_figures(plan),
        *_few(list(_vehicles(plan, colours))),
        *_few([("", f"{_short(task.id)}: {task.done_ratio:.1%} 完成 done") for task in plan.tasks]),
        *_signs(request, plan),
    ]
    if left_out:
        rows.append(("", f"{left_out} 处在图外 places beyond the map"))
    lines = []
    for number, (sign, words) in enumerate(rows):
        y = EDGE_PX + number * _ROW_PX
        lines.append(sign.format(x=left_px, y=y, middle=y + 5.5))
        lines.append(f'<text x="{left_px + _SIGN_PX:.0f}" y="{y + 10:.0f}">{escape(words)}</text>')
    widest_px = max(text_px(words) for _, words in rows)
    return [line for line in lines if line], _SIGN_PX + widest_px + EDGE_PX, len(rows) * _ROW_PX + 2 * EDGE_PX


def _figures(plan: FleetPlan) -> Iterator[_Row]:
    yield "", f"最后返回 last home: {plan.makespan_s:.0f} s"
    yield "", f"总里程 distance: {plan.total_distance_m / 1000:.2f} km"
    yield "", f"总时长 in all: {plan.total_duration_s:.0f} s"
    if plan.violations:
        yield _box('fill="#c00"'), f"{len(plan.violations)} 处违反 violations"


def _vehicles(plan: FleetPlan, colours: Sequence[str]) -> Iterator[_Row]:
    for colour, vehicle in zip(colours, plan.vehicles, strict=True):
        words = f"{len(vehicle.sorties)} 次 sorties, {vehicle.end_s:.0f} s" if vehicle.sorties else "未用 not used"
        yield _box(f'fill="{colour}"'), f"{_short(vehicle.id)}: {words}"


def _signs(request: FleetRequest, plan: FleetPlan) -> Iterator[_Row]:
    """Yield what the signs mean that this picture has."""
    legs = [leg for vehicle in plan.vehicles for sortie in vehicle.sorties for leg in sortie.legs]
    if legs:
        yield _LINE.replace("{style}", 'stroke="#333" stroke-width="1.9"'), "作业 at work"
        yield _LINE.replace("{style}", 'stroke="#333" stroke-width="1.2" stroke-dasharray="5 4"'), "往返 on the way"
    if any(vehicle.band.lowest_agl_m != vehicle.band.highest_agl_m for vehicle in request.vehicles):
        sign = '<path d="M{x:.0f},{y:.0f}m4,9l4,-8l4,8zm12,-8l4,8l4,-8z" fill="#fff" stroke="#333"/>'
        yield sign, "爬升、下降 climb, sink"
    if any(isinstance(task, AreaTask) for task in request.tasks):
        yield _box('fill="#f5e9b8" stroke="#b9a24a"'), "任务区 area of a task"
    if any(isinstance(task, PointsTask) for task in request.tasks):
        yield '<circle cx="{x:.0f}" cy="{middle:.1f}" r="2.6" transform="translate(13 0)" fill="#333"/>', "点 point"
    if any(task.unreachable for task in plan.tasks):
        sign = _box('fill="#666" fill-opacity="0.45"')
        yield (
            sign + '<path d="M{x:.0f},{y:.0f}m9,1.5l8,8m0,-8l-8,8" stroke="#c00" stroke-width="1.8"/>',
            "未完成 not done",
        )
    if any(zone.is_keep_in for zone in request.zones):
        yield _box('fill="#f2f8f2" stroke="#5b8f5b"'), "允许区 keep-in"
    if any(not zone.is_keep_in for zone in request.zones):
        yield _box('fill="#d9534f" fill-opacity="0.35" stroke="#a33"'), "禁入区 keep-out"


def _box(style: str) -> str:
    return _BOX.replace("{style}", style)


def _few(rows: list[_Row]) -> list[_Row]:
    return rows if len(rows) <= _MOST_ROWS else [*rows[:_MOST_ROWS], ("", f"… 其余 {len(rows) - _MOST_ROWS} more")]


def _short(name: str) -> str:
    """Return a name, cut where it would be too long for the legend."""
    short = name
    while text_px(short) > _LONGEST_PX:
        short = short[:-1]
    return name if short == name else f"{short}…"
