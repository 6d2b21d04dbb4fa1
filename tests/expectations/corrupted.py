"""Corrupted samples: what goes wrong, and the expectation that must see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nightmarket.quality.outcomes import FAILED, NOT_APPLICABLE, PASSED, WARNED
from nightmarket.quality.suites import Suite

EXPECTATIONS = Path(__file__).resolve().parents[2] / "expectations"
Sample = tuple[str, str, str]
"""A suite's name, SQL that damages the tiny shop, and words of the expectation that must not hold then."""


def suites_of(border: str) -> list[str]:
    """Return the names of the suites of ``border``."""
    return sorted(path.stem for path in EXPECTATIONS.glob(f"{border}__*.yaml"))


def id_of(sample: Sample) -> str:
    name, _, words = sample
    return f"{name}-{words}"


def assert_valid(shop: Any, suite: Suite) -> None:
    outcome = shop.check(suite)
    assert [one for one in outcome.outcomes if one.status not in (PASSED, NOT_APPLICABLE)] == []


def assert_stops(shop: Any, suite: Suite, sample: Sample) -> None:
    _assert_status(shop, suite, sample, FAILED)


def assert_warns(shop: Any, suite: Suite, sample: Sample) -> None:
    _assert_status(shop, suite, sample, WARNED)


def _assert_status(shop: Any, suite: Suite, sample: Sample, status: str) -> None:
    _, damage, words = sample
    shop.corrupt(damage)
    outcome = shop.check(suite)
    assert outcome.status == status
    assert words in " | ".join(one.expects for one in outcome.with_status(status))
