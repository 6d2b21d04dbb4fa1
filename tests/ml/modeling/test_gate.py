import pytest

from nightmarket.modeling.bootstrap import Interval
from nightmarket.modeling.gate import Candidate, decide

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
        ((LEVEL, LEVEL, LEVEL), None, "frequency", "Frequency is the first champion"),
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
    decision = decide(candidates, champion)
    assert decision.recipe == winner
    assert decision.passed
    assert said in decision.reason
