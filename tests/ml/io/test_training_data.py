from dataclasses import replace
from datetime import date

import duckdb
import numpy as np
import pytest

from nightmarket.errors import NoChampion, StepMissing
from nightmarket.families.base import Kind
from nightmarket.families.purchase_intent import FAMILY as PURCHASE_INTENT
from nightmarket.io.training_data import FrameReader, TextSpace
from nightmarket.modeling.text_features import fit_text_projection, text_columns
from nightmarket.settings import Settings
from nightmarket.steps.score import choose_version

FAMILY = replace(PURCHASE_INTENT, columns=("pair__n_orders", "pair__mean_interval_days"))
NIGHT, OPEN = date(2024, 5, 1), date(2024, 5, 29)
CUT_OFF = date(2024, 5, 29)


@pytest.fixture
def reader():
    """Two customers and two categories, given out of order; b bought x in the window."""
    connection = duckdb.connect()
    connection.execute("""
        create schema features; create schema labels; create schema embeddings;
        create table features.ftr_purchase_intent as
            select 's' as snapshot_id, as_of::date as as_of_date, * exclude (as_of) from (values
                ('2024-05-01', 'b', 'y', 0, null), ('2024-05-01', 'b', 'x', 3, 9.5),
                ('2024-05-01', 'a', 'x', 0, null), ('2024-05-01', 'a', 'y', 1, null), ('2024-05-29', 'a', 'x', 0, null)
            ) as t(as_of, customer_id, category_id, pair__n_orders, pair__mean_interval_days);
        create table labels.lbl_purchase_intent as
            select * from (values ('s', date '2024-05-01', 'b', 'x'), ('another', date '2024-05-01', 'a', 'x'))
            as t(snapshot_id, as_of_date, customer_id, category_id);
        create table labels.lbl_windows as
            select 's' as snapshot_id, as_of_date, 28 as horizon_days, as_of_date + 28 as known_before_date, is_closed
            from (values (date '2024-05-01', true), (date '2024-05-29', false)) as t(as_of_date, is_closed);
        create table features.ftr_customer_text as
            select 's' as snapshot_id, date '2024-05-01' as as_of_date, * from (values
                ('a', 'y', 'p1', 1, 0.5), ('b', 'x', 'p1', 2, 1.5), ('b', 'z', 'p2', 1, 0.25),
                ('gone', 'x', 'p2', 1, 1.0)
            ) as t(customer_id, category_id, product_id, n_orders, decayed_orders);
        create macro embeddings.product_texts_at(snapshot, as_of) as table
            select * from (values ('p1', 'h2'), ('p2', 'h1')) as t(product_id, text_hash);
        create table embeddings.product_text_versions as
            select * from (values ('s', 'h1'), ('s', 'h2')) as t(snapshot_id, text_hash);
        create table embeddings.text_vectors as select * from (values
            ('key', 'h1', [1, 2]::float[]), ('key', 'h2', [3, 4]::float[]), ('other', 'h1', [9, 9]::float[])
        ) as t(encoder_key, text_hash, vector);
    """)
    yield FrameReader(connection, FAMILY, "s", TextSpace("key", 2), night=CUT_OFF)
    connection.close()


def test_a_frame_is_sorted_typed_and_labelled(reader):
    frame = reader.read(NIGHT, with_label=True)
    assert frame.customer_ids.tolist() == ["a", "b"]
    assert frame.item_ids.tolist() == ["x", "y"]
    assert list(zip(frame.customer.tolist(), frame.item.tolist(), strict=True)) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert frame.columns["pair__n_orders"].tolist() == [0, 1, 3, 0]
    assert np.isnan(frame.columns["pair__mean_interval_days"]).tolist() == [True, True, False, True]
    assert frame.columns["pair__mean_interval_days"].dtype == np.float32
    assert frame.outcomes["probability"].tolist() == [0, 0, 1, 0]
    assert frame.is_new.tolist() == [True, False, False, True]


def test_text_is_read_for_the_customers_of_the_frame_and_keeps_categories_outside_it(reader):
    rows = reader.text_rows(reader.read(NIGHT, with_label=False))
    found = sorted(zip(rows.customer.tolist(), rows.category.tolist(), rows.text.tolist(), rows.weights, strict=True))
    assert found == [(0, 1, 1, 0.5), (1, -1, 0, 0.25), (1, 0, 1, 1.5)]
    assert rows.vectors.tolist() == [[1, 2], [3, 4]]


def test_an_open_label_window_is_not_read(reader):
    with pytest.raises(StepMissing, match="Got an open label window of purchase_intent for 2024-05-29"):
        reader.read(OPEN, with_label=True)


