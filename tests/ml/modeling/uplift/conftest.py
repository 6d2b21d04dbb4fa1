"""Small simulated trials whose truth is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nightmarket.modeling.uplift.trial import Trial


def tiny(treatment: list[int], outcome: list[float], **more: Any) -> Trial:
    """A trial small enough to count by hand."""
    n = len(treatment)
    return Trial(
        unit_ids=more.pop("unit_ids", np.arange(n).astype(object)),
        covariates=more.pop("covariates", np.zeros((n, 0))),
        covariate_names=more.pop("covariate_names", ()),
        treatment=np.array(treatment),
        outcome=np.array(outcome, float),
        **more,
    )


def simulated(
    n: int = 4_000,
    *,
    effect_where_keen: float = 0.3,
    effect_elsewhere: float = 0.0,
    more_elsewhere: float = 0.0,
    targeted: bool = False,
    seed: int = 1,
) -> Trial:
    """Half are keen (first covariate above 0); base rate .1 to .4 by the second; the third is noise with gaps.

    ``more_elsewhere`` is how much more of the others come by themselves; ``targeted`` treats those
    of a high second covariate instead of drawing lots.
    """
    generator = np.random.default_rng(seed)
    covariates = generator.normal(size=(n, 3))
    before = covariates[:, 1] + generator.normal(size=n)
    chance = 1 / (1 + np.exp(-4 * covariates[:, 1])) if targeted else np.full(n, 0.5)
    treatment = (generator.random(n) < chance).astype(np.int64)
    base = 0.25 + 0.05 * np.clip(covariates[:, 1], -3, 3) + more_elsewhere * (covariates[:, 0] <= 0)
    effect = np.where(covariates[:, 0] > 0, effect_where_keen, effect_elsewhere)
    outcome = (generator.random(n) < base + effect * treatment).astype(np.float64)
    covariates[generator.random(n) < 0.1, 2] = np.nan
    return Trial(
        unit_ids=np.arange(n).astype(object),
        covariates=covariates,
        covariate_names=("keen", "habit", "noise"),
        treatment=treatment,
        outcome=outcome,
        outcome_name="visit",
        placebo_outcomes={"earlier spend": before},
    )


@pytest.fixture(scope="session")
def trial() -> Trial:
    return simulated()
