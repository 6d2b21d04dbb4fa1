"""What the morning report says of one family, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from nightmarket.report.evaluation import Evaluation
from nightmarket.report.promises import MeasuredNight

PROBABILITY_EDGES = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
"""Edges of the distribution of a probability. Uneven: most pairs are unlikely and the few likely ones matter."""

OLD_MODEL_DAYS = 56
"""Beyond it the report says how old the model is; the scores' expectations warn from the same day on."""


@dataclass(frozen=True)
class PublishedTable:
    """One table of the night as it is served."""

    name: str
    n_rows: int
    model_version: str
    recipe: str
    run_id: str
    sha256: str


@dataclass(frozen=True)
class Totals:
    """How much a family scored. ``n_items`` is None where its rows are customers alone."""

    n_rows: int
    n_customers: int
    n_items: int | None = None


@dataclass(frozen=True)
class Mover:
    """One item (or customer) and the sum of its forecasts, night by night.

    For a category that sum is the expected number of buyers within the horizon; for a customer, of
    categories bought from. ``history`` is oldest first and ends with tonight.
    """

    id: str
    name: str
    tonight: float
    before: float | None
    history: tuple[float, ...] = ()

    @property
    def change(self) -> float:
        return self.tonight - (self.before or 0.0)


@dataclass(frozen=True)
class Distribution:
    """Share of a night's rows between each two edges."""

    night: date
    shares: tuple[float, ...]


@dataclass(frozen=True)
class HeadSection:
    """One number that a family publishes: tonight's forecasts, how it was tested, and what came of earlier nights.

    ``total`` is the sum of tonight's forecasts: of probabilities, the events to expect.
    """

    name: str
    is_amount: bool
    horizon_days: int
    meaning: str = ""
    unit: str = ""
    n_rows: int = 0
    total: float = 0.0
    total_before: float | None = None
    mean_low: float | None = None
    mean_high: float | None = None
    edges: tuple[float, ...] = PROBABILITY_EDGES
    distributions: tuple[Distribution, ...] = ()
    """Tonight first, then the nights before, newest first."""
    evaluation: Evaluation = field(default_factory=Evaluation)
    promises: tuple[MeasuredNight, ...] = ()
    """Nights whose window has closed, newest first."""

    @property
    def mean(self) -> float:
        return self.total / self.n_rows if self.n_rows else 0.0


@dataclass(frozen=True)
class Share:
    """How many rows have one value."""

    value: str
    n_rows: int


@dataclass(frozen=True)
class Breakdown:
    """A published column of a few values, such as a segment, and the rows of each, most first."""

    column: str
    meaning: str
    shares: tuple[Share, ...]


@dataclass(frozen=True)
class ScoredRow:
    """One published row, to be read."""

    customer_id: str
    item: str | None
    value: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """A query to try, with the rows that it gives tonight."""

    question: str
    sql: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()


@dataclass(frozen=True)
class FamilySection:
    """One family in one night; parts that are empty were not there to be read."""

    name: str
    title: str
    description: str = ""
    item: str | None = None
    """What the second key names, such as ``category``; None where rows are customers alone."""
    published: PublishedTable | None = None
    label_cutoff: str | None = None
    model_age_days: int | None = None
    """Days from ``label_cutoff`` to the night."""
    gate_reason: str | None = None
    night_before: date | None = None
    totals: Totals | None = None
    top_k: int | None = None
    """Rows published per customer, where not all are; sums then count those only."""
    heads: tuple[HeadSection, ...] = ()
    breakdowns: tuple[Breakdown, ...] = ()
    reasons: tuple[Share, ...] = ()
    """Reasons by how often they come first, their numbers left out."""
    top_rows: tuple[ScoredRow, ...] = ()
    top_items: tuple[Mover, ...] = ()
    items_up: tuple[Mover, ...] = ()
    items_down: tuple[Mover, ...] = ()
    customers_up: tuple[Mover, ...] = ()
    customers_down: tuple[Mover, ...] = ()
    query: Query | None = None

    @property
    def grain(self) -> str:
        """What a row is of."""
        return f"customer × {self.item}" if self.item else "customer"

    @property
    def items(self) -> str:
        """The plural of ``item``."""
        noun = self.item or "customer"
        return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"

    @property
    def old_model_weeks(self) -> int | None:
        """Whole weeks that the model is old, where that is worth saying."""
        age = self.model_age_days
        return age // 7 if age is not None and age > OLD_MODEL_DAYS else None
