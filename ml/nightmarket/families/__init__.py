"""The predictions: every module of this package that is not ``base`` defines one as ``FAMILY``.

To add one, see docs/adding/family.md.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from nightmarket.contracts import Table
from nightmarket.decisions import DECISIONS
from nightmarket.errors import UnknownFamily
from nightmarket.families.base import Family, Forecaster


def _find() -> dict[str, Family | Forecaster]:
    names = sorted(module.name for module in iter_modules(__path__) if module.name != "base")
    families = [import_module(f"{__name__}.{name}").FAMILY for name in names]
    return {family.name: family for family in families}


PREDICTIONS: dict[str, Family | Forecaster] = _find()
"""All of them: what is trained, scored and published under its name."""

FAMILIES: dict[str, Family] = {name: one for name, one in PREDICTIONS.items() if isinstance(one, Family)}
"""Those about customers."""

FORECASTERS: dict[str, Forecaster] = {name: one for name, one in PREDICTIONS.items() if isinstance(one, Forecaster)}
"""Those about time series."""

SERVED_TABLES: dict[str, Table] = {
    table.name: table
    for tables in (*(one.tables for one in PREDICTIONS.values()), [one.table for one in DECISIONS.values()])
    for table in tables
}
"""Tables of the serving store that hold a partition per night, with their columns in order."""


def get_family(name: str) -> Family:
    """Return the family of customers called ``name``.

    Raises
    ------
    UnknownFamily
        There is none.
    """
    if name not in FAMILIES:
        raise UnknownFamily(
            f"Got family {name!r} but expected one of {', '.join(sorted(PREDICTIONS))}. Check the name."
        )
    return FAMILIES[name]
