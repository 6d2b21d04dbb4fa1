import numpy as np
import pytest

from nightmarket.modeling.bootstrap import Interval
from nightmarket.modeling.gate import Candidate, GateDecision, decide, hold_refit_gate

AP = {"lightgbm": 0.56, "logistic_regression": 0.55, "frequency": 0.50}
UP, LEVEL, DOWN = Interval(0.01, 0.03), Interval(-0.01, 0.02), Interval(-0.03, -0.01)


def _candidates(pairs):
    """``pairs`` says which recipe stands how to which; the other way round is its mirror."""
    gains = {name: {} for name in AP}
    for (one, two), gain in pairs.items():
        gains[one][two], gains[two][one] = gain, Interval(-gain.high, -gain.low)
    return {name: Candidate(name, AP[name], gains[name]) for name in AP}


@pytest.mark.parametrize(
    ("gains", "champion", "winner", "said"),
    [
        ((UP, UP, UP), None, "lightgbm", "lightgbm gains [+0.0100, +0.0300] average precision over frequency"),
        ((LEVEL, UP, LEVEL), None, "logistic_regression", "logistic_regression gains"),
        ((LEVEL, LEVEL, LEVEL), None, "frequency", "The baseline frequency is the first champion"),
        ((UP, UP, LEVEL), "logistic_regression", "logistic_regression", "The champion recipe stays, refitted"),
        ((UP, UP, UP), "logistic_regression", "lightgbm", "over logistic_regression (0.5600 against 0.5500)"),
        ((UP, UP, UP), "lightgbm", "lightgbm", "No recipe beats lightgbm"),
        ((UP, LEVEL, LEVEL), "frequency", "lightgbm", "over frequency"),
        ((DOWN, LEVEL, LEVEL), "lightgbm", "frequency", "Nothing beats frequency: it takes over"),
        ((UP, DOWN, UP), "logistic_regression", "lightgbm", "below frequency: frequency gains [+0.0100, +0.0300]"),
        ((UP, UP, UP), "a recipe that is gone", "lightgbm", "over frequency"),
    ],
)
def test_the_gate_chooses_and_says_why(gains, champion, winner, said):
    pairs = (("lightgbm", "frequency"), ("logistic_regression", "frequency"), ("lightgbm", "logistic_regression"))
    candidates = _candidates(dict(zip(pairs, gains, strict=True)))
    decision = decide(candidates, champion, baseline="frequency", metric="average_precision")
    assert decision.recipe == winner
    assert decision.passed
    assert said in decision.reason


TESTED = np.array([0.02, 0.05, 0.1, 0.2, 0.13])
CHOSEN = GateDecision("lightgbm", True, "lightgbm gains.")


def test_a_refit_that_forecasts_like_the_tested_fit_passes_and_keeps_the_reason():
    assert hold_refit_gate(CHOSEN, refitted=TESTED * 1.3, tested=TESTED, base_rate=0.1) == CHOSEN


def test_a_season_that_falls_between_two_windows_does_not_fail_the_refit():
    assert hold_refit_gate(CHOSEN, refitted=TESTED * 0.4, tested=TESTED, base_rate=0.04).passed


@pytest.mark.parametrize(
    ("refitted", "said"),
    [
        (np.array([0.1, np.nan, 0.1, np.inf, 0.2]), "2 of its 5 forecasts are not finite"),
        (np.full(5, 0.1), "its forecasts are all 0.1, expected them to differ between rows"),
        (0.1 + (TESTED - 0.1) / 10, "its forecasts have a standard deviation of 0.006"),
        (TESTED * 2.5, "its mean forecast is 0.25, expected 0.05 to 0.2"),
        (TESTED * 0.4, "its mean forecast is 0.04, expected 0.05 to 0.2"),
    ],
)
def test_a_refit_that_went_wrong_does_not_pass_and_says_why(refitted, said):
    decision = hold_refit_gate(CHOSEN, refitted=refitted, tested=TESTED, base_rate=0.1)
    assert (decision.passed, decision.recipe) == (False, "lightgbm")
    assert decision.reason.startswith("Refused after the refit of lightgbm: ")
    assert said in decision.reason
    assert decision.reason.endswith(CHOSEN.reason)


def test_one_forecast_for_all_is_refused_for_that_and_not_for_a_spread_that_is_only_rounding():
    decision = hold_refit_gate(CHOSEN, refitted=np.full(3, 0.1), tested=np.full(3, 0.1), base_rate=0.1)
    assert not decision.passed
    assert "its forecasts are all 0.1, expected them to differ between rows" in decision.reason
    assert "standard deviation" not in decision.reason
