"""A small shop, landed once; a court over what is built from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from nightmarket.io.court import scratch_settings
from nightmarket.io.landing import Snapshot
from nightmarket.settings import Settings
from nightmarket.steps.judging.session import Court

from .shop import NIGHT, embed, land_shop, transform


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


@pytest.fixture
def open_court() -> Iterator[Callable[[Settings, Snapshot], Court]]:
    """Open a court over the warehouse of some settings; its scratch folder goes when the test ends."""
    with ExitStack() as stack:

        def open_(settings: Settings, snapshot: Snapshot) -> Court:
            scratch = stack.enter_context(scratch_settings(settings, NIGHT))
            return Court(settings, settings, scratch, snapshot, NIGHT)

        yield open_
