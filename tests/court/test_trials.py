"""Which trials there are, and what counts as a difference."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import duckdb
import numpy as np
import pytest

from nightmarket.quality.court.arrays import differing
from nightmarket.quality.court.comparison import Layout, count_sql, first_sql
from nightmarket.quality.court.trials import (
    Claim,
    Outcome,
    Window,
    World,
    feature_trials,
    find_wrong_window,
    label_trials,
    outcomes_of,
    share_rebuilds,
)

NIGHT = date(2024, 6, 10)
CLOSED = Window(date(2024, 5, 13), 28, date(2024, 6, 9), NIGHT, True)
OPEN = Window(NIGHT, 28, date(2024, 7, 7), date(2024, 7, 8), False)
BOUGHT = Outcome("lbl_bought", None, 28)


def test_features_are_cut_at_each_date_and_built_for_it_alone() -> None:
    assert [(trial.world, trial.as_of_dates) for trial in feature_trials([NIGHT, CLOSED.as_of_date])] == [
        (World(CLOSED.as_of_date), (CLOSED.as_of_date,)),
        (World(NIGHT), (NIGHT,)),
    ]


def test_a_label_is_cut_at_what_it_may_know_and_at_both_ends_of_its_window() -> None:
    known, within = label_trials(NIGHT, [CLOSED, OPEN], [BOUGHT])
    assert known.world == World(NIGHT)
    assert within.world == World(NIGHT, CLOSED.as_of_date, CLOSED.window_end_date)
    assert known.claims == within.claims == (Claim("labels", "lbl_bought", CLOSED.as_of_date),)
    assert known.as_of_dates == (NIGHT, CLOSED.as_of_date)


def test_a_label_that_compares_with_the_past_keeps_its_past() -> None:
    dropped = Outcome("lbl_health", "has_dropped_spend", 28, reads_past=True)
    assert label_trials(NIGHT, [CLOSED], [dropped])[1].world == World(NIGHT, None, CLOSED.window_end_date)


def test_trials_of_one_world_share_its_rebuild() -> None:
    (shared, _) = share_rebuilds([*feature_trials([NIGHT]), *label_trials(NIGHT, [CLOSED], [BOUGHT])])
    assert shared.schemas == ("features", "labels")
    assert shared.as_of_dates == (NIGHT, CLOSED.as_of_date)


def test_columns_that_no_family_declares_are_judged_over_the_longest_window() -> None:
    declared = {"lbl_health": [Outcome("lbl_health", "has_lapsed", 28)]}
    found = outcomes_of({"lbl_health": ["has_lapsed", "days"], "lbl_new": ["x"]}, declared, 56)
    assert found == [
        Outcome("lbl_health", "has_lapsed", 28),
        Outcome("lbl_health", "days", 56),
        Outcome("lbl_new", None, 56),
    ]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (replace(CLOSED, window_end_date=NIGHT), "window_end_date 2024-06-09"),
        (replace(CLOSED, known_before_date=date(2024, 6, 11)), "known_before_date up to 2024-06-10"),
        (replace(OPEN, known_before_date=date(2024, 7, 9)), "known_before_date up to 2024-07-08"),
    ],
)
def test_a_window_that_reads_or_knows_more_is_found(wrong: Window, expected: str) -> None:
    assert find_wrong_window(NIGHT, [CLOSED, OPEN]) is None
    assert find_wrong_window(NIGHT, [CLOSED, wrong]) == (wrong, expected)


def _count(stored: str, rebuilt: str, *, with_rows: bool = True) -> tuple[int, ...]:
    layout = Layout("features", "ftr", {"id": "VARCHAR", "x": "DOUBLE"}, ("id",))
    with duckdb.connect() as connection:
        for name, values in (("stored", stored), ("rebuilt", rebuilt)):
            connection.execute(f"create view {name} as select id, x::double as x from (values {values}) as t(id, x)")
        counted = connection.execute(count_sql(layout, ["x"], with_rows=with_rows)).fetchone()
        assert counted is not None
        if counted[2]:
            assert connection.execute(first_sql(layout, "x")).fetchone() is not None
        return counted


def test_equal_rows_do_not_differ_in_any_order() -> None:
    assert _count("('a', 1.5), ('b', null)", "('b', null), ('a', 1.5)") == (0, 0, 0)


def test_the_last_bit_the_sign_of_zero_and_null_differ() -> None:
    stored = "('a', 0.1::double + 0.2::double), ('b', 0::double), ('c', null)"
    assert _count(stored, "('a', 0.3::double), ('b', '-0.0'::double), ('c', 0::double)") == (3, 0, 3)


def test_a_row_of_one_side_differs_or_counts_as_nulls() -> None:
    assert _count("('a', 1), ('b', 2)", "('a', 1)") == (1, 1, 1)
    assert _count("('a', 1), ('b', null)", "('a', 1)", with_rows=False) == (0, 0, 0)
    assert _count("('a', 1), ('b', 2)", "('a', 1)", with_rows=False) == (1, 0, 1)


def test_arrays_differ_where_a_bit_does() -> None:
    left = np.asarray([1.0, 0.0, np.nan], np.float32)
    assert differing(left, left.copy()).tolist() == []
    assert differing(left, np.asarray([1.0, -0.0, np.nan], np.float32)).tolist() == [1]
    assert len(differing(left, left.astype(np.float64))) == 3
    assert len(differing(left, None)) == 3
