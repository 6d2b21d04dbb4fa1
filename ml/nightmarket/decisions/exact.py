"""Numbers that somebody set, counted or orders, in words: as they are, where what is expected is rounded."""

from __future__ import annotations


def exact_units(value: float) -> str:
    """Return units that are counted, ordered or packed, to the four decimals that are stored: 44.5, 1,200."""
    return f"{round(value, 4) + 0.0:,.4f}".rstrip("0").rstrip(".")


def exact_percent(share: float) -> str:
    """Return a share that somebody set as the percentage it was set as, without the sign: 10, 99.9."""
    return f"{100 * share:.10g}"
