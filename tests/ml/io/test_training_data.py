from dataclasses import replace
from datetime import date

import duckdb
import numpy as np
import pytest

from nightmarket.errors import NoChampion, StepMissing
from nightmarket.families.purchase_intent import PURCHASE_INTENT
from nightmarket.io.training_data import FrameReader, TextSpace
from nightmarket.modeling.text_features import fit_text_projection, text_columns
from nightmarket.settings import Settings
from nightmarket.steps.score import choose_version

FAMILY = replace(PURCHASE_INTENT, behaviour_columns=("pair__n_orders", "pair__mean_interval_days"))
NIGHT, OPEN = date(2024, 5, 1), date(2024, 5, 29)


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
        create table labels.lbl_purchase_intent__windows as
            select * from (values ('s', date '2024-05-01', true), ('s', date '2024-05-29', false))
            as t(snapshot_id, as_of_date, is_closed);
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
    yield FrameReader(connection, FAMILY, "s", TextSpace("key", 2))
    connection.close()


def test_a_frame_is_sorted_typed_and_labelled(reader):
    frame = reader.read(NIGHT, with_label=True)
    assert frame.customer_ids.tolist() == ["a", "b"]
    assert frame.category_ids.tolist() == ["x", "y"]
    assert list(zip(frame.customer.tolist(), frame.category.tolist(), strict=True)) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert frame.columns["pair__n_orders"].tolist() == [0, 1, 3, 0]
    assert np.isnan(frame.columns["pair__mean_interval_days"]).tolist() == [True, True, False, True]
    assert frame.columns["pair__mean_interval_days"].dtype == np.float32
    assert frame.label.tolist() == [0, 0, 1, 0]
    assert frame.is_new.tolist() == [True, False, False, True]


def test_text_is_read_for_the_customers_of_the_frame_and_keeps_categories_outside_it(reader):
    rows = reader.read_text(reader.read(NIGHT, with_label=False))
    found = sorted(zip(rows.customer.tolist(), rows.category.tolist(), rows.text.tolist(), rows.weights, strict=True))
    assert found == [(0, 1, 1, 0.5), (1, -1, 0, 0.25), (1, 0, 1, 1.5)]
    assert rows.vectors.tolist() == [[1, 2], [3, 4]]


def test_an_open_label_window_is_not_read(reader):
    with pytest.raises(StepMissing, match="Got an open label window for 2024-05-29"):
        reader.read(OPEN, with_label=True)


def test_a_training_origin_that_was_not_built_says_how_to_build_it_where_a_model_exists_already(reader):
    with pytest.raises(StepMissing, match=r"Got no label window .*Run `nightmarket transform --for-training`"):
        reader.read(date(2024, 6, 1), with_label=True)


def test_an_origin_that_was_built_and_where_nobody_was_eligible_is_an_empty_frame(reader):
    reader._connection.execute("insert into labels.lbl_purchase_intent__windows values ('s', date '2024-04-03', true)")
    frame = reader.read(date(2024, 4, 3), with_label=True)
    assert (len(frame), frame.y.tolist(), frame.customer_ids.tolist()) == (0, [], [])


def test_a_date_that_was_not_built_says_what_to_run(reader):
    with pytest.raises(StepMissing, match=r"Got no rows .* for 2024-06-01 .*Run `nightmarket transform`"):
        reader.read(date(2024, 6, 1), with_label=False)


def test_an_encoder_that_embedded_nothing_says_what_to_run(reader):
    another = FrameReader(reader._connection, FAMILY, "s", TextSpace("unknown", 2))
    with pytest.raises(StepMissing, match=r"Got no text vectors of encoder unknown .*Run `nightmarket embed`"):
        another.read_text(another.read(NIGHT, with_label=False))


def test_a_shop_whose_products_have_no_text_gets_undefined_text_features(reader):
    reader._connection.execute("update embeddings.product_text_versions set text_hash = null")
    frame = reader.read(NIGHT, with_label=False).with_columns({"pair__decayed_orders": np.zeros(4, np.float32)})
    texts = reader.read_text(frame)
    assert texts.vectors.shape == (0, 2)
    derived = text_columns(frame, texts, fit_text_projection(texts, 2))
    assert all(np.isnan(column).all() for column in derived.values())


def test_the_same_rows_have_the_same_hash_and_a_changed_label_another(reader):
    frame = reader.read(NIGHT, with_label=True)
    assert frame.sha256() == reader.read(NIGHT, with_label=True).sha256()
    changed = reader.read(NIGHT, with_label=True)
    changed.label[0] = 1
    assert frame.sha256() != changed.sha256()


def test_scoring_without_a_champion_says_what_to_run(tmp_path):
    with pytest.raises(NoChampion, match="Run `nightmarket train purchase_intent --as-of 2024-05-01 --snapshot s`"):
        choose_version(Settings(var_dir=tmp_path), PURCHASE_INTENT, NIGHT, "s", encoder_key="encoder")
