"""What the model knows of a forecast week besides lagged sales: prices, promotions, the calendar, and like weeks.

Everything is made from a round's ``Known`` alone, so nothing here can see past it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from bench.orange_juice.protocol import FIRST_WEEK, SERIES, Known
from numpy.typing import NDArray

FIRST_DAY = pd.Timestamp("1989-09-14")
"""The Thursday on which week 1 begins."""
LEVEL_WEEKS = 26
REGULAR_WEEKS = 16
LIKE_WEEKS = {
    # Width in log price, weight of another feature or deal, weeks until a sale counts half.
    "like_close": (0.04, 2.0, 1.0, 26),
    "like_recent": (0.10, 1.0, 0.4, 13),
    "like_ever": (0.03, 3.0, 2.0, 80),
}
Cube = NDArray[np.float64]
"""Stores × brands × weeks."""


def make_features(known: Known, filled: pd.DataFrame, last_week: int, horizon: int) -> pd.DataFrame:
    """Describe every store, brand and week to ``last_week`` as it is known ``horizon`` weeks before it.

    ``filled`` are the sales without holes. Returns one row per store, brand and week, in that order.
    """
    stores, brands = (np.unique(known.plans[name]) for name in SERIES)
    weeks = np.arange(FIRST_WEEK, last_week + 1)
    index = pd.MultiIndex.from_product([stores, brands, weeks], names=[*SERIES, "week"])
    shape = (len(stores), len(brands), len(weeks))
    plans = known.plans.set_index(index.names).reindex(index)
    deal, feature = (plans[name].to_numpy().reshape(shape) for name in ("deal", "feat"))
    price = np.log(_prices(known.plans, stores, brands, weeks))
    units = filled.set_index(index.names)["logmove"].where(filled["is_observed"].to_numpy() > 0)
    sales = units.reindex(index).to_numpy().reshape(shape)
    cubes = {
        **_calendar(weeks),
        **_promotions(price, deal, feature),
        **_neighbours(price, deal, feature),
        **_like_weeks(sales, price, deal, feature, horizon),
    }
    columns = {name: np.broadcast_to(cube, shape).ravel() for name, cube in cubes.items()}
    return pd.DataFrame(columns, index=index).reset_index()


def _prices(plans: pd.DataFrame, stores: NDArray, brands: NDArray, weeks: NDArray) -> Cube:
    """Read the price of every brand off any row of its store and week: each row carries all eleven."""
    by_week = plans.groupby(["store", "week"])[[f"price{brand}" for brand in brands]].first()
    grid = pd.MultiIndex.from_product([stores, weeks], names=["store", "week"])
    by_store = by_week.reindex(grid).groupby("store")
    filled = by_store.ffill().fillna(by_store.bfill())
    return filled.to_numpy().reshape(len(stores), len(weeks), len(brands)).transpose(0, 2, 1)


def _calendar(weeks: NDArray) -> dict[str, Cube]:
    days = FIRST_DAY + pd.to_timedelta((weeks - 1) * 7, unit="D")
    return {
        "week_of_year": days.isocalendar().week.to_numpy(float),
        "month": days.month.to_numpy(float),
        "day_of_month": days.day.to_numpy(float),
    }


def _promotions(price: Cube, deal: Cube, feature: Cube) -> dict[str, Cube]:
    """Describe the brand's own price and promotion against its past, and against the chain."""
    discount = price - _regular(price)
    found = {
        "deal": deal,
        "feature": feature,
        "price": price,
        "discount": discount,
        "price_to_quarter": price - _mean_before(price, 1, 13),
        "price_to_year": price - _mean_before(price, 1, 52),
        "price_to_chain": price - _chain(price),
        "chain_deal": _chain(deal),
        "chain_feature": _chain(feature),
        "chain_discount": _chain(discount),
        "features_of_month": _mean_before(feature, 1, 4),
        "features_of_quarter": _mean_before(feature, 1, 12),
        "deals_of_two_months": _mean_before(deal, 1, 8),
    }
    for weeks in (1, 2, 3):
        found[f"price_to_{weeks}"] = price - _back(price, weeks)
        found[f"deal_{weeks}"] = _back(deal, weeks)
        found[f"feature_{weeks}"] = _back(feature, weeks)
    return found


