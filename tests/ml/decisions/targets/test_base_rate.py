"""What stands in for the probability of a response where no model knows one."""

from __future__ import annotations

import pytest

from nightmarket.decisions.targets.base_rate import Answers, settle_base_rate
from nightmarket.decisions.targets.table import ASSUMED, EARLIER


@pytest.mark.parametrize("answers", [None, Answers(0, 0)])
def test_without_earlier_answers_the_settings_say_and_the_note_says_so(answers: Answers | None) -> None:
    rate = settle_base_rate(answers, assumed_pct=5.0)
    assert (rate.probability, rate.basis) == (0.05, ASSUMED)
    assert rate.note == "no response model and no earlier answers: 5 % of all taken to respond, by the settings"


def test_earlier_campaigns_say_the_rate() -> None:
    rate = settle_base_rate(Answers(4000, 80), assumed_pct=5.0)
    assert rate.probability == pytest.approx(0.02, abs=0.001)
    assert rate.basis == EARLIER
    assert rate.note == (
        "no response model: 80 of 4,000 contacts of the last year answered, 2.1 % of all taken to respond"
    )


def test_no_answer_of_few_contacts_is_no_rate_of_nothing_and_of_many_it_nearly_is() -> None:
    assert settle_base_rate(Answers(10, 0), assumed_pct=5.0).probability == pytest.approx(0.045, abs=0.001)
    assert settle_base_rate(Answers(10_000, 0), assumed_pct=5.0).probability < 0.001
