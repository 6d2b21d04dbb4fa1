import numpy as np
import pytest

from nightmarket.modeling.health.rfm import SEGMENTS, segment_customers

USUAL = {"known_days": 300.0, "absent_days": 3.0, "absence": 0.4, "visit_trend": 1.0}


def _segments(*customers):
    facts = [{**USUAL, **customer} for customer in customers]
    return segment_customers({name: np.array([one[name] for one in facts]) for name in facts[0]}).tolist()


def _among_ten(customer):
    """The customer's segment among nine others who come 1 to 9 times and spend 10 to 90."""
    others = [{"visits": float(i), "spend": 10.0 * i} for i in range(1, 10)]
    return _segments(customer, *others)[0]


@pytest.mark.parametrize(
    ("customer", "segment"),
    [
        ({"visits": 10, "spend": 100, "known_days": 40}, "new"),
        ({"visits": 10, "spend": 100, "absent_days": 29}, "about to leave"),
        ({"visits": 10, "spend": 100, "absent_days": 8, "absence": 1.2}, "slipping"),
        ({"visits": 10, "spend": 100, "visit_trend": 0.4}, "slipping"),
        ({"visits": 10, "spend": 100, "absent_days": 4, "absence": 1.2}, "champions"),
        ({"visits": 10, "spend": 100}, "champions"),
        ({"visits": 10, "spend": 30}, "loyal"),
        ({"visits": 2, "spend": 100}, "big baskets"),
        ({"visits": 2, "spend": 20}, "occasional"),
        ({"visits": 5.5, "spend": 50}, "regular"),
    ],
)
def test_a_customer_is_named_by_the_first_rule_that_fits(customer, segment):
    assert _among_ten(customer) == segment


def test_every_name_is_described():
    assert set(SEGMENTS) == {
        "new", "about to leave", "slipping", "champions", "loyal", "big baskets", "occasional", "regular",
    }  # fmt: skip


def test_equal_customers_have_equal_segments_in_any_order():
    customers = [{"visits": float(i % 4), "spend": 10.0 * (i % 4)} for i in range(12)]
    forwards, backwards = _segments(*customers), _segments(*reversed(customers))
    assert forwards == backwards[::-1]
    assert len(set(forwards[::4])) == 1


def test_an_unknown_rhythm_is_no_reason_to_be_slipping():
    assert _among_ten({"visits": 5.5, "spend": 50, "absence": np.nan, "visit_trend": np.nan}) == "regular"
