"""A shop small enough to read, as a folder of CSV files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nightmarket.io.heads import accept_head
from nightmarket.io.landing import Snapshot, read_snapshot
from nightmarket.io.warehouse import open_warehouse
from nightmarket.settings import Settings
from nightmarket.steps import land

PRODUCTS = "product_id,product_name,category_id\np1,Green tea,tea\np2,Rye loaf,bread\n"
ORDER_HEADER = "order_line_id,order_id,customer_id,product_id,ordered_at,quantity,sales_amount\n"


def order_lines(n_days: int = 200) -> str:
    """One line a day from 2024-01-01, at noon: line 0 is the first."""
    days = (date(2024, 1, 1) + timedelta(days=n) for n in range(n_days))
    return ORDER_HEADER + "".join(
        f"l{n},o{n},c{n % 3},p{1 + n % 2},{day} 12:00:00,1,2.50\n" for n, day in enumerate(days)
    )


def line(**changes: str) -> str:
    """Return one more order line, a good one but for what ``changes`` says."""
    good = {"id": "x", "order": "o", "customer": "c1", "product": "p1", "at": "2024-02-01 10:00:00"}
    return ",".join({**good, "n": "1", "paid": "9", **changes}.values()) + "\n"


def reasons(detail: dict[str, Any], table: str = "order_lines") -> dict[str, int]:
    """Return how many rows of ``table`` a load quarantined, by reason."""
    return dict(detail["tables"][table]["reasons"])


class Shop:
    """An export folder, and what is landed from it."""

    def __init__(self, folder: Path) -> None:
        self.export = folder / "export"
        self.export.mkdir()
        self.var = folder / "var"
        self.write("products.csv", PRODUCTS)
        self.write("order_lines.csv", order_lines())

    def settings(self, **overrides: Any) -> Settings:
        values = {"source": "files", "source_path": self.export, "var_dir": self.var, "currency": "EUR", "threads": 2}
        return Settings(_env_file=None, **{**values, **overrides})

    def write(self, name: str, text: str | bytes) -> None:
        path = self.export / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    def append(self, name: str, text: str) -> None:
        self.write(name, (self.export / name).read_text() + text)

    def land(self, as_of: date | None = None, **overrides: Any) -> dict[str, Any]:
        """Land, and accept what was landed as `check landed` does once it has passed."""
        detail = self.land_unchecked(as_of, **overrides)
        accept_head(self.settings(**overrides), detail["snapshot_id"])
        return detail

    def land_unchecked(self, as_of: date | None = None, **overrides: Any) -> dict[str, Any]:
        return land.run(self.settings(**overrides), as_of=as_of).detail

    def snapshot(self, detail: dict[str, Any]) -> Snapshot:
        return read_snapshot(self.settings(), detail["snapshot_id"], verify=True)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with open_warehouse(self.settings()) as warehouse:
            return warehouse.execute(query).fetchall()

    def state(self) -> dict[str, Any]:
        """Everything that must stay as it is when a land is refused."""
        named = ("snapshots", "heads", "heads/proposed", "recognised")
        landing = {
            str(path): json.loads(path.read_text())
            for folder in named
            for path in sorted((self.var / "landing" / folder).glob("*.json"))
        }
        if not (self.var / "warehouse.duckdb").exists():
            return {"landing": landing, "warehouse": None}
        views = self.rows("select schema_name, view_name, sql from duckdb_views() where not internal order by all")
        return {"landing": landing, "warehouse": views}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def refused(shop: Shop) -> Callable[..., Any]:
    """Expect a land to be refused, and everything to be as it was."""

    @contextmanager
    def expect(error: type[Exception], match: str) -> Iterator[None]:
        before = shop.state()
        with pytest.raises(error, match=match):
            yield
        assert shop.state() == before

    return expect


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened
