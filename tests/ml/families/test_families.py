from collections import Counter

import numpy as np
import pytest

from nightmarket.errors import UnknownFamily
from nightmarket.families import FAMILIES, get_family
from nightmarket.families.purchase_intent import PURCHASE_INTENT
from nightmarket.settings import PROJECT_DIR

MODELS = PROJECT_DIR / "dbt_project" / "models"


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_every_feature_has_exactly_one_reason(family):
    counted = Counter(feature for reason in family.reasons for feature in reason.features)
    assert counted == Counter(family.feature_columns)
    assert max(counted.values()) == 1


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_the_feature_view_of_every_family_gives_its_columns(family):
    sql = (MODELS / "features" / f"{family.feature_view.split('.')[1]}.sql").read_text()
    missing = [name for name in family.behaviour_columns if name not in sql]
    assert not missing


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_every_family_has_its_label_models(family):
    for table in (family.label_table, f"{family.label_table}__windows"):
        assert (MODELS / "labels" / f"{table.split('.')[1]}.sql").exists()


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_no_sentence_breaks_on_undefined_facts(family):
    nothing = dict.fromkeys(family.feature_columns, float("nan"))
    zeros = dict.fromkeys(family.feature_columns, 0.0)
    for reason in family.reasons:
        assert reason.sentence(nothing) is None
        said = reason.sentence(zeros)
        assert said is None or "nan" not in said


def test_an_unknown_family_is_named_with_those_there_are():
    with pytest.raises(UnknownFamily, match="Got family 'churn' but expected one of purchase_intent"):
        get_family("churn")


@pytest.mark.parametrize(
    ("reason", "facts", "sentence"),
    [
        ("bought", {"pair__n_orders": 6, "pair__days_since_last_order": 12}, "bought 6 times, last 12 days ago"),
        ("bought", {"pair__n_orders": 1, "pair__days_since_last_order": 1}, "bought 1 time, last 1 day ago"),
        ("bought", {"pair__n_orders": 0, "pair__days_since_last_order": np.nan}, None),
        (
            "rhythm",
            {"pair__mean_interval_days": 14.2, "pair__overdue_ratio": 1.1},
            "buys it about every 14 days, now due",
        ),
        (
            "rhythm",
            {"pair__mean_interval_days": 14.2, "pair__overdue_ratio": 2.0},
            "buys it about every 14 days, overdue",
        ),
        ("activity", {"customer__n_orders_28d": 9, "customer__n_orders_84d": 20}, "shops here: 9 orders in 4 weeks"),
        ("popularity", {"category__penetration_84d": 0.61}, "61 % of customers bought it in 12 weeks"),
        ("reads", {"text__rest_similarity": 0.7}, "reads like what they already buy"),
    ],
)
def test_reasons_are_plain_english_with_the_facts_of_the_row(reason, facts, sentence):
    found = next(r for r in PURCHASE_INTENT.reasons if r.name == reason)
    assert found.sentence(facts) == sentence
