"""What a family is: one prediction the shop needs, in one frozen object.

This module and the families are light: a DAG imports them to know its tasks. What needs numpy is
imported inside the functions that a family names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from nightmarket.contracts import Column, Table, score_table

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from nightmarket.modeling.forecast import Forecast
    from nightmarket.modeling.frames import Floats, Frame
    from nightmarket.modeling.text_features import TextRows

    Space = Mapping[str, NDArray[np.generic]]
    """Arrays that features are derived with, learned on the newest training origin and stored with the model."""

MODEL_LAYOUT = 2
"""Changes with the files that a model version is stored as."""

Facts = Mapping[str, float]
"""The features of one row by name; NaN where undefined."""


class Kind(StrEnum):
    """What a head predicts: whether something happens, or how much of it."""

    PROBABILITY = "probability"
    AMOUNT = "amount"


@dataclass(frozen=True)
class Head:
    """One number that a family predicts for a row.

    Attributes
    ----------
    name : the published column. A head of kind AMOUNT also publishes ``<name>_low`` and ``<name>_high``,
        an interval that holds 80 % of the outcomes.
    horizon_days : length of its label window: 28 days or a multiple.
    recipes : names in ``RECIPES`` that compete; baselines are among them and registrable.
    baseline : the one of ``recipes`` that every claim is measured against.
    metrics : name of the way it is measured, in ``METRICS``: "pairs", "ranking" or "amounts".
    gate_metric : the metric of the gate.
    outcome : column of the label table; NULL there means undefined, and the row is not used by this
        head. None: a row of the label table means 1, no row 0.
    features : what its recipes may read; None: all of the family.
    compared : further names in ``RECIPES``, which `nightmarket evaluate` puts in its table beside ``recipes`` and
        which never compete.
    calibrate_share : the share of the calibrate origin's customers that is kept for calibration; the others are
        learned from, so that a fit reads the newest closed window. 1: the whole origin calibrates.
    calibrates_level : of a recipe that knows the level, the calibrate origin corrects the level alone, and then is
        learned from too: for families of so few positives that a curve through them is noise.
    """

    name: str
    kind: Kind
    horizon_days: int
    recipes: tuple[str, ...]
    baseline: str
    metrics: str
    gate_metric: str
    outcome: str | None = None
    features: tuple[str, ...] | None = None
    compared: tuple[str, ...] = ()
    calibrate_share: float = 1.0
    calibrates_level: bool = False


@dataclass(frozen=True)
class Reason:
    """A group of features that says one thing, and the sentence that says it.

    The contributions of the group's features to a prediction are added up; ``sentence`` turns the
    row's own facts into plain English, or gives None where they say nothing.
    """

    name: str
    features: tuple[str, ...]
    sentence: Callable[[Facts], str | None]


class Inputs(Protocol):
    """What a family may read of one snapshot beside its feature view, always as it was known at an origin."""

    def text_rows(self, frame: Frame) -> TextRows:
        """Return what the frame's customers had bought before its origin, by distinct text."""
        ...

    def order_lines(self, as_of: date) -> pa.Table:
        """Return every order line that had happened and arrived before ``as_of``, in its newest known version.

        Columns: customer_id, product_id, category_id, order_id, order_date, quantity, sales_amount.
        """
        ...

    def products(self, as_of: date) -> pa.Table:
        """Return the catalogue as known at ``as_of``: product_id, category_id, product_name, is_ware, text_hash."""
        ...

    def text_vectors(self) -> tuple[pa.Array, Floats]:
        """Return the distinct text hashes, sorted, and their vectors (n_texts, dim)."""
        ...

    def coupon_texts(self, cut: date) -> pa.Table:
        """Return the distinct texts of each coupon as known at ``cut``: campaign_id, coupon_id, text_hash."""
        ...

    def bought_texts(self, customers: pa.Array, cut: date) -> pa.Table:
        """Return what ``customers`` had bought before ``cut``: their positions, those of the texts, and weights.

        Columns: customer, text (a position among :meth:`text_vectors`), weight; one row for each that was bought.
        """
        ...


