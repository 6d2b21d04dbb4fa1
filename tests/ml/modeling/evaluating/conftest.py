"""A family whose rows are made in memory: purchase_intent's heads and features, no warehouse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from nightmarket.families.base import Family
from nightmarket.families.purchase_intent import FAMILY
from nightmarket.modeling.evaluating.rounds import Conditions
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.splits import windows_of_family
from nightmarket.modeling.training import TrainingFrames, read_training_frames

CUT_OFF, FIRST_ORDER = date(2024, 10, 2), date(2024, 1, 1)
N_TRAIN = 2


@dataclass(frozen=True)
class InMemory:
    """Reads invented origins; ``change`` and ``derived`` make the shop that a test is about."""

    make: Callable[..., Frame]
    n_customers: int = 120
    change: Callable[[Frame], Frame] = lambda frame: frame
    derived: Callable[[Frame], Frame] = lambda frame: frame

    def read(self, as_of: date, *, with_label: bool) -> Frame:
        frame = self.make(as_of, n_customers=self.n_customers, seed=as_of.toordinal())
        return self.change(replace(frame, label=None))

    def fit_space(self, frame: Frame) -> dict[str, Any]:
        return {}

    def derive(self, frame: Frame, fitted: Any) -> Frame:
        return self.derived(frame)


@pytest.fixture(scope="session")
def family() -> Family:
    head = replace(FAMILY.primary, recipes=("lightgbm", "frequency"), compared=("popularity", "recency"))
    return replace(FAMILY, heads=(head,), max_train_origins=N_TRAIN)


@pytest.fixture(scope="session")
def conditions() -> Conditions:
    return Conditions(threshold=0.3, seeds=(1, 2), threads=1)


@pytest.fixture(scope="session")
def shop(tiny_frame):
    """Build an in-memory reader: ``shop(n_customers=, change=, derived=)``."""
    return lambda **changed: InMemory(tiny_frame, **changed)


@pytest.fixture(scope="session")
def windows(family):
    return windows_of_family(family, CUT_OFF, FIRST_ORDER)


@pytest.fixture(scope="session")
def frames(family, shop, windows) -> TrainingFrames:
    return read_training_frames(shop(), family, windows)
