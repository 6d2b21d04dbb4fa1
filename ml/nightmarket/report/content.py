"""Everything the morning report says, as frozen data. ``steps/report.py`` fills it, ``render`` shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from nightmarket.report.evaluation import Evaluation

PASSED, WARNED, WITHHELD = "passed", "warned", "withheld"

SCORE_BIN_EDGES = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
"""Edges of the score distribution. Uneven, because most pairs are unlikely and the few likely ones matter."""


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
    """Tonight's scores in a few numbers. ``expected`` is the sum of all probabilities."""

    n_rows: int
    n_customers: int
    n_categories: int
    expected: float

    @property
    def mean_probability(self) -> float:
        return self.expected / self.n_rows if self.n_rows else 0.0


@dataclass(frozen=True)
class Mover:
    """One category (or customer) and the sum of its probabilities, night by night.

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

    @property
    def change_pct(self) -> float | None:
        return 100 * self.change / self.before if self.before else None


@dataclass(frozen=True)
class Distribution:
    """Share of a night's rows in each bin of ``SCORE_BIN_EDGES``."""

    night: date
    shares: tuple[float, ...]


@dataclass(frozen=True)
class BorderCheck:
    """What one border said. ``verdict`` is None where it was not reached."""

    border: str
    verdict: str | None
    n_expectations: int | None
    warnings: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    not_provided: tuple[str, ...] = ()


@dataclass(frozen=True)
class LandedRows:
    """How the rows of one contract table came in. ``reasons`` maps a code to the rows it turned away."""

    name: str
    provided: bool
    n_in: int
    n_accepted: int
    n_quarantined: int
    reasons: tuple[tuple[str, int], ...] = ()

    @property
    def quarantined_pct(self) -> float:
        return 100 * self.n_quarantined / self.n_in if self.n_in else 0.0


@dataclass(frozen=True)
class StepTime:
    """One step of this attempt. ``seconds`` is None where it was not recorded."""

    step: str
    n_rows: int
    seconds: float | None


@dataclass(frozen=True)
class Query:
    """A query to try, with the rows that it gives tonight."""

    question: str
    sql: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()


@dataclass(frozen=True)
class NightReport:
    """One night. Only ``steps`` and ``attempt`` differ when the night is run again."""

    as_of_date: date
    source: str
    snapshot_id: str
    verdict: str
    complete_through: str | None = None
    horizon_days: int = 28
    served_instead: date | None = None
    """The night that consumers read while this one is withheld."""
    published: tuple[PublishedTable, ...] = ()
    totals: Totals | None = None
    totals_before: Totals | None = None
    night_before: date | None = None
    n_nights: int = 0
    top_k: int | None = None
    """Categories published per customer, where not all are; sums then count those only."""
    top_categories: tuple[Mover, ...] = ()
    categories_up: tuple[Mover, ...] = ()
    categories_down: tuple[Mover, ...] = ()
    customers_up: tuple[Mover, ...] = ()
    customers_down: tuple[Mover, ...] = ()
    distributions: tuple[Distribution, ...] = ()
    """Tonight first, then the nights before, newest first."""
    label_cutoff: str | None = None
    model_age_days: int | None = None
    """Days from ``label_cutoff`` to the night."""
    gate_reason: str | None = None
    code_revision: str | None = None
    evaluation: Evaluation = field(default_factory=Evaluation)
    checks: tuple[BorderCheck, ...] = ()
    landed: tuple[LandedRows, ...] = ()
    query: Query | None = None
    attempt: int | None = None
    steps: tuple[StepTime, ...] = ()

    @property
    def old_model_weeks(self) -> int | None:
        """Whole weeks that the model is old, where that is worth saying."""
        age = self.model_age_days
        return age // 7 if age is not None and age > OLD_MODEL_DAYS else None
