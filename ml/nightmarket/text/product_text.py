"""What a product says about itself, as one text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nightmarket.text.hashing import normalise_text

TEXT_COLUMNS = ("product_name", "category_name", "department", "brand", "description")
"""Columns of the contract table ``products`` that are read, most telling first: a long description is what
truncation cuts."""


def product_text(parts: Sequence[str | None]) -> str:
    """Join the parts that say something by spaces; empty where none does.

    (Commas would be a quarter more tokens on a catalogue of short names, and say nothing.)

    Examples
    --------
    >>> product_text(["YOGURT NOT MULTI-PACKS", "YOGURT", None, "  ", "6 OZ"])
    'YOGURT NOT MULTI-PACKS YOGURT 6 OZ'
    """
    said = (normalise_text(part) for part in parts if part)
    return " ".join(part for part in said if part)


def product_texts(rows: Iterable[tuple[str | None, ...]]) -> list[str]:
    """Return the text of each row of ``TEXT_COLUMNS`` values; rows that are alike are joined once."""
    known: dict[tuple[str | None, ...], str] = {}
    texts = []
    for row in rows:
        text = known.get(row)
        if text is None:
            text = known[row] = product_text(row)
        texts.append(text)
    return texts
