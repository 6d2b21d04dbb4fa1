"""Text as features: how close a category's text is to a customer's, and both profiles in few dimensions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.frames import Floats, Frame
from nightmarket.text.profiles import Projection, build_text_profiles, fit_projection, shuffle_text, similarity


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
    bought = np.bincount(rows.text, rows.orders, minlength=len(rows.vectors))
    return fit_projection(rows.vectors, bought, n_components)


def text_columns(frame: Frame, rows: TextRows, projection: Projection) -> dict[str, Floats]:
    """Return the text features of every row of ``frame``; NaN where one side has no text."""
    profiles = build_text_profiles(
        customers=frame.customer_ids,
        categories=frame.category_ids,
        customer_rows=rows.customer,
        category_rows=rows.category,
        product_rows=rows.text,
        weights=rows.weights,
        product_vectors=rows.vectors,
        category_weights=rows.orders,
    )
    close = similarity(profiles, (frame.customer, frame.category))
    columns = {"text__rest_similarity": close.to_rest.astype(np.float32)}
    for side, vectors, codes in (
        ("customer", profiles.customer_vectors(projection), frame.customer),
        ("category", profiles.category_vectors(projection), frame.category),
    ):
        for i in range(vectors.shape[1]):
            columns[f"text__{side}_{i:02d}"] = vectors[:, i].astype(np.float32)[codes]
    return columns
