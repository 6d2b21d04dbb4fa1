"""The report's charts: plain values in, SVG out. Colours come from the page's style, so they follow light and dark."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nightmarket.report.content import SCORE_BIN_EDGES, Distribution
from nightmarket.report.evaluation import LiftPoint, Metric, ReliabilityBin
from nightmarket.report.svg import drawing, element, line, polygon, polyline, text

WIDTH, HEIGHT = 460, 320
LEFT, RIGHT, TOP, BOTTOM = 52, 22, 14, 44


def percent(share: float) -> str:
    """Return a share as a percentage with as many decimals as it needs: 0.5 %, 12 %."""
    value = 100 * share
    return f"{value:.1f}".rstrip("0").rstrip(".") + "%" if value < 10 else f"{value:.0f}%"


def draw_distribution(distributions: Sequence[Distribution]) -> str:
    """Draw tonight's score distribution as bars, and the nights before as ticks across them.

    Parameters
    ----------
    distributions
        Tonight first, then the nights before, newest first.
    """
    tonight, before = distributions[0], distributions[1:]
    n_bins = len(tonight.shares)
    top = max(share for one in distributions for share in one.shares)
    step = _nice_step(top)
    top = math.ceil(top / step) * step
    width = (WIDTH - LEFT - RIGHT) / n_bins
    marks = _y_axis(top, step)
    for i, share in enumerate(tonight.shares):
        x, y = LEFT + i * width, _y(share / top)
        marks.append(element("rect", x=x + 3, y=y, width=width - 6, height=HEIGHT - BOTTOM - y, rx=2, class_="bar"))
        label = f"{100 * SCORE_BIN_EDGES[i]:g}"
        marks.append(text(x, HEIGHT - BOTTOM + 16, label, class_="tick", text_anchor="middle"))
    marks.append(text(WIDTH - RIGHT, HEIGHT - BOTTOM + 16, "100", class_="tick", text_anchor="middle"))
    for age, one in enumerate(before):
        for i, share in enumerate(one.shares):
            x, y = LEFT + i * width, _y(share / top)
            opacity = max(0.3, 1 - 0.16 * age)
            marks.append(line(x + 1, y, x + width - 1, y, class_="before", opacity=opacity))
    marks.append(text((LEFT + WIDTH) / 2, HEIGHT - 6, "probability, %", class_="axis", text_anchor="middle"))
    title = f"Share of rows by probability on {tonight.night}" + (
        f" and the {len(before)} nights before" if before else ""
    )
    return drawing(WIDTH, HEIGHT, title, marks)


def draw_reliability(bins: Sequence[ReliabilityBin]) -> str:
    """Draw what happened against what was forecast; on the diagonal a 30 % is a 30 %.

    Both axes are square roots: most rows are unlikely, and a linear scale would pile them in a corner.
    """
    most = max(max(one.forecast, one.outcome) for one in bins)
    ticks = [tick for tick in (0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0) if tick <= most * 1.1]
    end = min(1.0, max(most * 1.05, ticks[-1])) or 1.0

    def at(forecast: float, outcome: float) -> tuple[float, float]:
        return _x(math.sqrt(forecast / end)), _y(math.sqrt(outcome / end))

    marks = []
    for tick in ticks:
        x, y = at(tick, tick)
        marks += [
            line(LEFT, y, WIDTH - RIGHT, y, class_="grid"),
            line(x, TOP, x, HEIGHT - BOTTOM, class_="grid"),
            text(LEFT - 7, y + 4, percent(tick), class_="tick", text_anchor="end"),
            text(x, HEIGHT - BOTTOM + 16, percent(tick), class_="tick", text_anchor="middle"),
        ]
    marks.append(line(*at(0, 0), *at(end, end), class_="ideal"))
    points = [at(one.forecast, one.outcome) for one in bins]
    marks.append(polyline(points, class_="curve"))
    marks += [element("circle", cx=x, cy=y, r=4.0, class_="dot") for x, y in points]
    marks.append(text((LEFT + WIDTH) / 2, HEIGHT - 6, "forecast probability", class_="axis", text_anchor="middle"))
    marks.append(text(LEFT + 8, TOP + 12, "↑ share that bought", class_="axis haloed"))
    return drawing(WIDTH, HEIGHT, f"Reliability over {len(bins)} groups of rows of rising probability", marks)


def draw_gains(points: Sequence[LiftPoint], of_frequency: Sequence[LiftPoint] = ()) -> str:
    """Draw which share of all purchases the best-ranked share of rows holds, model above frequency above chance."""
    curve = [(_x(0), _y(0)), *((_x(point.share_of_rows), _y(point.share_of_purchases)) for point in points)]
    marks = _y_axis(1.0, 0.25)
    marks += [
        text(_x(tick), HEIGHT - BOTTOM + 16, percent(tick), class_="tick", text_anchor="middle")
        for tick in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    marks.append(polygon([*curve, (curve[-1][0], _y(0))], class_="area"))
    marks.append(line(_x(0), _y(0), _x(1), _y(1), class_="ideal"))
    if of_frequency:
        baseline = [(_x(0), _y(0)), *((_x(one.share_of_rows), _y(one.share_of_purchases)) for one in of_frequency)]
        marks.append(polyline(baseline, class_="baseline"))
    marks.append(polyline(curve, class_="curve"))
    tenth = point_near(points, 0.1)
    x, y = _x(tenth.share_of_rows), _y(tenth.share_of_purchases)
    marks += [
        element("circle", cx=x, cy=y, r=5.0, class_="dot"),
        text(x + 12, y + 22, f"best {percent(tenth.share_of_rows)} of pairs", class_="note"),
        text(x + 12, y + 38, f"hold {percent(tenth.share_of_purchases)} of purchases", class_="note"),
        text(
            (LEFT + WIDTH) / 2, HEIGHT - 6, "share of pairs, most probable first", class_="axis", text_anchor="middle"
        ),
    ]
    return drawing(WIDTH, HEIGHT, "Cumulative gains: share of purchases held by the most probable pairs", marks)


def point_near(points: Sequence[LiftPoint], share_of_rows: float) -> LiftPoint:
    """Return the point whose share of rows is nearest to the one asked for."""
    return min(points, key=lambda point: abs(point.share_of_rows - share_of_rows))


def draw_history(values: Sequence[float], *, width: int = 96, height: int = 24) -> str:
    """Draw a line of a few nights with a dot on the last; flat where nothing moved."""
    low, high = min(values), max(values)
    spread = (high - low) or 1.0
    step = (width - 8) / max(len(values) - 1, 1)
    points = [(4 + i * step, height - 4 - (height - 8) * (value - low) / spread) for i, value in enumerate(values)]
    if high == low:
        points = [(x, height / 2) for x, _ in points]
    marks = [
        polyline(points, class_="spark"),
        element("circle", cx=points[-1][0], cy=points[-1][1], r=2.5, class_="dot"),
    ]
    title = f"{len(values)} nights, from {values[0]:.1f} to {values[-1]:.1f}"
    return drawing(width, height, title, marks).replace('class="chart"', 'class="history"')


def draw_interval(metric: Metric, *, width: int = 150, height: int = 22) -> str:
    """Draw a metric's interval as a bar, its value as a dot and frequency as a hollow mark."""
    known = [value for value in (metric.low, metric.value, metric.high, metric.frequency) if value is not None]
    low, high = min(known), max(known)
    spread = (high - low) or 1.0

    def at(value: float) -> float:
        return 8 + (width - 16) * (value - low) / spread

    middle = height / 2
    marks = [line(4, middle, width - 4, middle, class_="grid")]
    if metric.low is not None and metric.high is not None:
        marks.append(line(at(metric.low), middle, at(metric.high), middle, class_="interval"))
    if metric.frequency is not None:
        x = at(metric.frequency)
        marks.append(polygon([(x - 5, middle), (x, middle - 5), (x + 5, middle), (x, middle + 5)], class_="hollow"))
    marks.append(element("circle", cx=at(metric.value), cy=middle, r=4.0, class_="dot"))
    title = f"{metric.label} {metric.value:.4f}" + (
        f" against frequency {metric.frequency:.4f}" if metric.frequency is not None else ""
    )
    return drawing(width, height, title, marks).replace('class="chart"', 'class="range"')


def _x(share: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * share


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share


def _y_axis(top: float, step: float) -> list[str]:
    marks = []
    for i in range(round(top / step) + 1):
        y = _y(i * step / top)
        marks.append(line(LEFT, y, WIDTH - RIGHT, y, class_="grid"))
        marks.append(text(LEFT - 7, y + 4, percent(i * step), class_="tick", text_anchor="end"))
    return marks


def _nice_step(top: float) -> float:
    return next((step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.25) if top / step <= 5), 0.25)
