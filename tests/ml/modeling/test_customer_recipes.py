"""The recipes for one row per customer: shallow trees, ridge, blends and the baselines of amounts."""

from datetime import date

import numpy as np
import pytest
from scipy.stats import spearmanr
from tests.ml.invented_customers import make_customers

from nightmarket.families.customer_health import FAMILY
from nightmarket.modeling.metrics.pairs import evaluate
from nightmarket.modeling.recipes import RECIPES
from nightmarket.modeling.recipes.shallow_trees import contributions_to_log

FEATURES = FAMILY.feature_columns
GROUP = np.asarray([FAMILY.reason_of_feature[name] for name in FEATURES])
LAPSE = FAMILY.heads[0]
SPEND, DAYS = FAMILY.heads[2:]


def _fit(name, frames, head, *, threads=1):
    seen = [frame.head(head.name, is_amount=head is not LAPSE) for frame in frames]
    return RECIPES[name].fit(seen, features=FEATURES, seed=1, threads=threads)


CASES = [(name, head) for head in (LAPSE, SPEND, DAYS) for name in head.recipes]
each_case = pytest.mark.parametrize(("name", "head"), CASES, ids=[f"{name}-{head.name}" for name, head in CASES])


@each_case
def test_a_recipe_learns_the_pattern(name, head):
    later = make_customers(date(2024, 6, 26), seed=1)
    raw = _fit(name, [make_customers()], head).raw_scores(later)
    seen = later.head(head.name, is_amount=head is not LAPSE)
    if head is LAPSE:
        assert evaluate(seen.y, 1 / (1 + np.exp(-raw)), seen.is_new, 0.3)["roc_auc"] > 0.7
    else:
        assert spearmanr(raw, seen.y).statistic > 0.4
        assert (raw >= 0).all()


@each_case
def test_a_model_comes_back_from_its_files_the_same(name, head, tmp_path):
    frame = make_customers()
    model = _fit(name, [frame], head)
    written = model.save(tmp_path)
    loaded = RECIPES[name].load(tmp_path, threads=1)
    assert len(set(written)) == len(written)
    assert (loaded.recipe, loaded.features) == (name, model.features)
    assert np.array_equal(loaded.raw_scores(frame), model.raw_scores(frame))


@each_case
def test_fitting_twice_writes_the_same_bytes_with_one_thread_or_two(name, head, tmp_path):
    written = []
    for threads in (1, 2):
        folder = tmp_path / str(threads)
        folder.mkdir()
        model = _fit(name, [make_customers(), make_customers(seed=1)], head, threads=threads)
        written.append([(folder / one).read_bytes() for one in model.save(folder)])
    assert written[0] == written[1]


@pytest.mark.parametrize("name", ["blend", "shallow_trees", "amount_blend", "amount_trees", "amount_ridge"])
def test_contributions_and_base_add_up_to_the_raw_score(name):
    frame = make_customers()
    model = _fit(name, [frame], LAPSE if name in LAPSE.recipes else SPEND)
    rows = np.array([5, 0, 17])
    found, base = model.contributions(frame, rows, GROUP)
    assert found.shape == (3, len(FAMILY.reasons))
    assert found.sum(axis=1) + base == pytest.approx(model.raw_scores(frame)[rows], abs=1e-5)


def test_contributions_of_nothing_stay_nothing():
    found, base = contributions_to_log(np.zeros((2, 3)), 4.0)
    assert not found.any()
    assert base == pytest.approx(np.log1p(16))


def test_an_amount_is_never_below_nothing_and_returns_count_as_nothing():
    frame = make_customers()
    frame.outcomes[SPEND.name][:] = -5
    raw = _fit("amount_blend", [frame], SPEND).raw_scores(make_customers(seed=2))
    assert raw == pytest.approx(np.zeros(len(raw)), abs=1e-6)


def test_run_rate_goes_on_as_before():
    frame = make_customers()
    raw = _fit("run_rate", [frame], SPEND).raw_scores(frame)
    assert np.expm1(raw) == pytest.approx(frame.columns["health__spend_amount_84d"] * 56 / 84, rel=1e-5)


def test_where_nobody_came_back_buy_till_you_die_goes_on_as_before():
    frame = make_customers()
    once = frame.with_columns({"health__n_intervals": np.zeros(len(frame), np.float32)})
    run_rate = _fit("run_rate", [once], SPEND).raw_scores(once)
    assert _fit("btyd", [once], SPEND).raw_scores(once) == pytest.approx(run_rate, rel=1e-5)


def test_a_shop_of_forty_customers_still_gets_leaves():
    frame = make_customers(n=40)
    assert np.ptp(_fit("shallow_trees", [frame], LAPSE).raw_scores(frame)) > 0


def test_an_unknown_value_is_neither_high_nor_low_to_the_ridge():
    frame = make_customers()
    model = _fit("amount_ridge", [frame], SPEND)
    unknown = frame.with_columns(dict.fromkeys(FEATURES, np.full(len(frame), np.nan, np.float32)))
    assert model.raw_scores(unknown) == pytest.approx(np.full(len(frame), np.log1p(model.line.intercept**2)))
