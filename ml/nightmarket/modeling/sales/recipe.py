"""What a trained sales forecast consists of: a method for each group of series, and bands around it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.errors import ModelCorrupted
from nightmarket.modeling.sales.history import Doubles
from nightmarket.modeling.sales.levels import FALLBACK, METHODS

TOTAL = "total"
GROUPS = ("A", "B", "C", "D")
"""Categories by size: those that make up the first half of sales, up to 80, up to 95 %, and the rest."""
_BOUNDS = (0.5, 0.8, 0.95)
BLOCKS = ((0, 2), (2, 4), (4, 8))
"""Weeks ahead that share their bands."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
WIDE = (0.4, 0.75, 1.0, 1.25, 1.6)
"""Bands of a shop that has no residuals yet."""
_FILE, _FORMAT = "sales.json", 1


@dataclass(frozen=True)
class SalesModel:
    """What a night needs to forecast its sales.

    Attributes
    ----------
    methods : of the weekly level, by group ('total' and GROUPS)
    is_scaled : whether categories are scaled to the total's own forecast; otherwise the total is their sum
    bands : by 'grain/group/block', outcome over forecast at QUANTILES
    evaluation : what the training measured, as plain numbers
    """

    methods: Mapping[str, str] = field(default_factory=dict)
    is_scaled: bool = False
    bands: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    evaluation: dict[str, Any] = field(default_factory=dict)

    def method(self, group: str) -> str:
        return self.methods.get(group, FALLBACK)

    def band(self, grain: str, group: str, week: int) -> tuple[float, ...]:
        """Return the factors at QUANTILES for a forecast ``week`` (0..7) weeks ahead."""
        block = next(i for i, (start, end) in enumerate(BLOCKS) if start <= week < end)
        return self.bands.get(f"{grain}/{group}/{block}", WIDE)

    def save(self, folder: Path) -> list[str]:
        """Write the model into ``folder``; return the names of its files."""
        said = {
            "format": _FORMAT,
            "methods": dict(self.methods),
            "is_scaled": self.is_scaled,
            "bands": {name: list(factors) for name, factors in self.bands.items()},
            "evaluation": self.evaluation,
        }
        (folder / _FILE).write_text(json.dumps(said, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        return [_FILE]

    @classmethod
    def load(cls, folder: Path) -> SalesModel:
        """Read what ``save`` wrote.

        Raises
        ------
        ModelCorrupted
            It is of another version.
        """
        raw = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        if raw.get("format") != _FORMAT or not set(raw["methods"].values()) <= METHODS.keys():
            raise ModelCorrupted(
                f"Got a sales model of format {raw.get('format')!r} in {folder} but expected {_FORMAT} and today's "
                "methods. It is from another version of Nightmarket: run `nightmarket train` again."
            )
        bands = {name: tuple(factors) for name, factors in raw["bands"].items()}
        return cls(raw["methods"], raw["is_scaled"], bands, raw["evaluation"])


def group_by_size(weekly: Doubles) -> NDArray[np.object_]:
    """Return the group of each category, (k,), by what it sold in the last 26 weeks; of equals the first is larger."""
    size = np.maximum(weekly[:, -26:].sum(axis=1), 0)
    order = np.argsort(-size, kind="stable")
    before = np.cumsum(size[order]) - size[order]
    share = before / max(float(size.sum()), 1e-9)
    groups = np.empty(len(size), object)
    groups[order] = np.asarray(GROUPS, object)[np.searchsorted(_BOUNDS, share, side="right")]
    return groups
