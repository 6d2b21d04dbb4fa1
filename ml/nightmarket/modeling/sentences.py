"""Words and groups of features that the reasons of several families share.

Light, like the families: a DAG imports them to know its tasks.
"""

from __future__ import annotations

import math

from nightmarket.families.base import Facts, Reason

HOUSEHOLD_COLUMNS = (
    "customer__age_rank",
    "customer__income_rank",
    "customer__household_size",
    "customer__n_children",
    "customer__is_homeowner",
    "customer__has_demographics",
)


def is_given(value: float) -> bool:
    return not math.isnan(value)


def counted(value: float, noun: str) -> str:
    """Return such as ``1 day`` or ``3 days``, rounded."""
    return f"1 {noun}" if round(value) == 1 else f"{round(value)} {noun}s"


def _household(facts: Facts) -> str | None:
    return "nothing is known of the household" if facts["customer__has_demographics"] == 0 else None


HOUSEHOLD = Reason("household", HOUSEHOLD_COLUMNS, _household)
