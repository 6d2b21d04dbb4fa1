"""The models inside the meta-learners, in the shape econml asks for: ``fit`` and ``predict`` of scikit-learn.

``predict`` is the expected outcome, so of a 0/1 outcome its probability. (No ``predict_proba``: econml would take the
model for a classifier, whose ``predict`` is a class.)
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from threadpoolctl import threadpool_limits

from nightmarket.modeling.uplift.trial import Doubles

N_TREES, N_LEAVES, LEARNING_RATE, MIN_ROWS_IN_LEAF = 100, 4, 0.05, 200
"""Chosen on inner folds of training halves of the Hillstrom trial: an effect is a small signal, and trees of
LightGBM's own size (31 leaves) fit noise instead (cross-fitted Qini .051 against .065 on the women's arm)."""
RIDGE_PER_ROW = 0.05
"""Penalty of a squared coefficient of a standardised column, per training row: a twentieth of what the row itself
says of an amount. A row says a fifth to a tenth as much of a 0/1 outcome, which gets that much less. The Qini
coefficient hardly moves between a tenth and ten times of it."""
RIDGE_PER_ROW_OF_YES_OR_NO = 0.005


class BoostedTrees(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Small LightGBM trees; ``is_binary`` makes them forecast the probability of a 0/1 outcome."""

    def __init__(
        self,
        *,
        is_binary: bool = False,
        seed: int = 0,
        threads: int = 1,
        n_leaves: int = N_LEAVES,
        min_rows_in_leaf: int = MIN_ROWS_IN_LEAF,
    ) -> None:
        self.is_binary, self.seed, self.threads = is_binary, seed, threads
        self.n_leaves, self.min_rows_in_leaf = n_leaves, min_rows_in_leaf

    def fit(self, design: Doubles, outcome: Doubles, sample_weight: Doubles | None = None) -> Self:
        import lightgbm  # two seconds to import; the linear learners do without

        parameters: dict[str, Any] = {
            "objective": "binary" if self.is_binary else "regression",
            "num_leaves": self.n_leaves,
            "learning_rate": LEARNING_RATE,
            "min_data_in_leaf": max(10, min(self.min_rows_in_leaf, len(outcome) // 20)),
            "deterministic": True,
            "force_row_wise": True,
            "seed": self.seed,
            "num_threads": self.threads,
            "verbosity": -1,
        }
        data = lightgbm.Dataset(design, label=np.ravel(outcome), weight=sample_weight, params=parameters)
        self.booster_ = lightgbm.train(parameters, data, N_TREES)
        return self

    def predict(self, design: Doubles) -> Doubles:
        return np.asarray(self.booster_.predict(design, num_threads=self.threads), np.float64)


class RegularisedRegression(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Logistic regression of a 0/1 outcome, ridge regression of an amount."""

    def __init__(self, *, is_binary: bool = False) -> None:
        self.is_binary = is_binary

    def fit(self, design: Doubles, outcome: Doubles, sample_weight: Doubles | None = None) -> Self:
        from sklearn.linear_model import LogisticRegression, Ridge

        if self.is_binary:
            self.model_ = LogisticRegression(C=1 / (RIDGE_PER_ROW_OF_YES_OR_NO * len(design)), max_iter=1_000)
        else:
            self.model_ = Ridge(alpha=RIDGE_PER_ROW * len(design))
        with threadpool_limits(1, user_api="blas"):  # sums in one order: the same bytes on any machine
            self.model_.fit(design, np.ravel(outcome), sample_weight=sample_weight)
        return self

    def predict(self, design: Doubles) -> Doubles:
        if self.is_binary:
            return np.asarray(self.model_.predict_proba(design)[:, 1], np.float64)
        return np.asarray(self.model_.predict(design), np.float64)


class KnownShare(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The propensity of a randomised trial: the treated share, whoever the unit is."""

    def fit(self, design: Doubles, treatment: Doubles, sample_weight: Doubles | None = None) -> Self:  # noqa: ARG002
        self.classes_ = np.array([0, 1])
        self.share_ = float(np.mean(np.ravel(treatment)))
        return self

    def predict_proba(self, design: Doubles) -> Doubles:
        return np.tile([1 - self.share_, self.share_], (len(design), 1))
