"""The frame that the report's charts share: where a share lies on the page, and its quiet lines."""

from __future__ import annotations

import math

from nightmarket.report.svg import line, text
from nightmarket.report.wording import percent

WIDTH, HEIGHT = 460, 320
LEFT, RIGHT, TOP, BOTTOM = 52, 22, 14, 44


def at_x(share: float) -> float:
    """Return the x of a share of the width within the frame."""
    return LEFT + (WIDTH - LEFT - RIGHT) * share


def at_y(share: float) -> float:
    """Return the y of a share of the height within the frame, from below."""
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share


def y_axis(top: float, step: float) -> list[str]:
    """Return lines and labels for shares from 0 to ``top``."""
    marks = []
    for i in range(round(top / step) + 1):
        y = at_y(i * step / top)
        marks.append(line(LEFT, y, WIDTH - RIGHT, y, class_="grid"))
        marks.append(text(LEFT - 7, y + 4, percent(i * step), class_="tick", text_anchor="end"))
    return marks


def x_label(words: str) -> str:
    """Return what the horizontal axis shows."""
    return text((LEFT + WIDTH) / 2, HEIGHT - 6, words, class_="axis", text_anchor="middle")


def nice_step(top: float) -> float:
    """Return a round step that divides ``top`` into at most five."""
    return next((step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.25) if top / step <= 5), 0.25)


def round_numbers(low: float, high: float) -> list[float]:
    """Return the numbers 1, 2 and 5 times a power of ten from ``low`` (above 0) to ``high``."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [number for power in powers for one in (1, 2, 5) if low <= (number := float(one) * 10.0**power) <= high]


def short(value: float) -> str:
    """Return an amount for an axis: 0.5, 20, 1,500, 12k."""
    if value >= 10_000:
        return f"{value / 1000:,.0f}k"
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"
