"""The scratch warehouse: the landed shop, whole or cut at an instant with an invented future."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb

from nightmarket.contracts import SHOP_CONTRACT, Table
from nightmarket.io.landing import Snapshot, landed_relation
from nightmarket.io.warehouse import open_warehouse
from nightmarket.quality.court.sentinels import CAMPAIGN_PLANS, PLANS, sentinel_statements
from nightmarket.quality.court.trials import World
from nightmarket.settings import Settings
from nightmarket.sqltext import identifier, literal

PAST_MOVED_DAYS = 120
"""How much earlier the past of a label window is shown to have happened: who had bought is still known, and nothing
is left of the days before the window that a label could take for its own. (So it looks as late as that, too: such a
world is built with a longer ``late_lookback_days``.)"""


@contextlib.contextmanager
def scratch_settings(settings: Settings, as_of: date) -> Iterator[Settings]:
    """Yield the same settings with a var folder of their own below ``var/court``, which is removed afterwards."""
    parent = settings.var_dir / "court"
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{as_of}-", dir=parent))
    try:
        yield settings.model_copy(update={"var_dir": folder})
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # another court is in session
            parent.rmdir()


def show_everything(settings: Settings, scratch: Settings, snapshot: Snapshot, *, n_customers: int | None) -> None:
    """Point ``raw.*`` of the scratch warehouse at the whole snapshot, or at some of its customers."""
    with open_warehouse(scratch, write=True) as connection:
        _show_landed(connection, settings, snapshot, n_customers)
        connection.execute("create schema if not exists raw")
        for table in SHOP_CONTRACT:
            connection.execute(f"create or replace view raw.{table.name} as select * from landed.{table.name}")


def show_world(
    settings: Settings, scratch: Settings, snapshot: Snapshot, world: World, *, n_customers: int | None
) -> None:
    """Point ``raw.*`` of the scratch warehouse at what ``world`` holds."""
    with open_warehouse(scratch, write=True) as connection:
        _show_landed(connection, settings, snapshot, n_customers)
        connection.execute("create schema if not exists raw; create schema if not exists known")
        connection.execute("drop schema if exists sentinels cascade; create schema sentinels")
        for table in SHOP_CONTRACT:
            connection.execute(
                f"create or replace view known.{table.name} as {_part_of(table, world, settings.late_lookback_days)}"
            )
        invented = sentinel_statements(world.cut) if world.last_day is None else {}
        if world.plans_until is not None:
            invented = {name: sql for name, sql in invented.items() if name not in CAMPAIGN_PLANS}
        for table in SHOP_CONTRACT:
            source = f"select * from known.{table.name}"
            if table.name in invented:
                connection.execute(f"create table sentinels.{table.name} as {invented[table.name]}")
                source += f" union all by name select * from sentinels.{table.name}"
            columns = ", ".join(f"cast({column.name} as {column.type}) as {column.name}" for column in table.columns)
            connection.execute(f"create or replace view raw.{table.name} as select {columns} from ({source})")


def _show_landed(
    connection: duckdb.DuckDBPyConnection, settings: Settings, snapshot: Snapshot, n_customers: int | None
) -> None:
    connection.execute("create schema if not exists landed")
    relations = {
        table.name: landed_relation(settings, table, snapshot.table(table.name).files) for table in SHOP_CONTRACT
    }
    if n_customers is not None:
        connection.execute(
            f"create or replace table landed._customers as select customer_id from {relations['order_lines']} "
            f"group by 1 order by hash(customer_id), customer_id limit {n_customers}"
        )
    for table in SHOP_CONTRACT:
        columns = ", ".join(column.name for column in table.columns)
        source = f"select {columns} from {relations[table.name]}"
        if n_customers is not None and any(column.name == "customer_id" for column in table.columns):
            source = f"select * from ({source}) semi join landed._customers using (customer_id)"
        connection.execute(f"create or replace view landed.{table.name} as {source}")


def _part_of(table: Table, world: World, late_lookback_days: int) -> str:
    """Return SQL of the rows of ``table`` that ``world`` holds."""
    is_plan = world.plans_until is not None and table.name in CAMPAIGN_PLANS
    conditions = [f"arrived_date < {literal(world.plans_until if is_plan else world.cut)}"]
    columns = "*"
    if table.event_column and table.name not in PLANS:
        event = identifier(table.event_column)
        conditions.append(f"{event} < {literal(world.cut)}")
        if world.last_day is not None:
            conditions.append(f"{event} <= {literal(world.last_day)}")
        if world.first_day is not None:
            is_past = f"{event} < {literal(world.first_day)}"
            columns = f"* replace (case when {is_past} then {event} - {PAST_MOVED_DAYS} else {event} end as {event})"
            if table.name == "order_lines":  # what came too late is judged by when it really happened
                conditions.append(f"arrived_date <= {event} + {late_lookback_days}")
    return f"select {columns} from landed.{table.name} where {' and '.join(conditions)}"
