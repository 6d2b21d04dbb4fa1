"""The tournament at a cut-off: every recipe trained, calibrated and tested on the same windows, then the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightmarket.errors import TrainingRefused
from nightmarket.modeling.bootstrap import Interval, bootstrap_metrics, draw_customers, intervals, paired_gain
from nightmarket.modeling.calibrate import LEVEL_TRUST, Calibrator, fit_calibrator
from nightmarket.modeling.evaluate import Metrics, evaluate
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.gate import BASELINE, Candidate, GateDecision, decide
from nightmarket.modeling.recipes import FittedModel, Recipe

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Scorer:
    """A fitted model with its calibrator: a frame in, probabilities out."""

    model: FittedModel
    calibrator: Calibrator

    def probabilities(self, frame: Frame) -> Doubles:
        return self.calibrator(self.model.raw_scores(frame))


@dataclass(frozen=True)
class Tested:
    """One recipe on the test origin.

    ``gains`` holds, per metric, the paired interval of this recipe minus frequency.
    """

    recipe: str
    scorer: Scorer
    probability: Doubles
    metrics: Metrics
    intervals: Mapping[str, Interval]
    gains: Mapping[str, Interval]
    draws: Mapping[str, Doubles]


@dataclass(frozen=True)
class Tournament:
    """What the windows said."""

    tested: Mapping[str, Tested]
    decision: GateDecision


def fit_scorer(
    recipe: Recipe, train: Sequence[Frame], calibrate: Frame, *, features: Sequence[str], seed: int, threads: int
) -> Scorer:
    """Fit on ``train`` and calibrate on an origin that the fit has not seen."""
    model = recipe.fit(train, features=features, seed=seed, threads=threads)
    level_trust = LEVEL_TRUST if model.knows_level else 1.0
    return Scorer(model, fit_calibrator(model.raw_scores(calibrate), calibrate.y, level_trust=level_trust))


def measure_scorers(scorers: Mapping[str, Scorer], test: Frame, *, threshold: float, seed: int) -> dict[str, Tested]:
    """Measure every scorer on ``test``, with the same bootstrap draws for all."""
    draws_of_customers = draw_customers(len(test.customer_ids), seed=seed)
    y, is_new = test.y, test.is_new
    probabilities = {name: scorer.probabilities(test) for name, scorer in scorers.items()}
    draws = {
        name: bootstrap_metrics(
            y=y,
            probability=probability,
            is_new=is_new,
            customer=test.customer,
            threshold=threshold,
            multiplicities=draws_of_customers,
        )
        for name, probability in probabilities.items()
    }
    return {
        name: Tested(
            recipe=name,
            scorer=scorers[name],
            probability=probability,
            metrics=evaluate(y, probability, is_new, threshold),
            intervals=intervals(draws[name]),
            gains={metric: paired_gain(draws[name], draws[BASELINE], metric) for metric in draws[name]},
            draws=draws[name],
        )
        for name, probability in probabilities.items()
    }


def hold_gate(tested: Mapping[str, Tested], champion: str | None) -> GateDecision:
    """Let the gate choose by average precision, each pair of recipes on the same draws."""
    return decide(
        {
            name: Candidate(
                name,
                one.metrics.average_precision,
                {
                    other: paired_gain(one.draws, two.draws, "average_precision")
                    for other, two in tested.items()
                    if other != name
                },
            )
            for name, one in tested.items()
        },
        champion,
    )


def refuse_one_class(frames: Sequence[Frame]) -> None:
    """Refuse origins on which nothing can be learned.

    Raises
    ------
    TrainingRefused
        An origin has no rows, or its rows are all bought or all not bought.
    """
    for frame in frames:
        n_positive = int(frame.y.sum())
        if n_positive == 0 or n_positive == len(frame):
            raise TrainingRefused(
                f"Got {n_positive} purchases in {len(frame)} rows at the origin {frame.as_of_date} but expected both "
                "bought and not bought pairs. Choose a later night, or give more history."
            )
