"""From a history to the rows that are ranked: candidates with their features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.baskets.affinity import ItemText
from nightmarket.modeling.baskets.candidates import Candidates, find_candidates
from nightmarket.modeling.baskets.counts import count_groups, count_items
from nightmarket.modeling.baskets.features import Floats, Sales, build_features
from nightmarket.modeling.baskets.history import History


@dataclass(frozen=True)
class RankingRows:
    """Candidates, and their features by name, each (n,)."""

    candidates: Candidates
    features: dict[str, Floats]


def make_ranking_rows(history: History, *, active: NDArray[np.bool_], text: ItemText | None = None) -> RankingRows:
    """Return the rows of the ``active`` customers, (n_customers,); the others only lend their behaviour."""
    counts = count_items(history)
    catalogue = history.catalogue
    groups = {
        name: (group, count_groups(history, group, int(group.max(initial=0)) + 1))
        for name, group in (("category", catalogue.category), ("kind", catalogue.kind))
    }
    sales = Sales(history)
    candidates = find_candidates(history, counts, sales.of_newest(4), active=active, text=text)
    return RankingRows(candidates, build_features(history, counts, groups, sales, candidates))
