"""What the ablation of purchase intents hands to the forecaster: no week by a model that knows it, nobody's own."""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from bench.demand.intents import deal_out, expected_buyers, model_of_each_week

from nightmarket.modeling.frames import Frame

FIRST, SECOND = date(2017, 5, 22), date(2017, 6, 5)


def test_every_week_is_scored_by_the_newest_model_that_does_not_know_it() -> None:
    assert model_of_each_week([SECOND, FIRST], date(2017, 6, 19)) == {
        date(2017, 5, 22): FIRST,
        date(2017, 5, 29): FIRST,
        date(2017, 6, 5): SECOND,
        date(2017, 6, 12): SECOND,
    }


@pytest.mark.parametrize("cut_offs", [[], [date(2017, 6, 19)]])
def test_without_a_model_before_the_last_origin_there_is_nothing_to_compare(cut_offs: list[date]) -> None:
    with pytest.raises(ValueError, match="expected one before 2017-06-19"):
        model_of_each_week(cut_offs, date(2017, 6, 19))


def test_expected_buyers_are_the_sums_that_a_night_reads_of_published_rows() -> None:
    rng = np.random.default_rng(3)
    probability, item = rng.uniform(size=3_000), rng.integers(0, 3, 3_000).astype(np.int32)
    names = np.asarray(["bread", "milk", "tea"], dtype=object)
    frame = Frame(FIRST, np.asarray(["1"], dtype=object), names, np.zeros(3_000, np.int32), item, {})
    rows = pa.table({"category_id": pa.array(names[item].tolist()), "probability": probability})
    published = duckdb.execute(
        "select category_id, sum(cast(probability as decimal(18, 9)))::double from rows group by 1"
    ).fetchall()
    assert len(rows) == 3_000
    assert expected_buyers(frame, probability) == dict(published)


def test_intents_are_dealt_out_to_other_categories_and_stay_in_their_weeks() -> None:
    names = [f"category {i}" for i in range(20)]
    intents = {
        day: {name: 100 * place + i for i, name in enumerate(names)} for place, day in enumerate((FIRST, SECOND))
    }
    dealt = deal_out(intents, seed=1)
    for day, week in intents.items():
        assert sorted(dealt[day].values()) == sorted(week.values())
        assert all(dealt[day][name] != week[name] for name in names)
    given = {day: [int(dealt[day][name]) % 100 for name in names] for day in intents}
    assert given[FIRST] == given[SECOND]
