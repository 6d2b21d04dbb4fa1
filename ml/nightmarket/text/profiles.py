"""Text profiles of customers and categories, and how close they are. Pure numpy, no model.

Signatures that training and scoring code against::

    projection = fit_projection(vectors, weights, n_components)          # Projection(mean, components)
    projection.transform(vectors) -> (n, n_components) float64
    projection.to_arrays() / Projection.from_arrays(arrays)              # safetensors-able

    profiles = build_text_profiles(
        customers=ids, categories=ids,                # any sequences; their order is the row order
        customer_rows=(n,), category_rows=(n,), product_rows=(n,),       # int, one entry per bought row
        weights=(n,),                                 # float, such as decayed_orders
        product_vectors=(n_vectors, dim),             # float32; product_rows index into it
        category_weights=None,                        # float (n,), such as n_orders; default: weights
    ) -> TextProfiles
    similarity(profiles, (customer_rows, category_rows)) -> PairSimilarity(to_profile, to_rest), float64
    shuffle_text(product_vectors, seed) -> (n_vectors, dim)              # the control arm
    profiles.customer_vectors(projection) / profiles.category_vectors(projection)

``category_rows`` of -1 stand for "no category that counts": such a row belongs to the customer's
profile and to no category. ``product_rows`` may index distinct texts as well as products; with
texts there is less to multiply.

Everything is known at the instant at which its input rows are cut; nothing here looks at a date.

Results are the same bits in every run on one machine: rows are put into a total order first, so
the order in which they come does not count, and ``sums`` adds in that order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nightmarket.text.projection import Projection, fit_projection
from nightmarket.text.sums import (
    Doubles,
    Floats,
    Positions,
    Rows,
    blocks,
    dot_pairs,
    expect,
    find_starts,
    multiply,
    sum_groups,
    sum_weights,
)

__all__ = [
    "PairSimilarity",
    "Projection",
    "TextProfiles",
    "build_text_profiles",
    "fit_projection",
    "shuffle_text",
    "similarity",
]


@dataclass(frozen=True)
class TextProfiles:
    """What customers bought and categories hold, as vectors.

    Attributes
    ----------
    customers, categories : tuple
        Ids, in row order.
    customer_sums : (n_customers, dim) float64
        Weighted sum of the vectors of the products bought.
    customer_weights : (n_customers,) float64
        Sum of the weights; 0 for a customer without a row.
    category_means : (n_categories, dim) float64
        Mean vector of the products bought in the category, by category weight; NaN without any.
    bought : (n_bought,) int64
        ``customer_row * n_categories + category_row`` of every bought pair, ascending.
    own_to_category, own_to_customer, own_norm2 : (n_bought,) float64
        Dot product of the pair's own contribution to the customer's sum with the category's mean,
        with the customer's sum, and with itself.
    has_rest : (n_bought,) bool
        Whether the customer bought anything outside the category.
    """

    customers: tuple[Any, ...]
    categories: tuple[Any, ...]
    customer_sums: Doubles
    customer_weights: Doubles
    category_means: Doubles
    bought: npt.NDArray[np.int64]
    own_to_category: Doubles
    own_to_customer: Doubles
    own_norm2: Doubles
    has_rest: npt.NDArray[np.bool_]

    def customer_vectors(self, projection: Projection) -> Doubles:
        """Return the customers' mean vectors in reduced dimension; NaN rows where nothing was bought."""
        with np.errstate(invalid="ignore"):
            return projection.transform(self.customer_sums / self.customer_weights[:, None])

    def category_vectors(self, projection: Projection) -> Doubles:
        """Return the categories' mean vectors in reduced dimension; NaN rows where nothing was bought."""
        return projection.transform(self.category_means)


@dataclass(frozen=True)
class PairSimilarity:
    """Cosine of a category's text to a customer's. NaN where one side has no text.

    Attributes
    ----------
    to_profile : (n_pairs,) float64
        To everything the customer bought.
    to_rest : (n_pairs,) float64
        To what the customer bought in other categories. For a pair never bought it equals
        ``to_profile``; without it, a model would read "has bought this category" out of the
        similarity of the category to itself.
    """

    to_profile: Doubles
    to_rest: Doubles


