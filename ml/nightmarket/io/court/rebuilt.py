"""What dbt rebuilt: its tables, as the manifest describes them, and their comparison with the stored rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import duckdb

from nightmarket.errors import StepMissing
from nightmarket.io.court.stored import PARTITION, relations, stored_path
from nightmarket.io.warehouse import open_warehouse
from nightmarket.quality.court.comparison import ROW, Difference, Layout, count_sql, first_sql
from nightmarket.quality.court.trials import Claim
from nightmarket.settings import Settings
from nightmarket.sqltext import identifier, literal


def read_layouts(scratch: Settings, schemas: Sequence[str]) -> list[Layout]:
    """Return every table of ``schemas`` that dbt built, with the key that its ``unique_rows`` test names, if any."""
    manifest = _read_manifest(scratch)
    keys = _tested_keys(manifest)
    models = {(node["schema"], node["name"]) for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    layouts = []
    with open_warehouse(scratch) as connection:
        for schema in schemas:
            for table in relations(connection, schema):
                if (schema, table) not in models:  # of an earlier project, and read by nobody
                    continue
                described = connection.execute(f"describe {schema}.{identifier(table)}").fetchall()
                types = {row[0]: str(row[1]) for row in described if row[0] not in PARTITION}
                layouts.append(Layout(schema, table, types, tuple(k for k in keys.get(table, ()) if k in types)))
    return layouts


def read_meta(settings: Settings, schema: str) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the ``meta`` of every column of ``schema``, by table and column, as the YAML of its models declares it."""
    manifest = _read_manifest(settings)
    return {
        node["name"]: {
            name: {**column.get("meta", {}), **column.get("config", {}).get("meta", {})}
            for name, column in node["columns"].items()
        }
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == schema
    }


def compare(scratch: Settings, snapshot_id: str, layout: Layout, claim: Claim) -> tuple[int, Difference | None]:
    """Return the number of stored rows that ``claim`` covers, and the first in which the rebuilt table differs.

    Raises
    ------
    StepMissing
        The judged warehouse has no such table, or one of other columns.
    """
    path = stored_path(scratch, layout.schema, layout.table, claim.as_of_date)
    if not path.exists():
        raise StepMissing(
            f"Got no {layout.name} in the warehouse but expected what dbt builds today. "
            "Run `nightmarket transform` for this night first."
        )
    with open_warehouse(scratch) as connection:
        where = f" where {identifier(claim.cut[0])} = {literal(claim.cut[1])}" if claim.cut else ""
        connection.execute(f"create temp view stored as select * from read_parquet({literal(str(path))}){where}")
        connection.execute(
            f"create temp view rebuilt as select * exclude ({', '.join(PARTITION)}) "
            f"from {layout.schema}.{identifier(layout.table)} "
            f"where snapshot_id = {literal(snapshot_id)} and as_of_date = {literal(claim.as_of_date)}"
            f"{where.replace(' where', ' and', 1)}"
        )
        _check_columns(connection, layout)
        layout = layout if layout.key else _with_found_key(connection, layout)
        n_rows = _scalar(connection, "select count(*) from stored")
        columns = layout.measures if claim.columns is None else claim.columns
        with_rows = claim.columns is None
        counts = connection.execute(count_sql(layout, columns, with_rows=with_rows)).fetchone()
        assert counts is not None  # noqa: S101 - an aggregate always has a row
        n_rebuilt = _scalar(connection, "select count(*) from rebuilt")
        if counts[0] == 0 and with_rows and n_rows != n_rebuilt:
            stored, rebuilt = f"{n_rows} rows", f"{n_rebuilt} rows"
            return n_rows, Difference(
                layout.name, ROW, claim.as_of_date, {}, stored, rebuilt, abs(n_rows - n_rebuilt), columns=()
            )
        if counts[0] == 0:
            return n_rows, None
        moved = tuple(column for column, n in zip(columns, counts[2:], strict=True) if n)
        column = None if counts[1] else moved[0]
        first = connection.execute(first_sql(layout, column)).fetchone()
        assert first is not None  # noqa: S101 - it was counted
        return n_rows, Difference(
            table=layout.name,
            column=column or ROW,
            as_of_date=claim.as_of_date,
            key=dict(zip(layout.key, first, strict=False)),
            stored=first[-2],
            rebuilt=first[-1],
            n_rows=counts[0],
            columns=moved,
        )


def _with_found_key(connection: duckdb.DuckDBPyConnection, layout: Layout) -> Layout:
    """Key a table whose key no test names by its ids or, where they repeat, by whole rows, numbered if alike."""
    ids = tuple(column for column in layout.types if column.endswith("_id"))
    repeats = f"select 1 from {{side}} group by {', '.join(map(identifier, ids))} having count(*) > 1 limit 1"
    sides = ("stored", "rebuilt")
    if ids and not any(connection.execute(repeats.format(side=side)).fetchall() for side in sides):
        return replace(layout, key=ids)
    columns = ", ".join(map(identifier, layout.types))
    for side in sides:
        connection.execute(f"alter view {side} rename to {side}_rows")
        connection.execute(
            f"create temp view {side} as select *, row_number() over (partition by {columns}) as _nth from {side}_rows"
        )
    return replace(layout, key=(*layout.types, "_nth"))


def _check_columns(connection: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    have = {row[0]: str(row[1]) for row in connection.execute("describe stored").fetchall()}
    if have != dict(layout.types):
        wrong = sorted(set(have.items()) ^ set(layout.types.items()))
        raise StepMissing(
            f"Got {layout.name} stored with other columns than dbt builds today ({wrong[:4]}) but expected the same. "
            "Run `nightmarket transform` for this night first."
        )


def _read_manifest(settings: Settings) -> dict[str, Any]:
    path = settings.var_dir / "dbt" / "target" / "manifest.json"
    if not path.exists():
        raise StepMissing(
            f"Got no {path} but expected what dbt wrote when it built this warehouse. "
            "Run `nightmarket transform` for this night first."
        )
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def _tested_keys(manifest: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    keys = {}
    for node in manifest["nodes"].values():
        test = node.get("test_metadata")
        if test and test["name"] == "unique_rows" and node.get("attached_node"):
            keys[node["attached_node"].split(".")[-1]] = tuple(test["kwargs"]["columns"])
    return keys


def _scalar(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always has a row
    return int(row[0])
