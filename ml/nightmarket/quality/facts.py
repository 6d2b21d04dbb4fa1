"""Facts of the night that an expectation may name as ``$name``, and how they are filled in.

A fact that a night does not know (there was no earlier night to compare with) makes the
expectations that name it *not applicable*: reported as such, never as passed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nightmarket.sqltext import literal

FACTS: dict[str, dict[str, str]] = {
    "landed": {
        "as_of_date": "The night.",
        "complete_through": "The last shop-local date that the source says is complete.",
        "timezone": "The shop's time zone.",
        "rows_accepted": "Rows of the snapshot's files, by its manifest.",
        "rows_quarantined": "Rows that broke the contract and were set aside.",
        "quarantine_limit_pct": "Percent of rows that may be quarantined (`NIGHTMARKET_QUARANTINE_LIMIT_PCT`).",
        "previous_rows": "Rows accepted for this table by the newest night published before; unknown on the first.",
    },
    "features": {
        "as_of_date": "The night.",
        "snapshot_id": "The snapshot that the night reads.",
        "n_dates": "How many dates `transform` built the family for: the night and its training origins.",
        "training_dates": "The training origins; unknown on a night that does not train.",
        "first_order_date": "The first shop-local order date in the snapshot.",
        "days_of_history": "Days from the first order to the night.",
    },
    "scores": {
        "as_of_date": "The night.",
        "snapshot_id": "The snapshot that the night reads.",
        "horizon_days": "Length of the predicted window in days.",
        "rows_scored": "Rows that `score` recorded.",
        "model_version": "Version that `score` recorded.",
        "model_age_days": "Days from the model's `label_cutoff` to the night, as `score` recorded them.",
        "run_id": "Run that `score` recorded.",
        "n_reason_rows": "Most probable rows of a customer that must have a reason.",
        "top_k": "Rows that the family publishes per customer; unknown: all.",
        "top_k_categories": "Published categories per customer (`NIGHTMARKET_TOP_K_CATEGORIES`); unknown: all.",
        "all_categories": "True where every category is published; unknown where only the top ones are.",
        "base_rate": "Share of positives at the newest labelled date; unknown where the warehouse has no labels.",
        "previous_night": "The newest published night before this one; unknown on the first.",
    },
    "decisions": {
        "as_of_date": "The night.",
        "rows_decided": "Rows that `decide` recorded.",
        "policy_version": "Policy that `decide` recorded.",
        "run_id": "Run that `decide` recorded.",
        "previous_night": "The newest published night before this one; unknown on the first.",
    },
}

_NAME = re.compile(r"\$([a-z][a-z_]*)")


def names_in(value: Any) -> frozenset[str]:
    """Return the names of the facts that ``value`` (arguments of an expectation) mentions."""
    if isinstance(value, str):
        return frozenset(_NAME.findall(value))
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return frozenset().union(*(names_in(part) for part in parts))


def fill(value: Any, facts: Mapping[str, Any]) -> Any:
    """Replace each ``$name``: by the value itself where it stands alone, by a SQL literal inside a query."""
    if isinstance(value, dict):
        return {name: fill(part, facts) for name, part in value.items()}
    if isinstance(value, list):
        return [fill(part, facts) for part in value]
    if not isinstance(value, str):
        return value
    if whole := _NAME.fullmatch(value):
        return facts[whole.group(1)]
    # Great Expectations formats queries, so a brace inside a literal is doubled.
    return _NAME.sub(lambda match: literal(facts[match.group(1)]).replace("{", "{{").replace("}", "}}"), value)
