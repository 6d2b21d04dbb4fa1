"""What was sold on every day before an origin, by category."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.calendar_effects import Holiday

Doubles = NDArray[np.float64]
WEEKS_AHEAD = 8
DAYS_AHEAD = 7 * WEEKS_AHEAD


@dataclass(frozen=True)
class SalesHistory:
    """k categories over D days, D a multiple of 7.

    Attributes
    ----------
    as_of_date : the origin; the last day is the one before it
    category_ids : (k,) sorted
    amounts : (k, D) what was sold, returns taken off
    holidays : of the past and to come, as far as they were known
    """

    as_of_date: date
    category_ids: NDArray[np.object_]
    amounts: Doubles
    holidays: tuple[Holiday, ...] = ()

    @property
    def n_weeks(self) -> int:
        return int(self.amounts.shape[1] // 7)

    def day(self, position: int) -> date:
        """Return the date of a day: 0 is the first of the history, D the origin."""
        return self.as_of_date + timedelta(days=position - self.amounts.shape[1])
