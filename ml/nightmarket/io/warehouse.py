"""The warehouse: one DuckDB file, one writer.

Who writes holds ``var/warehouse.lock`` (flock) for the whole step; a child process such as dbt
inherits the descriptor, so the lock lives as long as the last of them. DuckDB's own file lock
would only protect single connections, not a step that opens several.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import duckdb

from nightmarket.contracts import SHOP_CONTRACT
from nightmarket.errors import StepMissing, WarehouseDamaged, WarehouseLocked
from nightmarket.io.landing import Snapshot, landed_relation
from nightmarket.io.locks import held
from nightmarket.settings import Settings
from nightmarket.sqltext import literal


@contextlib.contextmanager
def writer_lock(settings: Settings) -> Iterator[int]:
    """Hold the writer's lock; yield its inheritable file descriptor (pass it on by ``pass_fds``).

    Raises
    ------
    WarehouseLocked
        Another process holds it; the message names the process.
    """
    with held(
        settings.var_dir / "warehouse.lock",
        busy=lambda holder: WarehouseLocked(
            f"Got the warehouse {settings.warehouse_path} already being written by {holder}, expected to be the "
            "only writer. Wait for it to end, or stop it, and run this step again."
        ),
    ) as descriptor:
        os.set_inheritable(descriptor, True)
        yield descriptor


@contextlib.contextmanager
def open_warehouse(settings: Settings, *, write: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse, to read unless ``write``; writing takes the writer's lock.

    Raises
    ------
    WarehouseLocked
        ``write`` was asked while another process writes (or reading while one has the file open).
    StepMissing
        There is no warehouse to read yet.
    WarehouseDamaged
        The file is no warehouse that DuckDB can open.
    """
    with contextlib.ExitStack() as stack:
        if write:
            stack.enter_context(writer_lock(settings))
        elif not settings.warehouse_path.exists():
            raise StepMissing(
                f"Got no warehouse at {settings.warehouse_path}, expected the one that `nightmarket land` makes. "
                "Run `make nightly`, or `nightmarket land` first."
            )
        spill = settings.var_dir / "spill"
        spill.mkdir(parents=True, exist_ok=True)
        try:
            connection = duckdb.connect(
                str(settings.warehouse_path),
                read_only=not write,
                config={
                    "threads": settings.threads,
                    "memory_limit": settings.warehouse_memory,
                    "temp_directory": str(spill),
                    "autoinstall_known_extensions": False,
                },
            )
        except duckdb.IOException as error:
            if "could not set lock" not in str(error).lower():  # a damaged *block* is no lock
                raise WarehouseDamaged(
                    f"Got the warehouse {settings.warehouse_path}, which cannot be opened, but expected DuckDB's file. "
                    f"Where it is damaged, delete it (and {settings.warehouse_path.name}.wal beside it): `nightmarket "
                    "land`, `embed` and `transform` build it again from what was landed, and published nights are not "
                    f"in it. DuckDB: {error}"
                ) from error
            raise WarehouseLocked(
                f"Got the warehouse {settings.warehouse_path} opened by another process, expected it free. "
                f"Close it there (consumers read the serving store, not the warehouse) and try again. DuckDB: {error}"
            ) from error
        stack.callback(connection.close)
        # After connecting: ICU, which knows time zones, is not loaded yet while the config is read.
        connection.execute("set TimeZone = 'UTC'")
        yield connection


@contextlib.contextmanager
def open_snapshot(settings: Settings, snapshot: Snapshot) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database in memory whose ``raw.*`` and ``quarantine.*`` are exactly the files of ``snapshot``.

    Landed files are immutable: no lock is needed, and no warehouse has to be built.
    """
    with duckdb.connect(
        config={
            "threads": settings.threads,
            "memory_limit": settings.warehouse_memory,
            "autoinstall_known_extensions": False,
        }
    ) as connection:
        connection.execute("set TimeZone = 'UTC'")
        pin_snapshot(connection, settings, snapshot)
        yield connection


def pin_snapshot(connection: duckdb.DuckDBPyConnection, settings: Settings, snapshot: Snapshot) -> None:
    """Point the views ``raw.*`` and ``quarantine.*`` at exactly the files of ``snapshot``.

    A step that reads ``raw.*`` pins first and holds the writer's lock until it is done, so what
    another run lands in between cannot reach it.
    """
    connection.execute("create schema if not exists raw; create schema if not exists quarantine")
    for table in SHOP_CONTRACT:
        landed = snapshot.table(table.name)
        source = landed_relation(settings, table, landed.files)
        columns = ", ".join(column.name for column in table.columns)
        connection.execute(f"create or replace view raw.{table.name} as select {columns} from {source}")
        rejected = [str(settings.landing_dir / file.path) for file in landed.quarantine_files]
        if rejected:
            connection.execute(
                f"create or replace view quarantine.{table.name} as "
                f"select * from read_parquet([{', '.join(map(literal, rejected))}], union_by_name = true)"
            )
        else:
            connection.execute(f"drop view if exists quarantine.{table.name}")
