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


def test_a_step_run_again_forgets_what_followed_it(night):
    night.forget_from("check__features")
    assert _left(night) == ["land", "transform"]


def test_scoring_one_family_again_keeps_the_score_of_another_and_forgets_the_check_of_both(night):
    night.forget_from("score__a")
    assert _left(night) == ["check__features", "land", "score__b", "train__a", "transform"]


def test_a_missing_step_is_named_with_what_to_run(night):
    with pytest.raises(StepMissing, match=r"Got no result of `embed` .* Run `nightmarket embed` for this night first"):
        night.read("embed")
