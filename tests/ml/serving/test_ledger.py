"""What a night promised is held against what happened, once its window has closed and never before."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nightmarket.contracts import ID, Column
from nightmarket.families import FAMILIES
from nightmarket.families.base import Family, Head, Kind
from nightmarket.io import serving
from nightmarket.io.serving import Catalog, PublishedFile, Run, measure_promises, nights_to_measure
from nightmarket.io.serving.ledger import MAX_NIGHTS
from nightmarket.settings import Settings
from nightmarket.steps import publish

SNAPSHOT = "00112233aabbccdd"
NIGHT = date(2017, 11, 1)
CLOSED = NIGHT + timedelta(days=28)
NEXT = CLOSED + timedelta(days=1)
WHOLE = "select n_rows, promised, happened, measured_at_as_of from ops.calibration_ledger order by bin"


def _label(settings: Settings, bought: list[tuple[str, str]], *, nights: list[date], known_before: date) -> None:
    """Leave the labels of ``nights``, the same for each, as ``transform`` leaves them."""
    settings.warehouse_path.parent.mkdir(parents=True, exist_ok=True)
    pairs = [f"{customer}/{category}" for customer, category in bought]
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("create schema if not exists labels")
        connection.execute(
            "create or replace table labels.lbl_purchase_intent as select ?::varchar as snapshot_id, "
            "unnest(?::date[]) as as_of_date, split_part(pair, '/', 1) as customer_id, "
            "split_part(pair, '/', 2) as category_id from (select unnest(?::varchar[]) as pair)",
            [SNAPSHOT, nights, pairs],
        )
        connection.execute(
            "create or replace table labels.lbl_windows as select ?::varchar as snapshot_id, "
            "unnest(?::date[]) as as_of_date, 28 as horizon_days, true as is_closed, ?::date as known_before_date",
            [SNAPSHOT, nights, known_before],
        )


@pytest.fixture
def publish_night(settings: Settings, stage_night: Any) -> Any:
    """Return a function that publishes a night which measured what ``transform`` had labelled for it."""

    def publish_one(as_of: date, bought: list[tuple[str, str]] | None = None, **staged: Any) -> None:
        night = stage_night(as_of, **staged)
        complete = as_of - timedelta(days=1)
        night.record("land", {**night.read("land"), "complete_through": complete.isoformat()})
        nights = nights_to_measure(settings, as_of, complete_through=complete)
        if nights:
            _label(settings, bought or [], nights=nights, known_before=as_of)
        night.record(
            "transform", {"step": "transform", "rows": 0, "seconds": 0.0, "outcome_dates": list(map(str, nights))}
        )
        publish.run(settings, as_of=as_of, snapshot_id=SNAPSHOT)

    return publish_one


def _query(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    connection = serving.open_serving(settings)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def _files(settings: Settings) -> dict[str, bytes]:
    folder = settings.serving_dir / "tables" / "ops.calibration_ledger"
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def test_a_night_whose_window_has_closed_is_measured(settings: Settings, publish_night: Any) -> None:
    publish_night(NIGHT)
    publish_night(CLOSED, [("c2", "k1"), ("c1", "k0"), ("unknown", "k0")])
    # Six rows from 0.00 (c0, k0) to 0.25 (c2, k1): a bin each, and a sale nobody had scored is not of them.
    assert _query(settings, WHOLE) == [
        (1, 0.0, 0.0, CLOSED),
        (1, 0.05, 0.0, CLOSED),
        (1, 0.1, 1.0, CLOSED),
        (1, pytest.approx(0.15), 0.0, CLOSED),
        (1, 0.2, 0.0, CLOSED),
        (1, 0.25, 1.0, CLOSED),
    ]
    told = "select distinct family, head, as_of_date, model_version, run_id, horizon_days, n_in_interval"
    assert _query(settings, f"{told} from ops.calibration_ledger") == [
        ("purchase_intent", "probability", NIGHT, "purchase_intent/1", f"run-{NIGHT}", 28, None)
    ]


def test_an_open_window_does_not_appear(settings: Settings, publish_night: Any) -> None:
    publish_night(NIGHT)
    eve = CLOSED - timedelta(days=1)
    publish_night(eve)
    assert _query(settings, WHOLE) == []
    assert nights_to_measure(settings, CLOSED, complete_through=eve - timedelta(days=1)) == []
    assert nights_to_measure(settings, CLOSED, complete_through=eve) == [NIGHT]


def test_labels_that_another_night_built_are_not_taken_for_tonights(settings: Settings, publish_night: Any) -> None:
    publish_night(NIGHT)
    publish_night(CLOSED, [("c2", "k1")])
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("update labels.lbl_windows set known_before_date = known_before_date - 1")
    publish.run(settings, as_of=CLOSED, snapshot_id=SNAPSHOT)
    assert _query(settings, WHOLE) == []


def test_a_rerun_publishes_the_same_bytes(settings: Settings, publish_night: Any) -> None:
    publish_night(NIGHT)
    publish_night(CLOSED, [("c2", "k1")])
    before = _files(settings)
    publish_night(CLOSED, [("c2", "k1")])
    assert _files(settings) == before
    assert len(before) == 1


def test_a_correction_changes_what_happened_when_a_later_night_measures(settings: Settings, publish_night: Any) -> None:
    publish_night(NIGHT)
    publish_night(CLOSED, [("c2", "k1")])
    publish_night(NEXT, [])
    happened = "select sum(happened) from ops.calibration_ledger"
    assert _query(settings, happened) == [(0.0,)]
    assert _query(settings, f"{happened}_history where measured_at_as_of = date '{CLOSED}'") == [(1.0,)]


def test_a_rerun_of_an_earlier_night_leaves_the_newer_measurement(settings: Settings, publish_night: Any) -> None:
    publish_night(NIGHT)
    publish_night(CLOSED, [("c2", "k1")])
    publish_night(NEXT, [("c2", "k1"), ("c1", "k1")])
    later = _query(settings, WHOLE)
    publish_night(CLOSED, [("c2", "k1")])
    assert _query(settings, WHOLE) == later


def test_new_nights_come_before_measured_ones_and_a_few_are_measured_a_night(
    settings: Settings, publish_night: Any
) -> None:
    nights = [NIGHT + timedelta(days=i) for i in range(MAX_NIGHTS + 2)]
    for night in nights:
        publish_night(night)
    last = nights[-1] + timedelta(days=28)
    assert nights_to_measure(settings, last, complete_through=last) == nights[2:]
    publish_night(last)
    after = last + timedelta(days=1)
    assert nights_to_measure(settings, after, complete_through=last) == [*nights[:2], *nights[-2:]]
    publish_night(nights[2], run_id="scored anew")
    assert nights_to_measure(settings, after, complete_through=last) == [*nights[:3], nights[-1]]


def test_an_amount_is_measured_with_its_interval_over_its_own_window(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = Family(
        name="health",
        title="Health",
        description="How customers are.",
        keys=(Column("customer_id", ID, "The customer."),),
        predictions=tuple(
            Column(name, "DOUBLE", "A forecast.") for name in ("probability", "spend", "spend_low", "spend_high")
        ),
        heads=(
            Head("probability", Kind.PROBABILITY, 28, ("a",), "a", "pairs", "roc_auc", outcome="has_lapsed"),
            Head("spend", Kind.AMOUNT, 56, ("a",), "a", "amounts", "wape", outcome="spend_amount"),
        ),
        label_table="labels.lbl_health",
        reasons=(),
    )
    rows = pa.table(
        {
            "customer_id": ["a", "b", "c", "d"],
            "probability": [0.1, 0.2, 0.3, None],
            "spend": [10.0, 20.0, 30.0, 40.0],
            "spend_low": [5.0, 10.0, 15.0, 20.0],
            "spend_high": [15.0, 30.0, 45.0, 60.0],
        }
    )
    settings.var_dir.mkdir()
    path = settings.var_dir / "health.parquet"
    pq.write_table(rows, path)
    told = {"snapshot_id": SNAPSHOT, "family": "health", "model_version": "health/1/a", "recipe": "a", "n_rows": 4}
    none = {"checks": {}, "steps": {}, "hashes": {}, "code_revision": None}
    sums = {"staged_sha256": "", "published_sha256": "", "published_at": "", "verdict": "passed"}
    run = Run("r", 1, NIGHT, table_name=family.score_table, **told, **none, **sums)
    catalog = Catalog("", {family.score_table: {NIGHT: PublishedFile(str(path), "", 4)}}, (run,))
    monkeypatch.setitem(FAMILIES, "health", family)
    with duckdb.connect() as connection:
        connection.execute("create schema labels")
        connection.execute(
            "create table labels.lbl_health as select ? as snapshot_id, ?::date as as_of_date, * "
            "from (values ('a', 1, 12.0), ('b', null, 5.0), ('c', 0, 31.5), ('d', 1, null)) "
            "as l(customer_id, has_lapsed, spend_amount)",
            [SNAPSHOT, NIGHT],
        )
        connection.execute(
            "create table labels.lbl_windows as select ? as snapshot_id, ?::date as as_of_date, "
            "unnest([28, 56]) as horizon_days, true as is_closed, ?::date as known_before_date",
            [SNAPSHOT, NIGHT, NIGHT + timedelta(days=56)],
        )
        measured = {}
        for days in (55, 56):
            end = NIGHT + timedelta(days=days)
            connection.execute("update labels.lbl_windows set known_before_date = ?", [end])
            measured[days] = measure_promises(
                connection,
                settings,
                catalog,
                as_of=end,
                snapshot_id=SNAPSHOT,
                complete_through=end - timedelta(days=1),
                nights=[NIGHT],
            ).to_pylist()
    assert {row["head"] for row in measured[55]} == {"probability"}
    spend = [row for row in measured[56] if row["head"] == "spend"]
    assert [(row["promised"], row["happened"], row["n_in_interval"]) for row in spend] == [
        (10.0, 12.0, 1),
        (20.0, 5.0, 0),
        (30.0, 31.5, 1),
    ]
    # Customer b's lapse is not defined, and d was given no probability.
    assert [(row["promised"], row["happened"]) for row in measured[56] if row["head"] == "probability"] == [
        (0.1, 1.0),
        (0.3, 0.0),
    ]


def test_the_ledger_is_there_before_anything_was_measured(settings: Settings, publish_night: Any) -> None:
    publish_night(NIGHT)
    assert _query(settings, WHOLE) == []
    described = _query(
        settings, "select comment from duckdb_columns() where table_name = 'calibration_ledger' order by column_index"
    )
    assert len(described) == 12
    assert all(comment for (comment,) in described)
