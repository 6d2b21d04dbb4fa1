"""Gradient-boosted trees, fed from Arrow columns without a copy, byte-identical from run to run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nightmarket.modeling.explain import leaf_contributions, leaf_tables
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.sampling import sample_customers

if TYPE_CHECKING:
    import lightgbm

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class LightGBMModel:
    """A native Booster and the columns it was trained on, in their order."""

    booster: lightgbm.Booster
    features: tuple[str, ...]
    threads: int = 1
    recipe: str = field(default="lightgbm", init=False)
    knows_level: bool = field(default=True, init=False)

    def raw_scores(self, frame: Frame) -> Doubles:
        data = self._select(frame, None)
        return np.asarray(self.booster.predict(data, raw_score=True, num_threads=self.threads), np.float64)

    def contributions(self, frame: Frame, rows: NDArray[np.int64], group: NDArray[np.int64]) -> tuple[Doubles, float]:
        leaves = self.booster.predict(self._select(frame, rows), pred_leaf=True, num_threads=self.threads)
        tables = leaf_tables(self.booster.dump_model()["tree_info"], group)
        return leaf_contributions(tables, np.asarray(leaves, np.int32))

    def importance(self) -> dict[str, float]:
        gains = self.booster.feature_importance("gain")
        return dict(zip(self.features, (gains / max(gains.sum(), 1e-12)).tolist(), strict=True))

    def save(self, folder: Path) -> tuple[str, ...]:
        # The number of threads is the machine's, not the model's: without it the same model is the same bytes.
        text = re.sub(r"\[num_threads: \d+\]\n", "", self.booster.model_to_string())
        (folder / "model.txt").write_text(text, encoding="utf-8")
        return ("model.txt",)

    def _select(self, frame: Frame, rows: NDArray[np.int64] | None) -> pa.Table:
        """Pick columns by name: LightGBM itself scores reordered columns wrongly and says nothing."""
        columns = (frame.columns[name] for name in self.features)
        return pa.table({n: c if rows is None else c[rows] for n, c in zip(self.features, columns, strict=True)})


@dataclass(frozen=True)
class LightGBMRecipe:
    """Modest trees: more of them gain less than the interval is wide and cost the night its minute.

    ``max_rows`` bounds a fit's time; beyond it whole customers are sampled. (Bagging and GOSS save
    little: LightGBM still walks every row left out through every tree.)
    """

    n_trees: int = 180
    n_leaves: int = 24
    learning_rate: float = 0.065
    min_rows_in_leaf: int = 300
    max_bin: int = 63
    feature_fraction: float = 0.4
    lambda_l2: float = 20.0
    max_rows: int = 1_100_000
    name: str = field(default="lightgbm", init=False)

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "objective": "binary",
            "num_leaves": self.n_leaves,
            "learning_rate": self.learning_rate,
            "min_data_in_leaf": self.min_rows_in_leaf,
            "max_bin": self.max_bin,
            "feature_fraction": self.feature_fraction,
            "lambda_l2": self.lambda_l2,
            "num_iterations": self.n_trees,
            "max_rows": self.max_rows,
        }

    def fit(self, frames: Sequence[Frame], *, features: Sequence[str], seed: int, threads: int) -> LightGBMModel:
        import lightgbm  # two seconds to import; the other recipes do without

        names = tuple(features)
        sampled = sample_customers(frames, self.max_rows, seed)
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
        dataset = lightgbm.Dataset(table, label=label, params=parameters, free_raw_data=True)
        booster = lightgbm.train(parameters, dataset)
        return LightGBMModel(booster, names, threads)

    def load(self, folder: Path, *, threads: int) -> LightGBMModel:
        import lightgbm

        booster = lightgbm.Booster(model_file=folder / "model.txt")
        return LightGBMModel(booster, tuple(booster.feature_name()), threads)
