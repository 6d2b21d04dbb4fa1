"""The families: every module of this package that is not ``base`` defines one as ``FAMILY``.

To add one, see docs/adding/family.md.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from nightmarket.contracts import Table
from nightmarket.errors import UnknownFamily
from nightmarket.families.base import Family


def _find() -> dict[str, Family]:
    names = sorted(module.name for module in iter_modules(__path__) if module.name != "base")
    families = [import_module(f"{__name__}.{name}").FAMILY for name in names]
    return {family.name: family for family in families}


FAMILIES: dict[str, Family] = _find()

SERVED_TABLES: dict[str, Table] = {family.score_table: family.table for family in FAMILIES.values()}
"""Tables of the serving store that hold a partition per night, with their columns in order."""


def get_family(name: str) -> Family:
    """Return the family called ``name``.

    Raises
    ------
    UnknownFamily
        There is none.
    """
    if name not in FAMILIES:
        raise UnknownFamily(f"Got family {name!r} but expected one of {', '.join(sorted(FAMILIES))}. Check the name.")
    return FAMILIES[name]
