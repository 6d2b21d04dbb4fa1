"""Leak canaries: small experiments whose outcome is known unless a feature knows the future.

A review is not a verdict. It says where to look; what is found is a leak or a feature that is simply good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.families.base import Head, Kind
from nightmarket.modeling.evaluating.single_features import roc_auc_of_feature
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.sampling import sample_customers

MAX_GAIN_OVER_BASELINE = 0.03
MAX_NEW_PAIR_AUC = 0.75
"""A single feature that ranks better than this is looked at."""
MAX_ROWS = 120_000
"""Rows of whole customers that the rule reads: 70 features in under 2 s, an AUC to within .003."""
PLANTED = "planted__future"
_BASELINE = "baseline__forecast"
_SPREAD_OF_CHANCE = 3.29
"""Half the width of an interval that chance leaves once in a thousand evaluations, in standard deviations."""


@dataclass(frozen=True)
class Review:
    """Something to look at: which canary, of which head, about what, what was found and what was expected."""

    canary: str
    head: str
    subject: str
    value: float
    limit: float
    message: str


@dataclass(frozen=True)
class Canary:
    """One experiment: what it measured, and what it asks to look at."""

    name: str
    facts: Mapping[str, Any]
    reviews: tuple[Review, ...] = ()


def sample_rows(frame: Frame, *, seed: int, max_rows: int = MAX_ROWS) -> Frame:
    """Return the rows of about ``max_rows`` rows' worth of customers."""
    return sample_customers([frame], max_rows, seed)[0]


def rank_single_features(
    head: Head, test: Frame, features: Sequence[str], baseline: NDArray[np.float64]
) -> Canary | None:
    """Ask for a review of every feature that alone ranks suspiciously well.

    That is more than ``MAX_GAIN_OVER_BASELINE`` AUC above the declared baseline, or above ``MAX_NEW_PAIR_AUC`` on
    pairs that were never bought.

    Parameters
    ----------
    test : rows of the test origin, looked at by ``head``
    features : columns of ``test``
    baseline : (n,) forecasts of the head's baseline for those rows

    Returns
    -------
    None for an amount, which has no AUC, and where there is one class only.
    """
    limit = roc_auc_of_feature(test.y, baseline) + MAX_GAIN_OVER_BASELINE
    if head.kind is not Kind.PROBABILITY or np.isnan(limit):
        return None
    auc = {name: roc_auc_of_feature(test.y, test.columns[name]) for name in features}
    found = [
        Review("single feature", head.name, name, one, limit, f"{name} alone has AUC {one:.3f}, expected at most "
               f"{limit:.3f} ({head.baseline} and {MAX_GAIN_OVER_BASELINE}).")
        for name, one in auc.items()
        if one > limit
    ]  # fmt: skip
    facts: dict[str, Any] = {"limit": limit, "highest": _highest(auc)}
    is_new = np.flatnonzero(test.is_new)
    if len(is_new):
        new = test.take(is_new)
        auc_new = {name: roc_auc_of_feature(new.y, new.columns[name]) for name in features}
        found += [
            Review("single feature, never-bought pairs", head.name, name, one, MAX_NEW_PAIR_AUC,
                   f"{name} alone has AUC {one:.3f} on never-bought pairs, expected at most {MAX_NEW_PAIR_AUC}.")
            for name, one in auc_new.items()
            if one > MAX_NEW_PAIR_AUC
        ]  # fmt: skip
        facts |= {"limit_new_pairs": MAX_NEW_PAIR_AUC, "highest_new_pairs": _highest(auc_new)}
    return Canary("single features", facts, tuple(found))


def plant_future(test: Frame, seed: int) -> Frame:
    """Return ``test`` with a column that knows the outcome, up to noise: an AUC of about .98."""
    noise = np.random.default_rng(seed).normal(scale=0.35, size=len(test))
    return test.with_columns({PLANTED: (test.y + noise).astype(np.float32)})


def catch_planted_future(head: Head, test: Frame, baseline: NDArray[np.float64], *, seed: int) -> Canary | None:
    """Ask for a review where the rule of single features does not catch a planted future column.

    Then it could not have caught a real one either: it is blind on these rows.
    """
    ranked = rank_single_features(head, plant_future(test, seed), [PLANTED], baseline)
    if ranked is None:
        return None
    facts = {"auc": ranked.facts["highest"].get(PLANTED), "caught": bool(ranked.reviews)}
    if ranked.reviews:
        return Canary("planted future", facts)
    said = "A column made of the outcome and noise was not caught: the rule of single features is blind on these rows."
    return Canary(
        "planted future",
        facts,
        (Review("planted future", head.name, PLANTED, facts["auc"], ranked.facts["limit"], said),),
    )


def shuffle_outcomes(frame: Frame, seed: int) -> Frame:
    """Return ``frame`` with every head's outcomes dealt out to other rows; undefined ones stay where they are."""
    random = np.random.default_rng(seed)
    outcomes = {}
    for name, values in frame.outcomes.items():
        defined = np.flatnonzero(np.isfinite(values))
        dealt = values.copy()
        dealt[defined] = values[random.permutation(defined)]
        outcomes[name] = dealt
    return replace(frame, outcomes=outcomes)


def judge_shuffled_labels(head: Head, auc: float, draws: NDArray[np.float64]) -> Canary:
    """Ask for a review where a model of shuffled labels ranks rows of shuffled labels otherwise than by chance.

    Labels that were dealt out at random cannot be learned: an AUC away from .5 means that features are derived
    from the labels themselves.

    Parameters
    ----------
    draws : (n_draws,) the AUC in every bootstrap draw of the customers
    """
    half = _SPREAD_OF_CHANCE * float(np.nanstd(draws))
    low, high = auc - half, auc + half
    facts = {"auc": auc, "low": low, "high": high}
    if low <= 0.5 <= high:
        return Canary("shuffled labels", facts)
    said = (
        f"With shuffled labels the AUC is {auc:.4f} [{low:.4f}, {high:.4f}], expected .5 inside: something reads the "
        "labels that it is to forecast."
    )
    return Canary("shuffled labels", facts, (Review("shuffled labels", head.name, "labels", auc, 0.5, said),))


def hear_canaries(
    head: Head, test: Frame, features: Sequence[str], baseline: NDArray[np.float64], *, seed: int
) -> list[Canary]:
    """Return the canaries that need no fit, on a sample of the customers: what every training can afford.

    Parameters
    ----------
    test : every row of the test origin, looked at by ``head``
    baseline : (n,) forecasts of the head's baseline for those rows
    """
    sample = sample_rows(test.with_columns({_BASELINE: baseline.astype(np.float32)}), seed=seed)
    forecast = sample.columns[_BASELINE].astype(np.float64)
    heard = (
        rank_single_features(head, sample, features, forecast),
        catch_planted_future(head, sample, forecast, seed=seed),
    )
    return [one for one in heard if one is not None]


def describe_reviews(canaries: Sequence[Canary]) -> list[dict[str, Any]]:
    """Return every review as plain values."""
    return [asdict(review) for canary in canaries for review in canary.reviews]


def _highest(auc: Mapping[str, float], n: int = 3) -> dict[str, float]:
    ranked = sorted(auc.items(), key=lambda item: (-item[1], item[0]))
    return {name: round(value, 4) for name, value in ranked[:n]}
