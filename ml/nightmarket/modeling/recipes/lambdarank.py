"""Gradient-boosted trees that order each customer's rows.

After Burges, "From RankNet to LambdaRank to LambdaMART: An Overview" (2010).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from nightmarket.modeling.frames import Frame
from nightmarket.modeling.recipes.lightgbm_recipe import LightGBMModel
from nightmarket.modeling.sampling import sample_customers


@dataclass(frozen=True)
class LambdaRankModel(LightGBMModel):
    """Scores order a customer's rows; their level means nothing before calibration."""

    recipe: str = field(default="lambdarank", init=False)
    knows_level: bool = field(default=False, init=False)


@dataclass(frozen=True)
class LambdaRankRecipe:
    """Trees fitted on the order of each customer's candidates.

    A customer without a positive row has no order to learn from and is left out; beyond ``max_rows``
    whole customers are sampled, so that the fit's time is bounded. ``truncation`` is how deep a wrong
    order counts: twice the ten that are measured.
    """

    n_trees: int = 120
    n_leaves: int = 31
    learning_rate: float = 0.06
    min_rows_in_leaf: int = 100
    max_bin: int = 63
    feature_fraction: float = 0.5
    lambda_l2: float = 10.0
    truncation: int = 20
    max_rows: int = 400_000
    name: str = field(default="lambdarank", init=False)

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "objective": "lambdarank",
            "num_leaves": self.n_leaves,
            "learning_rate": self.learning_rate,
            "min_data_in_leaf": self.min_rows_in_leaf,
            "max_bin": self.max_bin,
            "feature_fraction": self.feature_fraction,
            "lambda_l2": self.lambda_l2,
            "lambdarank_truncation_level": self.truncation,
            "num_iterations": self.n_trees,
            "max_rows": self.max_rows,
        }

    def fit(self, frames: Sequence[Frame], *, features: Sequence[str], seed: int, threads: int) -> LambdaRankModel:
        import lightgbm  # two seconds to import; the other recipes do without

        names = tuple(features)
        sampled = sample_customers([_with_positives(frame) for frame in frames], self.max_rows, seed)
        rows = sum(len(frame) for frame in sampled)
        parameters = {name: value for name, value in self.parameters.items() if name != "max_rows"} | {
            # A shop of forty customers still gets leaves.
            "min_data_in_leaf": max(5, min(self.min_rows_in_leaf, rows // 200)),
            "deterministic": True,
            "force_row_wise": True,
            "seed": seed,
            "num_threads": threads,
            "verbosity": -1,
        }
        table = pa.table({name: pa.chunked_array([frame.columns[name] for frame in sampled]) for name in names})
        label = pa.chunked_array([frame.y.astype(np.float32) for frame in sampled])
        sizes = np.concatenate([np.unique(frame.customer, return_counts=True)[1] for frame in sampled])
        dataset = lightgbm.Dataset(table, label=label, group=sizes, params=parameters, free_raw_data=True)
        return LambdaRankModel(lightgbm.train(parameters, dataset), names, threads)

    def load(self, folder: Path, *, threads: int) -> LambdaRankModel:
        import lightgbm

        booster = lightgbm.Booster(model_file=folder / "model.txt")
        return LambdaRankModel(booster, tuple(booster.feature_name()), threads)


def _with_positives(frame: Frame) -> Frame:
    has = np.bincount(frame.customer, frame.y, minlength=len(frame.customer_ids)) > 0
    return frame.take(np.flatnonzero(has[frame.customer]))
