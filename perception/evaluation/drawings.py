"""Pictures of an evaluation as SVG: the precision curve, and a map of the errors of places."""

from collections.abc import Sequence
from html import escape

from perception.evaluation.places import PlaceError
from perception.evaluation.precision import PrecisionCurve

_SIDE, _MARGIN = 420, 46
_MOST_POINTS = 400
_INK, _GRID, _LINE, _OFF = "#1b1f24", "#d0d7de", "#0969da", "#cf222e"


def precision_svg(curve: PrecisionCurve, *, title: str) -> str:
    """Return precision over recall, with the point of the best balance."""
    step = max(1, len(curve.recall) // _MOST_POINTS)
    points = " ".join(
        f"{_x(r):.1f},{_y(p):.1f}"
        for r, p in zip(curve.recall[::step].tolist(), curve.precision[::step].tolist(), strict=True)
    )
    ticks = "".join(_tick(n / 5) for n in range(6))
    words = f"AP50 {curve.ap50:.3f}, best F1 {curve.best_f1:.3f} at score {curve.best_score:.2f}"
    line = f'<polyline points="{points}" fill="none" stroke="{_LINE}" stroke-width="2"/>'
    return _svg(f"{title}: precision over recall", words, ticks + line)


def errors_svg(errors: Sequence[PlaceError], *, title: str) -> str:
    """Return where things were (dots) and where they were taken to be (line ends), to one scale; north is up."""
    if not errors:
        return _svg(title, "no places", "")
    easts = [e.true_m[0] for e in errors] + [e.true_m[0] + e.off_m[0] for e in errors]
    norths = [e.true_m[1] for e in errors] + [e.true_m[1] + e.off_m[1] for e in errors]
    wide_m = max(max(easts) - min(easts), max(norths) - min(norths), 1.0)
    px_per_m = (_SIDE - 2 * _MARGIN) / wide_m

    def at(east_m: float, north_m: float) -> tuple[float, float]:
        return _MARGIN + (east_m - min(easts)) * px_per_m, _SIDE - _MARGIN - (north_m - min(norths)) * px_per_m

    step = max(1, len(errors) // 1500)
    marks = "".join(
        _mark(at(*e.true_m), at(e.true_m[0] + e.off_m[0], e.true_m[1] + e.off_m[1])) for e in errors[::step]
    )
    ruler_m = _round(wide_m / 4)
    end = _MARGIN + ruler_m * px_per_m
    ruler = (
        f'<line x1="{_MARGIN}" y1="{_SIDE - 22}" x2="{end:.1f}" y2="{_SIDE - 22}" stroke="{_INK}" stroke-width="2"/>'
        f'<text x="{end + 6:.1f}" y="{_SIDE - 18}" font-size="12" fill="{_INK}">{ruler_m:g} m</text>'
    )
    return _svg(title, f"{len(errors)} places; dot: true, line end: found", marks + ruler)


def _mark(true_px: tuple[float, float], found_px: tuple[float, float]) -> str:
    (x, y), (u, v) = true_px, found_px
    return (
        f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{u:.1f}" y2="{v:.1f}" stroke="{_OFF}" stroke-opacity="0.6"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.6" fill="{_LINE}"/>'
    )


def _round(length_m: float) -> float:
    for step_m in (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0):
        if step_m >= length_m:
            return step_m
    return 200.0


def _x(recall: float) -> float:
    return _MARGIN + recall * (_SIDE - 2 * _MARGIN)


def _y(precision: float) -> float:
    return _SIDE - _MARGIN - precision * (_SIDE - 2 * _MARGIN)


def _tick(value: float) -> str:
    x, y, low, high = _x(value), _y(value), _MARGIN, _SIDE - _MARGIN
    return (
        f'<line x1="{x}" y1="{low}" x2="{x}" y2="{high}" stroke="{_GRID}"/>'
        f'<line x1="{low}" y1="{y}" x2="{high}" y2="{y}" stroke="{_GRID}"/>'
        f'<text x="{x}" y="{high + 16}" font-size="11" text-anchor="middle" fill="{_INK}">{value:g}</text>'
        f'<text x="{low - 6}" y="{y + 4}" font-size="11" text-anchor="end" fill="{_INK}">{value:g}</text>'
    )


def _svg(title: str, words: str, body: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIDE} {_SIDE}" font-family="sans-serif">'
        f'<rect width="{_SIDE}" height="{_SIDE}" fill="#ffffff"/>'
        f'<text x="{_MARGIN}" y="20" font-size="14" fill="{_INK}">{escape(title)}</text>'
        f'<text x="{_MARGIN}" y="38" font-size="12" fill="{_INK}">{escape(words)}</text>{body}</svg>\n'
    )
