"""How much the products of a campaign's coupons read like what a customer buys, each campaign at its own cut.

A customer's profile is the mean position of the texts bought before the cut, a line counting half after 84 days; a
coupon's is the mean of its products' texts. Which coupons a customer was sent is not recorded everywhere, so all of
a campaign's are compared: the mean similarity says how the campaign as a whole fits, the best ones what is in it for
this customer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from nightmarket.clock import day_of_number
from nightmarket.modeling.frames import Floats, Frame
from nightmarket.text.profiles import Projection, fit_projection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from nightmarket.families.base import Inputs

Doubles = NDArray[np.float64]
TEXT_COLUMNS = ("text__coupon_mean", "text__coupon_best", "text__coupon_top5")
N_COMPONENTS = 32
_TOP = 5


def fit_text_space(frame: Frame, inputs: Inputs, cut_column: str) -> Projection:
    """Return the reduced space of the texts that the customers of ``frame`` had bought before their cuts."""
    _, vectors = inputs.text_vectors()
    weights = np.zeros(len(vectors))
    for cut, rows in _by_cut(frame, cut_column):
        weights += np.asarray(_profiles(frame, rows, inputs, cut).sum(axis=0)).ravel()
    n_components = min(N_COMPONENTS, vectors.shape[1])
    if not weights.any():  # nothing to fit on; what has no text is undefined in any space
        return Projection(np.zeros(vectors.shape[1]), np.eye(n_components, vectors.shape[1]))
    return fit_projection(vectors, weights.astype(np.float32), n_components)


def text_columns(frame: Frame, inputs: Inputs, projection: Projection, cut_column: str) -> dict[str, Floats]:
    """Return the similarities of every row, NaN where the customer or the campaign has no text at the cut.

    Parameters
    ----------
    cut_column : column of ``frame`` with each row's cut, in days since 1970
    """
    found = np.full((len(frame), len(TEXT_COLUMNS)), np.nan)
    hashes, vectors = inputs.text_vectors()
    positions = projection.transform(vectors)
    with threadpool_limits(1, user_api="blas"):
        for cut, rows in _by_cut(frame, cut_column):
            profiles = _unit(np.asarray(_profiles(frame, rows, inputs, cut) @ positions))
            coupons = inputs.coupon_texts(cut)
            for item in np.unique(frame.item[rows]):
                of_campaign = coupons.filter(pc.equal(coupons["campaign_id"], str(frame.item_ids[item])))
                mine = rows[frame.item[rows] == item]
                found[mine] = _similarities(profiles[frame.customer[mine]], _centres(of_campaign, hashes, positions))
    return {name: found[:, i].astype(np.float32) for i, name in enumerate(TEXT_COLUMNS)}


def _by_cut(frame: Frame, cut_column: str) -> Iterator[tuple[date, NDArray[np.int64]]]:
    cuts = frame.columns[cut_column].astype(np.int64)
    for cut in np.unique(cuts):
        yield day_of_number(int(cut)), np.flatnonzero(cuts == cut)


def _profiles(frame: Frame, rows: NDArray[np.int64], inputs: Inputs, cut: date) -> csr_matrix:
    """Return what each customer of ``rows`` had bought, (n_customers, n_texts); the others' rows are empty."""
    _, vectors = inputs.text_vectors()
    customers = np.unique(frame.customer[rows])
    bought = inputs.bought_texts(pa.array(frame.customer_ids[customers], pa.string()), cut)
    customer = customers[bought["customer"].to_numpy()]
    found = csr_matrix(
        (bought["weight"].to_numpy(), (customer, bought["text"].to_numpy())),
        shape=(len(frame.customer_ids), len(vectors)),
    )
    found.sort_indices()  # rows come in any order, and so would sums
    return found


def _centres(coupons: pa.Table, hashes: pa.Array, positions: Doubles) -> Doubles:
    """Return the mean position of each coupon's texts, of length 1: (n_coupons, n_components)."""
    if coupons.num_rows == 0:
        return np.zeros((0, positions.shape[1]))
    names, coupon = np.unique(np.asarray(coupons["coupon_id"].to_pylist(), dtype=object), return_inverse=True)
    text = pc.index_in(coupons["text_hash"], value_set=hashes.cast(pa.string())).to_numpy().astype(np.int64)
    of_coupon = csr_matrix((np.ones(len(text)), (coupon, text)), shape=(len(names), len(positions)))
    return _unit(np.asarray(of_coupon @ _unit(positions)))


def _similarities(profiles: Doubles, centres: Doubles) -> Doubles:
    """Return mean, best and mean of the five best cosines of each profile (n, 3); NaN where there is none."""
    if len(centres) == 0:
        return np.full((len(profiles), len(TEXT_COLUMNS)), np.nan)
    cosines = -np.sort(-(profiles @ centres.T), axis=1)
    found = np.column_stack([cosines.mean(axis=1), cosines[:, 0], cosines[:, :_TOP].mean(axis=1)])
    found[~profiles.any(axis=1)] = np.nan
    return found


def _unit(x: Doubles) -> Doubles:
    length = np.linalg.norm(x, axis=1, keepdims=True)
    return np.asarray(np.divide(x, length, out=np.zeros_like(x), where=length > 0), np.float64)
