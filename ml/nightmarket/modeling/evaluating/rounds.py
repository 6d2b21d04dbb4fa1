"""One round of an evaluation: the tournaments of one cut-off, and what repeats the newest of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from nightmarket.families.base import Family, Head, Kind
from nightmarket.modeling.bootstrap import draw_customers
from nightmarket.modeling.evaluating.canaries import Canary, judge_shuffled_labels, sample_rows, shuffle_outcomes
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.metrics import LOWER_IS_BETTER, METRICS, Measured
from nightmarket.modeling.recipes import RECIPES
from nightmarket.modeling.splits import TrainingWindows
from nightmarket.modeling.tournament import Scorer, Tournament, fit_scorer, hold_tournament, look_at
from nightmarket.modeling.training import Reader, TrainingFrames


@dataclass(frozen=True)
class Conditions:
    """What every fit and every measurement of an evaluation shares."""

    threshold: float
    seeds: tuple[int, ...]
    threads: int

    @property
    def seed(self) -> int:
        """The first seed: that of the tables, and of every bootstrap draw."""
        return self.seeds[0]


def hold_round(family: Family, frames: TrainingFrames, conditions: Conditions) -> dict[str, Tournament]:
    """Hold every head's tournament at one cut-off, with the recipes that are only compared."""
    return {
        head.name: hold_tournament(
            family,
            head,
            frames.by_origin,
            frames.windows[head.name],
            None,
            threshold=conditions.threshold,
            seed=conditions.seed,
            threads=conditions.threads,
            compared=head.compared,
        )
        for head in family.heads
        if head.name in frames.windows
    }


def fit_again(
    family: Family,
    head: Head,
    recipe: str,
    frames: Mapping[date, Frame],
    windows: TrainingWindows,
    *,
    seed: int,
    threads: int,
) -> Scorer:
    """Fit one recipe as a tournament does, with another seed or on other frames."""
    return fit_scorer(
        head,
        RECIPES[recipe],
        [look_at(head, frames[origin]) for origin in windows.train],
        look_at(head, frames[windows.calibrate]),
        features=family.features_of(head),
        seed=seed,
        threads=threads,
    )


def measure_with_seeds(
    family: Family, tournament: Tournament, frames: Mapping[date, Frame], conditions: Conditions
) -> dict[str, list[Measured]]:
    """Measure every recipe once per seed, on the same rows with the same draws of the customers.

    A recipe whose second seed forecasts what the first did has nothing random: it is measured once. Only the best
    recipe of trees is resampled each time, for its shuffled arms; of the others the metrics are all that is read.
    """
    head = tournament.head
    test = look_at(head, frames[tournament.windows.test])
    everyone_once = np.ones((1, len(test.customer_ids)), np.int64)
    found = {name: [Measured(one.metrics, one.draws)] for name, one in tournament.tested.items()}
    trees = tree_recipe(tournament)
    for name, one in tournament.tested.items():
        for seed in conditions.seeds[1:]:
            scorer = fit_again(family, head, name, frames, tournament.windows, seed=seed, threads=conditions.threads)
            forecast = scorer.forecast(test)
            if np.array_equal(forecast.value, one.forecast.value):
                break
            draws = _draws(test, conditions) if name == trees else everyone_once
            found[name].append(
                METRICS[head.metrics](test, forecast, multiplicities=draws, threshold=conditions.threshold)
            )
    return found


def measure_shuffled(
    family: Family, tournament: Tournament, recipe: str, frames: Mapping[date, Frame], conditions: Conditions
) -> list[Measured]:
    """Measure ``recipe`` on frames with a shuffled group, once per seed; see :mod:`.arms`."""
    head = tournament.head
    test = look_at(head, frames[tournament.windows.test])
    draws = _draws(test, conditions)
    return [
        METRICS[head.metrics](
            test,
            fit_again(family, head, recipe, frames, tournament.windows, seed=seed, threads=conditions.threads).forecast(
                test
            ),
            multiplicities=draws,
            threshold=conditions.threshold,
        )
        for seed in conditions.seeds
    ]


def tree_recipe(tournament: Tournament) -> str | None:
    """Return the best recipe of trees by the gate's metric, or else the winner where it learns features; or None.

    A baseline that reads two columns cannot gain or lose anything by an embedding.
    """
    head = tournament.head
    trees = [one for one in tournament.tested.values() if hasattr(one.scorer.model, "booster")]
    candidates = trees or [one for one in tournament.tested.values() if len(one.scorer.model.features) > 2]
    ranked = sorted(candidates, key=lambda one: one.metrics[head.gate_metric])
    return ranked[0 if head.gate_metric in LOWER_IS_BETTER else -1].recipe if ranked else None


def shuffle_labels(
    family: Family, reader: Reader, tournament: Tournament, frames: TrainingFrames, conditions: Conditions
) -> Canary | None:
    """Deal out the labels, derive the features again, and see that nothing can be learned from them.

    One training origin and a sample of the customers are enough: the question is yes or no.
    """
    head, windows = tournament.head, tournament.windows
    recipe = tree_recipe(tournament)
    if head.kind is not Kind.PROBABILITY or recipe is None:
        return None
    origins = (windows.train[0], windows.calibrate, windows.test)
    dealt = {
        origin: shuffle_outcomes(frames.by_origin[origin], conditions.seed + i) for i, origin in enumerate(origins)
    }
    space = reader.fit_space(dealt[windows.train[0]])
    derived = {
        origin: sample_rows(reader.derive(frame, space), seed=conditions.seed) for origin, frame in dealt.items()
    }
    scorer = fit_scorer(
        head,
        RECIPES[recipe],
        [look_at(head, derived[windows.train[0]])],
        look_at(head, derived[windows.calibrate]),
        features=family.features_of(head),
        seed=conditions.seed,
        threads=conditions.threads,
    )
    test = look_at(head, derived[windows.test])
    measured = METRICS["pairs"](
        test, scorer.forecast(test), multiplicities=_draws(test, conditions), threshold=conditions.threshold
    )
    return judge_shuffled_labels(head, measured.metrics["roc_auc"], measured.draws["roc_auc"])


def _draws(test: Frame, conditions: Conditions) -> NDArray[np.int64]:
    return draw_customers(len(test.customer_ids), seed=conditions.seed)
