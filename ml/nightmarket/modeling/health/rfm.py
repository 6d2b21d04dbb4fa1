"""Recency, frequency, money: one human name per customer, by rules that can be read aloud.

Who is new, and who is going, is told from the customer's own rhythm; who is best, from where their
visits and spend of twelve weeks stand among tonight's customers. The first rule that fits decides.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

NEW, LEAVING, SLIPPING = "new", "about to leave", "slipping"
CHAMPION, LOYAL, BIG_BASKETS, OCCASIONAL, REGULAR = "champions", "loyal", "big baskets", "occasional", "regular"

SEGMENTS = {
    NEW: "first purchase within the last 56 days",
    LEAVING: "no purchase in the last 28 days",
    SLIPPING: "absent for a week and for longer than nine in ten of their own absences, or half as many visits in 28 "
    "days as usual",
    CHAMPION: "among the fifth that comes most often and the fifth that spends most, in 84 days",
    LOYAL: "among the two fifths that come most often",
    BIG_BASKETS: "among the two fifths that spend most, in fewer visits",
    OCCASIONAL: "among the two fifths that come least often",
    REGULAR: "everybody else",
}
"""Each segment and what makes a customer one of it, in the order of the rules."""

_NEW_DAYS, _AWAY_DAYS, _WEEK = 56, 28, 7
_HALF = 0.5


def segment_customers(facts: Mapping[str, NDArray[np.floating]]) -> NDArray[np.object_]:
    """Return each customer's segment, shape (n,).

    Parameters
    ----------
    facts : features by name, each (n,): ``known_days`` and ``absent_days`` since the first and the last visit;
        ``absence`` over the 90th percentile of their own (NaN: unknown); ``visit_trend``, visits in 28 days
        over a third of those in 84; ``visits`` and ``spend`` of 84 days.
    """
    visits, spend = _share_below(facts["visits"]), _share_below(facts["spend"])
    away = (facts["absence"] > 1) & (facts["absent_days"] >= _WEEK)
    rules = {
        NEW: facts["known_days"] <= _NEW_DAYS,
        LEAVING: facts["absent_days"] > _AWAY_DAYS,
        SLIPPING: away | (facts["visit_trend"] <= _HALF),
        CHAMPION: (visits >= 0.8) & (spend >= 0.8),
        LOYAL: visits >= 0.6,
        BIG_BASKETS: spend >= 0.6,
        OCCASIONAL: visits < 0.4,
    }
    names = np.select(list(rules.values()), range(len(rules)), default=len(rules))
    segments: NDArray[np.object_] = np.asarray([*rules, REGULAR], dtype=object)[names]
    return segments


def _share_below(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the share of all values that are smaller: equal ones stand alike, and nobody's place hangs on order."""
    known = np.sort(values[~np.isnan(values)])
    if not len(known):
        return np.zeros(len(values))
    return np.where(np.isnan(values), 0, np.searchsorted(known, values, side="left") / len(known))
