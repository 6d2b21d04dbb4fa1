"""What the morning report says of the sales to expect, as frozen data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta


@dataclass(frozen=True)
class Outlook:
    """Weeks sold and weeks expected of one item; all series hold one number per week, oldest first.

    ``sold`` ends with the week before ``night``, the others begin with the week that starts on it. It is empty where
    what was sold is not at hand.
    """

    id: str
    name: str
    unit: str
    night: date
    expected: tuple[float, ...]
    p05: tuple[float, ...]
    p25: tuple[float, ...]
    p75: tuple[float, ...]
    p95: tuple[float, ...]
    sold: tuple[float, ...] = ()
    method: str = ""
    demand_class: str = ""

    @property
    def first_day(self) -> date:
        """The first day that is shown."""
        return self.night - timedelta(weeks=len(self.sold))

    def week(self, position: int) -> date:
        """Return the first day of a week ahead, 0 being the one that starts on the night."""
        return self.night + timedelta(weeks=position)


def tell_apart(outlooks: Sequence[Outlook]) -> tuple[Outlook, ...]:
    """Return the outlooks, each whose name another has as well with its id beside it: sizes share their name."""
    n_called = Counter(one.name for one in outlooks)
    return tuple(replace(one, name=f"{one.name}, {one.id}") if n_called[one.name] > 1 else one for one in outlooks)


@dataclass(frozen=True)
class CategoryChange:
    """Units of a category: sold in the weeks before the night, and expected in as many from it on."""

    id: str
    name: str
    sold: float
    expected: float

    @property
    def change(self) -> float:
        return self.expected - self.sold

    @property
    def change_pct(self) -> float | None:
        return 100 * self.change / self.sold if self.sold > 0 else None


@dataclass(frozen=True)
class ForecastSection:
    """What will be sold: the total by week, and the categories that rise and fall most."""

    currency: str
    total: Outlook | None = None
    rising: tuple[CategoryChange, ...] = ()
    falling: tuple[CategoryChange, ...] = ()
    n_weeks: int = 0
    """Weeks that rise and fall are sums of."""


def rank_changes(
    changes: Sequence[CategoryChange], n: int
) -> tuple[tuple[CategoryChange, ...], tuple[CategoryChange, ...]]:
    """Return the ``n`` that rise and the ``n`` that fall most, in units; ties by id."""
    rising = sorted((one for one in changes if one.change > 0), key=lambda one: (-one.change, one.id))
    falling = sorted((one for one in changes if one.change < 0), key=lambda one: (one.change, one.id))
    return tuple(rising[:n]), tuple(falling[:n])