def test_a_training_origin_that_was_not_built_says_how_to_build_it_where_a_model_exists_already(reader):
    with pytest.raises(StepMissing, match=r"Got no label window .*Run `nightmarket transform --for-training`"):
        reader.read(date(2024, 6, 1), with_label=True)


def test_an_origin_that_was_built_and_where_nobody_was_eligible_is_an_empty_frame(reader):
    reader._connection.execute(
        "insert into labels.lbl_windows values ('s', date '2024-04-03', 28, date '2024-05-29', true)"
    )
    frame = reader.read(date(2024, 4, 3), with_label=True)
    assert (len(frame), frame.outcomes["probability"].tolist(), frame.customer_ids.tolist()) == (0, [], [])


def test_a_date_that_was_not_built_says_what_to_run(reader):
    with pytest.raises(StepMissing, match=r"Got no rows .* for 2024-06-01 .*Run `nightmarket transform`"):
        reader.read(date(2024, 6, 1), with_label=False)


def test_an_encoder_that_embedded_nothing_says_what_to_run(reader):
    another = FrameReader(reader._connection, FAMILY, "s", TextSpace("unknown", 2), night=CUT_OFF)
    with pytest.raises(StepMissing, match=r"Got no text vectors of encoder unknown .*Run `nightmarket embed`"):
        another.text_rows(another.read(NIGHT, with_label=False))


def test_a_shop_whose_products_have_no_text_gets_undefined_text_features(reader):
    reader._connection.execute("update embeddings.product_text_versions set text_hash = null")
    frame = reader.read(NIGHT, with_label=False).with_columns({"pair__decayed_orders": np.zeros(4, np.float32)})
    texts = reader.text_rows(frame)
    assert texts.vectors.shape == (0, 2)
    derived = text_columns(frame, texts, fit_text_projection(texts, 2))
    assert all(np.isnan(column).all() for column in derived.values())


def test_the_same_rows_have_the_same_hash_and_a_changed_label_another(reader):
    frame = reader.read(NIGHT, with_label=True)
    assert frame.sha256() == reader.read(NIGHT, with_label=True).sha256()
    changed = reader.read(NIGHT, with_label=True)
    changed.outcomes["probability"][0] = 1
    assert frame.sha256() != changed.sha256()


def test_scoring_without_a_champion_says_what_to_run(tmp_path):
    with pytest.raises(NoChampion, match="Run `nightmarket train purchase_intent --as-of 2024-05-01 --snapshot s`"):
        choose_version(Settings(var_dir=tmp_path), PURCHASE_INTENT, NIGHT, "s", encoder_key="encoder")


def test_labels_that_another_night_built_again_are_refused(reader):
    """A later night knows of late and corrected orders that this one could not."""
    reader._connection.execute("update labels.lbl_windows set known_before_date = date '2024-06-26'")
    with pytest.raises(
        StepMissing,
        match=r"known before 2024-06-26, expected before 2024-05-29: another night's transform rebuilt them\. "
        r"Run `nightmarket transform --for-training` for 2024-05-29 again",
    ):
        reader.read(NIGHT, with_label=True)


def test_a_window_that_closed_with_the_night_may_know_all_of_itself_and_no_more(reader):
    early = FrameReader(reader._connection, FAMILY, "s", TextSpace("key", 2), night=date(2024, 5, 15))
    assert early.read(NIGHT, with_label=True).outcomes["probability"].tolist() == [0, 0, 1, 0]


HEALTH = replace(
    FAMILY,
    name="health",
    keys=FAMILY.keys[:1],
    columns=("customer__n_orders",),
    heads=(
        replace(FAMILY.primary, outcome="has_lapsed"),
        replace(FAMILY.primary, name="spend", kind=Kind.AMOUNT, horizon_days=56, outcome="spend_amount_56d"),
    ),
    feature_view="features.ftr_health",
    label_table="labels.lbl_health",
)


@pytest.fixture
def health(reader):
    """A family of customers alone: b's spend is not known, c has no label at all."""
    reader._connection.execute("""
        create table features.ftr_health as
            select 's' as snapshot_id, date '2024-05-01' as as_of_date, * from (values ('c', 1), ('a', 5), ('b', 2))
            as t(customer_id, customer__n_orders);
        create table labels.lbl_health as
            select 's' as snapshot_id, date '2024-05-01' as as_of_date, * from (values
                ('b', true, null), ('a', false, 12.5), ('stranger', true, 3)
            ) as t(customer_id, has_lapsed, spend_amount_56d);
    """)
    return FrameReader(reader._connection, HEALTH, "s", TextSpace("key", 2), night=CUT_OFF)


