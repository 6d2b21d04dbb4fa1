"""Which categories and customers moved since the night before."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from nightmarket.report.sections import Mover

SumsByNight = Mapping[str, Mapping[date, float]]
"""id → night → sum of the probabilities of that id in that night."""


def trace_sums(sums: SumsByNight, nights: Sequence[date], names: Mapping[str, str]) -> list[Mover]:
    """Return one ``Mover`` per id, the largest sum tonight first, ties by id.

    Parameters
    ----------
    nights
        Published nights, oldest first; the last is tonight. An id that a night does not have
        counts as 0 there: nothing was expected of it.
    names
        What to call an id; those without a name are called by their id.
    """
    movers = [
        Mover(
            id=key,
            name=names.get(key) or key,
            tonight=by_night.get(nights[-1], 0.0),
            before=by_night.get(nights[-2], 0.0) if len(nights) > 1 else None,
            history=tuple(by_night.get(night, 0.0) for night in nights),
        )
        for key, by_night in sums.items()
    ]
    return sorted(movers, key=lambda mover: (-mover.tonight, mover.id))


def tell_apart(movers: Sequence[Mover], shown: int) -> list[Mover]:
    """Return the first ``shown`` movers, those of a name that occurs twice among them with their id after it."""
    seen = Counter(one.name for one in movers[:shown])
    return [replace(one, name=f"{one.name} ({one.id})") if seen[one.name] > 1 else one for one in movers[:shown]]


def in_both_nights(sums: SumsByNight, nights: Sequence[date]) -> SumsByNight:
    """Leave out who is not in both of the last two nights: a customer no longer scored has not fallen to 0."""
    return {key: by_night for key, by_night in sums.items() if all(night in by_night for night in nights[-2:])}


def rank_movers(movers: Sequence[Mover], n: int) -> tuple[tuple[Mover, ...], tuple[Mover, ...]]:
    """Return the ``n`` that rose most and the ``n`` that fell most, by absolute change, ties by id.

    Absolute and not relative: a category that goes from .1 to .4 expected buyers has quadrupled
    and matters to nobody. Without a night before nothing moved.
    """
    known = [mover for mover in movers if mover.before is not None]
    up = sorted((m for m in known if m.change > 0), key=lambda m: (-m.change, m.id))
    down = sorted((m for m in known if m.change < 0), key=lambda m: (m.change, m.id))
    return tuple(tell_apart(up, n)), tuple(tell_apart(down, n))


def stability_index(tonight: Sequence[float], before: Sequence[float]) -> float:
    """Return the population stability index of two binned distributions (0: the same; > .25: another population).

    Bins are shares that sum to 1; an empty bin counts as one in a hundred thousand, so that it
    neither divides by zero nor hides.
    """
    floor = 1e-5
    pairs = [(max(a, floor), max(b, floor)) for a, b in zip(tonight, before, strict=True)]
    return sum((a - b) * math.log(a / b) for a, b in pairs)
