"""The refit of a head's winner one window later, begun on a second core while the tournament still runs.

Who wins is known only at its end; who will probably win is known before. What is fitted hangs on the recipe, the rows
and the seed alone, so whether it was begun early shows in the time and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from nightmarket.families.base import Family, Head
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.gate import GateDecision, hold_refit_gate
from nightmarket.modeling.recipes import RECIPES
from nightmarket.modeling.splits import TrainingWindows
from nightmarket.modeling.tournament import Scorer, Tournament, fit_scorer, look_at


@dataclass(frozen=True)
class Refit:
    """A recipe fitted one window later, and what it forecasts for the rows of the test origin."""

    scorer: Scorer
    forecast: NDArray[np.float64]


@dataclass(frozen=True)
class Refitter:
    """Fits recipes of ``family`` one window later; ``pool``, where there is one, begins with the favourite."""

    family: Family
    frames: Mapping[date, Frame]
    seed: int
    threads: int
    pool: ThreadPoolExecutor | None

    def begin(self, head: Head, windows: TrainingWindows, recipe: str) -> Future[Refit] | None:
        """Begin to fit ``recipe``, the favourite; None on one core, where it would only delay the tournament."""
        return None if self.pool is None else self.pool.submit(self._fit, head, windows, recipe)

    def end(self, tournament: Tournament, favourite: str, begun: Future[Refit] | None) -> tuple[Scorer, GateDecision]:
        """Return the refitted winner, and what can be asked of it without a test window."""
        head, windows, winner = tournament.head, tournament.windows, tournament.decision.recipe
        # What became of a favourite that did not win, an error included, is of no interest.
        refit = begun.result() if begun and winner == favourite else self._fit(head, windows, winner)
        decision = hold_refit_gate(
            tournament.decision,
            refitted=refit.forecast,
            tested=tournament.winner.forecast.value,
            base_rate=float(look_at(head, self.frames[windows.test]).y.mean()),
        )
        return refit.scorer, decision

    def _fit(self, head: Head, windows: TrainingWindows, recipe: str) -> Refit:
        scorer = fit_scorer(
            head,
            RECIPES[recipe],
            [look_at(head, self.frames[origin]) for origin in windows.refit_train],
            look_at(head, self.frames[windows.refit_calibrate]),
            features=self.family.features_of(head),
            seed=self.seed,
            threads=self.threads,
        )
        return Refit(scorer, scorer.forecast(look_at(head, self.frames[windows.test])).value)


@contextmanager
def open_refitter(family: Family, frames: Mapping[date, Frame], *, seed: int, threads: int) -> Iterator[Refitter]:
    """Yield a refitter that shares the cores with the tournament: either takes ``Refitter.threads`` of them."""
    if threads == 1:
        yield Refitter(family, frames, seed, threads=1, pool=None)
        return
    # BLAS is held to one thread around both: what sets and restores it inside one fit would disturb the other.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(1) as pool:
        yield Refitter(family, frames, seed, threads=threads // 2, pool=pool)
