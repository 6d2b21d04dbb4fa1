"""What stands in for the probability of a response where no model knows one: one rate, the same for everybody.

Without it a shop never leaves the state: no model, so nobody is contacted and held out, so no answers, so no model.
With one rate customers differ by lot alone, which is what a first campaign learns most from.
"""

from __future__ import annotations

from dataclasses import dataclass

from nightmarket.decisions.targets.table import ASSUMED, EARLIER

PRIOR_CONTACTS = 100
"""How many contacts the assumed rate counts for beside those that were made: 0 answers of 5 are no rate of 0."""


@dataclass(frozen=True)
class Answers:
    """How many contacts of earlier campaigns there were, and how many of them were answered."""

    n_contacts: int
    n_answered: int


@dataclass(frozen=True)
class BaseRate:
    """The probability for everybody, what it rests on (a ``value_basis``), and that in words."""

    probability: float
    basis: str
    note: str


def settle_base_rate(answers: Answers | None, *, assumed_pct: float) -> BaseRate:
    """Return the rate of earlier campaigns drawn towards the assumed one, or the assumed one where there are none.

    Parameters
    ----------
    answers : None where the shop does not keep responses
    assumed_pct : percent of contacts that are answered, by the settings
    """
    if answers is None or answers.n_contacts == 0:
        note = f"no response model and no earlier answers: {assumed_pct:g} % of all taken to respond, by the settings"
        return BaseRate(assumed_pct / 100, ASSUMED, note)
    drawn = answers.n_answered + PRIOR_CONTACTS * assumed_pct / 100
    rate = round(drawn / (answers.n_contacts + PRIOR_CONTACTS), 6)
    note = (
        f"no response model: {answers.n_answered:,} of {answers.n_contacts:,} contacts of the last year answered, "
        f"{100 * rate:.1f} % of all taken to respond"
    )
    return BaseRate(rate, EARLIER, note)
