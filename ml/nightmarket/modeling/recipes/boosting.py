"""What every recipe of boosted trees does with LightGBM: feed it by name, train alike anywhere, read it back."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nightmarket.modeling.explain import leaf_contributions, leaf_tables
from nightmarket.modeling.frames import Frame

if TYPE_CHECKING:
    import lightgbm

Doubles = NDArray[np.float64]
NOT_FOR_SCORING = ("sklearn", "pandas")


def select_columns(frame: Frame, features: Sequence[str], rows: NDArray[np.int64] | None = None) -> pa.Table:
    """Pick columns by name: LightGBM itself scores reordered columns wrongly and says nothing."""
    columns = (frame.columns[name] for name in features)
    return pa.table({n: c if rows is None else c[rows] for n, c in zip(features, columns, strict=True)})


def train_booster(
    frames: Sequence[Frame],
    labels: Sequence[NDArray[Any]],
    features: Sequence[str],
    parameters: Mapping[str, Any],
    *,
    leaf_share: int,
    seed: int,
    threads: int,
    **dataset: Any,
) -> lightgbm.Booster:
    """Train on columns fed from Arrow without a copy; byte-identical from run to run and for any number of threads.

    Parameters
    ----------
    labels : one array per frame
    parameters : LightGBM's; ``min_data_in_leaf`` is what a large shop needs
    leaf_share : a leaf of a small shop holds at least one row in this many: forty customers still get leaves
    dataset : further arguments of the data set, such as weights or groups
    """
    import lightgbm  # two seconds to import; the other recipes do without

    rows = sum(len(frame) for frame in frames)
    settled = {
        **parameters,
        "min_data_in_leaf": max(5, min(parameters["min_data_in_leaf"], rows // leaf_share)),
        "deterministic": True,
        # The same trees either way. On one thread, going by row takes a third less CPU (of 67 features and a million
        # rows, 14.5 s instead of 21.4 s); on several, its sums are cut into a block per thread and might end otherwise.
        ("force_row_wise" if threads == 1 else "force_col_wise"): True,
        "seed": seed,
        "num_threads": threads,
        "verbosity": -1,
    }
    table = pa.table({name: pa.chunked_array([frame.columns[name] for frame in frames]) for name in features})
    label = pa.chunked_array([one.astype(np.float32) for one in labels])
    return lightgbm.train(settled, lightgbm.Dataset(table, label=label, params=settled, **dataset))


def predict_raw(booster: lightgbm.Booster, data: pa.Table, threads: int) -> Doubles:
    """Return the raw scores of every row, shape (n,)."""
    return np.asarray(booster.predict(data, raw_score=True, num_threads=threads), np.float64)


def contributions_of_trees(
    booster: lightgbm.Booster, data: pa.Table, group: NDArray[np.int64], threads: int
) -> tuple[Doubles, float]:
    """Return what each group of features adds to the raw score of every row, (m, G), and the base."""
    leaves = booster.predict(data, pred_leaf=True, num_threads=threads)
    return leaf_contributions(leaf_tables(booster.dump_model()["tree_info"], group), np.asarray(leaves, np.int32))


def share_of_gain(booster: lightgbm.Booster) -> Doubles:
    """Return each feature's share of the gain of all splits, shape (n_features,)."""
    gains = booster.feature_importance("gain")
    return np.asarray(gains / max(gains.sum(), 1e-12), np.float64)


def save_booster(booster: lightgbm.Booster, path: Path) -> None:
    # Threads are the machine's, not the model's: without what is said of them the same model is the same bytes.
    of_machine = r"\[(num_threads|force_col_wise|force_row_wise): \d+\]\n"
    path.write_text(re.sub(of_machine, "", booster.model_to_string()), encoding="utf-8")


def load_booster(path: Path) -> lightgbm.Booster:
    import lightgbm

    return lightgbm.Booster(model_file=path)


def import_lightgbm_alone() -> None:
    """Import LightGBM without scikit-learn and pandas, for a process that scores and uses neither.

    LightGBM imports them where they are installed, for wrappers that nothing here calls: 1.3 of its 1.6 CPU seconds.
    What has been imported before is left as it is.
    """
    absent = [name for name in NOT_FOR_SCORING if name not in sys.modules]
    # None says "no such module", though the stubs know no such value.
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        importlib.import_module("lightgbm")
    finally:
        for name in absent:
            del sys.modules[name]
