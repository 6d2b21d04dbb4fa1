"""What a check found, as plain values: for the night's record, the pages and the error."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

PASSED, WARNED, FAILED, NOT_APPLICABLE = "passed", "warned", "failed", "not applicable"
NOT_PROVIDED = "not provided"


@dataclass(frozen=True)
class Outcome:
    """One expectation of one table, and what was observed."""

    type: str
    expects: str
    why: str
    severity: str
    status: str
    observed: str


@dataclass(frozen=True)
class SuiteOutcome:
    """One table at one border. ``page`` is the file name of its page; empty outcomes: not provided."""

    name: str
    border: str
    table: str
    about: str
    outcomes: tuple[Outcome, ...]
    seconds: float = 0.0

    @property
    def status(self) -> str:
        """The worst of its expectations; ``not provided`` where the source has no such table."""
        if not self.outcomes:
            return NOT_PROVIDED
        found = {outcome.status for outcome in self.outcomes}
        return next((status for status in (FAILED, WARNED) if status in found), PASSED)

    @property
    def page(self) -> str:
        return f"{self.name}.html"

    def with_status(self, status: str) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status == status)

    def as_record(self) -> dict[str, Any]:
        """Counts by status, for the night's record."""
        return {
            "status": self.status,
            "n_expectations": len(self.outcomes),
            "n_failed": len(self.with_status(FAILED)),
            "n_warned": len(self.with_status(WARNED)),
            "n_not_applicable": len(self.with_status(NOT_APPLICABLE)),
        }

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def suite_outcome_from_json(raw: dict[str, Any]) -> SuiteOutcome:
    """Read back what ``as_json`` wrote."""
    return SuiteOutcome(**{**raw, "outcomes": tuple(Outcome(**outcome) for outcome in raw["outcomes"])})


def border_as_json(snapshot_id: str, suites: tuple[SuiteOutcome, ...]) -> dict[str, Any]:
    """Return what the file of a border holds: whose outcomes they are, and the outcomes."""
    return {"snapshot_id": snapshot_id, "suites": [suite.as_json() for suite in suites]}


def border_from_json(raw: Any) -> tuple[str, tuple[SuiteOutcome, ...]]:
    """Read back what ``border_as_json`` wrote: the snapshot that was checked, and its outcomes."""
    if isinstance(raw, list):  # written before 0.1.0 was released, of no known snapshot; can go with 0.2.0
        raw = {"snapshot_id": "", "suites": raw}
    return raw["snapshot_id"], tuple(suite_outcome_from_json(suite) for suite in raw["suites"])


def verdict_of(suites: tuple[SuiteOutcome, ...]) -> str:
    """Return ``failed``, ``warned`` or ``passed``: the worst of ``suites``."""
    found = {suite.status for suite in suites}
    return next((status for status in (FAILED, WARNED) if status in found), PASSED)


def failure_text(border: str, suites: tuple[SuiteOutcome, ...], page_folder: str) -> str:
    """Say what stopped the night: table, expectation, observed against expected, why, and the page."""
    failed = [(suite, outcome) for suite in suites for outcome in suite.with_status(FAILED)]
    lines = [
        f"Got {len(failed)} failed expectation{'s' if len(failed) > 1 else ''} at the border {border!r} but expected "
        "every `stop` to hold; nothing is published and yesterday stays served."
    ]
    for suite, outcome in failed[:5]:
        lines.append(
            f"  {suite.name}: expected {outcome.expects}; observed {outcome.observed}. "
            f"Why: {outcome.why} [{outcome.type}] See {page_folder}/{suite.page}"
        )
    if len(failed) > 5:
        lines.append(f"  and {len(failed) - 5} more on the pages.")
    lines.append("Mend the data or, where the shop has changed for good, the expectation; then run the night again.")
    return "\n".join(lines)
