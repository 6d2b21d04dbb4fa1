"""Was the campaign sent as decided? Where it was not, its lots say little of what contacts bring."""

from __future__ import annotations

from dataclasses import dataclass

MIN_SENT_SHARE = 0.8
"""Of those to be contacted, so many have a recorded contact; less, and what was decided is not what was sent."""
MAX_LEAKED_SHARE = 0.05
"""Of those held out, so many may have one all the same."""


@dataclass(frozen=True)
class Compliance:
    """How many of either arm were contacted; None where the shop records no contacts."""

    n_treated: int
    n_treated_contacted: int | None
    n_holdout: int
    n_holdout_contacted: int | None

    @property
    def is_as_decided(self) -> bool:
        """Whether enough were sent to and few enough of the held out; True where nothing is recorded against it."""
        if self.n_treated_contacted is None or self.n_holdout_contacted is None:
            return True
        return (
            self.n_treated_contacted >= MIN_SENT_SHARE * self.n_treated
            and self.n_holdout_contacted <= MAX_LEAKED_SHARE * self.n_holdout
        )
