"""The families. ``FAMILIES`` is the one list; to add one, see docs/adding/family.md."""

from __future__ import annotations

from nightmarket.errors import UnknownFamily
from nightmarket.families.base import Family
from nightmarket.families.purchase_intent import PURCHASE_INTENT

FAMILIES: dict[str, Family] = {family.name: family for family in (PURCHASE_INTENT,)}


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
