"""One column and nothing else: popularity, recency. What a table of results must be read against."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.frames import Frame

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class SingleFeatureModel:
    """Raw score: ``sign`` × the signed logarithm of the column; where it is undefined, ``lowest``.

    ``lowest`` lies below every value of the training origins, ``mean`` is what contributions are told against.
    """

    recipe: str
    features: tuple[str, ...]
    sign: int
    lowest: float
    mean: float
    knows_level: bool = field(default=False, init=False)

    def raw_scores(self, frame: Frame) -> Doubles:
        raw = _signed_log(frame, self.features[0], self.sign)
        return np.where(np.isnan(raw), self.lowest, raw)

    def contributions(self, frame: Frame, rows: NDArray[np.int64], group: NDArray[np.int64]) -> tuple[Doubles, float]:
        table = np.zeros((len(rows), int(group.max()) + 1))
        table[:, group[0]] = self.raw_scores(frame)[rows] - self.mean
        return table, self.mean

    def importance(self) -> dict[str, float]:
        return {self.features[0]: 1.0}

    def save(self, folder: Path) -> tuple[str, ...]:
        learned = {"feature": self.features[0], "sign": self.sign, "lowest": self.lowest, "mean": self.mean}
        (folder / "model.json").write_text(json.dumps(learned, sort_keys=True) + "\n")
        return ("model.json",)


@dataclass(frozen=True)
class SingleFeatureRecipe:
    """Ranks by the first of ``columns`` that the family has.

    ``sign`` is -1 where less is more likely, and 0 where that depends on what is predicted: then it is learned.
    """

    name: str
    columns: tuple[str, ...]
    sign: int = 1

    @property
    def parameters(self) -> dict[str, Any]:
        return {"columns": ",".join(self.columns), "sign": self.sign}

    def fit(
        self,
        frames: Sequence[Frame],
        *,
        features: Sequence[str],
        seed: int,  # noqa: ARG002 - nothing is random
        threads: int,  # noqa: ARG002 - nothing is slow
    ) -> SingleFeatureModel:
        """Learn where undefined values go.

        Raises
        ------
        ValueError
            The family has none of the columns.
        """
        column = next((name for name in self.columns if name in features), None)
        if column is None:
            raise ValueError(
                f"Got a family without {', '.join(self.columns)} but expected one of them for the recipe {self.name}. "
                "Leave it out of the head's recipes."
            )
        raw = np.concatenate([_signed_log(frame, column, self.sign or 1) for frame in frames])
        known = np.flatnonzero(~np.isnan(raw))
        if not len(known):
            return SingleFeatureModel(self.name, (column,), self.sign or 1, 0.0, 0.0)
        y = np.concatenate([frame.y for frame in frames]).astype(np.float64)
        turn = -1 if self.sign == 0 and (raw[known] - raw[known].mean()) @ y[known] < 0 else 1
        values = turn * raw[known]
        return SingleFeatureModel(
            self.name, (column,), turn * (self.sign or 1), float(values.min()) - 1, float(values.mean())
        )

    def load(self, folder: Path, *, threads: int) -> SingleFeatureModel:  # noqa: ARG002 - nothing is slow
        learned = json.loads((folder / "model.json").read_text())
        return SingleFeatureModel(
            self.name, (learned["feature"],), int(learned["sign"]), float(learned["lowest"]), float(learned["mean"])
        )


POPULARITY = SingleFeatureRecipe(
    "popularity", ("category__penetration_28d", "category__penetration_84d", "product__penetration_28d")
)
"""What sells sells: how many customers buy the item."""

RECENCY = SingleFeatureRecipe("recency", ("pair__days_since_last_order", "customer__days_since_last_order"), sign=0)
"""Who bought it last buys it next; of customers alone, who has been away stays away."""

VISITS_84D = SingleFeatureRecipe("visits_84d", ("health__n_visits_84d",), sign=-1)
"""Who comes often does not stay away: the best single feature for a lapse on The Complete Journey."""

SPEND_LEVEL = SingleFeatureRecipe("spend_level", ("health__spend_over_84d",))
"""Who spent more than usual in the last 28 days spends less in the next."""


COUPON_LINES = SingleFeatureRecipe("coupon_lines", ("match__n_coupon_lines_168d",))
"""Who bought a campaign's products with coupons does it again: the best single feature on The Complete Journey."""

PAST_RESPONSES = SingleFeatureRecipe("past_responses", ("response__response_share",))
"""Who answered earlier campaigns answers this one."""


def _signed_log(frame: Frame, column: str, sign: int) -> Doubles:
    wide = frame.columns[column].astype(np.float64)
    return sign * np.sign(wide) * np.log1p(np.abs(wide))
