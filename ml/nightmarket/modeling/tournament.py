"""The tournament at a cut-off: every recipe trained, calibrated and tested on the same windows, then the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from nightmarket.errors import TrainingRefused
from nightmarket.modeling.bootstrap import Interval, bootstrap_metrics, draw_customers, intervals, paired_gain
from nightmarket.modeling.calibrate import LEVEL_TRUST, Calibrator, fit_calibrator
from nightmarket.modeling.evaluate import Metrics, evaluate
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.gate import BASELINE, Candidate, GateDecision, decide
from nightmarket.modeling.recipes import FittedModel, Recipe
from nightmarket.modeling.splits import TrainingWindows

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


def keep_usable(windows: TrainingWindows, frames: Mapping[date, Frame]) -> TrainingWindows:
    """Drop the training origins that teach nothing: a season when the shop was closed, or one stray early order.

    Raises
    ------
    TrainingRefused
        No training origin is left, or the calibrate or the test origin is such a one: those cannot be spared.
    """
    for origin in (windows.calibrate, windows.test):
        if _is_one_class(frames[origin]):
            raise TrainingRefused(
                f"Got {_counts(frames[origin])} at the origin {origin} but expected both bought and not bought pairs: "
                "the training is calibrated and tested there. Choose a later night, or give more history."
            )
    dropped = tuple(origin for origin in windows.origins if _is_one_class(frames[origin]))
    train = tuple(origin for origin in windows.train if origin not in dropped)
    if not train:
        found = ", ".join(f"{origin}: {_counts(frames[origin])}" for origin in windows.train)
        raise TrainingRefused(
            f"Got 0 of {len(windows.train)} training origins with both bought and not bought pairs ({found}) but "
            "expected at least 1. Choose a later night, or give more history."
        )
    refit_train = tuple(origin for origin in windows.refit_train if origin not in dropped)
    return replace(windows, train=train, refit_train=refit_train, dropped=dropped)


def _is_one_class(frame: Frame) -> bool:
    return int(frame.y.sum()) in (0, len(frame))


def _counts(frame: Frame) -> str:
    return f"{int(frame.y.sum())} purchases in {len(frame)} rows"
