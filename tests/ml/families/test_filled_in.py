"""A family has no place left open that `nightmarket new family` leaves to its author."""

from __future__ import annotations

import pytest

from nightmarket.families import FAMILIES
from nightmarket.scaffold.family import Place, list_places
from nightmarket.settings import PROJECT_DIR


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("place", list_places(), ids=lambda place: place.name)
def test_what_only_its_author_knows_is_filled_in(family: str, place: Place) -> None:
    path = PROJECT_DIR / place.path.format(name=family)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    left = [number for number, line in enumerate(lines, 1) if f"TODO {place.name}:" in line]
    assert not left, f"{path.relative_to(PROJECT_DIR)}, line {left[0]}: {place.what}"
