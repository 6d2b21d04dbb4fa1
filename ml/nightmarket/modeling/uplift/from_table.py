"""From one row per customer, in any shape, to trials: arms against the control, covariates as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nightmarket.errors import TrialUnusable
from nightmarket.modeling.uplift.trial import Doubles, Trial, require_enough

ANY_TREATMENT = "any treatment"
MAX_VALUES = 50
"""Values of a text that get a column of their own, the commonest first; the others share one."""
MIN_SURPRISE = 20
"""Rows that would have to contradict before a column is said to come with the outcome (see ``comes_with``)."""


@dataclass(frozen=True)
class TrialColumns:
    """Which column says what. ``unit`` None: every row is another customer.

    ``further`` names outcomes besides ``outcome``; ``placebo`` things that came before the treatment. Every other
    column is a covariate.
    """

    treatment: str
    control: str
    outcome: str
    unit: str | None = None
    further: tuple[str, ...] = ()
    placebo: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trials:
    """Trials by arm, in the order of their names, ``ANY_TREATMENT`` last where there are several.

    ``came_with_outcome`` names columns that were taken for outcomes because they contain the outcome or are contained
    in it; ``left_out`` says why other columns are no covariates; ``n_unassigned`` rows had no treatment.
    """

    by_arm: dict[str, Trial]
    came_with_outcome: tuple[str, ...]
    left_out: dict[str, str]
    n_unassigned: int


def build_trials(table: pa.Table, columns: TrialColumns, *, arm: str | None = None) -> Trials:
    """Return a trial per arm against the control (or of ``arm`` alone), and of all arms together.

    Raises
    ------
    TrialUnusable
        A column is unknown or no number where one is needed, there is no control row or no other arm, or a trial
        cannot be measured (see ``require_enough``).
    """
    _require(table, [columns.treatment, columns.outcome, *columns.further, *columns.placebo])
    _require(table, [columns.unit] if columns.unit else [])
    table, n_unassigned = _assigned(table, columns.treatment)
    said = table.column(columns.treatment).cast(pa.string()).to_numpy(zero_copy_only=False).astype(str)
    arms = [name for name in sorted(set(said.tolist())) if name != columns.control]
    if columns.control not in said:
        raise TrialUnusable(
            f"Got no row whose {columns.treatment} is {columns.control!r} but expected the control group. "
            f"Name it with --control: the column holds {_list(arms)}."
        )
    if not arms:
        raise TrialUnusable(
            f"Got {columns.control!r} in every row of {columns.treatment} but expected another arm as well. "
            "A trial compares; add the treated customers."
        )
    if arm is not None and arm not in arms:
        raise TrialUnusable(f"Got --arm {arm!r} but expected one of {_list(arms)}. Choose one of them.")
    outcome = numbers_of(table, columns.outcome)
    further = {name: numbers_of(table, name) for name in columns.further}
    placebo = {name: numbers_of(table, name) for name in columns.placebo}
    others = [
        name
        for name in table.column_names
        if name not in {columns.treatment, columns.outcome, columns.unit, *columns.further}
    ]
    came_with = tuple(name for name in others if name not in placebo and comes_with(table, name, outcome))
    further |= {name: numbers_of(table, name) for name in came_with}
    covariates, names, left_out = encode(table, [name for name in others if name not in came_with])
    units = table.column(columns.unit).cast(pa.string()).to_numpy(zero_copy_only=False) if columns.unit else None
    whole = {"covariates": covariates, "outcome": outcome, **further, **placebo}
    ids = np.arange(len(said)).astype(object) if units is None else units.astype(object)

    def against_control(chosen: Sequence[str]) -> Trial:
        rows = np.flatnonzero(np.isin(said, [*chosen, columns.control]))
        return Trial(
            unit_ids=ids[rows],
            covariates=whole["covariates"][rows],
            covariate_names=names,
            treatment=(said[rows] != columns.control).astype(np.int64),
            outcome=outcome[rows],
            outcome_name=columns.outcome,
            further_outcomes={name: values[rows] for name, values in further.items()},
            placebo_outcomes={name: values[rows] for name, values in placebo.items()},
        )

    by_arm = {name: require_enough(against_control([name])) for name in ([arm] if arm else arms)}
    if len(arms) > 1 and arm is None:
        by_arm[ANY_TREATMENT] = require_enough(against_control(arms))
    return Trials(by_arm, came_with, left_out, n_unassigned)


def comes_with(table: pa.Table, name: str, outcome: Doubles) -> bool:
    """Return whether a column contains the outcome or is contained in it, as what comes after a treatment does.

    A purchase needs a visit: wherever ``conversion`` is not 0, ``visit`` is not 0. A covariate that were so would have
    to be so by chance; the rows that chance would have made otherwise are counted, and fewer than ``MIN_SURPRISE``
    prove nothing. Used as a covariate such a column would tell the model the outcome.
    """
    if not _is_number(table.column(name).type):
        return False
    happened, present = outcome != 0, np.nan_to_num(numbers_of(table, name)) != 0
    n = len(outcome)
    if not (happened & ~present).any():
        return bool(happened.sum() * (~present).sum() / n >= MIN_SURPRISE)
    if not (present & ~happened).any():
        return bool(present.sum() * (~happened).sum() / n >= MIN_SURPRISE)
    return False


def encode(table: pa.Table, names: Sequence[str]) -> tuple[Doubles, tuple[str, ...], dict[str, str]]:
    """Return (n, d) covariates, their names, and why other columns are none.

    Numbers, yes/no and dates (in days) stay one column, NaN where missing; a text becomes a column per value, a
    missing text a value of its own.
    """
    found: list[Doubles] = []
    said: list[str] = []
    left_out: dict[str, str] = {}
    for name in names:
        column = table.column(name)
        if column.null_count == len(column):
            left_out[name] = "empty"
        elif _is_number(column.type) or pa.types.is_temporal(column.type):
            found.append(numbers_of(table, name))
            said.append(name)
        elif pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            texts = pc.fill_null(column, "").to_numpy(zero_copy_only=False).astype(str)
            values, positions, counts = np.unique(texts, return_inverse=True, return_counts=True)
            if len(values) > len(texts) / 2:
                left_out[name] = "a text of its own in most rows"
                continue
            kept = values[np.argsort(-counts, kind="stable")][:MAX_VALUES]
            for value in sorted(kept):
                found.append((texts == value).astype(np.float64))
                said.append(f"{name}={value}" if value else f"{name} is missing")
            if len(values) > MAX_VALUES:
                found.append((~np.isin(values, kept))[positions].astype(np.float64))
                said.append(f"{name}=another value")
        else:
            left_out[name] = f"neither number nor text ({column.type})"
    covariates = np.column_stack(found) if found else np.empty((table.num_rows, 0))
    return covariates, tuple(said), left_out


def numbers_of(table: pa.Table, name: str) -> Doubles:
    """Return a column as doubles, NaN where missing; dates as days.

    Raises
    ------
    TrialUnusable
        The column holds text.
    """
    column = table.column(name)
    if pa.types.is_temporal(column.type):
        column = column.cast(pa.timestamp("us")).cast(pa.int64())
        return np.asarray(pc.divide(column.cast(pa.float64()), 86_400e6), np.float64)
    if not _is_number(column.type):
        raise TrialUnusable(
            f"Got text in {name} ({_list(sorted(set(column.drop_null().slice(0, 50).cast(pa.string()).to_pylist())))}) "
            "but expected a number: 0 or 1, or an amount. Choose another column, or write it as a number."
        )
    return np.asarray(column.cast(pa.float64()), np.float64)


def _assigned(table: pa.Table, treatment: str) -> tuple[pa.Table, int]:
    known: NDArray[np.bool_] = pc.is_valid(table.column(treatment)).to_numpy(zero_copy_only=False)
    return table.filter(pa.array(known)), int((~known).sum())


def _require(table: pa.Table, names: Sequence[str]) -> None:
    for name in names:
        if name not in table.column_names:
            raise TrialUnusable(
                f"Got no column {name!r} in the trial but expected one. It has {', '.join(table.column_names)}."
            )


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_boolean(kind)
    )


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
