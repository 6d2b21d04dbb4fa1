"""Read the serving store, as consumers do: never writing, never waiting for a night."""

from __future__ import annotations

from datetime import date

import duckdb

from nightmarket.errors import NothingPublished, ServingMoved
from nightmarket.io.serving.catalog import Run, read_catalog, read_served_catalog, served_generation
from nightmarket.settings import Settings
from nightmarket.sqltext import literal


def open_serving(settings: Settings) -> duckdb.DuckDBPyConnection:
    """Open the generation being served, read-only; close it when done.

    The connection goes on showing this generation while new nights are published. It can read the
    published files and nothing else: no other file, no network, no extension to install.

    Raises
    ------
    NothingPublished
        No night was published yet.
    ServingMoved
        ``var`` was moved since; ``nightmarket relink`` mends it.
    """
    folder = served_generation(settings)
    catalog = read_catalog(folder)
    if catalog.served_from != str(settings.serving_dir):
        raise ServingMoved(
            f"Got a serving store made for {catalog.served_from} at {settings.serving_dir}, expected it where it was "
            "made. Run `nightmarket relink`."
        )
    # The generation's own path, not the link's: DuckDB shares an open database by its path, and a
    # process that reads on through a night would be given the old one under the new name.
    connection = duckdb.connect(
        str(folder / "serving.duckdb"),
        read_only=True,
        config={
            "threads": settings.threads,
            "autoinstall_known_extensions": False,
            "python_enable_replacements": False,
        },
    )
    locked = connection.execute("select current_setting('lock_configuration')").fetchone()
    if locked == (False,):  # a second connection of this process shares the first one's, locked, settings
        paths = ", ".join(literal(str(settings.serving_dir / path)) for path in sorted(catalog.paths))
        connection.execute(f"set allowed_paths = [{paths}]")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
    return connection


def published_nights(settings: Settings) -> list[date]:
    """Return every published night, oldest first; none is an empty list."""
    try:
        return read_served_catalog(settings).nights
    except NothingPublished:
        return []


def nights_of_tables(settings: Settings) -> dict[str, list[date]]:
    """Return the published nights of every table, oldest first."""
    try:
        return {name: sorted(nights) for name, nights in read_served_catalog(settings).tables.items()}
    except NothingPublished:
        return {}


def read_runs(settings: Settings) -> tuple[Run, ...]:
    """Return what ``ops.runs`` holds, in the order of publication."""
    try:
        return read_served_catalog(settings).runs
    except NothingPublished:
        return ()


def recorded_model_version(settings: Settings, table: str, as_of: date) -> str | None:
    """Return the model version that the newest attempt at a night was published with, or None.

    A rerun scores with it although newer versions may exist: on the same snapshot that gives the same
    rows, and on a later one only what the data changed. Reads ``catalog.json`` only.
    """
    versions = [run.model_version for run in read_runs(settings) if run.table_name == table and run.as_of_date == as_of]
    return versions[-1] if versions else None
