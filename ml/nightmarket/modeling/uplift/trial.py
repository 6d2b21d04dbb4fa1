"""A trial: who was treated, what came of it, and what was known of each unit before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from nightmarket.errors import TrialUnusable

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]

MIN_UNITS_PER_ARM = 200
"""Below it, five folds leave too few units of an arm to fit or to measure anything."""
MIN_RESPONSES_PER_ARM = 20
"""Units with an outcome other than 0 (and without, where it is 0 or 1). Below it a fold of an arm may hold none."""


@dataclass(frozen=True)
class Trial:
    """One treatment against one control, a row per unit; rows of one unit share its id.

    Parameters
    ----------
    unit_ids : (n,) who; intervals draw whole units
    covariates : (n, d) known before the treatment; NaN where unknown
    covariate_names : d names, texts already as one column per value (``channel=Web``)
    treatment : (n,) 1 treated, 0 control
    outcome : (n,) what the treatment is to change: 0/1, or an amount
    outcome_name : for reasons in words
    further_outcomes : by name, (n,) other things that came after the treatment
    placebo_outcomes : by name, (n,) things that came *before* it, which it cannot have changed
    strata : (n,) lotteries that were drawn apart, each with a treated share of its own, by position 0, 1, ...; None
        where there was one. Units are then compared with those of their own stratum.

    Raises
    ------
    TrialUnusable
        Columns of unequal length, a treatment other than 0 and 1, or gaps in the outcome.
    """

    unit_ids: NDArray[np.object_]
    covariates: Doubles
    covariate_names: tuple[str, ...]
    treatment: Ints
    outcome: Doubles
    outcome_name: str = "outcome"
    further_outcomes: Mapping[str, Doubles] = field(default_factory=dict)
    placebo_outcomes: Mapping[str, Doubles] = field(default_factory=dict)
    strata: Ints | None = None

    def __post_init__(self) -> None:
        columns = {"covariates": self.covariates, "treatment": self.treatment, "outcome": self.outcome}
        columns |= {} if self.strata is None else {"strata": self.strata}
        for name, values in {**columns, **self.further_outcomes, **self.placebo_outcomes}.items():
            if len(values) != len(self):
                raise TrialUnusable(
                    f"Got {len(values)} rows of {name} for {len(self)} units but expected one each. Align the columns."
                )
        if not np.isin(self.treatment, (0, 1)).all():
            raise TrialUnusable("Got a treatment other than 0 and 1 but expected 1 treated, 0 control. Map the arms.")
        if not np.isfinite(self.outcome).all():
            raise TrialUnusable(
                f"Got {int((~np.isfinite(self.outcome)).sum())} rows without {self.outcome_name} but expected a number "
                "in each. Leave those rows out, or say 0 where nothing came."
            )

    def __len__(self) -> int:
        return len(self.unit_ids)

    @property
    def is_binary(self) -> bool:
        """Whether the outcome is 0 or 1."""
        return bool(np.isin(self.outcome, (0, 1)).all())

    @property
    def has_covariates(self) -> bool:
        """Whether any covariate differs between units, known or not: without one all units are the same."""
        known = np.isfinite(self.covariates)
        top, bottom = (np.where(known, self.covariates, gap) for gap in (-np.inf, np.inf))
        varies = top.max(axis=0, initial=-np.inf) > bottom.min(axis=0, initial=np.inf)
        has_gaps = known.any(axis=0) & ~known.all(axis=0)
        return bool((varies | has_gaps).any())

    @property
    def treated_share(self) -> float:
        return float(self.treatment.mean())

    @property
    def stratum_of(self) -> Ints:
        """Each row's stratum, (n,): 0 everywhere where there is one."""
        return np.zeros(len(self), np.int64) if self.strata is None else self.strata

    def take(self, rows: NDArray[np.int64]) -> Trial:
        """Return the trial of these rows alone."""
        return replace(
            self,
            unit_ids=self.unit_ids[rows],
            covariates=self.covariates[rows],
            treatment=self.treatment[rows],
            outcome=self.outcome[rows],
            further_outcomes={name: values[rows] for name, values in self.further_outcomes.items()},
            placebo_outcomes={name: values[rows] for name, values in self.placebo_outcomes.items()},
            strata=None if self.strata is None else self.strata[rows],
        )

    def without(self, names: Sequence[str]) -> Trial:
        """Return the trial without these covariates."""
        kept = [i for i, name in enumerate(self.covariate_names) if name not in set(names)]
        return replace(
            self, covariates=self.covariates[:, kept], covariate_names=tuple(self.covariate_names[i] for i in kept)
        )


def require_enough(trial: Trial) -> Trial:
    """Return the trial as it is, where there is enough of it to fit and measure on.

    Raises
    ------
    TrialUnusable
        One arm only, too few units or responses in an arm, or a constant outcome.
    """
    for arm, said in ((1, "treated"), (0, "control")):
        outcome = trial.outcome[trial.treatment == arm]
        if len(outcome) < MIN_UNITS_PER_ARM:
            raise TrialUnusable(
                f"Got {len(outcome)} {said} rows but expected at least {MIN_UNITS_PER_ARM}. "
                "Name the arms as the file does, or run the trial on more customers."
            )
    if np.ptp(trial.outcome) == 0:
        raise TrialUnusable(
            f"Got {trial.outcome_name} = {trial.outcome[0]:g} in every row but expected an outcome that varies. "
            "Choose another outcome."
        )
    for arm, said in ((1, "treated"), (0, "control")):
        happened = trial.outcome[trial.treatment == arm] != 0
        found, others = int(happened.sum()), int((~happened).sum())
        if found < MIN_RESPONSES_PER_ARM or (trial.is_binary and others < MIN_RESPONSES_PER_ARM):
            raise TrialUnusable(
                f"Got {found} {said} rows with {trial.outcome_name} other than 0, and {others} with 0, but expected at "
                f"least {MIN_RESPONSES_PER_ARM}. Choose an outcome that happens to more customers and not to all, or "
                "run a larger trial."
            )
    return trial


def unit_positions(unit_ids: NDArray[np.object_]) -> tuple[Ints, int]:
    """Return each row's unit as a position, and how many units there are."""
    units, positions = np.unique(unit_ids.astype(str), return_inverse=True)
    return positions.astype(np.int64), len(units)


def assign_folds(trial: Trial, n_folds: int, seed: int) -> Ints:
    """Return each row's fold, (n,): units stay whole, and each fold holds like shares of arms and responses.

    Units are dealt out in a random order within arm and response (of their first row), so that no fold of an arm
    is without responses.
    """
    positions, n_units = unit_positions(trial.unit_ids)
    first = np.zeros(n_units, np.int64)
    first[positions[::-1]] = np.arange(len(trial))[::-1]
    stratum = 2 * trial.treatment[first] + (trial.outcome[first] != 0)
    shuffled = np.random.default_rng(seed).permutation(n_units)
    dealt = shuffled[np.argsort(stratum[shuffled], kind="stable")]
    fold_of_unit = np.empty(n_units, np.int64)
    fold_of_unit[dealt] = np.arange(n_units) % n_folds
    return fold_of_unit[positions]


def split_in_halves(trial: Trial, seed: int) -> tuple[Ints, Ints]:
    """Return the rows of a random training half and of the test half, units whole, both in the trial's order."""
    positions, n_units = unit_positions(trial.unit_ids)
    in_training = np.zeros(n_units, bool)
    in_training[np.random.default_rng(seed).permutation(n_units)[: n_units // 2]] = True
    return np.flatnonzero(in_training[positions]), np.flatnonzero(~in_training[positions])
