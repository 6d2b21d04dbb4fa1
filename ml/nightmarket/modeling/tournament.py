"""The tournament of a head at a cut-off: every recipe trained, calibrated, tested on the same windows; the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from nightmarket.errors import TrainingRefused
from nightmarket.families.base import Family, Head, Kind
from nightmarket.modeling.amounts import fit_conformal
from nightmarket.modeling.bootstrap import Interval, draw_customers, intervals, paired_gain
from nightmarket.modeling.calibrate import LEVEL_TRUST, fit_calibrator, fit_level
from nightmarket.modeling.forecast import Calibration, Forecast
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.gate import Candidate, GateDecision, decide
from nightmarket.modeling.metrics import METRICS
from nightmarket.modeling.recipes import RECIPES, FittedModel, Recipe
from nightmarket.modeling.sampling import split_customers
from nightmarket.modeling.splits import TrainingWindows

Doubles = NDArray[np.float64]
MIN_CUSTOMERS, MIN_POSITIVES = 100, 50
"""Customers and positive rows below which only the baseline is trained."""
MIN_CALIBRATION_POSITIVES = 1_000
"""Positive rows below which calibration needs its origin whole; The Complete Journey's share of 0.2 has 11,000."""


@dataclass(frozen=True)
class Scorer:
    """A fitted model with its calibration: a frame in, forecasts out."""

    model: FittedModel
    calibration: Calibration

    def forecast(self, frame: Frame) -> Forecast:
        return self.calibration.apply(self.model.raw_scores(frame), frame)


@dataclass(frozen=True)
class Tested:
    """One recipe on the test origin.

    ``gains`` holds, per metric, the paired interval of how much better this recipe is than the head's baseline.
    """

    recipe: str
    scorer: Scorer
    forecast: Forecast
    metrics: Mapping[str, float]
    intervals: Mapping[str, Interval]
    gains: Mapping[str, Interval]
    draws: Mapping[str, Doubles]


@dataclass(frozen=True)
class Tournament:
    """What the windows said of one head."""

    head: Head
    windows: TrainingWindows
    tested: Mapping[str, Tested]
    decision: GateDecision

    @property
    def winner(self) -> Tested:
        return self.tested[self.decision.recipe]


def look_at(head: Head, frame: Frame) -> Frame:
    """Return the rows of ``frame`` on which ``head`` is defined, with its outcomes."""
    return frame.head(head.name, is_amount=head.kind is Kind.AMOUNT)


def fit_scorer(
    head: Head,
    recipe: Recipe,
    train: Sequence[Frame],
    calibrate: Frame,
    *,
    features: Sequence[str],
    seed: int,
    threads: int,
) -> Scorer:
    """Fit on ``train`` and calibrate on rows that the fit has not seen; all frames looked at by ``head``.

    With a ``calibrate_share`` below 1 those are a share of the customers of the calibrate origin, and the fit
    reads the other customers too: its newest window. A share too small to calibrate on is not split off.

    Where the head calibrates the level alone, a first fit on ``train`` says how far the level is off on rows that it
    has not seen, and a second one learns from those as well.
    """
    level_trust = LEVEL_TRUST
    if head.calibrate_share < 1:
        newest, kept = split_customers(calibrate, head.calibrate_share)
        if int((kept.y > 0).sum()) >= MIN_CALIBRATION_POSITIVES:
            # The level of the newest window is learned then, from more customers than are left to calibrate on.
            train, calibrate, level_trust = [newest, *train], kept, 0.0
    model = recipe.fit(train, features=features, seed=seed, threads=threads)
    raw = model.raw_scores(calibrate)
    if head.kind is Kind.AMOUNT:
        return Scorer(model, fit_conformal(raw, calibrate.y))
    if head.calibrates_level and model.knows_level:
        level = fit_level(raw, calibrate.y, level_trust=level_trust)
        return Scorer(recipe.fit([calibrate, *train], features=features, seed=seed, threads=threads), level)
    return Scorer(model, fit_calibrator(raw, calibrate.y, level_trust=level_trust if model.knows_level else 1.0))


def measure_scorers(
    head: Head, scorers: Mapping[str, Scorer], test: Frame, *, threshold: float, seed: int
) -> dict[str, Tested]:
    """Measure every scorer on ``test``, looked at by ``head``, with the same bootstrap draws for all."""
    draws_of_customers = draw_customers(len(test.customer_ids), seed=seed)
    forecasts = {name: scorer.forecast(test) for name, scorer in scorers.items()}
    measured = {
        name: METRICS[head.metrics](test, forecast, multiplicities=draws_of_customers, threshold=threshold)
        for name, forecast in forecasts.items()
    }
    baseline = measured[head.baseline]
    return {
        name: Tested(
            recipe=name,
            scorer=scorers[name],
            forecast=forecasts[name],
            metrics=one.metrics,
            intervals=intervals(one.draws),
            gains={metric: paired_gain(one.draws, baseline.draws, metric) for metric in one.draws},
            draws=one.draws,
        )
        for name, one in measured.items()
    }


