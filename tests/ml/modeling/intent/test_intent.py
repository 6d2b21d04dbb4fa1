"""What closed windows teach: on shops small enough to see through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from nightmarket.families.purchase_intent import DEMAND_COLUMNS, FAMILY, TEXT_LEARNED_COLUMNS
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.intent.demand import demand_columns
from nightmarket.modeling.intent.timeline import read_timeline
from nightmarket.modeling.intent.windows import closed_windows, fit_forecast, forecast_adoption
from nightmarket.modeling.text_features import TextRows

AS_OF = date(2024, 6, 1)
CATEGORIES = ("bread", "butter", "nails")


def order_lines(*rows: tuple[str, str, int, str]) -> pa.Table:
    """Lines of (customer, category, days before AS_OF, order)."""
    return pa.table(
        {
            "customer_id": pa.array([row[0] for row in rows], pa.string()),
            "product_id": pa.array([f"a {row[1]}" for row in rows], pa.string()),
            "category_id": pa.array([row[1] for row in rows], pa.string()),
            "order_id": pa.array([row[3] for row in rows], pa.string()),
            "order_date": pa.array([AS_OF - timedelta(days=row[2]) for row in rows], pa.date32()),
            "quantity": [1.0] * len(rows),
            "sales_amount": [1.0] * len(rows),
        }
    )


def weekly_shop(n_customers: int = 120, *, seed: int = 0) -> pa.Table:
    """Everybody shops weekly; half buy bread, and only they take up butter, in the course of time."""
    random = np.random.default_rng(seed)
    rows = []
    for i in range(n_customers):
        takes_up = random.integers(-60, 150)
        for days in range(3, 200, 7):
            rows.append((f"c{i:03d}", "nails" if i % 2 else "bread", days, f"o{i}-{days}"))
            if i % 2 == 0 and days < takes_up:
                rows.append((f"c{i:03d}", "butter", days, f"o{i}-{days}"))
    return order_lines(*rows)


def frame_of(lines: pa.Table) -> Frame:
    customers = np.array(sorted(set(lines["customer_id"].to_pylist())), object)
    customer, item = (grid.ravel().astype(np.int32) for grid in np.indices((len(customers), len(CATEGORIES))))
    pairs = set(zip(lines["customer_id"].to_pylist(), lines["category_id"].to_pylist(), strict=True))
    orders = [float((customers[c], CATEGORIES[k]) in pairs) for c, k in zip(customer, item, strict=True)]
    columns = {"pair__n_orders": np.array(orders, np.float32), "pair__decayed_orders": np.array(orders, np.float32)}
    return Frame(AS_OF, customers, np.array(CATEGORIES, object), customer, item, columns)


def demand_of(lines: pa.Table) -> dict[str, np.ndarray]:
    frame = frame_of(lines)
    timeline = read_timeline(lines, frame)
    shape = (len(frame.customer_ids), len(CATEGORIES))
    return {k: v.reshape(shape) for k, v in demand_columns(frame, timeline, closed_windows(timeline)).items()}


def test_lines_of_one_order_count_once_and_returns_do_not():
    lines = order_lines(("a", "bread", 9, "1"), ("a", "bread", 9, "1"), ("a", "bread", 2, "2"), ("a", "nails", 1, "3"))
    lines = lines.set_column(5, "quantity", pa.array([1.0, 1.0, 1.0, -1.0]))
    timeline = read_timeline(lines, frame_of(lines))
    assert timeline.items.count().tolist() == [[2, 0, 0]]
    assert timeline.items.before(timeline.as_of - 5).count().tolist() == [[1, 0, 0]]
    assert timeline.items.halved(timeline.as_of, 2).tolist() == [[0.5**4.5 + 0.5, 0, 0]]
    assert timeline.orders.count().tolist() == [[2]]


def test_windows_are_closed_and_have_history_before_them():
    lines = weekly_shop(4)
    timeline = read_timeline(lines, frame_of(lines))
    assert [timeline.as_of - day for day in closed_windows(timeline).days] == [28, 56, 84, 112]
    young = order_lines(("a", "bread", 60, "1"), ("a", "bread", 10, "2"))
    timeline = read_timeline(young, frame_of(young))
    assert [timeline.as_of - day for day in closed_windows(timeline).days] == [28]


def test_a_shop_too_young_for_a_window_has_undefined_features():
    found = demand_of(order_lines(("a", "bread", 10, "1"), ("b", "nails", 5, "2")))
    for name in ("forecast", "from_others", "adoption", "repeat_rate", "n_categories", "n_new"):
        assert np.isnan(found[f"demand__{name}"]).all(), name


def test_adoption_is_expected_of_those_who_are_like_the_adopters():
    lines = weekly_shop()
    found, frame = demand_of(lines), frame_of(lines)
    never = (frame.columns["pair__n_orders"] == 0).reshape(-1, len(CATEGORIES))[:, CATEGORIES.index("butter")]
    eats_bread = np.arange(len(never)) % 2 == 0
    butter = found["demand__adoption"][:, CATEGORIES.index("butter")]
    assert butter[never & eats_bread].min() > butter[never & ~eats_bread].max() + 0.05


def test_repeat_rates_are_the_shares_that_came_back():
    found = demand_of(weekly_shop())
    bread = found["demand__repeat_rate"][:, CATEGORIES.index("bread")]
    assert bread[0] > 0.9
    assert bread[1] < 0.1


def test_what_is_bought_later_changes_nothing_that_an_earlier_window_says():
    lines = weekly_shop()
    timeline = read_timeline(lines, frame_of(lines))
    cut = timeline.as_of - 28
    known = lines.filter(pa.compute.less(lines["order_date"], AS_OF - timedelta(days=28)))
    earlier = read_timeline(known, frame_of(lines))
    assert np.array_equal(timeline.items.before(cut).count(), earlier.items.count())
    assert np.array_equal(timeline.items.before(cut).halved(cut, 28), earlier.items.before(cut).halved(cut, 28))


def test_features_do_not_depend_on_the_order_of_lines():
    lines = weekly_shop()
    shuffled = lines.take(np.random.default_rng(1).permutation(len(lines)))
    for name, column in demand_of(lines).items():
        assert np.array_equal(column, demand_of(shuffled)[name]), name


def test_adoption_is_the_ridge_of_each_category_alone():
    lines = weekly_shop()
    timeline = read_timeline(lines, frame_of(lines))
    windows = closed_windows(timeline)
    rows = np.random.default_rng(0).normal(size=(len(windows), 3))
    found = forecast_adoption(rows, rows[:5], windows, ridge=2.0)
    item = CATEGORIES.index("butter")
    kept = windows.is_new[:, item]
    design = np.hstack([rows[kept], np.ones((kept.sum(), 1))])
    gram = design.T @ design + kept.sum() * np.diag([2.0, 2.0, 2.0, 1e-6])
    weights = np.linalg.solve(gram, design.T @ windows.bought[kept, item])
    assert found[:, item] == pytest.approx(rows[:5] @ weights[:3] + weights[3])


def test_a_category_that_everybody_has_bought_has_no_adopters_to_learn_from():
    lines = order_lines(*((f"c{i}", "bread", days, f"{i}-{days}") for i in range(60) for days in range(1, 120, 7)))
    found = demand_of(lines)
    assert np.isnan(found["demand__adoption"][:, CATEGORIES.index("bread")]).all()
    assert np.isfinite(found["demand__adoption"][:, CATEGORIES.index("nails")]).all()


def test_the_forecast_is_an_ordinary_ridge():
    random = np.random.default_rng(0)
    rows = random.normal(size=(200, 4))
    bought = (rows[:, :1] > 0).astype(float)
    weights, mean = fit_forecast(rows, bought, ridge=0.0)
    assert (rows.T @ (bought - mean - rows @ weights)) == pytest.approx(0, abs=1e-8)


@dataclass(frozen=True)
class Shop:
    """What a family reads of a shop whose texts are one per category."""

    lines: pa.Table
    vectors: np.ndarray

    def text_rows(self, frame: Frame) -> TextRows:
        bought = np.flatnonzero(~frame.is_new)
        return TextRows(
            customer=frame.customer[bought].astype(np.int64),
            category=frame.item[bought].astype(np.int64),
            text=frame.item[bought].astype(np.int64) if len(self.vectors) else np.zeros(0, np.int64),
            weights=np.ones(len(bought)),
            orders=np.ones(len(bought)),
            vectors=self.vectors,
        )

    def order_lines(self, as_of: date) -> pa.Table:
        return self.lines.filter(pa.compute.less(self.lines["order_date"], as_of))

    def products(self, as_of: date) -> pa.Table:
        return pa.table(
            {
                "product_id": [f"a {name}" for name in CATEGORIES],
                "category_id": list(CATEGORIES),
                "product_name": list(CATEGORIES),
                "text_hash": list(CATEGORIES),
            }
        )

    def text_vectors(self) -> tuple[pa.Array, np.ndarray]:
        return pa.array(CATEGORIES[: len(self.vectors)], pa.string()), self.vectors


def test_texts_say_who_takes_up_what():
    lines = weekly_shop()
    shop = Shop(lines, np.array([[1, 0.1, 0], [0.8, 0, 0.3], [-1, 0.2, 0.1]], np.float32))
    frame = frame_of(lines)
    derived = FAMILY.derive(frame, shop, FAMILY.fit_space(frame, shop))
    assert set(FAMILY.derived_columns) <= set(derived.columns)
    for name in FAMILY.derived_columns:
        assert derived.columns[name].dtype == np.float32, name
    adoption = derived.columns["text__adoption"].reshape(-1, len(CATEGORIES))
    never = frame.is_new.reshape(-1, len(CATEGORIES))[:, CATEGORIES.index("butter")]
    eats_bread = np.arange(len(never)) % 2 == 0
    butter = adoption[:, CATEGORIES.index("butter")]
    assert butter[never & eats_bread].min() > butter[never & ~eats_bread].max()


def test_derived_features_are_the_same_bits_again():
    lines = weekly_shop()
    shop = Shop(lines, np.eye(3, dtype=np.float32))
    frame = frame_of(lines)
    space = FAMILY.fit_space(frame, shop)
    one, two = (FAMILY.derive(frame, shop, space) for _ in range(2))
    for name in (*DEMAND_COLUMNS, *TEXT_LEARNED_COLUMNS):
        assert np.array_equal(one.columns[name], two.columns[name]), name
