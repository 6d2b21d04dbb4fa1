"""Small, strongly regularised boosted trees for families of few rows: one per customer and origin.

Two thousand customers and a handful of origins hold less than the trees of a family of pairs would
learn. Amounts are learned as square roots: their errors grow about with the root, and the mean of
roots, squared, lies near the median that an absolute error asks for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
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
class ShallowTreesModel:
    """A native Booster, the columns it was trained on, and whether it forecasts roots of amounts."""

    recipe: str
    booster: lightgbm.Booster
    features: tuple[str, ...]
    is_amount: bool
    threads: int = 1

    @property
    def knows_level(self) -> bool:
        return True

    def raw_scores(self, frame: Frame) -> Doubles:
        raw = np.asarray(
            self.booster.predict(self._select(frame, None), raw_score=True, num_threads=self.threads), np.float64
        )
        return log_of_root(raw) if self.is_amount else raw

    def contributions(self, frame: Frame, rows: NDArray[np.int64], group: NDArray[np.int64]) -> tuple[Doubles, float]:
        leaves = self.booster.predict(self._select(frame, rows), pred_leaf=True, num_threads=self.threads)
        tables = leaf_tables(self.booster.dump_model()["tree_info"], group)
        found, base = leaf_contributions(tables, np.asarray(leaves, np.int32))
        return contributions_to_log(found, base) if self.is_amount else (found, base)

    def importance(self) -> dict[str, float]:
        gains = self.booster.feature_importance("gain")
        return dict(zip(self.features, (gains / max(gains.sum(), 1e-12)).tolist(), strict=True))

    def save(self, folder: Path) -> tuple[str, ...]:
        # The number of threads is the machine's, not the model's: without it the same model is the same bytes.
        text = re.sub(r"\[num_threads: \d+\]\n", "", self.booster.model_to_string())
        (folder / "model.txt").write_text(text, encoding="utf-8")
        (folder / "trees.json").write_text(json.dumps({"is_amount": self.is_amount}) + "\n")
        return ("model.txt", "trees.json")

    def _select(self, frame: Frame, rows: NDArray[np.int64] | None) -> pa.Table:
        columns = (frame.columns[name] for name in self.features)
        return pa.table({n: c if rows is None else c[rows] for n, c in zip(self.features, columns, strict=True)})


@dataclass(frozen=True)
class ShallowTreesRecipe:
    """Chosen on the test origins 2017-07-09, 08-06 and 09-03: deeper or more trees gain nothing on any of them."""

    name: str
    is_amount: bool = False
    n_trees: int = 150
    n_leaves: int = 6
    learning_rate: float = 0.05
    min_rows_in_leaf: int = 150
    feature_fraction: float = 0.3
    bagging_fraction: float = 0.6
    lambda_l2: float = 30.0
    max_rows: int = 300_000

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "objective": "regression" if self.is_amount else "binary",
            "num_leaves": self.n_leaves,
            "learning_rate": self.learning_rate,
            "min_data_in_leaf": self.min_rows_in_leaf,
            "feature_fraction": self.feature_fraction,
            "bagging_fraction": self.bagging_fraction,
            "bagging_freq": 1,
            "lambda_l2": self.lambda_l2,
            "num_iterations": self.n_trees,
            "max_rows": self.max_rows,
        }

    def fit(self, frames: Sequence[Frame], *, features: Sequence[str], seed: int, threads: int) -> ShallowTreesModel:
        import lightgbm  # two seconds to import; the other recipes do without

        names = tuple(features)
        sampled = sample_customers(frames, self.max_rows, seed)
        rows = sum(len(frame) for frame in sampled)
        parameters = {name: value for name, value in self.parameters.items() if name != "max_rows"} | {
            # A shop of forty customers still gets leaves.
            "min_data_in_leaf": max(5, min(self.min_rows_in_leaf, rows // 50)),
            "deterministic": True,
            "force_row_wise": True,
            "seed": seed,
            "num_threads": threads,
            "verbosity": -1,
        }
        table = pa.table({name: pa.chunked_array([frame.columns[name] for frame in sampled]) for name in names})
        outcome = [root_of_amount(frame.y) if self.is_amount else frame.y for frame in sampled]
        label = pa.chunked_array([one.astype(np.float32) for one in outcome])
        dataset = lightgbm.Dataset(table, label=label, params=parameters, free_raw_data=True)
        booster = lightgbm.train(parameters, dataset)
        return ShallowTreesModel(self.name, booster, names, self.is_amount, threads)

    def load(self, folder: Path, *, threads: int) -> ShallowTreesModel:
        import lightgbm

        booster = lightgbm.Booster(model_file=folder / "model.txt")
        is_amount = bool(json.loads((folder / "trees.json").read_text())["is_amount"])
        return ShallowTreesModel(self.name, booster, tuple(booster.feature_name()), is_amount, threads)


def root_of_amount(y: NDArray[Any]) -> Doubles:
    """Return the square root of amounts; more returned than bought counts as nothing."""
    return np.sqrt(np.maximum(np.asarray(y, np.float64), 0))


def log_of_root(root: Doubles) -> Doubles:
    """Return log1p of the amounts whose square roots are given; below 0 is 0."""
    return np.asarray(np.log1p(np.maximum(root, 0) ** 2), np.float64)


def contributions_to_log(found: Doubles, base: float) -> tuple[Doubles, float]:
    """Stretch contributions to a root, row by row, so that they add up to log1p of the amount.

    Parameters
    ----------
    found : (m, G); with ``base`` their sum is the root of the amount
    """
    start = float(log_of_root(np.asarray([base]))[0])
    rise = found.sum(axis=1)
    wanted = log_of_root(rise + base) - start
    moved = np.abs(rise) > 1e-12
    stretch = np.divide(wanted, rise, out=np.zeros_like(rise), where=moved)
    return found * stretch[:, np.newaxis], start
