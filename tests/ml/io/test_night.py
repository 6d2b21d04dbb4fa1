"""The folder of a night."""

from datetime import date

import pytest

from nightmarket.errors import StepMissing
from nightmarket.io.night import Night
from nightmarket.settings import Settings


@pytest.fixture
def night(tmp_path):
    night = Night(Settings(var_dir=tmp_path), date(2024, 5, 1), "0123456789abcdef")
    for step in (
        "land",
        "transform",
        "check__features",
        "train__a",
        "score__a",
        "score__b",
        "check__scores",
        "publish",
    ):
        night.record(step, {"rows": 1})
    return night


def _left(night):
    return sorted(path.stem for path in night.folder.glob("*.json"))


def test_a_missing_step_is_named_with_what_to_run(night):
    with pytest.raises(StepMissing, match=r"Got no result of `embed` .* Run `nightmarket embed` for this night first"):
        night.read("embed")
