"""How a head's forecasts are measured. Each way is a module with ``measure`` and its ``FORMULAS``."""

from __future__ import annotations

from collections.abc import Mapping

from nightmarket.modeling.metrics import amounts, pairs, ranking
from nightmarket.modeling.metrics.amounts import measure_amounts
from nightmarket.modeling.metrics.base import LOWER_IS_BETTER, NEITHER_IS_BETTER, Measure, Measured
from nightmarket.modeling.metrics.pairs import measure_pairs
from nightmarket.modeling.metrics.ranking import measure_ranking

METRICS: dict[str, Measure] = {"pairs": measure_pairs, "ranking": measure_ranking, "amounts": measure_amounts}

FORMULAS: dict[str, Mapping[str, str]] = {
    name: getattr(module, "FORMULAS", {})
    for name, module in (("pairs", pairs), ("ranking", ranking), ("amounts", amounts))
}
"""What each metric is, in words, by the way of measuring."""

__all__ = ["FORMULAS", "LOWER_IS_BETTER", "METRICS", "NEITHER_IS_BETTER", "Measure", "Measured"]