def build_text_profiles(
    *,
    customers: Sequence[Any],
    categories: Sequence[Any],
    customer_rows: Rows,
    category_rows: Rows,
    product_rows: Rows,
    weights: Floats,
    product_vectors: Floats,
    category_weights: Floats | None = None,
) -> TextProfiles:
    """Build the profiles from bought rows (one per customer and product, in any order).

    Parameters
    ----------
    customers, categories : sequences of ids
    customer_rows, category_rows, product_rows : (n,) int
        Rows of ``customers``, ``categories`` (-1: none) and ``product_vectors``.
    weights : (n,) float, non-negative
        What a row counts in its customer's profile, such as decayed orders.
    product_vectors : (n_vectors, dim) float
    category_weights : (n,) float, optional
        What a row counts in its category's mean, such as orders. Default: ``weights``.

    Raises
    ------
    ValueError
        Lengths differ, or a row points outside what it indexes.
    """
    by_category = weights if category_weights is None else category_weights
    for name, column in (
        ("category_rows", category_rows),
        ("product_rows", product_rows),
        ("weights", weights),
        ("category_weights", by_category),
    ):
        expect(column.shape == customer_rows.shape, name, f"shape {column.shape}", f"{customer_rows.shape}")
    for name, rows, least, end in (
        ("customer_rows", customer_rows, 0, len(customers)),
        ("category_rows", category_rows, -1, len(categories)),
        ("product_rows", product_rows, 0, len(product_vectors)),
    ):
        expect(
            rows.size == 0 or (int(rows.min()) >= least and int(rows.max()) < end),
            name,
            "a row outside",
            f"{least} to {end - 1}",
        )
    vectors = np.asarray(product_vectors, np.float64)
    order = np.lexsort((by_category, weights, product_rows, category_rows, customer_rows))
    customer, category, product = customer_rows[order], category_rows[order], product_rows[order]
    mass = np.asarray(weights[order], np.float64)

    sums = sum_groups(customer, product, mass, n_groups=len(customers), vectors=vectors)
    shared = np.asarray(by_category[order], np.float64)
    means = _category_means(category, product, shared, n_categories=len(categories), vectors=vectors)
    pair_starts = find_starts(customer.astype(np.int64) * (len(categories) + 1) + category + 1)
    pair_customer, pair_category = customer[pair_starts].astype(np.int64), category[pair_starts].astype(np.int64)
    pointers = np.append(pair_starts, len(product))
    dots = _own_dots(
        pair_customer, pair_category, contributions=(mass, product, pointers), sums=sums, means=means, vectors=vectors
    )
    counts = np.bincount(pair_customer, minlength=len(customers))
    real = pair_category >= 0
    return TextProfiles(
        customers=tuple(customers),
        categories=tuple(categories),
        customer_sums=sums,
        customer_weights=sum_weights(customer, mass, n_groups=len(customers)),
        category_means=means,
        bought=(pair_customer * len(categories) + pair_category)[real],
        own_to_category=dots[0][real],
        own_to_customer=dots[1][real],
        own_norm2=dots[2][real],
        has_rest=(counts[pair_customer] > 1)[real],
    )


