"""Text as features: how close a category's text is to a customer's, and both profiles in few dimensions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from nightmarket.modeling.frames import Floats, Frame
from nightmarket.text.profiles import Projection, build_text_profiles, fit_projection, shuffle_text, similarity

_TEMPERATURE = 0.05
"""Nearly all weight on the five or so closest categories; 0.12 spreads it over dozens and says less."""


@dataclass(frozen=True)
class TextRows:
    """What customers had bought before one origin, per distinct text.

    Attributes
    ----------
    customer, category, text : int64, (n,)
        Rows of the frame's ids and of ``vectors``; category -1 where it is not a category of the frame.
    weights, orders : float64, (n,)
        Decayed orders (what counts in a customer's profile) and orders (in a category's).
    vectors : float32, (n_texts, dim)
    """

    customer: NDArray[np.int64]
    category: NDArray[np.int64]
    text: NDArray[np.int64]
    weights: NDArray[np.float64]
    orders: NDArray[np.float64]
    vectors: Floats

    def shuffled(self, seed: int) -> TextRows:
        """The control arm: the same vectors dealt out to other texts."""
        return replace(self, vectors=shuffle_text(self.vectors, seed))


def fit_text_projection(rows: TextRows, n_components: int) -> Projection:
    """Fit the reduced space on what had been bought before one (training) origin."""
    bought = np.asarray(np.bincount(rows.text, rows.orders, minlength=len(rows.vectors)), np.float64)
    if not bought.any():  # nothing to fit on; what has no text is undefined in any space
        return Projection(np.zeros(rows.vectors.shape[1]), np.eye(n_components, rows.vectors.shape[1]))
    return fit_projection(rows.vectors, bought, n_components)


def text_neighbours(frame: Frame, category_means: NDArray[np.float64]) -> Floats:
    """Return how much the customer buys of the categories whose text is closest to each row's category.

    Counts of the *other* categories, weighted by a softmax over cosines; the mean over categories is
    taken off first, since all product text of one shop lies close together.

    Parameters
    ----------
    category_means : (n_categories, dim); NaN rows for categories without text, which are no one's neighbour.
    """
    has_text: NDArray[np.bool_] = np.asarray(np.isfinite(category_means).all(axis=1))
    means = np.where(has_text[:, None], category_means, 0)
    centred = np.where(has_text[:, None], means - means[has_text].mean(axis=0), 0) if has_text.any() else means
    norms = np.sqrt((centred**2).sum(axis=1, keepdims=True))
    unit = np.divide(centred, norms, out=np.zeros_like(centred), where=norms > 0)
    orders = np.zeros((len(frame.customer_ids), len(frame.item_ids)))
    orders[frame.customer, frame.item] = np.log1p(np.nan_to_num(frame.columns["pair__decayed_orders"]))
    with threadpool_limits(1, user_api="blas"):
        weights = np.exp((unit @ unit.T - 1) / _TEMPERATURE)
        weights[:, ~has_text] = 0
        np.fill_diagonal(weights, 0)
        total = weights.sum(axis=1)
        smoothed = orders @ weights.T
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(has_text & (total > 0), smoothed / total, np.nan)
    return shares[frame.customer, frame.item].astype(np.float32)


def text_columns(frame: Frame, rows: TextRows, projection: Projection) -> dict[str, Floats]:
    """Return the text features of every row of ``frame``; NaN where one side has no text."""
    profiles = build_text_profiles(
        customers=frame.customer_ids.tolist(),
        categories=frame.item_ids.tolist(),
        customer_rows=rows.customer,
        category_rows=rows.category,
        product_rows=rows.text,
        weights=rows.weights,
        product_vectors=rows.vectors,
        category_weights=rows.orders,
    )
    close = similarity(profiles, (frame.customer, frame.item))
    columns = {
        "text__rest_similarity": close.to_rest.astype(np.float32),
        "text__neighbours": text_neighbours(frame, profiles.category_means),
    }
    for side, vectors, codes in (
        ("customer", profiles.customer_vectors(projection), frame.customer),
        ("category", profiles.category_vectors(projection), frame.item),
    ):
        for i in range(vectors.shape[1]):
            columns[f"text__{side}_{i:02d}"] = vectors[:, i].astype(np.float32)[codes]
    return columns
