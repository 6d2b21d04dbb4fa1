"""Everything the morning report says, as frozen data. ``steps/report.py`` fills it, ``render`` shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from nightmarket.report.decisions import Decisions, FurtherTable
from nightmarket.report.households import Household
from nightmarket.report.sections import FamilySection

PASSED, WARNED, WITHHELD = "passed", "warned", "withheld"


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
class NightReport:
    """One night. Only ``steps`` and ``attempt`` differ when the night is run again."""

    as_of_date: date
    source: str
    snapshot_id: str
    verdict: str
    complete_through: str | None = None
    served_instead: date | None = None
    """The night that consumers read while this one is withheld."""
    n_nights: int = 0
    families: tuple[FamilySection, ...] = ()
    households: tuple[Household, ...] = ()
    decisions: Decisions | None = None
    """None where nothing but scores of customers is served of the night."""
    code_revision: str | None = None
    checks: tuple[BorderCheck, ...] = ()
    landed: tuple[LandedRows, ...] = ()
    attempt: int | None = None
    steps: tuple[StepTime, ...] = ()

    @property
    def n_rows(self) -> int:
        """Rows published, of all tables."""
        return self.n_scores + sum(one.n_rows for one in self._beside)

    @property
    def n_scores(self) -> int:
        """Rows published, of customers' families."""
        return sum(family.published.n_rows for family in self.families if family.published)

    @property
    def n_forecasts(self) -> int:
        """Rows published of what is forecast of items: demand and sales."""
        return sum(one.n_rows for one in self._beside if not one.name.startswith("decisions."))

    @property
    def n_decisions(self) -> int:
        """Rows published of decisions."""
        return sum(one.n_rows for one in self._beside if one.name.startswith("decisions."))

    @property
    def _beside(self) -> tuple[FurtherTable, ...]:
        return self.decisions.published if self.decisions else ()

    @property
    def n_customers(self) -> int:
        """Customers that the family of most customers scored."""
        return max((family.totals.n_customers for family in self.families if family.totals), default=0)
