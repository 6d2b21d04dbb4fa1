import numpy as np
import pytest

from nightmarket.families.base import Kind
from nightmarket.modeling.evaluating.slices import measure_slices, promise
from nightmarket.modeling.forecast import Forecast


@pytest.fixture(scope="module")
def rows(tiny_frame):
    frame = tiny_frame(n_customers=200)
    days = np.tile(np.array([10, 100, 100, 100]), 50)[frame.customer]
    ago = np.tile(np.array([5, 5, 40, 5]), 50)[frame.customer]
    orders = np.tile(np.array([1, 20, 20, 2]), 50)[frame.customer]
    return frame.with_columns(
        {
            "customer__days_since_first_order": days.astype(np.float32),
            "customer__days_since_last_order": ago.astype(np.float32),
            "customer__n_orders": orders.astype(np.float32),
        }
    )


@pytest.fixture(scope="module")
def forecast(rows):
    return Forecast(np.where(rows.columns["pair__n_orders"] > 0, 0.4, 0.2))


@pytest.fixture(scope="module")
def measured(family, rows, forecast):
    flat = Forecast(np.full(len(rows), 0.3))
    return measure_slices(family.primary, rows, forecast, flat, threshold=0.3, seed=1)


def test_every_customer_is_in_one_of_new_regular_and_lapsed(measured):
    counts = {
        name: measured[name]["n_customers"] for name in ("new customers", "regular customers", "lapsed customers")
    }
    assert counts == {"new customers": 50, "regular customers": 100, "lapsed customers": 50}
    assert measured["thin history"]["n_customers"] == 100


def test_never_bought_pairs_are_rows_and_not_customers(measured, rows):
    assert measured["never-bought pairs"]["n_rows"] == int(rows.is_new.sum())


def test_a_slice_has_its_metrics_its_gain_and_what_was_promised(measured):
    one = measured["lapsed customers"]
    assert one["gain"]["average_precision"].low > 0
    assert one["intervals"]["brier"].low < one["metrics"]["brier"] < one["intervals"]["brier"].high
    assert one["promise"]["happened"] == one["n_positive"]


def test_a_slice_with_fewer_than_fifty_positives_is_counted_and_not_measured(family, rows, forecast):
    few = rows.take(np.flatnonzero(rows.customer < 8))
    kept = Forecast(forecast.value[rows.customer < 8])
    measured = measure_slices(family.primary, few, kept, kept, threshold=0.3, seed=1)
    assert measured["new customers"]["n_positive"] < 50
    assert "metrics" not in measured["new customers"]


def test_a_family_without_the_columns_has_no_such_slice(family, rows, forecast):
    kept = ("customer__n_orders",)
    bare = type(rows)(
        **{**rows.__dict__, "columns": {name: column for name, column in rows.columns.items() if name in kept}}
    )
    assert set(measure_slices(family.primary, bare, forecast, forecast, threshold=0.3, seed=1)) == {"thin history"}


def test_promised_is_the_sum_of_the_forecasts_and_its_ratio_has_an_interval(rows):
    found = promise(rows, Forecast(rows.y * 1.2), seed=1)
    assert found["promised"] == pytest.approx(1.2 * rows.y.sum())
    assert found["ratio_low"] == pytest.approx(1.2)
    assert Kind.PROBABILITY.value == "probability"
