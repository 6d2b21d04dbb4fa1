"""The two plots of a model card, as SVG that stands alone: reliability and gains."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from nightmarket.report.svg import drawing, element, line, polyline, text

Point = Mapping[str, float]

WIDTH, HEIGHT = 460, 340
LEFT, RIGHT, TOP, BOTTOM = 56, 20, 16, 46
_TICKS = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0)
_STYLE = (
    "text{font:12px sans-serif;fill:#333}.grid{stroke:#ddd}.ideal{stroke:#888;stroke-dasharray:4 4}"
    ".winner{fill:none;stroke:#1d4ed8;stroke-width:2}.baseline{fill:none;stroke:#b45309;stroke-width:2}"
    ".dot{fill:#1d4ed8}"
)


def plot_reliability(bins: Sequence[Point]) -> str:
    """Plot what happened against what was forecast, bin by bin; on the diagonal a 30 % is a 30 %.

    Both axes are square roots: most rows are unlikely, and a linear scale would pile them in a corner.
    """
    most = max(max(one["forecast"], one["outcome"]) for one in bins)
    end = min(1.0, most * 1.05) or 1.0

    def scale(share: float) -> float:
        return math.sqrt(min(share, end) / end)

    points = [_at(scale(one["forecast"]), scale(one["outcome"])) for one in bins]
    marks = _axes([tick for tick in _TICKS if tick <= end], scale, "forecast", "happened")
    marks += [polyline(points, class_="winner")]
    marks += [element("circle", cx=x, cy=y, r=4.0, class_="dot") for x, y in points]
    return _alone(drawing(WIDTH, HEIGHT, f"Reliability over {len(bins)} groups of rows by forecast", marks))


def plot_gains(curves: Mapping[str, Sequence[Point]]) -> str:
    """Plot which share of what came true the best-ranked share of rows holds, the winner first, then the baseline."""
    marks = _axes([0.0, 0.25, 0.5, 0.75, 1.0], float, "share of rows, best first", "share of what came true")
    for i, ((name, curve), class_) in enumerate(zip(curves.items(), ("winner", "baseline"), strict=False)):
        points = [_at(0, 0), *(_at(one["share_of_rows"], one["share_of_purchases"]) for one in curve)]
        marks.append(polyline(points, class_=class_))
        x, y = _at(0.58, 0.2 - 0.08 * i)
        marks += [line(x, y - 4, x + 22, y - 4, class_=class_), text(x + 28, y, name)]
    return _alone(drawing(WIDTH, HEIGHT, f"Cumulative gains of {' and '.join(curves)}", marks))


def _axes(ticks: Sequence[float], scale: Callable[[float], float], below: str, beside: str) -> list[str]:
    marks = [line(*_at(0, 0), *_at(1, 1), class_="ideal")]
    for tick in ticks:
        x, y = _at(scale(tick), scale(tick))
        marks += [
            line(LEFT, y, WIDTH - RIGHT, y, class_="grid"),
            line(x, TOP, x, HEIGHT - BOTTOM, class_="grid"),
            text(LEFT - 7, y + 4, f"{100 * tick:g}%", text_anchor="end"),
            text(x, HEIGHT - BOTTOM + 16, f"{100 * tick:g}%", text_anchor="middle"),
        ]
    marks.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, below, text_anchor="middle"))
    marks.append(text(LEFT + 8, TOP + 12, beside))
    return marks


def _at(x: float, y: float) -> tuple[float, float]:
    return LEFT + (WIDTH - LEFT - RIGHT) * x, HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * y


def _alone(svg: str) -> str:
    start = svg.index(">") + 1
    return f'{svg[:4]} xmlns="http://www.w3.org/2000/svg"{svg[4:start]}<style>{_STYLE}</style>{svg[start:]}\n'
