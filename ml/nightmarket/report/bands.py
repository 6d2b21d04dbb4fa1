"""Weeks sold and weeks expected with their band: plain values in, SVG out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import timedelta

from nightmarket.report.axes import short
from nightmarket.report.outlooks import Outlook
from nightmarket.report.svg import drawing, element, line, polygon, polyline, text

LEFT, RIGHT, TOP, BOTTOM = 44, 10, 20, 26
N_LABELS = 5
"""Weeks that are named below the axis, at most."""


def draw_outlook(outlook: Outlook, *, width: int = 340, height: int = 220) -> str:
    """Draw what was sold as a line, and from the night on what is expected in its bands of 50 and 90 %.

    Parameters
    ----------
    outlook
        Its quantiles do not cross.
    width, height
        Of the drawing, which scales with its place: as wide as it is shown, so that its words stay as large.
    """
    n_sold, n_weeks = len(outlook.sold), len(outlook.sold) + len(outlook.expected)
    top, step = _scale(max((*outlook.sold, *outlook.p95, *outlook.expected), default=0.0))

    def at(week: float, value: float) -> tuple[float, float]:
        # A week of returns lies on the axis.
        share = min(max(value / top, 0.0), 1.0)
        return (
            LEFT + (width - LEFT - RIGHT) * (week + 0.5) / max(n_weeks, 1),
            height - BOTTOM - (height - TOP - BOTTOM) * share,
        )

    def ahead(values: Sequence[float]) -> list[tuple[float, float]]:
        return [at(n_sold + i, value) for i, value in enumerate(values)]

    marks = []
    for i in range(round(top / step) + 1):
        y = at(0, i * step)[1]
        marks.append(line(LEFT, y, width - RIGHT, y, class_="grid"))
        marks.append(text(LEFT - 6, y + 4, short(i * step), class_="tick", text_anchor="end"))
    marks += _weeks(outlook, n_weeks, lambda week: at(week, 0)[0], height)
    for low, high, name in ((outlook.p05, outlook.p95, "band90"), (outlook.p25, outlook.p75, "band50")):
        marks.append(polygon([*ahead(high), *reversed(ahead(low))], class_=name))
    if outlook.sold:
        x = at(n_sold - 0.5, 0)[0]
        marks.append(line(x, TOP, x, height - BOTTOM, class_="ideal"))
        marks.append(polyline([at(i, value) for i, value in enumerate(outlook.sold)], class_="sold"))
        marks += [
            text(x - 6, TOP - 7, "sold", class_="tick", text_anchor="end"),
            text(x + 6, TOP - 7, "expected", class_="tick"),
        ]
    marks.append(polyline(ahead(outlook.expected), class_="curve"))
    marks += [element("circle", cx=x, cy=y, r=2.5, class_="dot") for x, y in ahead(outlook.expected)]
    return drawing(width, height, _title(outlook), marks)


def _title(outlook: Outlook) -> str:
    sold = f"{len(outlook.sold)} weeks sold and " if outlook.sold else ""
    return f"{outlook.name}: {sold}{len(outlook.expected)} weeks expected, in {outlook.unit} by week"


def _weeks(outlook: Outlook, n_weeks: int, x_of: Callable[[float], float], height: int) -> list[str]:
    """Name some of the weeks by their first day."""
    every = max(math.ceil(n_weeks / N_LABELS), 1)
    marks = []
    for week in range(0, n_weeks, every):
        day = outlook.first_day + timedelta(weeks=week)
        marks.append(text(x_of(week), height - 8, f"{day.day} {day:%b}", class_="tick", text_anchor="middle"))
    return marks


def _scale(most: float) -> tuple[float, float]:
    """Return a round top not below ``most``, and a round step that divides it into at most five."""
    if most <= 0:
        return 1.0, 1.0
    power = 10.0 ** math.floor(math.log10(most))
    step = next(power * one for one in (0.2, 0.5, 1.0, 2.0) if most <= 5 * power * one)
    return math.ceil(most / step) * step, step
