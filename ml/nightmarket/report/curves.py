"""Charts that hold a forecast against what happened, and the curve of gains: plain values in, SVG out."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nightmarket.report.axes import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    at_x,
    at_y,
    round_numbers,
    short,
    x_label,
    y_axis,
)
from nightmarket.report.evaluation import LiftPoint, ReliabilityBin
from nightmarket.report.promises import MeasuredNight
from nightmarket.report.svg import drawing, element, line, polygon, polyline, text
from nightmarket.report.wording import percent

Curve = Sequence[tuple[float, float]]
"""Points (forecast, outcome), both 0 or more."""


def draw_reliability(bins: Sequence[ReliabilityBin]) -> str:
    """Draw what happened against what was forecast; on the diagonal a 30 % is a 30 %."""
    marks = _square_root_frame([[(one.forecast, one.outcome) for one in bins]], is_amount=False)
    marks += [x_label("forecast probability"), _y_label("↑ share where it happened")]
    return drawing(WIDTH, HEIGHT, f"Reliability over {len(bins)} groups of rows of rising probability", marks)


def draw_promises(nights: Sequence[MeasuredNight], is_amount: bool) -> str:
    """Draw what happened against what was promised, by tenth of the forecast; the newest night last and boldest.

    Parameters
    ----------
    nights
        Newest first.
    """
    curves = [[(one.promised / one.n_rows, one.happened / one.n_rows) for one in night.bins] for night in nights]
    marks = _square_root_frame(curves, is_amount=is_amount)
    marks += [x_label("promised, mean of a tenth of the rows"), _y_label("↑ happened")]
    return drawing(WIDTH, HEIGHT, f"Promised against happened of {len(nights)} published nights", marks)


def _square_root_frame(curves: Sequence[Curve], *, is_amount: bool) -> list[str]:
    """Return axes, diagonal and curves, the first in front.

    Both axes are square roots: most rows are unlikely (or small), and a linear scale would pile them in a corner.
    """
    most = max((max(point) for curve in curves for point in curve), default=0.0)
    most = most if most > 0 else 1.0
    if is_amount:
        ticks = [0.0, *round_numbers(most / 50, most)][-7:]
        end = most * 1.05
    else:
        ticks = [tick for tick in (0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0) if tick <= most * 1.1]
        end = min(1.0, max(most * 1.05, ticks[-1])) or 1.0

    def at(forecast: float, outcome: float) -> tuple[float, float]:
        # Returns can make an amount negative: it lies on the axis then.
        return at_x(math.sqrt(max(forecast, 0.0) / end)), at_y(math.sqrt(max(outcome, 0.0) / end))

    marks = []
    for tick in ticks:
        x, y = at(tick, tick)
        label = short(tick) if is_amount else percent(tick)
        marks += [
            line(LEFT, y, WIDTH - RIGHT, y, class_="grid"),
            line(x, TOP, x, HEIGHT - BOTTOM, class_="grid"),
            text(LEFT - 7, y + 4, label, class_="tick", text_anchor="end"),
            text(x, HEIGHT - BOTTOM + 16, label, class_="tick", text_anchor="middle"),
        ]
    marks.append(line(*at(0, 0), *at(end, end), class_="ideal"))
    for age, curve in reversed(list(enumerate(curves))):
        points = [at(*point) for point in curve]
        if age:
            marks.append(polyline(points, class_="older", opacity=max(0.3, 1 - 0.16 * age)))
            continue
        marks.append(polyline(points, class_="curve"))
        marks += [element("circle", cx=x, cy=y, r=4.0, class_="dot") for x, y in points]
    return marks


def _y_label(words: str) -> str:
    return text(LEFT + 8, TOP + 12, words, class_="axis haloed")


def draw_gains(points: Sequence[LiftPoint], of_baseline: Sequence[LiftPoint] = ()) -> str:
    """Draw which share of all that happens the best-ranked share of rows holds, above the baseline and chance."""
    curve = [(at_x(0), at_y(0)), *((at_x(point.share_of_rows), at_y(point.share_of_purchases)) for point in points)]
    marks = y_axis(1.0, 0.25)
    marks += [
        text(at_x(tick), HEIGHT - BOTTOM + 16, percent(tick), class_="tick", text_anchor="middle")
        for tick in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    marks.append(polygon([*curve, (curve[-1][0], at_y(0))], class_="area"))
    marks.append(line(at_x(0), at_y(0), at_x(1), at_y(1), class_="ideal"))
    if of_baseline:
        baseline = [(at_x(one.share_of_rows), at_y(one.share_of_purchases)) for one in of_baseline]
        marks.append(polyline([(at_x(0), at_y(0)), *baseline], class_="baseline"))
    marks.append(polyline(curve, class_="curve"))
    tenth = point_near(points, 0.1)
    x, y = at_x(tenth.share_of_rows), at_y(tenth.share_of_purchases)
    marks += [
        element("circle", cx=x, cy=y, r=5.0, class_="dot"),
        text(x + 12, y + 22, f"first {percent(tenth.share_of_rows)} of rows", class_="note"),
        text(x + 12, y + 38, f"hold {percent(tenth.share_of_purchases)} of it", class_="note"),
        x_label("share of rows, most probable first"),
    ]
    return drawing(WIDTH, HEIGHT, "Cumulative gains: share of what happened in the most probable rows", marks)


def point_near(points: Sequence[LiftPoint], share_of_rows: float) -> LiftPoint:
    """Return the point whose share of rows is nearest to the one asked for."""
    return min(points, key=lambda point: abs(point.share_of_rows - share_of_rows))
