"""A tiny valid shop with every contract table, its features and its scores, for the borders to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nightmarket.contracts import SHOP_CONTRACT
from nightmarket.families import FAMILIES
from nightmarket.families.base import Family, Kind
from nightmarket.quality.batches import features_batch, landed_batch, staged_batch
from nightmarket.quality.outcomes import SuiteOutcome
from nightmarket.quality.suites import Suite, load_suite
from nightmarket.quality.tables import NUMBER, columns_of
from nightmarket.quality.validation import Batch, validate

from .forecast_samples import MODEL_VERSION, N_ROWS, RUN_ID, build_forecasts

EXPECTATIONS = Path(__file__).resolve().parents[2] / "expectations"
AS_OF = date(2024, 6, 1)
TRAINING_DATE = AS_OF - timedelta(days=28)
FIRST_ORDER_DATE = date(2024, 1, 1)
COMPLETE_THROUGH = AS_OF - timedelta(days=1)
SNAPSHOT_ID = "0123456789abcdef"
FAMILY = FAMILIES["purchase_intent"]

_ARRIVAL = "timestamp '1970-01-01' as arrived_at, date '1970-01-01' as arrived_date"
_ROWS = {
    "customers": f"""select 'c' || i as customer_id, '25-34' as age_band,
        '35-49K' as income_band, 'Owner' as home_ownership,
        'Married' as marital_status, '2' as household_size, '2 adults' as household_composition, '0' as n_children,
        {_ARRIVAL} from range(20) as t(i)""",
    "products": f"""select 'p' || i as product_id, 'Product ' || i as product_name, 'k' || (i % 4) as category_id,
        'Category ' || (i % 4) as category_name, 'Food' as department, 'Own' as brand, '1 kg' as description,
        {_ARRIVAL} from range(40) as t(i)""",
    # 17:00 UTC is 13:00 or 12:00 in New York: the same date there.
    "order_lines": """select 'l' || i as order_line_id, 'o' || (i // 2) as order_id, 'c' || (i % 20) as customer_id,
        'p' || (i % 40) as product_id, 's1' as location_id, ordered_at, cast(ordered_at as date) as order_date,
        1 as quantity, 2.5 as sales_amount, 0 as discount_amount, 0 as coupon_amount, null as currency,
        false as is_cancelled, ordered_at as arrived_at, cast(ordered_at as date) as arrived_date
        from (select i, timestamp '2024-01-01 17:00:00' + to_days(cast(i // 4 as integer)) as ordered_at
              from range(608) as t(i))""",
    "events": """select 'e' || i as event_id, 'c' || (i % 20) as customer_id,
        's' || i as session_id, 'view' as event_type,
        'p' || (i % 40) as product_id, seen_at as occurred_at,
        cast(seen_at as date) as event_date, seen_at as arrived_at,
        cast(seen_at as date) as arrived_date
        from (select i, timestamp '2024-05-22 17:00:00' + to_days(cast(i // 10 as integer)) as seen_at
              from range(100) as t(i))""",
    "reviews": """select 'r' || i as review_id, 'c' || i as customer_id, 'p' || i as product_id, 4 as rating,
        'Good' as review_text, seen_at as reviewed_at, cast(seen_at as date) as review_date, seen_at as arrived_at,
        cast(seen_at as date) as arrived_date
        from (select i, timestamp '2024-05-01 17:00:00' + to_days(cast(i as integer)) as seen_at
              from range(20) as t(i))""",
    "campaigns": f"""select 'a' || i as campaign_id, 'Spring' as campaign_name, 'A' as campaign_type,
        date '2024-05-01' as start_date, date '2024-05-20' as end_date, {_ARRIVAL} from range(3) as t(i)""",
    "campaign_products": f"""select 'a' || (i % 3) as campaign_id, 'x' || i as coupon_id, 'p' || i as product_id,
        {_ARRIVAL} from range(12) as t(i)""",
    "campaign_contacts": f"""select 'a' || (i % 3) as campaign_id, 'c' || i as customer_id,
        date '2024-05-01' as contact_date, {_ARRIVAL} from range(12) as t(i)""",
    "campaign_responses": f"""select 'a' || (i % 3) as campaign_id, 'c' || i as customer_id, 'x' || i as coupon_id,
        date '2024-05-10' as response_date, {_ARRIVAL} from range(6) as t(i)""",
    "campaign_plans": f"""select 'a' || i as campaign_id, 100 as budget_amount, 0.5 as cost_per_contact_amount,
        10 as value_per_response_amount, 30 as margin_pct, 10 as holdout_pct, {_ARRIVAL} from range(3) as t(i)""",
    "promotions": f"""select 'p' || i as product_id, 's1' as location_id, date '2024-05-06' as start_date,
        date '2024-05-12' as end_date, 'A' as display_location, '' as mailer_location,
        {_ARRIVAL} from range(30) as t(i)""",
    "inventory": f"""select 'p' || i as product_id, 's1' as location_id, date '2024-05-31' as stock_date,
        10 as on_hand_quantity, 0 as on_order_quantity, 7 as lead_time_days, 1 as pack_size, 1 as min_order_quantity,
        1.5 as unit_cost_amount, 1 as unit_margin_amount, 0.4 as holding_cost_amount,
        {_ARRIVAL} from range(40) as t(i)""",
    "fx_rates": f"""select 'EUR' as currency, date '2024-01-01' + cast(i as integer) as rate_date, 1.1 as rate,
        {_ARRIVAL} from range(30) as t(i)""",
}


def build_shop(connection: duckdb.DuckDBPyConnection) -> None:
    """Make every contract table in ``raw``."""
    connection.execute("create schema raw")
    for table in SHOP_CONTRACT:
        columns = ", ".join(f"cast({column.name} as {column.type}) as {column.name}" for column in table.columns)
        connection.execute(f"create table raw.{table.name} as select {columns} from ({_ROWS[table.name]})")


def build_features(
    connection: duckdb.DuckDBPyConnection, family: Family = FAMILY, values: Mapping[str, str] | None = None
) -> None:
    """Make a family's features and labels, for the night and one training origin: 20 customers, by 4 items if any.

    ``values`` is the SQL of its columns, from the numbers c of the customer and k of the item; a column without any
    is 3, or .5 where it is a share.
    """
    connection.execute("create schema if not exists features; create schema if not exists labels")
    rows = "range(20) as a(c)" + (", range(4) as b(k)" if len(family.keys) > 1 else "")
    if family.feature_view is not None:
        given = {**_keys_of(family), **(values or {})}
        listed = [
            f"cast({given.get(column, '0.5' if _is_share(column) else '3')} "
            f"as {'double' if type_name == NUMBER else type_name}) as {column}"
            for column, type_name in columns_of("features", family.name).items()
        ]
        # A family whose origins are cuts keeps them all in the rows of the night.
        dates = (AS_OF,) if family.cut_column else (AS_OF, TRAINING_DATE)
        listed_dates = ", ".join(f"(date '{day}')" for day in dates)
        connection.execute(
            f"create table {family.feature_view} as select {', '.join(listed)} from {rows}, "
            f"(values {listed_dates}) as dates(d)"
        )
    outcomes = "".join(
        f", {'c < 6' if head.kind is Kind.PROBABILITY else '3 + c'} as {head.outcome}"
        for head in family.heads
        if head.outcome
    )
    is_listed = "true" if family.primary.outcome else "c < 6"
    of_one_item = "k = 1" if len(family.keys) > 1 else "true"
    keys = ", ".join(f"{sql} as {key}" for key, sql in _keys_of(family).items() if key in family.key_names)
    connection.execute(
        f"create table {family.label_table} as select '{SNAPSHOT_ID}' as snapshot_id, "
        f"date '{TRAINING_DATE}' as as_of_date, {keys}{outcomes} from {rows} where {is_listed} and {of_one_item}"
    )


def _keys_of(family: Family) -> dict[str, str]:
    numbered = dict(zip(family.key_names, ("'c' || c", "'k' || k"), strict=False))
    return {"snapshot_id": f"'{SNAPSHOT_ID}'", "as_of_date": "d", **numbered}


def _is_share(column: str) -> bool:
    return any(word in column for word in ("share", "pct", "penetration", "rate"))


def build_scores(
    connection: duckdb.DuckDBPyConnection,
    staged: str = "staged",
    family: Family = FAMILY,
    values: Mapping[str, str] | None = None,
) -> None:
    """Make a table of valid scores, one row for each customer and item of the night, in the order of the keys.

    ``values`` is the SQL of predictions, from c and k, and from n, the number of the row among its customer's.
    """
    # About as many as the labels have: 6 of 20 customers, of one of their 4 items.
    number, least = ("(c * 4 + k)", 0.05) if len(family.keys) > 1 else ("c", 0.1)
    by_type = {
        "DOUBLE": f"({least} + 0.01 * ({number} % 20))",
        "INTEGER": "n",
        "VARCHAR": "'regular'",
        "BOOLEAN": "true",
        "DATE": f"date '{AS_OF}'",
    }
    factor = {"_low": " * 0.5", "_high": " * 2"}
    fixed = {
        **_keys_of(family),
        "as_of_date": f"date '{AS_OF}'",
        "horizon_days": str(family.horizon_days),
        "reason_1": "'bought 2 times'",
        "reason_2": "'shops here'",
        "reason_3": "null",
        "model_version": f"'{model_version_of(family)}'",
        "run_id": "'feedfeedfeedfeed'",
        **(values or {}),
    }
    columns = []
    for name, type_name in columns_of("scores", family.name).items():
        value = fixed.get(name) or by_type[type_name] + factor.get(name[name.rfind("_") :], "")
        columns.append(f"cast({value} as {type_name}) as {name}")
    rows = "select c, k, k + 1 as n from range(20) as a(c), range(4) as b(k)"
    one_each = "select c, 0 as k, 1 as n from range(20) as a(c)"
    connection.execute(
        f"create or replace table {staged} as select {', '.join(columns)} "
        f"from ({rows if len(family.keys) > 1 else one_each}) order by {', '.join(family.key_names)}"
    )


def model_version_of(family: Family) -> str:
    return f"{family.name}/1/{family.primary.baseline}"


def valid_values(family: Family, name: str) -> Mapping[str, str]:
    """Return ``FEATURES`` or ``SCORES`` of the family's own test file: what a valid sample of it holds."""
    found: Mapping[str, str] = getattr(import_module(f"tests.expectations.test_{family.name}_suites"), name, {})
    return found


@dataclass(frozen=True)
class Shop:
    """The tiny shop in memory, with one family. ``corrupt`` runs SQL on it; ``check`` validates one suite."""

    connection: duckdb.DuckDBPyConnection
    folder: Path
    family: Family

    def corrupt(self, sql: str) -> None:
        self.connection.execute(sql)

    def check(self, suite: Suite, *, provided: bool = True, **facts: Any) -> SuiteOutcome:
        return validate(self.connection, [self._batch(suite, facts, provided=provided)])[0]

    def _batch(self, suite: Suite, facts: dict[str, Any], *, provided: bool) -> Batch:
        if suite.border == "landed":
            n_rows = self.connection.execute(f"select count(*) from raw.{suite.table}").fetchone()
            assert n_rows
            known = {
                "complete_through": COMPLETE_THROUGH,
                "timezone": "America/New_York",
                "rows_accepted": n_rows[0],
                "rows_quarantined": 0,
                "quarantine_limit_pct": 1.0,
                "previous_rows": None,
            }
            return landed_batch(suite, {**known, **facts}, provided=provided)
        night = {"as_of_date": AS_OF, "snapshot_id": SNAPSHOT_ID}
        if suite.border == "features":
            known = {
                **night,
                "n_dates": 2,
                "training_dates": [TRAINING_DATE],
                "first_order_date": FIRST_ORDER_DATE,
                "days_of_history": (AS_OF - FIRST_ORDER_DATE).days,
            }
            return features_batch(
                self.connection,
                suite,
                self.family,
                {**known, **facts},
                snapshot_id=SNAPSHOT_ID,
                as_of_dates=[AS_OF, TRAINING_DATE],
            )
        known = {
            **night,
            "horizon_days": self.family.horizon_days,
            "rows_scored": 80 if len(self.family.keys) > 1 else 20,
            "model_version": model_version_of(self.family),
            "model_age_days": 56,
            "run_id": "feedfeedfeedfeed",
            "n_reason_rows": 2,
            "top_k": self.family.top_k,
            "top_k_categories": None,
            "all_categories": True,
            "base_rate": 0.12,
            "previous_night": AS_OF - timedelta(days=1),
        }
        staged, previous = self.folder / "staged.parquet", self.folder / "previous.parquet"
        self.connection.execute(f"copy staged to '{staged}'; copy previous to '{previous}'")
        return staged_batch(self.connection, suite, {**known, **facts}, staged=staged, previous=previous)


@pytest.fixture
def shop_of(tmp_path: Path) -> Iterator[Callable[[str], Shop]]:
    """Give the tiny shop with the valid features and scores of a family, by its name."""
    with duckdb.connect() as connection:

        def build(name: str) -> Shop:
            family = FAMILIES[name]
            connection.execute("set threads = 1; set TimeZone = 'UTC'")
            build_shop(connection)
            build_features(connection, family, valid_values(family, "FEATURES"))
            for table in ("staged", "previous"):
                build_scores(connection, table, family, valid_values(family, "SCORES"))
            return Shop(connection=connection, folder=tmp_path, family=family)

        yield build


@pytest.fixture
def shop(shop_of: Callable[[str], Shop]) -> Shop:
    """Give the tiny shop with the family that is there from the first."""
    return shop_of(FAMILY.name)


@pytest.fixture
def suite_called() -> Callable[..., Suite]:
    """Give a suite of ``expectations/`` by name, or with other expectations in it."""

    def load(name: str, **changes: Any) -> Suite:
        return replace(load_suite(EXPECTATIONS / f"{name}.yaml"), **changes)

    return load


@pytest.fixture
def tiny_var(tmp_path: Path) -> Callable[[], Any]:
    """Land the tiny shop under ``tmp_path``: a snapshot, a warehouse, a staged file and the night's records."""

    def make() -> Any:
        from nightmarket.io.atomic import sha256_of_file
        from nightmarket.io.landing import LandedFile, LandedTable, Snapshot, write_snapshot
        from nightmarket.io.night import Night
        from nightmarket.settings import Settings

        settings = Settings(var_dir=tmp_path / "var", threads=1, top_k_categories=None)
        (settings.landing_dir / "files").mkdir(parents=True)
        tables = {}
        with duckdb.connect() as connection:
            build_shop(connection)
            for table in SHOP_CONTRACT:
                if table.name == "reviews":
                    tables[table.name] = LandedTable(False, 0, 0, 0, ())
                    continue
                path = settings.landing_dir / "files" / f"{table.name}.parquet"
                connection.execute(f"copy raw.{table.name} to '{path}'")
                n_rows = connection.execute(f"select count(*) from raw.{table.name}").fetchone()
                assert n_rows
                file = LandedFile(f"files/{path.name}", sha256_of_file(path), n_rows[0])
                tables[table.name] = LandedTable(True, n_rows[0], n_rows[0], 0, (file,))
        snapshot = Snapshot("tiny", "America/New_York", "USD", COMPLETE_THROUGH, True, tables, ())
        write_snapshot(settings, snapshot)
        night = Night(settings, AS_OF, snapshot.snapshot_id)
        night.folder.mkdir(parents=True)
        with duckdb.connect(str(settings.warehouse_path)) as connection:
            for family in FAMILIES.values():
                build_features(connection, family, valid_values(family, "FEATURES"))
                for table in filter(None, (family.feature_view, family.label_table)):
                    connection.execute(f"update {table} set snapshot_id = '{snapshot.snapshot_id}'")
                build_scores(connection, "staged", family, valid_values(family, "SCORES"))
                connection.execute(f"copy staged to '{night.staged_path(family.score_table)}'; drop table staged")
            for name in N_ROWS:
                build_forecasts(connection, name, "staged", AS_OF)
                connection.execute(f"copy staged to '{night.staged_path(f'scores.{name}')}'; drop table staged")
        night.record(
            "transform", {"as_of_dates": [str(AS_OF), str(TRAINING_DATE)], "training_dates": [str(TRAINING_DATE)]}
        )
        for family in FAMILIES.values():
            night.record(
                f"score__{family.name}",
                {
                    "table": family.score_table,
                    "rows": 80 if len(family.keys) > 1 else 20,
                    "model_version": model_version_of(family),
                    "model_age_days": 0,
                    "run_id": "feedfeedfeedfeed",
                },
            )
        night.record(
            "score__demand",
            {
                "table": "scores.demand",
                "tables": {f"scores.{name}": {"rows": n_rows} for name, n_rows in N_ROWS.items()},
                "rows": N_ROWS["demand"],
                "model_version": MODEL_VERSION,
                "model_age_days": 0,
                "run_id": RUN_ID,
            },
        )
        return settings, night

    return make
