"""What a family is: one prediction the shop needs, in one frozen object."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Facts = Mapping[str, float]
"""The features of one row by name; NaN where undefined."""


@dataclass(frozen=True)
class Reason:
    """A group of features that says one thing, and the sentence that says it.

    The contributions of the group's features to a prediction are added up; ``sentence`` turns the
    row's own facts into plain English, or gives None where they say nothing.
    """

    name: str
    features: tuple[str, ...]
    sentence: Callable[[Facts], str | None]


@dataclass(frozen=True)
class Family:
    """One prediction. Its name is its command-line argument, MLflow experiment, registered model and score table.

    ``behaviour_columns`` come from ``feature_view`` as they are; ``affinity_columns`` and
    ``text_columns`` are derived from the same rows and from product text by pure functions.
    Every feature belongs to exactly one of ``reasons``.
    """

    name: str
    keys: tuple[str, ...]
    horizon_days: int
    feature_view: str
    label_table: str
    behaviour_columns: tuple[str, ...]
    affinity_columns: tuple[str, ...]
    text_columns: tuple[str, ...]
    n_text_components: int
    reasons: tuple[Reason, ...]
    n_reasons_top: int = 20
    """Reasons are computed for at least this many of each customer's most probable rows."""

    @property
    def score_table(self) -> str:
        return f"scores.{self.name}"

    @property
    def feature_columns(self) -> tuple[str, ...]:
        """Every feature of the family, in the order in which models are trained."""
        return (*self.behaviour_columns, *self.affinity_columns, *self.text_columns)

    def inputs_key(self, encoder_key: str) -> str:
        """Name what a model of this family reads: its features, in order, and the encoder of its text.

        A model trained on other inputs may not score: the same column would mean something else.
        """
        read = json.dumps([*self.feature_columns, encoder_key])
        return hashlib.sha256(read.encode()).hexdigest()[:16]

    @property
    def reason_of_feature(self) -> dict[str, int]:
        """Position in ``reasons`` of each feature's group."""
        return {feature: i for i, reason in enumerate(self.reasons) for feature in reason.features}
