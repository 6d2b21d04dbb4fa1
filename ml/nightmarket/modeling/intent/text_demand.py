"""The same regressions from what the texts of a customer's products say, instead of from their categories."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from nightmarket.modeling.frames import Floats, Frame
from nightmarket.modeling.intent.demand import activity
from nightmarket.modeling.intent.timeline import Doubles, Events, Timeline
from nightmarket.modeling.intent.windows import Windows, fit_forecast, forecast_adoption, reduce, standardise

_HALF_LIFE = 56
_RIDGE_FORECAST, _RIDGE_ADOPTION = 0.1, 1.0


def text_codes(timeline: Timeline, products: pa.Table, text_hashes: pa.Array) -> NDArray[np.int64]:
    """Return the position among ``text_hashes`` of every line's product text; -1 where it has none."""
    at = pc.index_in(timeline.product_id, value_set=products["product_id"].combine_chunks())
    text = pc.index_in(products["text_hash"], value_set=text_hashes.cast(pa.string()), skip_nulls=True)
    codes = np.append(np.asarray(pc.fill_null(text, -1).to_numpy(), np.int64), -1)
    return codes[np.asarray(pc.fill_null(at, -1).to_numpy(), np.int64)]


def text_demand_columns(
    frame: Frame, timeline: Timeline, windows: Windows, *, texts: Events, positions: Doubles
) -> dict[str, Floats]:
    """Return ``text__forecast`` and ``text__adoption``; NaN without text, or without a closed window.

    Parameters
    ----------
    texts : orders by distinct text
    positions : (n_texts, n_components) the texts in the reduced space
    """
    at = (frame.customer, frame.item)
    n_customers, n_items = len(frame.customer_ids), len(frame.item_ids)
    forecast = adoption = np.full((n_customers, n_items), np.nan)
    if windows.days and len(positions):
        with threadpool_limits(1, user_api="blas"):
            before = [
                _profile(timeline, texts, positions, day)[active]
                for day, active in zip(windows.days, windows.active, strict=True)
            ]
            now = _profile(timeline, texts, positions, timeline.as_of)[:n_customers]
            rows, now = standardise(np.vstack(before), now)
            weights, mean = fit_forecast(rows, windows.bought, _RIDGE_FORECAST)
            forecast = now @ weights + mean
            adoption = forecast_adoption(*reduce(rows, now), windows, _RIDGE_ADOPTION)
    return {
        "text__forecast": forecast[at].astype(np.float32),
        "text__adoption": adoption[at].astype(np.float32),
    }


def _profile(timeline: Timeline, texts: Events, positions: Doubles, day: int) -> Doubles:
    """Return the customers' positions among the texts, ever and lately, and how much they shopped."""
    known = texts.before(day)
    starts = np.flatnonzero(np.diff(known.pair, prepend=-1))
    pair = known.pair[starts]
    customer, text = np.divmod(pair, texts.n_things)
    blocks = []
    for weights in (np.ones(len(known.pair)), 0.5 ** ((day - known.day) / _HALF_LIFE)):
        mass = np.log1p(np.add.reduceat(weights, starts)) if len(starts) else weights
        table = csr_matrix((mass, (customer, text)), shape=(texts.n_customers, texts.n_things))
        total = np.bincount(customer, mass, minlength=texts.n_customers)
        blocks.append((table @ positions) / np.sqrt(1 + total)[:, None])
    return np.hstack([*blocks, activity(timeline, day)])
