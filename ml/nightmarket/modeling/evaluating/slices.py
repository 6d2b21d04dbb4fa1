"""The same forecasts, measured on parts of the shop that an average hides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.families.base import Head, Kind
from nightmarket.modeling.bootstrap import Interval, draw_customers, intervals, paired_gain
from nightmarket.modeling.forecast import Forecast
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.metrics import METRICS

Rows = NDArray[np.bool_]
NEW_DAYS, LAPSED_DAYS, THIN_ORDERS = 56, 28, 3
MIN_POSITIVE = 50
"""Positive rows below which a slice is counted and not measured."""
N_DRAWS = 100


@dataclass(frozen=True)
class _Slice:
    """A part of the shop: what it is in words, the columns it is cut by, and its rows."""

    meaning: str
    needs: tuple[str, ...]
    rows: Callable[[Frame], Rows]


_FIRST, _LAST = "customer__days_since_first_order", "customer__days_since_last_order"


def _is_new(frame: Frame) -> Rows:
    return np.asarray(frame.columns[_FIRST] < NEW_DAYS, np.bool_)


def _is_lapsed(frame: Frame) -> Rows:
    return np.asarray(frame.columns[_LAST] >= LAPSED_DAYS, np.bool_)


SLICES: dict[str, _Slice] = {
    "new customers": _Slice(f"first order less than {NEW_DAYS} days ago", (_FIRST,), _is_new),
    "regular customers": _Slice(
        f"first order at least {NEW_DAYS} days ago, last one less than {LAPSED_DAYS}",
        (_FIRST, _LAST),
        lambda frame: ~_is_new(frame) & ~_is_lapsed(frame),
    ),
    "lapsed customers": _Slice(f"last order at least {LAPSED_DAYS} days ago", (_LAST,), _is_lapsed),
    "thin history": _Slice(
        f"fewer than {THIN_ORDERS} orders",
        ("customer__n_orders",),
        lambda frame: np.asarray(~(frame.columns["customer__n_orders"] >= THIN_ORDERS), np.bool_),
    ),
    "never-bought pairs": _Slice(
        "rows of what the customer never bought", ("pair__n_orders",), lambda frame: frame.is_new
    ),
}


def measure_slices(
    head: Head, test: Frame, winner: Forecast, baseline: Forecast, *, threshold: float, seed: int
) -> dict[str, dict[str, Any]]:
    """Measure the winner and the baseline on every slice that the family has the columns for.

    Parameters
    ----------
    test : rows of the test origin, looked at by ``head``
    winner, baseline : forecasts of those rows

    Returns
    -------
    By slice: what it is, its rows and positives, and (where at least ``MIN_POSITIVE`` rows are positive and
    others are not) metrics, intervals, the paired gain over the baseline, and promised against happened.

    Notes
    -----
    The rank of a customer's items makes no sense on some of them: of a ranking, only customers are sliced.
    """
    found = {}
    for name, one in SLICES.items():
        if not set(one.needs) <= set(test.columns) or (head.metrics == "ranking" and name == "never-bought pairs"):
            continue
        rows = np.flatnonzero(one.rows(test))
        part = _only(test, rows)
        positive = int((part.y > 0).sum())
        described: dict[str, Any] = {
            "meaning": one.meaning,
            "n_rows": len(part),
            "n_customers": len(part.customer_ids) if len(part) else 0,
            "n_positive": positive,
        }
        if positive >= MIN_POSITIVE and (head.kind is Kind.AMOUNT or positive < len(part)):
            forecasts = {"winner": _rows_of(winner, rows), "baseline": _rows_of(baseline, rows)}
            described |= _measured(head, part, forecasts, threshold=threshold, seed=seed)
        found[name] = described
    return found


def promise(test: Frame, forecast: Forecast, *, seed: int) -> dict[str, float]:
    """Return what the forecasts add up to, what happened, and their ratio with its interval over customers."""
    n_customers = len(test.customer_ids)
    draws = draw_customers(n_customers, seed=seed)
    promised, happened = (
        draws @ np.bincount(test.customer, np.asarray(values, np.float64), minlength=n_customers)
        for values in (forecast.value, test.y)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        interval = Interval.of(promised / happened)
    total, came = float(forecast.value.sum()), float(test.y.sum())
    return {
        "promised": total,
        "happened": came,
        "ratio": total / came if came else float("nan"),
        "ratio_low": interval.low,
        "ratio_high": interval.high,
    }


def _measured(
    head: Head, part: Frame, forecasts: Mapping[str, Forecast], *, threshold: float, seed: int
) -> dict[str, Any]:
    draws = draw_customers(len(part.customer_ids), seed=seed, n_draws=N_DRAWS)
    measured = {
        name: METRICS[head.metrics](part, forecast, multiplicities=draws, threshold=threshold)
        for name, forecast in forecasts.items()
    }
    winner, baseline = measured["winner"], measured["baseline"]
    return {
        "metrics": dict(winner.metrics),
        "intervals": intervals(winner.draws),
        "baseline": dict(baseline.metrics),
        "gain": {name: paired_gain(winner.draws, baseline.draws, name) for name in winner.draws},
        "promise": promise(part, forecasts["winner"], seed=seed),
    }


def _only(frame: Frame, rows: NDArray[np.int64]) -> Frame:
    """Keep ``rows`` and the customers that have one of them: the others are no part of the slice."""
    part = frame.take(rows)
    customers, position = np.unique(part.customer, return_inverse=True)
    return replace(
        part,
        customer_ids=frame.customer_ids[customers],
        customer=position.astype(np.int32),
        n_outcomes=None if frame.n_outcomes is None else frame.n_outcomes[customers],
    )


def _rows_of(forecast: Forecast, rows: NDArray[np.int64]) -> Forecast:
    low, high = (None if bound is None else bound[rows] for bound in (forecast.low, forecast.high))
    return Forecast(forecast.value[rows], low, high)
