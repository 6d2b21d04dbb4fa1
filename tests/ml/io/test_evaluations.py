import os
from datetime import date

import pytest

from nightmarket.errors import StepMissing
from nightmarket.io.atomic import write_json
from nightmarket.io.evaluations import Built, find_landed, finish_building, origins_settings, read_built
from nightmarket.io.night import Night
from nightmarket.settings import Settings

MAY, JUNE, JULY = date(2024, 5, 1), date(2024, 6, 1), date(2024, 7, 1)
OLD, NEW = "a" * 16, "b" * 16
BUILT = Built(
    night=str(JULY), snapshot_id=NEW, encoder_key="e", late_lookback_days=400, models_revision="dbt-0",
    dates=(str(JULY), str(JUNE)),
)  # fmt: skip


@pytest.fixture
def settings(tmp_path):
    """Two nights, the later one landed twice; a third that was landed and not embedded."""
    settings = Settings(var_dir=tmp_path)
    for age, (day, snapshot) in enumerate([(MAY, OLD), (JUNE, NEW), (JUNE, OLD)]):
        night = Night(settings, day, snapshot)
        night.record("land", {})
        night.record("embed", {"encoder_key": "e", "dim": 4})
        os.utime(night.folder / "land.json", (1_000 - age, 1_000 - age))
    Night(settings, JULY, NEW).record("land", {})
    return settings


def _found(settings, *, as_of=None, snapshot_id=None):
    landed = find_landed(settings, as_of=as_of, snapshot_id=snapshot_id)
    return landed.night.as_of_date, landed.snapshot_id, landed.cut_off


def test_without_a_date_it_is_the_newest_night_that_was_embedded_and_the_snapshot_landed_last(settings):
    assert _found(settings) == (JUNE, NEW, JUNE)


def test_a_date_that_was_landed_stands_on_its_own_night(settings):
    assert _found(settings, as_of=MAY) == (MAY, OLD, MAY)


def test_a_date_that_was_not_stands_on_the_first_night_after_it(settings):
    between = date(2024, 5, 20)
    assert _found(settings, as_of=between) == (JUNE, NEW, between)


def test_a_snapshot_that_is_named_is_the_one_that_is_read(settings):
    assert _found(settings, snapshot_id=OLD) == (JUNE, OLD, JUNE)
    assert _found(settings, as_of=JUNE, snapshot_id=OLD) == (JUNE, OLD, JUNE)


def test_a_date_after_every_night_is_refused_with_the_command_that_lands_it(settings):
    with pytest.raises(StepMissing, match=r"Got as_of_date 2024-07-01 but .* 2024-06-01\. Run `make nightly AS_OF=2"):
        find_landed(settings, as_of=JULY, snapshot_id=None)


def test_what_was_built_is_used_again_only_from_the_same_night_snapshot_models_and_encoder(settings):
    origins = origins_settings(settings)
    assert read_built(origins) is None
    origins.var_dir.mkdir(parents=True)
    origins.warehouse_path.touch()
    finish_building(origins, BUILT)
    kept = read_built(origins)
    assert kept == BUILT
    assert kept.is_like(Built(**{**BUILT.__dict__, "dates": ()}))
    for other in ({"night": str(JUNE)}, {"snapshot_id": OLD}, {"models_revision": "dbt-1"}, {"encoder_key": "f"}):
        assert not kept.is_like(Built(**{**BUILT.__dict__, **other}))


def test_what_another_nightmarket_built_is_not_used(settings):
    origins = origins_settings(settings)
    origins.var_dir.mkdir(parents=True)
    origins.warehouse_path.touch()
    write_json(origins.var_dir / "built.json", {"night": str(JULY), "code": "older"})
    assert read_built(origins) is None
