from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nightmarket.errors import InvalidSetting, TransformFailed
from nightmarket.io.warehouse import writer_lock
from nightmarket.settings import Settings
from nightmarket.steps import transform

from .warehouses import SNAPSHOT, Built, build, empty_raw, run_dbt

NIGHT = date(2024, 6, 1)
ARRIVED = "timestamp '1970-01-01', date '1970-01-01'"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A shop with three customers, ids in words, and none of the optional tables."""
    path = tmp_path_factory.mktemp("tiny") / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        empty_raw(connection)
        connection.execute(f"""
            insert into raw.products values
                ('green tea', 'Green tea', 'tea', null, null, null, null, {ARRIVED}),
                ('vase', 'Vase', null, null, null, null, null, {ARRIVED});
            insert into raw.order_lines by name
            select
                'line ' || number as order_line_id, 'order ' || number as order_id, customer_id, product_id,
                cast(order_date as timestamp) as ordered_at, order_date, 1 as quantity, 2.5 as sales_amount,
                0 as discount_amount, 0 as coupon_amount, false as is_cancelled,
                cast(order_date as timestamp) as arrived_at, order_date as arrived_date
            from (values
                (1, 'Ann O''Hara', 'green tea', date '2024-05-04'), (2, 'Ann O''Hara', 'green tea', date '2024-05-31'),
                (3, 'bob', 'green tea', date '2024-05-03'), (4, 'bob', 'vase', date '2024-05-04'),
                (5, 'cy', 'never catalogued', date '2024-05-05'), (6, 'cy', 'green tea', date '2024-06-01')
            ) as line (number, customer_id, product_id, order_date)
        """)
    return build(path, [NIGHT])


def test_a_tiny_shop_without_optional_tables_has_rows_to_score(tiny: Built) -> None:
    columns = "customer_id, category_id, pair__n_orders, pair__n_orders_28d, customer__n_orders, category__n_customers"
    assert tiny.features("features.ftr_purchase_intent", NIGHT, columns) == [
        ("Ann O'Hara", "tea", 2, 2, 2, 2),
        ("bob", "tea", 1, 0, 2, 2),
        ("cy", "tea", 0, None, 1, 2),
    ]


def test_what_a_tiny_shop_does_not_record_is_null_or_zero(tiny: Built) -> None:
    columns = (
        "customer__age_rank, customer__has_demographics, customer__promoted_share_84d, "
        "customer__n_campaign_contacts_84d, customer__discount_pct_84d"
    )
    assert set(tiny.features("features.ftr_customer", NIGHT, columns)) == {(None, 0, 0.0, 0, 0.0)}


def test_the_tables_for_people_can_be_read(tiny: Built) -> None:
    assert tiny.rows("select count(*) from marts.fct_order_lines") == [(6,)]
    assert tiny.rows("select count(*) from marts.dim_customers") == [(3,)]
    assert tiny.rows("select category_id, n_products, is_pseudo from marts.dim_categories") == [("tea", 1, False)]


def test_a_published_night_whose_outcome_is_looked_up_gets_labels_and_no_features(tiny: Built) -> None:
    ended = run_dbt(
        tiny.path,
        [NIGHT],
        arguments=("--select", "int_as_of_dates", "int_label_dates", "lbl_windows", "lbl_purchase_intent"),
        changed={"outcome_dates": ["2024-05-04"], "complete_through": "2024-05-31"},
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    labels = "select as_of_date, customer_id, category_id from labels.lbl_purchase_intent"
    assert tiny.rows(labels) == [(date(2024, 5, 4), "Ann O'Hara", "tea")]
    windows = (
        "select as_of_date, is_closed, known_before_date from labels.lbl_windows where horizon_days = 28 order by all"
    )
    assert tiny.rows(windows) == [(date(2024, 5, 4), True, NIGHT), (NIGHT, False, date(2024, 6, 29))]
    assert tiny.rows("select distinct as_of_date from features.ftr_customer") == [(NIGHT,)]


def test_customers_are_paired_with_what_they_bought_for_the_pair_dates_alone(tiny: Built) -> None:
    earlier = date(2024, 5, 18)
    ended = run_dbt(
        tiny.path,
        [NIGHT, earlier],
        subcommand="run",
        arguments=("--select", "+ftr_purchase_intent", "+ftr_customer_text"),
        changed={"pair_dates": [NIGHT.isoformat()]},
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for table in ("ftr_category", "ftr_customer_category", "ftr_customer_text", "ftr_purchase_intent"):
        assert tiny.rows(f"select distinct as_of_date from features.{table}") == [(NIGHT,)], table
    breadth = "customer_id, customer__n_categories, customer__n_categories_28d, customer__n_categories_84d"
    assert tiny.features("features.ftr_customer", earlier, breadth) == [
        ("Ann O'Hara", 1, 1, 1),
        ("bob", 1, 1, 1),
        ("cy", 0, 0, 0),
    ]


def test_the_unit_tests_of_the_models_hold(tiny: Built) -> None:
    ended = run_dbt(tiny.path, [NIGHT], subcommand="test", arguments=("--select", "test_type:unit"))
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"snapshot_id": "x' or 1=1 --"}, "expected 16 hexadecimal digits"),
        ({"snapshot_id": SNAPSHOT.upper()}, "expected 16 hexadecimal digits"),
        ({"as_of_dates": []}, "expected at least the night's"),
        ({"as_of_dates": ["2024-06-01"]}, "expected a date"),
        ({"pair_dates": ["2024-06-01"]}, "expected a date"),
        ({"complete_through": "2024-06-01'"}, "expected a date"),
        ({"late_lookback_days": "400"}, "expected a whole number of days"),
        ({"late_lookback_days": -1}, "expected a whole number of days"),
    ],
)
def test_a_variable_that_could_be_code_never_reaches_dbt(changed: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {
        "snapshot_id": SNAPSHOT,
        "as_of_dates": [NIGHT],
        "complete_through": NIGHT,
        "late_lookback_days": 400,
    }
    with pytest.raises(InvalidSetting, match=message):
        transform.dbt_variables(**(given | changed))


def test_a_model_that_fails_is_named_with_its_message(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        empty_raw(connection)
        connection.execute("alter table raw.campaigns drop column end_date")
    variables = transform.dbt_variables(
        snapshot_id=SNAPSHOT, as_of_dates=[NIGHT], complete_through=NIGHT, late_lookback_days=400
    )
    settings = Settings(var_dir=tmp_path, threads=2)
    failure = pytest.raises(TransformFailed, match=r"error in stg_campaigns.*end_date.*the whole log is")
    with writer_lock(settings) as lock, failure:
        transform.run_dbt(settings, variables, lock)