def test_a_family_of_customers_alone_has_one_nameless_item(health):
    frame = health.read(NIGHT, with_label=True)
    assert (frame.customer_ids.tolist(), frame.customer.tolist()) == (["a", "b", "c"], [0, 1, 2])
    assert (frame.item_ids.tolist(), frame.item.tolist()) == ([""], [0, 0, 0])
    assert frame.columns["customer__n_orders"].tolist() == [5, 2, 1]
    assert not frame.is_new.any()


def test_a_null_outcome_is_undefined_and_its_row_is_not_used_by_that_head(health):
    frame = health.read(NIGHT, with_label=True)
    lapsed, spend = frame.head("probability"), frame.head("spend", is_amount=True)
    assert (lapsed.customer.tolist(), lapsed.y.tolist(), lapsed.y.dtype) == ([0, 1], [0, 1], np.uint8)
    assert (spend.customer.tolist(), spend.y.tolist(), spend.y.dtype) == ([0], [12.5], np.float64)
    assert spend.columns["customer__n_orders"].tolist() == [5]
    assert len(frame) == 3


def test_a_frame_that_nobody_looked_at_has_no_outcome_of_its_own(health):
    with pytest.raises(ValueError, match="Got a frame of 2024-05-01 without labels"):
        _ = health.read(NIGHT, with_label=True).y


@pytest.fixture
def history(reader):
    """What the night of 2024-05-29 knows: a line corrected on 2024-05-10, one that came late, a product that moved."""
    reader._connection.execute("""
        create table features.ftr_known_order_lines as
            select 's' as snapshot_id, date '2024-05-29' as as_of_date, 'a' as customer_id, 'o' || n as order_id,
                'p1' as product_id, order_date::date as order_date, arrived::date as arrived_date,
                superseded::date as superseded_date, q::decimal(18, 4) as quantity, 2.5::decimal(18, 4) as sales_amount
            from (values
                (1, '2024-04-20', '2024-04-20', '2024-05-10', 1), (1, '2024-04-20', '2024-05-10', '9999-12-31', 3),
                (2, '2024-04-25', '2024-05-02', '9999-12-31', 1), (3, '2024-05-01', '2024-05-01', '9999-12-31', 1)
            ) as t(n, order_date, arrived, superseded, q);
        create table features.ftr_known_products as
            select 's' as snapshot_id, date '2024-05-29' as as_of_date, product_id, category_id,
                'Name of ' || product_id as product_name, true as is_ware, arrived::date as arrived_date,
                superseded::date as superseded_date
            from (values
                ('p1', 'x', '1970-01-01', '2024-05-10'), ('p1', 'y', '2024-05-10', '9999-12-31'),
                ('p2', 'x', '2024-05-05', '9999-12-31')
            ) as t(product_id, category_id, arrived, superseded);
        insert into features.ftr_known_order_lines
            select * replace ('another' as snapshot_id) from features.ftr_known_order_lines;
        insert into features.ftr_known_products
            select * replace (date '2024-06-05' as as_of_date) from features.ftr_known_products;
    """)
    return reader


@pytest.mark.parametrize(
    ("as_of", "lines"),
    [
        (date(2024, 5, 1), [("o1", "x", 1.0)]),
        (date(2024, 5, 2), [("o1", "x", 1.0), ("o3", "x", 1.0)]),
        (date(2024, 5, 10), [("o1", "x", 1.0), ("o2", "x", 1.0), ("o3", "x", 1.0)]),
        (date(2024, 5, 11), [("o1", "y", 3.0), ("o2", "y", 1.0), ("o3", "y", 1.0)]),
    ],
)
def test_an_origin_sees_the_lines_that_had_happened_and_arrived_in_the_version_it_knew(history, as_of, lines):
    found = history.order_lines(as_of).select(["order_id", "category_id", "quantity"]).to_pylist()
    assert sorted(tuple(row.values()) for row in found) == lines


def test_an_origin_sees_the_catalogue_as_it_was_known(history):
    early, late = (history.products(day).to_pylist() for day in (date(2024, 5, 5), date(2024, 5, 11)))
    assert [(row["product_id"], row["category_id"]) for row in early] == [("p1", "x")]
    assert [(row["product_id"], row["category_id"]) for row in late] == [("p1", "y"), ("p2", "x")]
    assert {row["text_hash"] for row in late} == {"h1", "h2"}


def test_a_product_without_text_is_in_the_catalogue_without_a_hash(history):
    history._connection.execute(
        "insert into features.ftr_known_products by name select * replace ('p3' as product_id) "
        "from features.ftr_known_products where product_id = 'p2'"
    )
    assert {row["product_id"]: row["text_hash"] for row in history.products(CUT_OFF).to_pylist()}["p3"] is None
