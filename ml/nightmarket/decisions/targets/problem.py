"""Whom to contact, as an optimisation problem and its solution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Problem:
    """Choose pairs of customer and campaign of the greatest total worth, within budgets and caps.

    Attributes
    ----------
    customer, campaign : positions of the pair's customer and campaign, shape (n,); each pair once
    worth : what contacting is worth, above 0, shape (n,)
    cost : what it takes from the campaign's budget, whole numbers in the unit of ``budget``, shape (n,)
    room : contacts that each customer may still get, shape (n_customers,)
    budget : of each campaign, inf where there is none, shape (n_campaigns,)
    """

    customer: NDArray[np.int64]
    campaign: NDArray[np.int64]
    worth: NDArray[np.float64]
    cost: NDArray[np.float64]
    room: NDArray[np.int64]
    budget: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.worth)

    def uniform_cost(self) -> NDArray[np.float64] | None:
        """Return the one cost of each campaign (0 where it has no pairs), None where one has several."""
        least = np.full(len(self.budget), np.inf)
        most = np.zeros(len(self.budget))
        np.minimum.at(least, self.campaign, self.cost)
        np.maximum.at(most, self.campaign, self.cost)
        least[np.isinf(least)] = 0
        return most if (least == most).all() else None


@dataclass(frozen=True)
class Allocation:
    """The solution.

    Attributes
    ----------
    is_chosen : shape (n,)
    price : what one more unit of each campaign's budget would bring, 0 where it is not used up, shape (n_campaigns,)
    solver : what found it
    """

    is_chosen: NDArray[np.bool_]
    price: NDArray[np.float64]
    solver: str
