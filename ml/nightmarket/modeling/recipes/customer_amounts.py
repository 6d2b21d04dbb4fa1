"""Baselines that name their own columns: run-rate and buy-till-you-die for spend, the own rhythm for the next visit."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.frames import Frame
from nightmarket.modeling.health.btyd import BgNbd, GammaGamma, History, fit_bg_nbd, fit_gamma_gamma
from nightmarket.modeling.health.visits import Rhythm, fit_rhythm

Doubles = NDArray[np.float64]

SPEND, VISITS, VISIT_AMOUNT = "health__spend_amount_84d", "health__n_visits_84d", "health__visit_amount_84d"
REPEATS, ABSENT = "health__n_intervals", "customer__days_since_last_order"
KNOWN = "customer__days_since_first_order"
INTERVAL, INTERVAL_SD = "customer__mean_interval_days", "health__sd_interval_days"


@dataclass(frozen=True)
class CustomerAmountModel:
    """Amounts from a formula of a few columns, and the numbers that it learned.

    Contributions are told by the first column alone: a formula is not a sum.
    """

    recipe: str
    features: tuple[str, ...]
    learned: dict[str, Any]
    formula: CustomerAmountRecipe
    knows_level: bool = field(default=True, init=False)

    def raw_scores(self, frame: Frame) -> Doubles:
        return np.log1p(np.maximum(self.formula.amounts(frame, self.learned), 0))

    def contributions(self, frame: Frame, rows: NDArray[np.int64], group: NDArray[np.int64]) -> tuple[Doubles, float]:
        table = np.zeros((len(rows), int(group.max()) + 1))
        table[:, group[0]] = self.raw_scores(frame)[rows]
        return table, 0.0

    def importance(self) -> dict[str, float]:
        return dict.fromkeys(self.features, 1 / len(self.features))

    def save(self, folder: Path) -> tuple[str, ...]:
        (folder / "model.json").write_text(json.dumps(self.learned, sort_keys=True) + "\n")
        return ("model.json",)


@dataclass(frozen=True)
class CustomerAmountRecipe(ABC):
    """What the baselines share: columns of their own, plain numbers learned, amounts by a formula."""

    days: int = 56
    """The days ahead that the amount is about."""

    @property
    @abstractmethod
    def name(self) -> str: ...

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]: ...

    @abstractmethod
    def learn(self, frames: Sequence[Frame]) -> dict[str, Any]:
        """Return the numbers that the formula needs."""

    @abstractmethod
    def amounts(self, frame: Frame, learned: dict[str, Any]) -> Doubles:
        """Return the amount of every row, shape (n,)."""

    @property
    def parameters(self) -> dict[str, Any]:
        return {"days": self.days}

    def fit(
        self,
        frames: Sequence[Frame],
        *,
        features: Sequence[str],  # noqa: ARG002 - the recipe names its own
        seed: int,  # noqa: ARG002 - nothing is random
        threads: int,  # noqa: ARG002 - nothing is slow
    ) -> CustomerAmountModel:
        return CustomerAmountModel(self.name, self.columns, self.learn(frames), self)

    def load(self, folder: Path, *, threads: int) -> CustomerAmountModel:  # noqa: ARG002 - nothing is slow
        return CustomerAmountModel(self.name, self.columns, json.loads((folder / "model.json").read_text()), self)


@dataclass(frozen=True)
class RunRateRecipe(CustomerAmountRecipe):
    """The next days bring what the last 84 brought, per day."""

    @property
    def name(self) -> str:
        return "run_rate"

    @property
    def columns(self) -> tuple[str, ...]:
        return (SPEND,)

    def learn(self, frames: Sequence[Frame]) -> dict[str, Any]:  # noqa: ARG002 - there is nothing to learn
        return {"share": self.days / 84}

    def amounts(self, frame: Frame, learned: dict[str, Any]) -> Doubles:
        return _column(frame, SPEND) * float(learned["share"])


@dataclass(frozen=True)
class BtydRecipe(CustomerAmountRecipe):
    """Expected visits (BG/NBD) times the expected amount of one (Gamma-Gamma), fitted on the newest origin.

    Where nobody came back yet, or nobody paid anything, neither can be fitted: it goes on as before, like the run-rate.
    """

    @property
    def name(self) -> str:
        return "btyd"

    @property
    def columns(self) -> tuple[str, ...]:
        return (REPEATS, ABSENT, KNOWN, VISITS, VISIT_AMOUNT)

    def learn(self, frames: Sequence[Frame]) -> dict[str, Any]:
        newest = max(frames, key=lambda frame: frame.as_of_date)
        history, visits, amount = _history(newest), _column(newest, VISITS), _column(newest, VISIT_AMOUNT)
        if not (history.repeats > 0).any() or not ((visits > 0) & (amount > 0)).any():
            return {}
        return {"bg_nbd": asdict(fit_bg_nbd(history)), "gamma_gamma": asdict(fit_gamma_gamma(visits, amount))}

    def amounts(self, frame: Frame, learned: dict[str, Any]) -> Doubles:
        visits, amount = _column(frame, VISITS), np.maximum(_column(frame, VISIT_AMOUNT), 0)
        if not learned:
            return visits * amount * self.days / 84
        ahead = BgNbd(**learned["bg_nbd"]).expected_visits(_history(frame), float(self.days))
        return ahead * GammaGamma(**learned["gamma_gamma"]).expected_amount(np.where(amount > 0, visits, 0), amount)


@dataclass(frozen=True)
class RhythmRecipe(CustomerAmountRecipe):
    """Days to the next visit from the customer's own rhythm, see :mod:`nightmarket.modeling.health.visits`."""

    @property
    def name(self) -> str:
        return "rhythm"

    @property
    def columns(self) -> tuple[str, ...]:
        return (ABSENT, REPEATS, INTERVAL, INTERVAL_SD)

    def learn(self, frames: Sequence[Frame]) -> dict[str, Any]:
        newest = max(frames, key=lambda frame: frame.as_of_date)
        return asdict(
            fit_rhythm(
                n_intervals=_column(newest, REPEATS), mean=_column(newest, INTERVAL), sd=_column(newest, INTERVAL_SD)
            )
        )

    def amounts(self, frame: Frame, learned: dict[str, Any]) -> Doubles:
        return Rhythm(**learned).expected_days(
            n_intervals=_column(frame, REPEATS),
            mean=_column(frame, INTERVAL),
            sd=_column(frame, INTERVAL_SD),
            absent=_column(frame, ABSENT),
            most=self.days,
        )


def _history(frame: Frame) -> History:
    known, absent = _column(frame, KNOWN), _column(frame, ABSENT)
    return History(repeats=_column(frame, REPEATS), last=known - absent, known=known)


def _column(frame: Frame, name: str) -> Doubles:
    return np.nan_to_num(frame.columns[name].astype(np.float64))
