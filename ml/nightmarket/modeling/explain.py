"""Why a row scores as it does: additive contributions of feature groups, and sentences from the row's facts.

For trees, the contribution of a split is the change of the mean prediction from a node to its
child, followed along the row's path (Saabas, "Interpreting random forests", 2014). Every leaf has
one path, so each tree is a fixed table leaf × group, and explaining a row is a look-up: exact in
sum, and faster than scoring. It credits the splits a row met rather than every subset of features
as Shapley values do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.families.base import Reason

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class LeafTables:
    """Contributions of every leaf of every tree.

    Attributes
    ----------
    values : (n_leaves of all trees, n_groups)
    offsets : (n_trees,) where each tree's leaves start
    base : sum of the trees' mean predictions
    """

    values: Doubles
    offsets: NDArray[np.int64]
    base: float


def leaf_tables(trees: Sequence[Mapping[str, Any]], group: NDArray[np.int64]) -> LeafTables:
    """Build the tables from ``tree_info`` of LightGBM's ``dump_model``.

    Parameters
    ----------
    group : (n_features,) group of each feature, 0 to G-1
    """
    n_groups = int(group.max()) + 1
    blocks, offsets, base, start = [], [], 0.0, 0
    for tree in trees:
        block = np.zeros((int(tree["num_leaves"]), n_groups))
        base += _walk(tree["tree_structure"], np.zeros(n_groups), block, group)
        blocks.append(block)
        offsets.append(start)
        start += len(block)
    return LeafTables(np.concatenate(blocks), np.asarray(offsets), base)


def leaf_contributions(tables: LeafTables, leaves: NDArray[np.int32]) -> tuple[Doubles, float]:
    """Return (n_rows, n_groups) contributions and the base, from each row's leaf in each tree."""
    found = np.zeros((len(leaves), tables.values.shape[1]))
    for tree, offset in enumerate(tables.offsets):
        found += tables.values[offset + leaves[:, tree]]
    return found, tables.base


def _walk(node: Mapping[str, Any], so_far: Doubles, block: Doubles, group: NDArray[np.int64]) -> float:
    """Fill ``block`` below ``node`` and return the node's mean value."""
    if "split_feature" not in node:
        block[int(node.get("leaf_index", 0))] = so_far
        return float(node["leaf_value"])
    mean = _mean(node)
    for child in (node["left_child"], node["right_child"]):
        step = so_far.copy()
        step[group[int(node["split_feature"])]] += _mean(child) - mean
        _walk(child, step, block, group)
    return mean


def _mean(node: Mapping[str, Any]) -> float:
    return _mean_and_count(node)[0]


def _mean_and_count(node: Mapping[str, Any]) -> tuple[float, float]:
    if "split_feature" not in node:
        return float(node["leaf_value"]), float(max(node.get("leaf_count", 1), 1))
    (left, n_left), (right, n_right) = (_mean_and_count(node[side]) for side in ("left_child", "right_child"))
    return (left * n_left + right * n_right) / (n_left + n_right), n_left + n_right


def top_rows(
    customer: NDArray[np.int32], item: NDArray[np.int32], probability: Doubles, n_top: int
) -> NDArray[np.int64]:
    """Return the rows of each customer's ``n_top`` best rows, best first.

    Equal ones are ordered by item (ids sorted), so the answer never depends on row order.
    """
    order = np.lexsort((item, -probability, customer))
    sorted_customer = customer[order]
    first = np.flatnonzero(np.concatenate(([True], sorted_customer[1:] != sorted_customer[:-1])))
    sizes = np.diff(np.concatenate((first, [len(order)])))
    place = np.arange(len(order)) - np.repeat(first, sizes)
    return np.asarray(order[place < n_top], np.int64)


def reason_sentences(
    contributions: Doubles,
    facts: Mapping[str, NDArray[np.float32]],
    reasons: Sequence[Reason],
    n_reasons: int = 3,
) -> list[list[str | None]]:
    """Return up to ``n_reasons`` sentences per row, the strongest push upwards first.

    Groups that push the row down are left out, as are groups with nothing to say; but the first
    reason is always given where any group has a sentence.

    Parameters
    ----------
    contributions : (m, len(reasons))
    facts : features by name, each (m,)
    """
    order = np.argsort(-contributions, axis=1, kind="stable")
    names = list(facts)
    rows = zip(*(facts[name].tolist() for name in names), strict=True)
    found: list[list[str | None]] = []
    for values, ranked, strengths in zip(rows, order.tolist(), contributions.tolist(), strict=True):
        row = dict(zip(names, values, strict=True))
        said: list[str | None] = []
        for group in ranked:
            if len(said) == n_reasons or (said and strengths[group] <= 0):
                break
            sentence = reasons[group].sentence(row)
            if sentence is not None and sentence not in said:
                said.append(sentence)
        found.append(said + [None] * (n_reasons - len(said)))
    return found
