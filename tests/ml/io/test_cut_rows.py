"""Rows with cuts of their own: open ones are scored, those that are over are read by their cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import duckdb
import numpy as np
import pytest

from nightmarket.errors import StepMissing
from nightmarket.families.campaign_response import FAMILY as CAMPAIGN_RESPONSE
from nightmarket.io.training_data import FrameReader, TextSpace
from nightmarket.io.view_rows import count_rows, read_cuts
from nightmarket.modeling.cuts import Cut

NIGHT, SPRING, MAY = date(2017, 6, 1), date(2017, 3, 1), date(2017, 5, 1)
FAMILY = replace(CAMPAIGN_RESPONSE, columns=("match__n_lines_84d",), derived_columns=())


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Three campaigns: spring and easter are over and of one cut, may runs."""
    with duckdb.connect() as opened:
        opened.execute("""
            create schema features; create schema labels;
            create table features.ftr_campaign_response as
                select 's' as snapshot_id, date '2017-06-01' as as_of_date, customer_id, campaign_id,
                    cut_date::date as cut_date, end_date::date as end_date, is_open,
                    date_diff('day', date '2017-06-01', end_date::date) + 1 as days_to_end, match__n_lines_84d
                from (values
                    ('bob', 'spring', '2017-03-01', '2017-03-31', false, 4),
                    ('ann', 'spring', '2017-03-01', '2017-03-31', false, null),
                    ('ann', 'easter', '2017-03-01', '2017-04-20', false, 2),
                    ('ann', 'may', '2017-05-01', '2017-06-01', true, 7)
                ) as t(customer_id, campaign_id, cut_date, end_date, is_open, match__n_lines_84d);
            create table labels.lbl_campaign_response as
                select 's' as snapshot_id, date '2017-06-01' as as_of_date, * from (values
                    ('bob', 'spring', 1), ('ann', 'spring', 0), ('ann', 'easter', 0)
                ) as t(customer_id, campaign_id, has_responded);
        """)
        yield opened


def _reader(connection: duckdb.DuckDBPyConnection, snapshot: str = "s") -> FrameReader:
    return FrameReader(connection, FAMILY, snapshot, TextSpace("", 0), night=NIGHT)


def test_the_night_gives_what_is_open_with_the_days_to_its_end(connection: duckdb.DuckDBPyConnection) -> None:
    frame = _reader(connection).read(NIGHT, with_label=False)
    assert (frame.as_of_date, frame.item_ids.tolist()) == (NIGHT, ["may"])
    assert frame.columns["days_to_end"].tolist() == [1]
    assert frame.columns["cut_date"].tolist() == [(MAY - date(1970, 1, 1)).days]
    assert count_rows(connection, FAMILY, snapshot_id="s", as_of=NIGHT) == 1


def test_a_cut_gives_what_is_over_with_its_outcomes(connection: duckdb.DuckDBPyConnection) -> None:
    frame = _reader(connection).read(SPRING, with_label=True)
    rows = [(frame.customer_ids[c], frame.item_ids[i]) for c, i in zip(frame.customer, frame.item, strict=True)]
    assert rows == [("ann", "easter"), ("ann", "spring"), ("bob", "spring")]
    assert frame.outcomes["probability"].tolist() == [0, 0, 1]
    assert np.isnan(frame.columns["match__n_lines_84d"]).tolist() == [False, True, False]


def test_a_block_is_read_as_one_frame_under_its_first_cut(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("update features.ftr_campaign_response set is_open = false")
    connection.execute("insert into labels.lbl_campaign_response values ('s', '2017-06-01', 'ann', 'may', 1)")
    frame = _reader(connection).read(SPRING, with_label=True, cuts=(SPRING, MAY))
    assert (frame.as_of_date, len(frame), int(frame.outcomes["probability"].sum())) == (SPRING, 4, 2)


def test_cuts_are_counted_with_their_last_day_and_what_is_open_is_none(connection: duckdb.DuckDBPyConnection) -> None:
    assert read_cuts(connection, FAMILY, snapshot_id="s", night=NIGHT) == [Cut(SPRING, date(2017, 4, 20), 3, 1)]


def test_a_campaign_that_the_source_does_not_cover_is_not_learned_from(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("update labels.lbl_campaign_response set has_responded = null where campaign_id = 'easter'")
    assert read_cuts(connection, FAMILY, snapshot_id="s", night=NIGHT) == [Cut(SPRING, date(2017, 3, 31), 2, 1)]


def test_rows_that_are_over_and_have_no_label_are_refused(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("delete from labels.lbl_campaign_response where campaign_id = 'easter'")
    with pytest.raises(StepMissing, match=r"Got 1 rows of features\.ftr_campaign_response at 2017-06-01 .* no label"):
        read_cuts(connection, FAMILY, snapshot_id="s", night=NIGHT)


def test_a_shop_without_campaigns_has_no_rows_and_no_cuts(connection: duckdb.DuckDBPyConnection) -> None:
    assert len(_reader(connection, "other").read(NIGHT, with_label=False)) == 0
    assert read_cuts(connection, FAMILY, snapshot_id="other", night=NIGHT) == []
