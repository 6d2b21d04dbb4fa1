"""The published protocol of the orange juice forecasting task: its data, rounds, measure and board.

The task is that of Microsoft's *forecasting* repository (``retail_sales/OrangeJuice_Pt_3Weeks_Weekly``, later
``examples/grocery_sales``), on Dominick's weekly sales of 11 brands in 83 stores as the R package bayesm carries them.
Round r may read the sales of weeks 40 to 133 + 2r and forecasts weeks 135 + 2r and 136 + 2r: the week between
"allows the store managers to prepare the stock". What is known ahead is the repository's ``split_train_test``: its
auxiliary table has price, deal and advertisement of every week to the last forecast one, the week between included
("we assume such auxiliary information is available at the time when we generate the forecasts"), and leaves out
sales and profit. The measure is the mean absolute percentage error over all rows of all rounds.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

FILES = ("yx.parquet", "storedemo.parquet")
SERIES = ["store", "brand"]
FIRST_WEEK = 40
HORIZONS = (2, 3)
"""Weeks from the last known sale to the forecast ones."""
SEASON_WEEKS = 52
BOARD = {
    "LightGBM": 36.28,
    "dilated CNN": 37.09,
    "RNN": 37.68,
    "mean forecast": 70.74,
    "AutoARIMA": 70.80,
    "ETS": 70.99,
    "seasonal naive": 165.06,
}
"""Published MAPE over the 12 rounds, in percent."""


@dataclass(frozen=True)
class Shop:
    """``sales``: one row per store, brand and week that sold; ``stores``: one row per store, indexed by it."""

    sales: pd.DataFrame
    stores: pd.DataFrame


@dataclass(frozen=True)
class Known:
    """What a round may read: ``sales`` to its last known week, ``plans`` (prices, promotions) to its last forecast.

    Both have one row per store, brand and week.
    """

    sales: pd.DataFrame
    plans: pd.DataFrame


@dataclass(frozen=True)
class Round:
    """One origin: sales are known up to and with ``last_known_week``."""

    last_known_week: int

    @property
    def forecast_weeks(self) -> tuple[int, ...]:
        return tuple(self.last_known_week + horizon for horizon in HORIZONS)

    def known(self, shop: Shop) -> Known:
        """Cut ``shop`` at this origin: sales to it, prices and promotions to the last forecast week."""
        week = shop.sales["week"]
        plans = shop.sales[week <= self.forecast_weeks[-1]].drop(columns=["logmove", "profit"])
        return Known(shop.sales.loc[week <= self.last_known_week, [*SERIES, "week", "logmove"]], plans)

    def actual(self, shop: Shop) -> pd.DataFrame:
        """Return what the round is measured on: columns store, brand, week, units."""
        rows = shop.sales[shop.sales["week"].isin(self.forecast_weeks)]
        return rows[[*SERIES, "week"]].assign(units=np.exp(rows["logmove"]).round())


TEST_ROUNDS = tuple(Round(133 + 2 * number) for number in range(1, 13))
VALIDATION_ROUNDS = tuple(Round(107 + 4 * number) for number in range(1, 7))
"""Six origins whose forecast weeks, 113 to 134, all lie before the first tested one, 137: for every choice."""


def read_shop(folder: Path) -> Shop:
    sales = pd.read_parquet(folder / FILES[0]).drop(columns="constant").astype(float)
    sales = sales.astype(dict.fromkeys([*SERIES, "week"], int)).sort_values([*SERIES, "week"], ignore_index=True)
    stores = pd.read_parquet(folder / FILES[1]).astype(float).rename(columns=str.lower)
    return Shop(sales, stores.astype({"store": int}).set_index("store").sort_index())


def hash_data(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES}


def mape(units: np.ndarray, forecast: np.ndarray) -> float:
    """Return the mean of |forecast - units| / units in percent; ``units`` are positive."""
    return float(np.mean(np.abs(forecast - units) / units) * 100)


def fill_weeks(sales: pd.DataFrame, last_week: int) -> pd.DataFrame:
    """Give every series every week to ``last_week``: one without a sale repeats the one before, a first one the next.

    This is how the published baselines fill. ``is_observed`` is 0.0 in the filled rows, which nothing learns from.
    """
    series = sales[SERIES].drop_duplicates().sort_values(SERIES)
    grid = series.merge(pd.DataFrame({"week": range(FIRST_WEEK, last_week + 1)}), how="cross")
    filled = grid.merge(sales, on=[*SERIES, "week"], how="left")
    is_observed = filled["logmove"].notna().astype(float)
    by_series = filled.groupby(SERIES)["logmove"]
    forward = by_series.ffill()
    return filled.assign(logmove=forward.fillna(by_series.bfill()), is_observed=is_observed)


def forecast_seasonal_naive(known: Known, round_: Round) -> pd.DataFrame:
    """Forecast what the series sold 52 weeks before. Columns store, brand, week, forecast."""
    filled = fill_weeks(known.sales, round_.last_known_week)
    year_ago = filled.assign(week=filled["week"] + SEASON_WEEKS, forecast=np.exp(filled["logmove"]).round())
    return year_ago.loc[year_ago["week"].isin(round_.forecast_weeks), [*SERIES, "week", "forecast"]]
