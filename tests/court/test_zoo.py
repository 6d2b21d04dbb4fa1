"""Every seeded leak is caught. That the same project without it passes is tested beside the court."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from nightmarket.errors import LeakFound
from nightmarket.io.court.worlds import scratch_settings
from nightmarket.io.landing import Snapshot
from nightmarket.quality.court.trials import FEATURES, LABELS, Trial, World
from nightmarket.settings import Settings
from nightmarket.steps.judging.session import Court
from nightmarket.steps.judging.tables import hold_trial, prepare_trials

from .shop import NIGHT, ORIGINS, install, transform
from .zoo import HERDS, ZOO, Animal


@pytest.fixture(scope="module")
def seen(landed: tuple[Settings, Snapshot], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the court says of each herd: every column that moved, or why it refused to begin."""
    return {herd: _judge(animals, landed, tmp_path_factory.mktemp("zoo")) for herd, animals in HERDS.items()}


def _judge(animals: list[Animal], landed: tuple[Settings, Snapshot], folder: Path) -> str:
    settings, (shop, snapshot) = install(folder), landed
    shutil.copytree(shop.landing_dir, settings.landing_dir)
    for animal in animals:
        animal.release(settings.project_dir / "dbt_project")
    transform(settings, snapshot)
    with scratch_settings(settings, NIGHT) as scratch:
        court = Court(settings, settings, scratch, snapshot, NIGHT)
        try:
            trials = prepare_trials(court)
        except LeakFound as refused:
            return str(refused)
        moved = [d for trial in _telling(trials, animals) for d in hold_trial(court, trial).differences]
    return ", ".join(f"{d.table}.{column}" for d in moved for column in (d.column, *d.columns))


def _telling(trials: list[Trial], animals: list[Animal]) -> list[Trial]:
    """Choose the fewest trials that can tell: the oldest origin's features; all about the newest label."""
    schemas = {animal.seen_in.split(".")[0] for animal in animals}
    if any(animal.herd == "campaigns" for animal in animals):
        # The cuts of its rows, and the night, before which its labels had arrived.
        return [t for t in trials if t.is_of_cuts or t.world == World(NIGHT)]
    labels = [t for t in trials if any(c.schema == LABELS and c.as_of_date == ORIGINS[0] for c in t.claims)]
    return (trials[:1] if FEATURES in schemas else []) + (labels if LABELS in schemas else [])


@pytest.mark.parametrize("animal", ZOO, ids=lambda animal: animal.name)
def test_the_court_catches(animal: Animal, seen: dict[str, str]) -> None:
    assert animal.seen_in in seen[animal.herd]
