"""Rounds as an SVG picture: who walks where, how long each node stays unseen, and how soon something is noticed."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from xml.sax.saxutils import escape

from missions.rounds.gaps import Unseen
from missions.rounds.rounds import Rounds, Walk

_WALKS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#7A5195")
"""Okabe and Ito 2008: told apart by every kind of colour sight."""
_DASHES = ("", "7 3", "2 3", "9 3 2 3")
_SCALE = ((0, 34, 78), (53, 69, 108), (102, 105, 112), (148, 142, 119), (200, 184, 102), (254, 232, 56))
"""Cividis (Nuñez 2018): even in lightness for every kind of colour sight."""
Box = tuple[float, float, float, float]
"""Left, top, width, height."""
_MAP_PX, _SIDE_PX, _EDGE_PX = 760.0, 400.0, 44.0


def rounds_svg(rounds: Rounds) -> str:
    """Return the picture of *rounds*."""
    sheet = _Sheet(rounds)
    height = sheet.height_px
    body = [*sheet.edges(), *sheet.scale_bar(), *sheet.walks(), *sheet.nodes(), *_side(rounds, sheet.colours, height)]
    width = _MAP_PX + _SIDE_PX
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}"'
    style = 'font-family="system-ui, Noto Sans CJK SC, sans-serif" font-size="12"'
    return "\n".join(
        [f'{head} height="{height:g}" {style}>', '<rect width="100%" height="100%" fill="#fff"/>', *body, "</svg>"]
    )


class _Sheet:
    """The map: metres to pixels, north up."""

    def __init__(self, rounds: Rounds) -> None:
        self._rounds = rounds
        nodes = rounds.graph.nodes
        self._west, self._north = min(node.x_m for node in nodes), max(node.y_m for node in nodes)
        wide = max(1e-9, max(node.x_m for node in nodes) - self._west)
        high = max(1e-9, self._north - min(node.y_m for node in nodes))
        self._scale = min((_MAP_PX - 2 * _EDGE_PX) / wide, 900 / high)
        self.height_px = max(520.0, high * self._scale + 2 * _EDGE_PX)
        self._top_px = (self.height_px - high * self._scale) / 2
        self._places = {node.id: self._px(node.x_m, node.y_m) for node in nodes}
        groups = list(dict.fromkeys(walk.places for walk in rounds.walks))
        self.colours = {places: number for number, places in enumerate(groups)}

    def _px(self, x_m: float, y_m: float) -> tuple[float, float]:
        return _EDGE_PX + (x_m - self._west) * self._scale, self._top_px + (self._north - y_m) * self._scale

    def edges(self) -> Iterator[str]:
        """Yield the roads: narrow where nobody can pass, with an arrow where there is one way only."""
        for edge in self._rounds.graph.edges:
            a, b = self._places[edge.a], self._places[edge.b]
            yield _line(a, b, f'stroke="#ddd" stroke-width="{4 if edge.is_single_lane else 9}"')
        for edge in (edge for edge in self._rounds.graph.edges if edge.is_one_way):
            a, b = self._places[edge.a], self._places[edge.b]
            turn_deg = math.degrees(math.atan2(b[1] - a[1], b[0] - a[0]))
            at = f"translate({(a[0] + 2 * b[0]) / 3:.1f} {(a[1] + 2 * b[1]) / 3:.1f}) rotate({turn_deg:.0f})"
            yield f'<path d="M-7,-7L7,0L-7,7z" fill="#bbb" transform="{at}"/>'

    def scale_bar(self) -> Iterator[str]:
        """Yield a bar of a round number of metres, and where north is."""
        most_m = 160 / self._scale
        size = 10.0 ** math.floor(math.log10(most_m))
        length_m = size * max(n for n in (1, 2, 5) if n * size <= most_m)
        x, y, long_px = 12.0, self.height_px - 8, length_m * self._scale
        words = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
        yield f'<path d="M{x:.0f},{y - 4:.0f}v4h{long_px:.1f}v-4" fill="none" stroke="#333" stroke-width="1.5"/>'
        yield _text(x + long_px + 6, y, words)
        at = f"translate({x + long_px + 22 + 7 * len(words):.1f} {y - 6:.0f})"
        yield f'<path d="M0,8L5,-8L10,8L5,4z" fill="#333" transform="{at}"/>'
        yield f'<text transform="{at}" x="14" y="6">N 北</text>'

    def walks(self) -> Iterator[str]:
        """Yield the walks beside each other, on the right hand of their direction."""
        for places, number in self.colours.items():
            walk = next(one for one in self._rounds.walks if one.places == places)
            for a, b in pairwise(walk.closed):
                start, end = self._beside(self._places[a], self._places[b], 1.6 + 1.9 * (number % 4))
                yield _line(start, end, f'{_stroke(number)} stroke-width="1.6"')

    @staticmethod
    def _beside(
        a: tuple[float, float], b: tuple[float, float], px: float
    ) -> tuple[tuple[float, float], tuple[float, float]]:
        long = math.hypot(b[0] - a[0], b[1] - a[1]) or 1.0
        across = (-(b[1] - a[1]) / long * px, (b[0] - a[0]) / long * px)
        return (a[0] + across[0], a[1] + across[1]), (b[0] + across[0], b[1] + across[1])

    def nodes(self) -> Iterator[str]:
        worst_s, taken = self._rounds.worst_idleness_s, [(x - 5, y - 5, 10.0, 10.0) for x, y in self._places.values()]
        for node in self._rounds.graph.nodes:
            x, y = self._places[node.id]
            idle_s = self._rounds.idleness_s[node.id]
            title = f"<title>{escape(str(node.id))}: {_seconds(idle_s)} s</title>"
            style = f'fill="{_colour(idle_s, worst_s)}" stroke="#222"'
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5.5" {style}>{title}</circle>'
            if (box := _free_box(x, y, _seconds(idle_s), taken)) is not None:
                taken.append(box)
                halo = 'font-size="9" paint-order="stroke" stroke="#fff" stroke-width="2.5"'
                yield _text(box[0], box[1] + 8, _seconds(idle_s), halo)


def _free_box(x: float, y: float, words: str, taken: Sequence[Box]) -> Box | None:
    """Return a place for *words* around a node that covers nothing; None when there is none (the tip tells them)."""
    width, height = 5.4 * len(words), 9.0
    sides = ((7, -12), (7, -4), (7, 4), (-7 - width, -12), (-7 - width, -4), (-7 - width, 4))
    for right, down in (*sides, (-width / 2, -16), (-width / 2, 7)):
        box = (x + right, y + down, width, height)
        if not any(_overlap(box, other) for other in taken):
            return box
    return None


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


def _side(rounds: Rounds, colours: dict[tuple[int | str, ...], int], height_px: float) -> Iterator[str]:
    """Yield the figures, the scale of idleness, the walks and the curve."""
    left, top = _MAP_PX, 36.0
    figures = (
        ("Worst idleness 最长未见", rounds.worst_idleness_s),
        ("Mean idleness 平均未见", rounds.mean_idleness_s),
        ("Lower bound 下界", rounds.lower_bound_s),
    )
    for number, (name, value) in enumerate(figures):
        yield _text(left, top + 20 * number, f"{name}: {value:.1f} s", 'font-size="15"')
    yield _text(left, top + 70, "Each place: longest unseen 各点最长未见（s）")
    yield from _scale_bar(left, top + 80, rounds.worst_idleness_s)
    at = top + 130
    for sign, words in _roads(rounds):
        yield f'<g transform="translate({left:.0f} {at - 4:.0f})">{sign}</g>'
        yield _text(left + 42, at, words)
        at += 18
    shown = max(1, int((height_px - 236 - at) // 18))
    for places, number in list(colours.items())[:shown]:
        walks = [walk for walk in rounds.walks if walk.places == places]
        yield _line((left, at - 4), (left + 34, at - 4), f'{_stroke(number)} stroke-width="3"')
        yield _text(left + 42, at, _walk_words(rounds, walks))
        at += 18
    if len(colours) > shown:
        yield _text(left + 42, at, f"… {len(colours) - shown} more 其余")
    box = (left + 34, height_px - 200, _SIDE_PX - 70, 150.0)
    longest_s = max(rounds.worst_idleness_s, 1e-9)
    yield from _axes(box, longest_s)
    yield from _curve(rounds.unseen, box, longest_s)


def _roads(rounds: Rounds) -> Iterator[tuple[str, str]]:
    """Yield signs of roads that this graph has, and what they mean."""
    if any(edge.is_one_way for edge in rounds.graph.edges):
        sign = '<path d="M0,0H34" stroke="#ddd" stroke-width="9"/><path d="M12,-7L26,0L12,7z" fill="#bbb"/>'
        yield sign, "one way 单行"
    if any(edge.is_single_lane for edge in rounds.graph.edges):
        yield '<path d="M0,0H34" stroke="#ddd" stroke-width="4"/>', "single lane 单车道，不可会车"


def _walk_words(rounds: Rounds, walks: Sequence[Walk]) -> str:
    lap_m = rounds.lap_m(walks[0])
    every_s = lap_m / rounds.speed_m_s / len(walks)
    return f"{len(walks)} × {lap_m:.1f} m, every 每 {every_s:.1f} s" if lap_m > 0 else f"{len(walks)} × standing 原地"


def _scale_bar(left: float, top: float, worst_s: float) -> Iterator[str]:
    for number in range(60):
        colour = _colour(number / 59, 1.0)
        yield f'<rect x="{left + 5 * number:.1f}" y="{top:.1f}" width="5.5" height="12" fill="{colour}"/>'
    yield _text(left, top + 26, "0 s")
    yield _text(left + 300, top + 26, f"{worst_s:.1f} s", 'text-anchor="end"')


def _axes(box: Box, longest_s: float) -> Iterator[str]:
    left, top, width, height = box
    yield _text(left, top - 14, "Still unseen after … s 仍未发现的比例")
    for ratio in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = top + height * (1 - ratio)
        yield _line((left, y), (left + width, y), 'stroke="#e4e4e4"')
        yield _text(left - 6, y + 4, f"{ratio:.0%}", 'text-anchor="end" font-size="10"')
        x = left + width * ratio
        yield _text(x, top + height + 16, _seconds(longest_s * ratio), 'text-anchor="middle" font-size="10"')


def _curve(unseen: Unseen, box: Box, longest_s: float) -> Iterator[str]:
    left, top, width, height = box
    points = [
        (left + width * step / 120, top + height * (1 - unseen.chance(longest_s * step / 120))) for step in range(121)
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    yield f'<polyline points="{path}" fill="none" {_stroke(0)} stroke-width="2.2"/>'
    for place, (words, ratio) in enumerate((("50 %", 0.5), ("90 %", 0.9), ("99 %", 0.99))):
        at_s = unseen.quantile_s(ratio)
        x, y = left + width * min(1.0, at_s / longest_s), top + height * ratio
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.4" fill="{_WALKS[0]}"/>'
        yield _text(left + width * place / 3, top + height + 36, f"{words}: {_seconds(at_s)} s", 'font-size="11"')


def _colour(value: float, most: float) -> str:
    ratio = 0.0 if most <= 0 else min(1.0, max(0.0, value / most)) * (len(_SCALE) - 1)
    low = min(int(ratio), len(_SCALE) - 2)
    parts = (round(a + (b - a) * (ratio - low)) for a, b in zip(_SCALE[low], _SCALE[low + 1], strict=True))
    return "#{:02x}{:02x}{:02x}".format(*parts)


def _stroke(number: int) -> str:
    dash = _DASHES[number // len(_WALKS) % len(_DASHES)]
    return f'stroke="{_WALKS[number % len(_WALKS)]}"' + (f' stroke-dasharray="{dash}"' if dash else "")


def _line(a: tuple[float, float], b: tuple[float, float], style: str) -> str:
    return f'<line x1="{a[0]:.1f}" y1="{a[1]:.1f}" x2="{b[0]:.1f}" y2="{b[1]:.1f}" stroke-linecap="round" {style}/>'


def _text(x: float, y: float, words: str, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(words)}</text>'


def _seconds(value: float) -> str:
    return "∞" if math.isinf(value) else f"{value:.0f}" if value >= 100 else f"{value:.1f}"
