"""Lotteries that were drawn apart and are judged together: what each of them is, and one lottery made of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nightmarket.modeling.uplift.trial import Doubles, Ints, Trial


def count_arms(trial: Trial) -> Ints:
    """Return (n_strata, 2) controls and treated of each stratum, at its position."""
    strata = trial.stratum_of
    n_strata = int(strata.max()) + 1
    treated = trial.treatment == 1
    return np.column_stack([np.bincount(strata[rows], minlength=n_strata) for rows in (~treated, treated)])


def share_of_rows(trial: Trial) -> Doubles:
    """Return (n,) the treated share of each row's stratum."""
    counts = count_arms(trial)
    shares: Doubles = (counts[:, 1] / np.maximum(counts.sum(axis=1), 1))[trial.stratum_of]
    return shares


def draw_one_lottery(trial: Trial, seed: int) -> Trial:
    """Return one lottery without strata: units are left out at random until every stratum has one treated share.

    Put together as they are, strata of unequal shares compare seasons: more of the treated are of those that contacted
    more. The share is that of the stratum by which most is left to compare, in sums of n_treated x n_control / n.
    """
    counts = count_arms(trial)
    if len(counts) == 1:
        return trial
    shares = np.unique(counts[:, 1] / np.maximum(counts.sum(axis=1), 1))
    kept = [_kept(counts, share) for share in shares if 0 < share < 1]
    chosen = max(kept, key=lambda one: float((one.prod(axis=1) / np.maximum(one.sum(axis=1), 1)).sum()))
    order = np.random.default_rng(seed).permutation(len(trial))
    strata = trial.stratum_of
    rows = [
        order[(strata[order] == stratum) & (trial.treatment[order] == arm)][: chosen[stratum, arm]]
        for stratum in range(len(counts))
        for arm in (0, 1)
    ]
    return replace(trial.take(np.sort(np.concatenate(rows))), strata=None)


def _kept(counts: Ints, share: float) -> Ints:
    """Return as many of each arm and stratum as there can be at a treated share above 0 and below 1."""
    treated = np.floor(np.minimum(counts[:, 1], counts[:, 0] * share / (1 - share)))
    return np.column_stack([np.round(treated * (1 - share) / share), treated]).astype(np.int64)