def hold_tournament(
    family: Family,
    head: Head,
    frames: Mapping[date, Frame],
    windows: TrainingWindows,
    champion: str | None,
    *,
    threshold: float,
    seed: int,
    threads: int,
    compared: tuple[str, ...] = (),
) -> Tournament:
    """Train, calibrate and test every recipe of ``head`` on the same windows, and let the gate choose.

    Parameters
    ----------
    frames : by origin, with the family's features and outcomes
    champion : recipe of the version that may score up to now, or None
    compared : recipes that are tested beside those that compete, and that the gate does not see
    """
    seen = {origin: look_at(head, frames[origin]) for origin in windows.origins}
    train = [seen[origin] for origin in windows.train]
    competing, why = competing_recipes(head, train)
    scorers = {
        name: fit_scorer(
            head,
            RECIPES[name],
            train,
            seen[windows.calibrate],
            features=family.features_of(head),
            seed=seed,
            threads=threads,
        )
        for name in dict.fromkeys((*competing, *compared))
    }
    tested = measure_scorers(head, scorers, seen[windows.test], threshold=threshold, seed=seed)
    decision = hold_gate(head, {name: tested[name] for name in competing}, champion)
    return Tournament(head, windows, tested, replace(decision, reason=f"{why} {decision.reason}") if why else decision)


def competing_recipes(head: Head, train: Sequence[Frame]) -> tuple[tuple[str, ...], str]:
    """Return the recipes that may compete, and why not all of them do ("" where they all do).

    With fewer than ``MIN_CUSTOMERS`` customers or ``MIN_POSITIVES`` positives, what a model learns is noise,
    and a test that small cannot tell: the baseline alone is registered, and every row says so in its
    model_version.
    """
    n_customers = len({one for frame in train for one in frame.customer_ids[np.unique(frame.customer)].tolist()})
    n_positive = int(sum((frame.y > 0).sum() for frame in train))
    if n_customers >= MIN_CUSTOMERS and n_positive >= MIN_POSITIVES:
        return head.recipes, ""
    return (head.baseline,), (
        f"Got {n_customers} customers and {n_positive} positive rows to train {head.name} on but expected at least "
        f"{MIN_CUSTOMERS} and {MIN_POSITIVES}: only the baseline competes."
    )


def hold_gate(head: Head, tested: Mapping[str, Tested], champion: str | None) -> GateDecision:
    """Let the gate choose by the head's gate metric, each pair of recipes on the same draws."""
    return decide(
        {
            name: Candidate(
                name,
                one.metrics[head.gate_metric],
                {
                    other: paired_gain(one.draws, two.draws, head.gate_metric)
                    for other, two in tested.items()
                    if other != name
                },
            )
            for name, one in tested.items()
        },
        champion,
        baseline=head.baseline,
        metric=head.gate_metric,
    )


def keep_usable(head: Head, windows: TrainingWindows, frames: Mapping[date, Frame]) -> TrainingWindows:
    """Drop the training origins that teach nothing: a season when the shop was closed, or one stray early order.

    Parameters
    ----------
    frames : by origin, with outcomes

    Raises
    ------
    TrainingRefused
        No training origin is left, or the calibrate or the test origin is such a one: those cannot be spared.
    """
    seen = {origin: look_at(head, frames[origin]) for origin in windows.origins}
    for origin in (windows.calibrate, windows.test):
        if _is_one_class(seen[origin]):
            raise TrainingRefused(
                f"Got {_counts(seen[origin])} at the origin {origin} for {head.name} but expected both positive and "
                "other rows: the training is calibrated and tested there. Choose a later night, or give more history."
            )
    dropped = tuple(origin for origin in windows.origins if _is_one_class(seen[origin]))
    train = tuple(origin for origin in windows.train if origin not in dropped)
    if not train:
        found = ", ".join(f"{origin}: {_counts(seen[origin])}" for origin in windows.train)
        raise TrainingRefused(
            f"Got 0 of {len(windows.train)} training origins with both positive and other rows of {head.name} "
            f"({found}) but expected at least 1. Choose a later night, or give more history."
        )
    refit_train = tuple(origin for origin in windows.refit_train if origin not in dropped)
    return replace(windows, train=train, refit_train=refit_train, dropped=dropped)


def _is_one_class(frame: Frame) -> bool:
    return len(frame) == 0 or bool((frame.y == frame.y[0]).all())


def _counts(frame: Frame) -> str:
    return f"{int((frame.y > 0).sum())} positive of {len(frame)} rows"