@dataclass(frozen=True)
class Family:
    """One prediction. Its name is its command-line argument, MLflow experiment, registered model and score table.

    Rows come from ``feature_view``, or are made by ``build``. ``columns`` are read from the view as they are;
    ``derived_columns`` are made by ``build`` or ``derive``. Every feature belongs to exactly one of ``reasons``.

    Attributes
    ----------
    heads : what it predicts; the first is the primary one: it names the version's recipe, is explained,
        and orders each customer's rows.
    predictions : the published columns between horizon and reasons, in order.
    top_k : keep only each customer's K best rows, equal ones by the second key; None: all.
    n_reasons_top : reasons are computed for at least this many of each customer's best rows.
    fit_space, derive : learn what features are derived with, and derive them.
    describe : further published columns, from a frame and the forecasts of its heads.
    shuffled_groups : prefixes of further learned features that `nightmarket evaluate` deals out to other customers
        in an arm of its own; ``text__``, ``factor__`` and ``embedding__`` always get one.
    make_reasons : sentences of its own, up to three per row (frame and rows in, sentences out), instead of
        those of ``reasons`` by contribution.
    cut_column : for rows that are not cut at the night but each at a day of its own (a campaign at its start): the
        column of the view that says which. All of them stand in the night's rows of the view, which then also has
        ``end_date`` and ``is_open``: open rows are scored; of the others, whose last day is over, those of one cut
        are an origin, and several cuts a block of them (see ``modeling.cuts``).
    horizon_feature : column of the view with the days from the night to the end of what a row forecasts, which is
        published as its horizon; None: that of the primary head, for every row.
    reads_pairs : whether its rows, or the text it reads, come from what customers bought by category or product. Those
        are the night's largest tables: they are not built for training origins that only other families read.
    """

    name: str
    title: str
    description: str
    keys: tuple[Column, ...]
    predictions: tuple[Column, ...]
    heads: tuple[Head, ...]
    label_table: str
    reasons: tuple[Reason, ...]
    feature_view: str | None = None
    columns: tuple[str, ...] = ()
    derived_columns: tuple[str, ...] = ()
    uses_text: bool = False
    top_k: int | None = None
    n_reasons_top: int = 20
    max_train_origins: int = 4
    shuffled_groups: tuple[str, ...] = ()
    build: Callable[[Inputs, date], Frame] | None = None
    fit_space: Callable[[Frame, Inputs], Space] | None = None
    derive: Callable[[Frame, Inputs, Space], Frame] | None = None
    describe: Callable[[Frame, Mapping[str, Forecast]], Mapping[str, NDArray[Any]]] | None = None
    make_reasons: Callable[[Frame, NDArray[np.int64]], Sequence[Sequence[str | None]]] | None = None
    is_optional: bool = False
    """A shop may have nothing to predict: no model is trained then, and the night publishes no row."""
    cut_column: str | None = None
    horizon_feature: str | None = None
    reads_pairs: bool = True

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table that it publishes."""
        return (self.table,)

    @property
    def key_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.keys)

    @property
    def primary(self) -> Head:
        return self.heads[0]

    @property
    def horizon_days(self) -> int:
        return self.primary.horizon_days

    @property
    def score_table(self) -> str:
        return f"scores.{self.name}"

    @property
    def table(self) -> Table:
        """The layout of ``scores.<name>``."""
        return score_table(self.name, self.description, self.keys, self.predictions, may_be_empty=self.is_optional)

    @property
    def row_columns(self) -> dict[str, str]:
        """What the feature view says of a row beside its keys and features, with the types."""
        cuts = {self.cut_column: "DATE", "end_date": "DATE", "is_open": "BOOLEAN"} if self.cut_column else {}
        return cuts | ({self.horizon_feature: "INTEGER"} if self.horizon_feature else {})

    @property
    def feature_columns(self) -> tuple[str, ...]:
        """Every feature of the family, in the order in which models are trained."""
        return (*self.columns, *self.derived_columns)

    def features_of(self, head: Head) -> tuple[str, ...]:
        return head.features if head.features is not None else self.feature_columns

    def inputs_key(self, encoder_key: str) -> str:
        """Name what a model of this family reads: its features, in order, and the encoder of its text.

        A model trained on other inputs may not score: the same column would mean something else. Nor may one
        whose files are laid out otherwise than today's.
        """
        read = json.dumps([MODEL_LAYOUT, *self.feature_columns, encoder_key if self.uses_text else ""])
        return hashlib.sha256(read.encode()).hexdigest()[:16]

    def built_dates(self, record: Mapping[str, Any]) -> list[str]:
        """Return the dates that this family's rows were built for, from what `transform` recorded."""
        is_paired = self.reads_pairs and self.cut_column is None and "pair_dates" in record
        return list(record["pair_dates" if is_paired else "as_of_dates"])

    @property
    def reason_of_feature(self) -> dict[str, int]:
        """Position in ``reasons`` of each feature's group."""
        return {feature: i for i, reason in enumerate(self.reasons) for feature in reason.features}


@dataclass(frozen=True)
class Forecaster:
    """A prediction of time series instead of customers: its rows are items and the periods ahead.

    It is trained, kept, scored, checked and published under its name like a :class:`Family`; the steps of
    ``steps.forecasting`` do it.

    Attributes
    ----------
    tables : what it publishes; the first is ``scores.<name>``
    layout : changes with what its models read and how their files are laid out
    """

    name: str
    title: str
    description: str
    tables: tuple[Table, ...]
    layout: int = 1
    uses_text: bool = False

    @property
    def score_table(self) -> str:
        return self.tables[0].name

    def inputs_key(self, encoder_key: str) -> str:
        """Name what a model of it reads; a model made for something else may not score."""
        read = json.dumps([self.name, self.layout, encoder_key if self.uses_text else ""])
        return hashlib.sha256(read.encode()).hexdigest()[:16]
