"""Data that no installed package brings: where it is looked for, and where it comes from."""

from __future__ import annotations

import os
from pathlib import Path

_BESIDE_THE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "data"
_HOME = Path(os.environ.get("NIGHTMARKET_TEST_DATA", _BESIDE_THE_CHECKOUT))
_ORIGIN = {
    "hillstrom": "hillstrom_data.csv of the MineThatData e-mail challenge",
    "online_retail": "Online Retail of the UCI Machine Learning Repository, saved as online_retail.parquet",
    "orange_juice": "yx and storedemo of orangeJuice (R package bayesm), saved as yx.parquet and storedemo.parquet",
}


def folder_of(name: str) -> Path:
    """Return the folder of the data set, whether it is there or not."""
    return _HOME / name


def say_absent(name: str) -> str:
    """Return what to say where it is not there: why, and how to get it."""
    return (
        f"no {name} in NIGHTMARKET_TEST_DATA (or in ../shared/data, beside the checkout); "
        f"to have it, put into a folder {name} there: {_ORIGIN[name]}"
    )
