from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from .brute_force import BruteForce
from .warehouses import FEATURE_TABLES, Built, build, copy_known_before, real_warehouse

EARLIER, NIGHT = date(2017, 8, 7), date(2017, 9, 4)
DATES = [NIGHT, EARLIER]
CUSTOMERS = 150
Rows = list[tuple[object, ...]]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return real_warehouse(tmp_path_factory.mktemp("raw"), CUSTOMERS)


@pytest.fixture(scope="module")
def built(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(Path(shutil.copy(raw, tmp_path_factory.mktemp("built"))), DATES, threads=2)


@pytest.fixture(scope="module", params=DATES, ids=str)
def as_of(request: pytest.FixtureRequest) -> date:
    day: date = request.param
    return day


@pytest.fixture(scope="module")
def plain(raw: Path, as_of: date) -> BruteForce:
    return BruteForce(raw, as_of)


def _same(found: Rows, expected: Rows) -> None:
    assert expected
    wanted = set(expected)
    assert [row for row in found if row not in wanted] == []
    assert found == expected


def test_customer_features_equal_brute_force(built: Built, plain: BruteForce, as_of: date) -> None:
    columns = "columns(* exclude (snapshot_id, as_of_date, is_active))"
    _same(built.features("features.ftr_customer", as_of, columns), plain.customers())


def test_category_features_equal_brute_force(built: Built, plain: BruteForce, as_of: date) -> None:
    columns = "columns(* exclude (snapshot_id, as_of_date))"
    _same(built.features("features.ftr_category", as_of, columns), plain.categories())


def test_pair_features_equal_brute_force(built: Built, plain: BruteForce, as_of: date) -> None:
    columns = "columns(* exclude (snapshot_id, as_of_date))"
    _same(built.features("features.ftr_customer_category", as_of, columns), plain.pairs())


def test_text_input_equals_brute_force(built: Built, plain: BruteForce, as_of: date) -> None:
    columns = "columns(* exclude (snapshot_id, as_of_date))"
    _same(built.features("features.ftr_customer_text", as_of, columns), plain.texts())


def test_active_campaigns_equal_brute_force(built: Built, plain: BruteForce, as_of: date) -> None:
    columns = "customer_id, category_id"
    _same(built.features("features.ftr_customer_category__campaigns", as_of, columns), plain.campaigns())


def test_scored_pairs_equal_brute_force(built: Built, plain: BruteForce, as_of: date) -> None:
    _same(built.features("features.ftr_purchase_intent", as_of, "customer_id, category_id"), plain.eligible())


def test_labels_equal_brute_force(built: Built, plain: BruteForce, as_of: date) -> None:
    known_before = max(NIGHT, date.fromordinal(as_of.toordinal() + 28))
    _same(built.features("labels.lbl_purchase_intent", as_of, "customer_id, category_id"), plain.labels(known_before))


def test_a_label_window_knows_what_had_arrived_by_the_night_or_by_its_own_close(built: Built) -> None:
    known = {
        (NIGHT, 28): date(2017, 10, 2),
        (NIGHT, 56): date(2017, 10, 30),
        (EARLIER, 28): NIGHT,
        (EARLIER, 56): date(2017, 10, 2),
    }
    found = built.rows("select as_of_date, horizon_days, known_before_date, is_closed from labels.lbl_windows")
    assert {(day, horizon): known_before for day, horizon, known_before, _ in found} == known
    assert all(is_closed for *_, is_closed in found), "the source is complete long after"


def test_a_row_to_score_holds_the_features_of_its_customer_category_and_pair(built: Built) -> None:
    where = f"as_of_date = date '{NIGHT}'"
    assert built.rows(f"""
        select count(*) from features.ftr_purchase_intent as f
        left join features.ftr_customer_category as p using (snapshot_id, as_of_date, customer_id, category_id)
        where {where} and (
            f.pair__n_orders != coalesce(p.pair__n_orders, 0)
            or f.pair__spend_amount_84d is distinct from p.pair__spend_amount_84d
        )
    """) == [(0,)]
    assert built.rows(f"""
        select count(*) > 0, bool_and(pair__days_since_last_order is null) from features.ftr_purchase_intent
        where {where} and pair__n_orders = 0
    """) == [(True, True)]


def test_some_customers_have_timelines_of_their_own(built: Built) -> None:
    ((irregular,),) = built.rows("select count(*) from intermediate.int_irregular_customers")
    assert 10 < int(str(irregular)) < CUSTOMERS


def test_what_comes_after_a_date_changes_nothing_in_its_features(raw: Path, built: Built, tmp_path: Path) -> None:
    """One run on the whole year for two dates; one on what was known on the eve of a date, and nonsense after it."""
    path = copy_known_before(raw, tmp_path, EARLIER)
    with duckdb.connect(str(path)) as connection:
        nonsense = f"timestamp '{EARLIER} 12:00' as arrived_at, date '{EARLIER}' as arrived_date"
        connection.execute(f"""
            insert into raw.order_lines
            select * replace (999 as quantity, 9999 as sales_amount, {nonsense}) from raw.order_lines
            where hash(order_id) % 7 = 0;
            insert into raw.order_lines
            select * replace (order_line_id || 'x' as order_line_id, date '{EARLIER}' as order_date, {nonsense})
            from raw.order_lines where hash(order_id) % 7 = 1;
            insert into raw.products
            select * replace ('NONSENSE' as category_id, {nonsense}) from raw.products where hash(product_id) % 3 = 0;
            insert into raw.products
            select * replace ('MISC' as category_name, {nonsense}) from raw.products where hash(product_id) % 3 = 1;
            insert into raw.customers select * replace ('99+' as age_band, {nonsense}) from raw.customers;
            insert into raw.campaigns select * replace (date '2017-12-31' as end_date, {nonsense}) from raw.campaigns;
            insert into raw.promotions
            select product_id, '', date '2017-01-01', date '2017-12-31', 'A', 'A', {nonsense} from raw.products;
        """)
    truncated = build(path, [EARLIER], threads=1)
    for table in FEATURE_TABLES:
        if table.startswith("features."):
            assert truncated.features(table, EARLIER) == built.features(table, EARLIER), table


def test_a_second_run_with_another_number_of_threads_gives_the_same_bits(built: Built, tmp_path: Path) -> None:
    again = build(Path(shutil.copy(built.path, tmp_path)), DATES, threads=1)
    for table in FEATURE_TABLES:
        for day in DATES:
            assert again.features(table, day) == built.features(table, day), table


def test_a_date_built_again_replaces_only_itself(built: Built, tmp_path: Path) -> None:
    path = Path(shutil.copy(built.path, tmp_path))
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"delete from raw.order_lines where order_date >= date '{EARLIER}' - 100")
    again = build(path, [EARLIER])
    assert again.features("features.ftr_customer", NIGHT) == built.features("features.ftr_customer", NIGHT)
    assert again.features("features.ftr_purchase_intent", EARLIER) == []
    assert len(again.features("features.ftr_customer", EARLIER)) > 0
