"""Promised against happened: what published nights forecast, held against what came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any


@dataclass(frozen=True)
class PromiseBin:
    """A tenth of a night's rows: sums of what was forecast and of what happened."""

    n_rows: int
    promised: float
    happened: float


@dataclass(frozen=True)
class MeasuredNight:
    """One published night whose window has closed, of one head."""

    night: date
    horizon_days: int
    model_version: str
    measured_at: date
    bins: tuple[PromiseBin, ...]
    n_in_interval: int | None = None

    @property
    def closed_on(self) -> date:
        """The first day after the window."""
        return self.night + timedelta(days=self.horizon_days)

    @property
    def n_rows(self) -> int:
        return sum(one.n_rows for one in self.bins)

    @property
    def promised(self) -> float:
        return sum(one.promised for one in self.bins)

    @property
    def happened(self) -> float:
        return sum(one.happened for one in self.bins)

    @property
    def off_pct(self) -> float | None:
        """By how many percent of what happened too much was promised; None where nothing happened."""
        return 100 * (self.promised - self.happened) / self.happened if self.happened > 0 else None

    @property
    def inside_pct(self) -> float | None:
        """Share of the rows whose amount fell into the published interval; None for probabilities."""
        return None if self.n_in_interval is None or not self.n_rows else 100 * self.n_in_interval / self.n_rows


def read_promises(rows: Iterable[tuple[Any, ...]]) -> dict[str, tuple[MeasuredNight, ...]]:
    """Return the measured nights of each head, newest first.

    Parameters
    ----------
    rows : (head, as_of_date, horizon_days, model_version, measured_at_as_of, n_rows, promised, happened,
        n_in_interval), sorted by head, newest night first, bin ascending
    """
    found: dict[str, tuple[MeasuredNight, ...]] = {}
    for (head, night, horizon, version, measured_at), group in groupby(rows, key=lambda row: row[:5]):
        bins = [row[5:] for row in group]
        inside = [one[3] for one in bins if one[3] is not None]
        measured = MeasuredNight(
            night,
            horizon,
            version,
            measured_at,
            tuple(PromiseBin(int(n), float(promised), float(happened)) for n, promised, happened, _ in bins),
            int(sum(inside)) if inside else None,
        )
        found[head] = (*found.get(head, ()), measured)
    return found