def _neighbours(price: Cube, deal: Cube, feature: Cube) -> dict[str, Cube]:
    """Describe the other brands of the store: what they cost, and which are promoted."""
    n_brands = price.shape[1]
    discount = price - _regular(price)
    deals, features = np.nan_to_num(deal), np.nan_to_num(feature)

    def others(cube: Cube, how: str) -> Cube:
        return np.stack([getattr(np.delete(cube, brand, 1), how)(1) for brand in range(n_brands)], 1)

    found = {
        "price_to_cheapest": price - others(price, "min"),
        "price_to_others": price - others(price, "mean"),
        "price_of_others": others(price, "mean"),
        "deals_of_others": others(deals, "sum"),
        "features_of_others": others(features, "sum"),
        "deepest_of_others": others(discount, "min"),
        "discount_of_others": others(discount, "mean"),
    }
    for brand in range(n_brands):
        found[f"discount_of_{brand + 1}"] = np.broadcast_to(discount[:, [brand]], price.shape)
    return found


def _like_weeks(sales: Cube, price: Cube, deal: Cube, feature: Cube, horizon: int) -> dict[str, Cube]:
    """Average the series' log units over known weeks like this one: its price, its promotion, and recent.

    Weights fall with the distance in log price (Gaussian) and in promotion, and with age; a tenth of a
    week's weight is the plain mean of the last half year, which is what a week like no other gets.
    """
    level = _mean_before(sales, horizon, LEVEL_WEEKS)
    seen, units = ~np.isnan(sales), np.nan_to_num(sales)
    deals, features = np.nan_to_num(deal), np.nan_to_num(feature)
    found = {}
    for name, (width, per_feature, per_deal, half_life) in LIKE_WEEKS.items():
        mean, weight = np.full(sales.shape, np.nan), np.full(sales.shape, np.nan)
        for week in range(horizon, sales.shape[2]):
            past, now = slice(0, week - horizon + 1), slice(week, week + 1)
            age = np.arange(week - horizon, -1, -1)
            apart = ((price[..., past] - price[..., now]) / width) ** 2 / 2
            apart += per_feature * np.abs(features[..., past] - features[..., now])
            apart += per_deal * np.abs(deals[..., past] - deals[..., now])
            weights = np.exp(-apart) * 0.5 ** (age / half_life) * seen[..., past]
            weight[..., week] = weights.sum(-1)
            known_level = np.nan_to_num(level[..., week])
            mean[..., week] = ((weights * units[..., past]).sum(-1) + 0.1 * known_level) / (weight[..., week] + 0.1)
        found[f"{name}_sales"], found[f"{name}_weight"] = mean, weight
    return found


def _regular(price: Cube) -> Cube:
    """Return the 80 % quantile of log prices over the last weeks and this one: what the shelf says unpromoted."""
    return np.stack(
        [
            np.quantile(price[..., max(0, week - REGULAR_WEEKS + 1) : week + 1], 0.8, axis=-1)
            for week in range(price.shape[2])
        ],
        -1,
    )


def _chain(cube: Cube) -> Cube:
    seen = ~np.isnan(cube)
    mean = np.nan_to_num(cube).sum(0) / np.maximum(seen.sum(0), 1)
    return np.broadcast_to(mean, cube.shape)


def _back(cube: Cube, weeks: int) -> Cube:
    moved = np.full(cube.shape, np.nan)
    moved[..., weeks:] = cube[..., : cube.shape[2] - weeks]
    return moved


def _mean_before(cube: Cube, lag: int, n_weeks: int) -> Cube:
    """Average the ``n_weeks`` weeks that end ``lag`` weeks before, holes left out."""
    stacked = np.stack([_back(cube, lag + back) for back in range(n_weeks)])
    seen = (~np.isnan(stacked)).sum(0)
    return np.where(seen > 0, np.nan_to_num(stacked).sum(0) / np.maximum(seen, 1), np.nan)