def similarity(profiles: TextProfiles, pairs: tuple[Rows, Rows]) -> PairSimilarity:
    """Return how close each pair's category is to its customer's profile and to the rest of it.

    Parameters
    ----------
    pairs : ((n_pairs,) int, (n_pairs,) int)
        Rows of ``profiles.customers`` and of ``profiles.categories``, in any order. What a pair
        gets does not depend on the other pairs.

    Notes
    -----
    With P the customer's sum, S what the category contributed to it and c the category's mean,
    c·(P−S) = c·P − c·S and |P−S|² = |P|² − 2 P·S + |S|², so nothing of size pairs × dim is made.
    """
    customer, category = (np.asarray(side, np.int64) for side in pairs)
    to_category = dot_pairs(profiles.customer_sums, profiles.category_means, customer, category)
    customer_norm2 = (profiles.customer_sums**2).sum(axis=1)[customer]
    category_norm = np.sqrt((profiles.category_means**2).sum(axis=1))[category]

    key = customer * len(profiles.categories) + category
    at = np.searchsorted(profiles.bought, key)
    at[at == len(profiles.bought)] = 0
    is_bought = profiles.bought[at] == key if len(profiles.bought) else np.zeros(len(key), bool)
    rest_dot, rest_norm2 = to_category.copy(), customer_norm2.copy()
    own = at[is_bought]
    rest_dot[is_bought] -= profiles.own_to_category[own]
    rest_norm2[is_bought] += profiles.own_norm2[own] - 2 * profiles.own_to_customer[own]
    rest_norm2[is_bought] = np.where(profiles.has_rest[own], rest_norm2[is_bought], 0)
    return PairSimilarity(
        _cosine(to_category, customer_norm2, category_norm, customer_norm2),
        _cosine(rest_dot, rest_norm2, category_norm, customer_norm2),
    )


def shuffle_text(product_vectors: Floats, seed: int) -> Floats:
    """Return the vectors dealt out to other rows: the control arm of every claim made for text.

    The same vectors, the same geometry, no meaning; a model that gains as much from these gains
    from something else than text. Rows are texts or products; deal out texts where products that
    share one should go on sharing one.
    """
    return product_vectors[np.random.default_rng(seed).permutation(len(product_vectors))]


def _cosine(dot: Doubles, norm2: Doubles, category_norm: Doubles, whole_norm2: Doubles) -> Doubles:
    """Divide, with NaN where there is nothing: below 1e-12 of the whole a difference is rounding."""
    there = norm2 > 1e-12 * whole_norm2
    scale = np.sqrt(np.where(there, norm2, np.nan)) * np.where(category_norm > 0, category_norm, np.nan)
    return np.asarray(np.clip(dot / scale, -1.0, 1.0), np.float64)


def _own_dots(
    pair_customer: Positions,
    pair_category: Positions,
    *,
    contributions: tuple[Doubles, Rows, Positions],
    sums: Doubles,
    means: Doubles,
    vectors: Doubles,
) -> tuple[Doubles, Doubles, Doubles]:
    """Return S·c, S·P and S·S of every bought pair, holding S for one block of customers at a time.

    ``contributions`` are the weights and products of the pairs, by compressed rows.
    """
    mass, product, pointers = contributions
    to_category, to_customer, norm2 = (np.empty(len(pair_customer)) for _ in range(3))
    for _, pairs in blocks(pair_customer, len(sums)):
        begin, end = int(pointers[pairs.start]), int(pointers[pairs.stop])
        within = pointers[pairs.start : pairs.stop + 1] - begin
        own = multiply(mass[begin:end], product[begin:end], within, vectors=vectors)
        # Row -1, "no category", reads some category's mean here; its result is left out by the caller.
        to_category[pairs] = (own * means[pair_category[pairs]]).sum(axis=1) if len(means) else np.nan
        to_customer[pairs] = (own * sums[pair_customer[pairs]]).sum(axis=1)
        norm2[pairs] = (own * own).sum(axis=1)
    return to_category, to_customer, norm2


def _category_means(category: Rows, product: Rows, mass: Doubles, *, n_categories: int, vectors: Doubles) -> Doubles:
    """Add up each category's weight per product first: customers share products, so few rows are left."""
    order = np.lexsort((mass, product, category))
    order = order[category[order] >= 0]
    category, product, mass = category[order], product[order], mass[order]
    starts = find_starts(category.astype(np.int64) * len(vectors) + product)
    totals = np.add.reduceat(mass, starts) if len(starts) else mass
    sums = sum_groups(category[starts], product[starts], totals, n_groups=n_categories, vectors=vectors)
    with np.errstate(invalid="ignore"):
        means: Doubles = sums / sum_weights(category[starts], totals, n_groups=n_categories)[:, None]
    return means
