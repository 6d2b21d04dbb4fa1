"""Demand classes: how often a series sells, and how much its sales vary.

The cut-offs are those of Syntetos, Boylan & Croston, "On the categorization of demand patterns", Journal of the
Operational Research Society 56 (2005): a mean of 1.32 weeks between weeks with a sale, and a squared coefficient of
variation of .49 of what such weeks sell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.demand.histories import Histories
from nightmarket.modeling.demand.panel import Doubles

CLASSES = ("smooth", "erratic", "intermittent", "lumpy", "new")
REGULAR = ("smooth", "erratic")
ADI_CUT, CV2_CUT = 1.32, 0.49
NEW_WEEKS = 8
"""Younger series have too few weeks to tell the other classes apart."""
_CLASS_WEEKS = 52


@dataclass(frozen=True)
class Rhythm:
    """How each of m series sells over its last 52 weeks, (m,) each.

    Attributes
    ----------
    adi : mean weeks between weeks with a sale; infinite where there is none
    cv2 : squared coefficient of variation of the weeks with a sale; 0 with fewer than two
    since_sale : whole weeks since the newest week with a sale; 0 is last week
    demand_class : one of ``CLASSES``
    """

    adi: Doubles
    cv2: Doubles
    since_sale: Doubles
    demand_class: NDArray[np.str_]

    def take(self, kept: NDArray[np.int64]) -> Rhythm:
        return Rhythm(self.adi[kept], self.cv2[kept], self.since_sale[kept], self.demand_class[kept])


def rhythm_of(histories: Histories) -> Rhythm:
    """Classify every series."""
    demand = histories.demand[:, -_CLASS_WEEKS:]
    known = np.isfinite(demand)
    sold = known & (np.nan_to_num(demand) > 0)
    n_sold = sold.sum(axis=1)
    sizes = np.where(sold, demand, 0)
    mean = sizes.sum(axis=1) / np.maximum(n_sold, 1)
    variance = np.where(sold, (sizes - mean[:, None]) ** 2, 0).sum(axis=1) / np.maximum(n_sold, 1)
    adi = np.divide(known.sum(axis=1), n_sold, out=np.full(len(histories), np.inf), where=n_sold > 0)
    cv2 = np.divide(variance, mean**2, out=np.zeros(len(histories)), where=mean > 0)
    since = np.where(n_sold > 0, sold[:, ::-1].argmax(axis=1), demand.shape[1]).astype(np.float64)
    rare, varied = adi >= ADI_CUT, cv2 >= CV2_CUT
    named = np.where(rare, np.where(varied, "lumpy", "intermittent"), np.where(varied, "erratic", "smooth"))
    return Rhythm(adi, cv2, since, np.where(histories.age < NEW_WEEKS, "new", named))
