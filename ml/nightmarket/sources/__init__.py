"""Sources: one adapter per kind of shop. ``SOURCES`` is the one list of them."""

from __future__ import annotations

from nightmarket.errors import UnknownSource
from nightmarket.sources.base import Source
from nightmarket.sources.complete_journey import CompleteJourney
from nightmarket.sources.files import Files

SOURCES: dict[str, Source] = {source.name: source for source in (CompleteJourney(), Files())}


def find_source(name: str) -> Source:
    """Return the adapter called ``name``.

    Raises
    ------
    UnknownSource
        There is none of that name.
    """
    if name not in SOURCES:
        raise UnknownSource(
            f"Got source {name!r} but expected one of {', '.join(sorted(SOURCES))}. Set NIGHTMARKET_SOURCE to one of "
            "them, or add an adapter as docs/adding/source.md says."
        )
    return SOURCES[name]
