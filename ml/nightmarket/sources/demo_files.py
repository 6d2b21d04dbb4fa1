"""The files that the demo adds to its data set, as tables with named columns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nightmarket.sources import demo_plan, demo_stock
from nightmarket.sources.base import InputFile

_FOLDER = Path(__file__).resolve().parent
_HEADERS = {
    "demo_plan": demo_plan.HEADER,
    "demo_holidays": demo_plan.HOLIDAY_HEADER,
    "demo_stock": demo_stock.HEADER,
}

FILES = tuple(
    InputFile(f"{name}.csv", _FOLDER / f"{name}.csv", "csv", separator=",", header=header)
    for name, header in _HEADERS.items()
)


def named_relations(opened: Mapping[str, str]) -> dict[str, str]:
    """Return SQL for the files' columns by name, of what landing opened; empty text is NULL."""
    return {
        name: "(select "
        + ", ".join(f"nullif(c{number}, '') as {column}" for number, column in enumerate(header))
        + f" from {opened[name]})"
        for name, header in _HEADERS.items()
    }
