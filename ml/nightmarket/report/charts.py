"""The report's bars, lines and marks: plain values in, SVG out.

Colours come from the page's style, so they follow light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from nightmarket.report.axes import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    WIDTH,
    at_y,
    nice_step,
    short,
    x_label,
    y_axis,
)
from nightmarket.report.evaluation import Metric
from nightmarket.report.sections import HeadSection
from nightmarket.report.svg import drawing, element, line, polygon, polyline, text


def draw_distribution(head: HeadSection) -> str:
    """Draw tonight's distribution of a head as bars, and the nights before as ticks across them."""
    tonight, before = head.distributions[0], head.distributions[1:]
    n_bins = len(tonight.shares)
    top = max(share for one in head.distributions for share in one.shares) or 1.0
    step = nice_step(top)
    top = math.ceil(top / step) * step
    width = (WIDTH - LEFT - RIGHT) / n_bins
    marks = y_axis(top, step)
    for i, share in enumerate(tonight.shares):
        x, y = LEFT + i * width, at_y(share / top)
        marks.append(element("rect", x=x + 3, y=y, width=width - 6, height=HEIGHT - BOTTOM - y, rx=2, class_="bar"))
    for i, edge in enumerate(head.edges):
        label = short(edge) if head.is_amount else f"{100 * edge:g}"
        marks.append(text(LEFT + i * width, HEIGHT - BOTTOM + 16, label, class_="tick", text_anchor="middle"))
    for age, one in enumerate(before):
        for i, share in enumerate(one.shares):
            x, y = LEFT + i * width, at_y(share / top)
            opacity = max(0.3, 1 - 0.16 * age)
            marks.append(line(x + 1, y, x + width - 1, y, class_="before", opacity=opacity))
    marks.append(
        x_label(f"{head.name.replace('_', ' ')}, {head.unit or 'amount'}" if head.is_amount else "probability, %")
    )
    title = f"Share of rows by {head.name.replace('_', ' ')} on {tonight.night}"
    return drawing(WIDTH, HEIGHT, title + (f" and the {len(before)} nights before" if before else ""), marks)


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
    """Draw a metric's interval as a bar, its value as a dot and the baseline as a hollow mark."""
    known = [value for value in (metric.low, metric.value, metric.high, metric.baseline) if value is not None]
    low, high = min(known), max(known)
    spread = (high - low) or 1.0

    def at(value: float) -> float:
        return 8 + (width - 16) * (value - low) / spread

    middle = height / 2
    marks = [line(4, middle, width - 4, middle, class_="grid")]
    if metric.low is not None and metric.high is not None:
        marks.append(line(at(metric.low), middle, at(metric.high), middle, class_="interval"))
    if metric.baseline is not None:
        x = at(metric.baseline)
        marks.append(polygon([(x - 5, middle), (x, middle - 5), (x + 5, middle), (x, middle + 5)], class_="hollow"))
    marks.append(element("circle", cx=at(metric.value), cy=middle, r=4.0, class_="dot"))
    against = f" against the baseline's {metric.baseline:.4f}" if metric.baseline is not None else ""
    title = f"{metric.label} {metric.value:.4f}{against}"
    return drawing(width, height, title, marks).replace('class="chart"', 'class="range"')
