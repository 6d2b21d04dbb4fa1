import numpy as np
import pytest

from nightmarket.modeling.bootstrap import Interval, draw_customers, paired_gain
from nightmarket.modeling.metrics.pairs import bootstrap_metrics, evaluate


def _draws(probability, y, customer, n_customers, seed=0):
    return bootstrap_metrics(
        y=y,
        probability=probability,
        is_new=np.ones(len(y), bool),
        customer=customer,
        threshold=0.3,
        multiplicities=draw_customers(n_customers, seed=seed),
    )


def test_a_draw_of_every_customer_once_gives_the_plain_metrics():
    random = np.random.default_rng(0)
    customer = np.repeat(np.arange(25, dtype=np.int32), 8)
    probability, is_new = random.random(200).round(2), random.random(200) < 0.5
    y = (random.random(200) < probability).astype(np.uint8)
    drawn = bootstrap_metrics(
        y=y,
        probability=probability,
        is_new=is_new,
        customer=customer,
        threshold=0.3,
        multiplicities=np.ones((1, 25), np.int64),
    )
    plain = evaluate(y, probability, is_new, 0.3)
    assert {name: values[0] for name, values in drawn.items()} == pytest.approx(plain)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    # Brier of a constant forecast of .5 is .25 whatever happens; accuracy at .3 is the base rate, .4.
    covered = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        customer = np.repeat(np.arange(80, dtype=np.int32), 10)
        y = (random.random(800) < 0.4).astype(np.uint8)
        interval = Interval.of(_draws(np.full(800, 0.5), y, customer, 80, seed)["accuracy"])
        covered += interval.low <= 0.4 <= interval.high
    assert covered >= 51


def test_the_same_seed_draws_the_same_customers_and_gains_are_paired():
    random = np.random.default_rng(3)
    customer = np.repeat(np.arange(50, dtype=np.int32), 10)
    truth = random.random(500)
    y = (random.random(500) < truth).astype(np.uint8)
    good, noisy = _draws(truth, y, customer, 50), _draws((truth + random.random(500)) / 2, y, customer, 50)
    assert np.array_equal(draw_customers(50, seed=7), draw_customers(50, seed=7))
    gain = paired_gain(good, noisy, "average_precision")
    assert gain.low > 0
    assert paired_gain(good, good, "average_precision") == Interval(0.0, 0.0)


def test_a_metric_that_is_nowhere_defined_has_no_interval():
    assert np.isnan(Interval.of(np.full(5, np.nan)).low)
