"""Candidates and features of a small shop."""

from __future__ import annotations

import numpy as np
import pytest

from nightmarket.families.next_basket import FEATURES
from nightmarket.modeling.baskets.affinity import ItemText
from nightmarket.modeling.baskets.build import find_alike
from nightmarket.modeling.baskets.candidates import N_EACH, N_OWN
from nightmarket.modeling.baskets.features import Sales
from nightmarket.modeling.baskets.history import Lines, make_history
from nightmarket.modeling.baskets.ranking_rows import RankingRows, make_ranking_rows

from .shops import catalogue_of, lines_of, random_baskets

N_ITEMS = 60
CUT = 100


def _rows(lines: Lines, cut: np.ndarray, text: ItemText | None = None) -> RankingRows:
    history = make_history(lines, catalogue_of(N_ITEMS), cut)
    return make_ranking_rows(history, active=np.ones(len(cut), np.bool_), text=text)


@pytest.fixture(scope="module")
def shop() -> Lines:
    return lines_of(random_baskets(3))


@pytest.fixture(scope="module")
def rows(shop: Lines) -> RankingRows:
    return _rows(shop.take(shop.day < CUT), np.full(30, CUT, np.int64))


def _text() -> ItemText:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(N_ITEMS // 2, 8)).astype(np.float32)
    text = (np.arange(N_ITEMS) // 2).astype(np.int32)
    text[:2] = -1
    return ItemText(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), text)


def test_every_feature_of_the_family_is_there_for_every_candidate(rows: RankingRows) -> None:
    assert tuple(rows.features) == FEATURES
    assert {len(values) for values in rows.features.values()} == {len(rows.candidates)}
    assert {values.dtype for values in rows.features.values()} == {np.dtype(np.float32)}
    assert not [name for name, values in rows.features.items() if np.isinf(values).any()]


def test_candidates_are_what_was_bought_and_the_best_of_each_view(rows: RankingRows, shop: Lines) -> None:
    known = shop.take(shop.day < CUT)
    bought = {(int(c), int(i)) for c, i in zip(known.customer, known.item, strict=True)}
    pairs = list(zip(rows.candidates.customer.tolist(), rows.candidates.item.tolist(), strict=True))
    assert pairs == sorted(set(pairs)), "sorted, each once"
    assert bought <= set(pairs), "nobody here bought more than is kept of a history"
    new = rows.features["pair__n_orders"] == 0
    assert {pair for pair, is_new in zip(pairs, new, strict=True) if not is_new} == bought
    per_customer = np.bincount(rows.candidates.customer, minlength=30)
    assert per_customer.max() <= N_OWN + 5 * N_EACH
    assert np.bincount(rows.candidates.customer, new, minlength=30).min() >= 1


def test_only_active_customers_get_candidates_and_all_lend_their_behaviour(shop: Lines) -> None:
    known = shop.take(shop.day < CUT)
    history = make_history(known, catalogue_of(N_ITEMS), np.full(30, CUT, np.int64))
    active = np.arange(30) < 10
    found = make_ranking_rows(history, active=active)
    everyone = make_ranking_rows(history, active=np.ones(30, np.bool_))
    mine = everyone.candidates.customer < 10
    assert found.candidates.item.tolist() == everyone.candidates.item[mine].tolist()
    for name in ("affinity__neighbours", "product__n_customers", "pair__rank"):
        np.testing.assert_array_equal(found.features[name], everyone.features[name][mine])


def test_the_same_lines_in_another_order_give_the_same_bits(rows: RankingRows, shop: Lines) -> None:
    known = shop.take(shop.day < CUT)
    again = _rows(known.take(np.random.default_rng(1).permutation(len(known.day))), np.full(30, CUT, np.int64))
    for name, values in rows.features.items():
        np.testing.assert_array_equal(again.features[name], values, err_msg=name)


def test_a_customer_with_an_earlier_cut_knows_no_later_sale(shop: Lines) -> None:
    """What sells is counted in weeks before the cut; baskets of later days must not move it."""
    cut = np.full(30, CUT, np.int64)
    cut[0] = 80
    known = shop.take(shop.day < cut[shop.customer])
    truncated = known.take(known.day < 80)
    features = []
    for lines, cuts in ((known, cut), (truncated, np.full(30, 80, np.int64))):
        sales = Sales(make_history(lines, catalogue_of(N_ITEMS), cuts))
        every = np.arange(N_ITEMS, dtype=np.int32)
        features.append(sales.penetration(np.zeros(N_ITEMS, np.int32), every, 4))
    # Whole weeks back from the latest cut: the newest week that was over by day 80 ended on day 79 (100 - 3 * 7).
    late = known.take((known.day >= 79 - 28) & (known.day < 79))
    n_baskets = len({(c, o) for c, o in zip(late.customer.tolist(), late.order.tolist(), strict=True)})
    np.testing.assert_allclose(features[0], np.bincount(late.item, minlength=N_ITEMS) / n_baskets)
    assert not np.array_equal(features[0], features[1])


def test_a_new_product_is_like_the_bought_one_whose_text_is_nearest() -> None:
    vectors = np.asarray([[1, 0], [0, 1], [0.8, 0.6], [-1, 0]], np.float32)
    text = ItemText(vectors, np.asarray([-1, -1, 0, 0, 2, 2, 3, 3], np.int32))
    customer, item = np.zeros(4, np.int32), np.asarray([0, 2, 4, 6], np.int32)
    found = find_alike(customer, item, np.asarray([True, True, False, False]), text)
    assert found.tolist() == [-1, -1, 2, -1], "4 reads like 2 (cosine .8); 6 like nothing; 0 has no text"


def test_without_text_nothing_is_alike(rows: RankingRows) -> None:
    bought = rows.features["pair__n_orders"] > 0
    assert (find_alike(rows.candidates.customer, rows.candidates.item, bought, None) == -1).all()


def test_text_gives_candidates_of_its_own(rows: RankingRows, shop: Lines) -> None:
    found = _rows(shop.take(shop.day < CUT), np.full(30, CUT, np.int64), _text())
    assert len(found.candidates) > len(rows.candidates)


def test_a_shop_without_orders_has_no_rows() -> None:
    nothing = Lines(*(np.zeros(0, kind) for kind in ("i4", "i4", "i8", "i8", "f8", "f8")))
    history = make_history(nothing, catalogue_of(0), np.zeros(0, np.int64))
    assert len(make_ranking_rows(history, active=np.zeros(0, np.bool_)).candidates) == 0
