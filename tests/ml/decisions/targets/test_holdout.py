"""The lot that holds customers out: uniform, the same everywhere, and another one for every campaign."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest
from scipy import stats

from nightmarket.decisions.targets.holdout import draw_lots, validate_share
from nightmarket.errors import InvalidSetting

CUSTOMERS = [f"c{number}" for number in range(20_000)]


def _lots(campaign: str, salt: str = "salt") -> np.ndarray:
    return draw_lots(salt, CUSTOMERS, [campaign] * len(CUSTOMERS)).holdout


def test_a_lot_is_the_sha256_of_salt_customer_and_campaign() -> None:
    digest = sha256(b"4:salt2:c16:spring").digest()
    found = draw_lots("salt", ["c1"], ["spring"])
    assert found.holdout[0] == (int.from_bytes(digest[:8]) >> 11) / 2**53
    assert found.tie[0] == (int.from_bytes(digest[8:16]) >> 11) / 2**53


def test_who_else_is_a_candidate_changes_nobodys_lot() -> None:
    alone = draw_lots("salt", ["c7"], ["spring"])
    among = draw_lots("salt", ["c3", "c7"], ["spring", "spring"])
    assert alone.holdout[0] == among.holdout[1]


def test_the_lots_are_uniform() -> None:
    assert stats.kstest(_lots("spring"), "uniform").pvalue > 0.01


@pytest.mark.parametrize("share", [0.05, 0.1, 0.5])
def test_as_many_are_held_out_as_the_share_says(share: float) -> None:
    held = int((_lots("spring") < share).sum())
    assert stats.binomtest(held, len(CUSTOMERS), share).pvalue > 0.01


def test_the_lots_of_two_campaigns_have_nothing_to_do_with_each_other() -> None:
    spring, summer = _lots("spring"), _lots("summer")
    table = [[int(((spring < 0.3) == a) @ ((summer < 0.3) == b)) for a in (True, False)] for b in (True, False)]
    assert stats.chi2_contingency(table).pvalue > 0.01
    assert abs(stats.spearmanr(spring, summer).statistic) < 0.03


def test_the_lot_that_settles_ties_does_not_know_who_is_held_out() -> None:
    lots = draw_lots("salt", CUSTOMERS, ["spring"] * len(CUSTOMERS))
    assert abs(stats.spearmanr(lots.holdout, lots.tie).statistic) < 0.03


def test_another_salt_deals_everybody_anew() -> None:
    assert abs(stats.spearmanr(_lots("spring"), _lots("spring", salt="pepper")).statistic) < 0.03


def test_ids_that_run_together_are_two_pairs() -> None:
    found = draw_lots("salt", ["c1", "c11"], ["1spring", "spring"])
    assert found.holdout[0] != found.holdout[1]


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, float("nan")])
def test_a_holdout_of_nobody_or_everybody_is_refused(share: float) -> None:
    with pytest.raises(InvalidSetting, match=r"Got a holdout of .* % for campaign 'spring' but expected more than 0"):
        validate_share(share, "spring")
