"""A small shop, landed once; a court over what is built from it."""

from __future__ import annotations

import pytest

from nightmarket.io.landing import Snapshot
from nightmarket.settings import Settings

from .shop import embed, land_shop, transform


@pytest.fixture(scope="session")
def landed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Snapshot]:
    settings = Settings(var_dir=tmp_path_factory.mktemp("shop") / "var", threads=2)
    return settings, land_shop(settings)


@pytest.fixture(scope="session")
def built(landed: tuple[Settings, Snapshot]) -> tuple[Settings, Snapshot]:
    """The shop with its features and labels, from the project as it is."""
    transform(*landed)
    embed(*landed)
    return landed
