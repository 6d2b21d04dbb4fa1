"""The gate: which recipe becomes the version, and why, in words an operator can act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nightmarket.modeling.bootstrap import Interval

BASELINE = "frequency"


@dataclass(frozen=True)
class Candidate:
    """One recipe tested at the cut-off.

    ``gains`` is the paired interval of its average precision minus that of each other recipe.
    """

    recipe: str
    average_precision: float
    gains: Mapping[str, Interval]


@dataclass(frozen=True)
class GateDecision:
    """The recipe to refit and register. ``passed`` is always said, with the reason."""

    recipe: str
    passed: bool
    reason: str


def decide(candidates: Mapping[str, Candidate], champion: str | None) -> GateDecision:
    """Choose among recipes trained, calibrated and tested on the same windows.

    Parameters
    ----------
    candidates : by recipe; ``frequency`` is always among them.
    champion : recipe of the version that may score up to now, or None.

    Notes
    -----
    A first champion is the best recipe whose gain over frequency has an interval above 0, else
    frequency. Later a challenger needs the same against the champion's recipe *trained at this
    cut-off* (never against the old version, which saw some of these labels); else the
    champion's recipe is registered again, one window fresher. A champion that has fallen below
    frequency has lost its place: the choice is made as if there were none.
    """
    holder = champion if champion in candidates else None
    fallen = ""
    if holder and holder != BASELINE and candidates[BASELINE].gains[holder].low > 0:
        gain = candidates[BASELINE].gains[holder]
        fallen = f"{holder} fell below frequency: frequency gains {_words(gain)} average precision over it. "
        holder = None
    reference = holder or BASELINE
    better = [c for name, c in candidates.items() if name != reference and c.gains[reference].low > 0]
    if better:
        best = max(better, key=lambda c: (c.average_precision, c.recipe))
        return GateDecision(
            best.recipe,
            True,
            f"{fallen}{best.recipe} gains {_words(best.gains[reference])} average precision over {reference} "
            f"({best.average_precision:.4f} against {candidates[reference].average_precision:.4f}), "
            "paired over customers, same cut-off.",
        )
    if fallen:
        return GateDecision(BASELINE, True, f"{fallen}Nothing beats frequency: it takes over.")
    others = max((c for c in candidates.values() if c.recipe != reference), key=lambda c: c.average_precision)
    return GateDecision(
        reference,
        True,
        f"No recipe beats {reference} ({candidates[reference].average_precision:.4f}) at this cut-off; the nearest, "
        f"{others.recipe} ({others.average_precision:.4f}), gains {_words(others.gains[reference])}, which is not "
        f"above 0. {'The champion recipe stays, refitted.' if holder else 'Frequency is the first champion.'}",
    )


def _words(gain: Interval) -> str:
    return f"[{gain.low:+.4f}, {gain.high:+.4f}]"
