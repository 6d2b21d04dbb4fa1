"""Shuffled arms: what a learned group of features earns beyond its numbers being there.

A model given the same vectors dealt out to other texts, or to other customers, sees as many columns of the same
distribution and no meaning. A gain over a model without the group may come from noise that regularises, or from
frequency that hides in the geometry; only the gain over this arm comes from what the group says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from nightmarket.families.base import Family
from nightmarket.modeling.bootstrap import Interval, paired_gain
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.metrics import LOWER_IS_BETTER, Measured

TEXT = "text__"
EMBEDDINGS = ("factor__", "embedding__")
"""Prefixes of features that are coordinates in, or products of, a learned space of customers and items."""


@dataclass(frozen=True)
class Arm:
    """One shuffled group: the same recipe without its meaning, and what the meaning earned, by metric.

    ``gains`` say how far that moves with other customers, ``by_seed`` how far with other fits; a claim needs both.
    """

    group: str
    recipe: str
    n_features: int
    metrics: Mapping[str, float]
    gains: Mapping[str, Interval]
    by_seed: Mapping[str, tuple[float, ...]]


def shuffled_groups(family: Family, features: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the groups of ``features`` that get a shuffled arm, by prefix, the text's first."""
    wanted = dict.fromkeys((TEXT, *EMBEDDINGS, *family.shuffled_groups))
    groups = {prefix: tuple(name for name in features if name.startswith(prefix)) for prefix in wanted}
    return {prefix: names for prefix, names in groups.items() if names}


def deal_among_customers(frame: Frame, names: Sequence[str], seed: int) -> Frame:
    """Return ``frame`` with the columns ``names`` dealt out to other customers, item by item.

    Each item's rows are put in one random order of the customers and take the values of the next one, so that on
    a full grid a customer gets all of exactly one other's, and elsewhere those of the next who has the item.
    """
    rank = np.random.default_rng(seed).permutation(len(frame.customer_ids))
    order = np.lexsort((rank[frame.customer], frame.item))
    starts = np.flatnonzero(np.diff(frame.item[order], prepend=-1))
    taken = np.roll(order, -1)
    ends = np.concatenate((starts[1:], [len(order)])) - 1
    taken[ends] = order[starts]
    source = np.empty(len(frame), np.int64)
    source[order] = taken
    return frame.with_columns({name: frame.columns[name][source] for name in names})


def take_columns(shuffled: Mapping[date, Frame], own: Mapping[date, Frame], prefix: str) -> dict[date, Frame]:
    """Return the ``own`` frames with the columns of one prefix from the ``shuffled`` ones; all else stays.

    Where the rows are not the same (a family whose candidates come from text too) the shuffled frame is taken
    whole: then the arm is shuffled throughout.
    """
    dealt = {}
    for origin, frame in shuffled.items():
        if _same_rows(frame, own[origin]):
            columns = {name: column for name, column in frame.columns.items() if name.startswith(prefix)}
            dealt[origin] = own[origin].with_columns(columns)
        else:
            dealt[origin] = frame
    return dealt


def compare_arm(
    group: str, names: Sequence[str], recipe: str, *, own: Sequence[Measured], shuffled: Sequence[Measured]
) -> Arm:
    """Return what the group's meaning earned: the recipe minus itself on shuffled values, both as means over seeds.

    Parameters
    ----------
    own, shuffled : by seed, measured on the same rows with the same draws of the customers
    """
    ours, theirs = _mean_draws(own), _mean_draws(shuffled)
    return Arm(
        group=group,
        recipe=recipe,
        n_features=len(names),
        metrics={name: float(np.mean([one.metrics[name] for one in shuffled])) for name in shuffled[0].metrics},
        gains={name: paired_gain(ours, theirs, name) for name in ours},
        by_seed={
            name: tuple(
                (-1 if name in LOWER_IS_BETTER else 1) * (one.metrics[name] - other.metrics[name])
                for one, other in zip(own, shuffled, strict=False)
            )
            for name in ours
        },
    )


def _mean_draws(measured: Sequence[Measured]) -> dict[str, NDArray[np.float64]]:
    return {name: np.mean([one.draws[name] for one in measured], axis=0) for name in measured[0].draws}


def _same_rows(one: Frame, other: Frame) -> bool:
    return (
        len(one) == len(other)
        and np.array_equal(one.customer_ids, other.customer_ids)
        and np.array_equal(one.item_ids, other.item_ids)
        and np.array_equal(one.customer, other.customer)
        and np.array_equal(one.item, other.item)
    )
