from dataclasses import replace
from datetime import date

import duckdb
import pytest

from nightmarket.families.purchase_intent import FAMILY as PURCHASE_INTENT
from nightmarket.io.night_facts import newest_base_rate

NIGHT = date(2024, 5, 29)


@pytest.fixture
def connection():
    """Four eligible pairs at 2024-05-01; one of them came true, and so did two pairs that nobody scores."""
    with duckdb.connect() as connection:
        connection.execute("""
            create schema features; create schema labels;
            create table features.ftr_purchase_intent as
                select 's' as snapshot_id, date '2024-05-01' as as_of_date, * from (values
                    ('a', 'x'), ('a', 'y'), ('b', 'x'), ('b', 'y')
                ) as t(customer_id, category_id);
            create table labels.lbl_purchase_intent as
                select 's' as snapshot_id, date '2024-05-01' as as_of_date, * from (values
                    ('a', 'x'), ('newcomer', 'x'), ('b', 'rare')
                ) as t(customer_id, category_id);
        """)
        yield connection


def test_the_base_rate_counts_only_eligible_pairs(connection):
    assert newest_base_rate(connection, PURCHASE_INTENT, snapshot_id="s", as_of=NIGHT) == 0.25


@pytest.mark.parametrize(("snapshot_id", "as_of"), [("another", NIGHT), ("s", date(2024, 5, 28))])
def test_without_closed_labels_of_the_snapshot_there_is_no_base_rate(connection, snapshot_id, as_of):
    assert newest_base_rate(connection, PURCHASE_INTENT, snapshot_id=snapshot_id, as_of=as_of) is None


def test_the_base_rate_of_an_outcome_leaves_out_what_is_undefined(connection):
    connection.execute("""
        alter table labels.lbl_purchase_intent add column has_bought boolean;
        update labels.lbl_purchase_intent set has_bought = true;
        insert into labels.lbl_purchase_intent values
            ('s', date '2024-05-01', 'a', 'y', false), ('s', date '2024-05-01', 'b', 'x', null);
    """)
    family = replace(PURCHASE_INTENT, heads=(replace(PURCHASE_INTENT.primary, outcome="has_bought"),))
    assert newest_base_rate(connection, family, snapshot_id="s", as_of=NIGHT) == 0.5


def test_a_family_that_makes_its_rows_itself_has_no_base_rate(connection):
    family = replace(PURCHASE_INTENT, feature_view=None)
    assert newest_base_rate(connection, family, snapshot_id="s", as_of=NIGHT) is None
