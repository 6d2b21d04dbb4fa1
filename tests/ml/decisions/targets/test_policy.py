"""The policy as a whole: nobody is contacted against a limit, and the holdout is a fair comparison."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from nightmarket.decisions.targets.inputs import Campaign, Candidates
from nightmarket.decisions.targets.policy import choose_targets
from nightmarket.decisions.targets.rows import target_rows
from nightmarket.decisions.targets.stock import Offer
from nightmarket.decisions.targets.summary import summarise
from nightmarket.decisions.targets.table import TABLE

from .shops import AS_OF, campaign_of, candidates_of, random_shop

CAP = 2


def decide(candidates: Candidates, campaigns: dict[str, Campaign], cap: int = CAP) -> pa.Table:
    choice = choose_targets(candidates, campaigns, as_of=AS_OF, contact_cap=cap, salt="salt")
    return target_rows(candidates, campaigns, choice, as_of=AS_OF, contact_cap=cap, run_id="feed")


def _column(rows: pa.Table, name: str) -> list[Any]:
    found: list[Any] = rows[name].to_pylist()
    return found


def test_the_best_are_contacted_as_far_as_the_budget_goes() -> None:
    rows = decide(candidates_of({"a": [0.5, 0.2, 0.4, 0.05]}), {"a": campaign_of("a", budget_amount=1.2)})
    assert _column(rows, "decision") == ["contact", "leave alone", "contact", "leave alone"]
    assert _column(rows, "expected_value_amount") == [2.0, 0.5, 1.5, -0.25]
    assert _column(rows, "reason") == [
        "worth more than it costs, and among the best",
        "the budget goes to customers worth more",
        "worth more than it costs, and among the best",
        "expected to bring no more than the contact costs",
    ]
    # The next contact would cost .50 and bring .50 beyond that.
    assert _column(rows, "dual_price_amount") == pytest.approx([1.0] * 4, abs=2e-4)


def test_a_customer_is_contacted_for_what_is_worth_most_up_to_the_cap() -> None:
    candidates = candidates_of({"a": [0.5], "b": [0.4], "c": [0.3]}, n_recent=[0])
    rows = decide(candidates, {name: campaign_of(name) for name in "abc"})
    assert _column(rows, "decision") == ["contact", "contact", "leave alone"]
    assert _column(rows, "reason")[2] == "other campaigns are worth more for the 2 contacts in 28 days"
    assert _column(rows, "dual_price_amount") == [None] * 3


def test_a_campaign_after_the_next_28_days_has_contacts_of_its_own() -> None:
    later = replace(campaign_of("c"), start_date=date(2024, 6, 30))
    candidates = candidates_of({"a": [0.5, 0.5], "b": [0.4, 0.4], "c": [0.3, 0.3]}, n_recent=[0, 2])
    rows = decide(candidates, {"a": campaign_of("a"), "b": campaign_of("b"), "c": later})
    assert _column(rows, "decision") == ["contact", "leave alone"] * 2 + ["contact", "contact"]


def test_a_campaign_that_starts_on_day_28_shares_the_cap_with_those_that_run() -> None:
    last = replace(campaign_of("c"), start_date=date(2024, 6, 29))
    candidates = candidates_of({"a": [0.5, 0.5], "b": [0.4, 0.4], "c": [0.3, 0.3]}, n_recent=[0, 2])
    rows = decide(candidates, {"a": campaign_of("a"), "b": campaign_of("b"), "c": last})
    assert _column(rows, "decision") == ["contact", "leave alone"] * 2 + ["leave alone", "leave alone"]


def test_each_28_days_after_the_first_begin_a_day_after_the_last_ended() -> None:
    starts = [date(2024, 5, 1), AS_OF, date(2024, 6, 29), date(2024, 6, 30), date(2024, 7, 27), date(2024, 7, 28)]
    periods = [replace(campaign_of("c"), start_date=start).period(AS_OF) for start in starts]
    assert periods == [0, 0, 0, 1, 1, 2]


def test_contacts_of_the_last_28_days_count() -> None:
    rows = decide(candidates_of({"a": [0.5, 0.5], "b": [0.4, 0.4]}, n_recent=[1, 2]), {n: campaign_of(n) for n in "ab"})
    assert _column(rows, "decision") == ["contact", "leave alone", "leave alone", "leave alone"]
    assert _column(rows, "reason")[3] == "contacted twice in the last 28 days, and 2 is the cap"


def test_a_cap_of_one_is_told_in_the_singular() -> None:
    candidates = candidates_of({"a": [0.5, 0.5], "b": [0.4, 0.4]}, n_recent=[0, 1])
    rows = decide(candidates, {name: campaign_of(name) for name in "ab"}, cap=1)
    assert _column(rows, "reason")[1:] == [
        "contacted once in the last 28 days, and 1 is the cap",
        "other campaigns are worth more for the 1 contact in 28 days",
        "contacted once in the last 28 days, and 1 is the cap",
    ]


def test_the_first_who_found_no_place_is_not_told_of_other_campaigns_where_there_are_none() -> None:
    random = np.random.default_rng(2)
    for cost in random.integers(1, 150, 40) / 100:
        candidates = candidates_of({"a": list(random.uniform(0.4, 0.9, 12))})
        rows = decide(candidates, {"a": campaign_of("a", budget_amount=6 * cost, cost_amount=float(cost))})
        assert set(_column(rows, "reason")) == {
            "worth more than it costs, and among the best",
            "the budget goes to customers worth more",
        }, cost


def test_who_was_contacted_before_stays_contacted_and_costs_nothing_new() -> None:
    candidates = candidates_of({"a": [0.01, 0.5, 0.4]}, contacted={("a", 0): "2024-05-20"}, n_recent=[1, 0, 0])
    rows = decide(candidates, {"a": campaign_of("a", budget_amount=1.0, n_contacted=1)})
    # Half of the budget of 1.00 is spent, so it pays for one more.
    assert _column(rows, "decision") == ["contact", "contact", "leave alone"]
    assert _column(rows, "reason")[0] == "contacted on 2024-05-20"
    assert _column(rows, "cost_amount") == [0.0, 0.5, 0.5]
    assert _column(rows, "holdout_share") == [0.0, 0.001, 0.001]


def test_a_budget_below_one_contact_leaves_everybody_alone_and_says_what_one_would_bring() -> None:
    rows = decide(candidates_of({"a": [0.5, 0.2]}), {"a": campaign_of("a", budget_amount=0.49)})
    assert _column(rows, "decision") == ["leave alone"] * 2
    assert _column(rows, "reason") == ["the budget of 0.49 pays no contact of 0.50"] * 2
    assert _column(rows, "dual_price_amount") == pytest.approx([4.0] * 2, abs=2e-4)


def test_a_campaign_of_which_nothing_can_be_shipped_is_left_alone() -> None:
    empty = Offer(0.0, 0.0, 0.0, 3.0, "100 % of its sales cannot be shipped and count for nothing")
    rows = decide(candidates_of({"a": [0.5], "b": [0.5]}), {"a": campaign_of("a", offer=empty), "b": campaign_of("b")})
    assert _column(rows, "decision") == ["leave alone", "contact"]
    assert _column(rows, "reason")[0].startswith("nothing that it offers can be shipped")


def test_a_campaign_of_which_nobody_knows_what_a_response_is_worth_is_left_alone() -> None:
    rows = decide(candidates_of({"a": [0.5]}), {"a": campaign_of("a", value_per_response_amount=None)})
    assert _column(rows, "decision") == ["leave alone"]
    assert _column(rows, "reason") == [
        "nothing is known of what a response is worth: set value_per_response_amount in campaign_plans"
    ]


def test_a_campaign_whose_products_nobody_knows_is_left_alone_with_its_budget() -> None:
    ghost = Offer(0.0, 0.0, 0.0, None, "", is_unknown=True)
    rows = decide(candidates_of({"a": [0.5]}), {"a": campaign_of("a", offer=ghost, budget_amount=30.0)})
    assert _column(rows, "decision") == ["leave alone"]
    assert _column(rows, "reason") == [
        "no product that it offers is in the catalogue: mend its rows in campaign_products, or deliver the products"
    ]


def test_what_stood_in_for_the_plan_is_said_in_the_row() -> None:
    rows = decide(candidates_of({"a": [0.5]}), {"a": campaign_of("a", notes=("cost and margin of the settings",))})
    assert _column(rows, "reason") == ["worth more than it costs, and among the best (cost and margin of the settings)"]


def test_overstock_wins_between_offers_of_like_value() -> None:
    over = Offer(1.2, 1.0, 1.0, 3.0, "100 % of its sales are overstock and count 1.2 times")
    candidates = candidates_of({"a": [0.40], "b": [0.38]}, n_recent=[1])
    rows = decide(candidates, {"a": campaign_of("a"), "b": campaign_of("b", offer=over)})
    assert _column(rows, "decision") == ["leave alone", "contact"]


def test_a_campaign_that_costs_nothing_needs_no_budget() -> None:
    rows = decide(candidates_of({"a": [0.5, 0.1]}), {"a": campaign_of("a", cost_amount=0.0, budget_amount=0.0)})
    assert _column(rows, "decision") == ["contact"] * 2
    assert _column(rows, "dual_price_amount") == [None] * 2


def test_without_candidates_there_is_a_table_without_rows() -> None:
    rows = decide(candidates_of({"a": [float("nan")]}), {"a": campaign_of("a")})
    assert (rows.num_rows, rows.column_names) == (0, [column.name for column in TABLE.columns])


def test_equal_values_are_settled_by_lot_and_always_the_same_way() -> None:
    campaigns = {"a": campaign_of("a", budget_amount=10.0)}
    first = decide(candidates_of({"a": [0.5] * 100}), campaigns)
    chosen = [number for number, one in enumerate(_column(first, "decision")) if one == "contact"]
    assert len(chosen) == 20
    assert chosen != list(range(20))
    assert decide(candidates_of({"a": [0.5] * 100}), campaigns).equals(first)


@pytest.mark.parametrize("seed", range(12))
def test_every_limit_holds(seed: int) -> None:
    candidates, campaigns = random_shop(300, 5, seed=seed)
    rows = decide(candidates, campaigns)
    is_new = np.array([reason.startswith("worth more") for reason in _column(rows, "reason")])
    is_done = ~np.isnat(candidates.contacted_on)
    decision = np.array(_column(rows, "decision"))
    assert set(np.unique(decision)) == {"contact", "hold out", "leave alone"}
    assert ((decision == "contact") == (is_new | is_done)).all()
    assert not (is_new & np.array(_column(rows, "is_holdout"))).any()
    assert np.array(_column(rows, "is_holdout"))[decision == "hold out"].all()
    assert (np.array(_column(rows, "expected_value_amount"))[is_new | (decision == "hold out")] > 0).all()
    tonight = np.bincount(candidates.customer[is_new], minlength=len(candidates.customer_ids))
    assert (tonight <= np.maximum(CAP - candidates.n_recent_contacts, 0)).all()
    for number, name in enumerate(candidates.campaign_ids):
        campaign, here = campaigns[name], candidates.campaign == number
        if campaign.terms.budget_amount is not None:
            before = campaign.n_contacted * campaign.terms.cost_amount
            spent = sum(np.array(_column(rows, "cost_amount"))[here & is_new])
            assert spent == 0 or before + spent <= campaign.terms.budget_amount + 1e-9
    assert None not in _column(rows, "reason")
    summary = summarise(
        candidates, campaigns, choose_targets(candidates, campaigns, as_of=AS_OF, contact_cap=CAP, salt="salt")
    )
    assert sum(one["n_to_contact"] for one in summary.values()) == is_new.sum()
    assert sum(one["n_held_out"] for one in summary.values()) == (decision == "hold out").sum()


def test_those_held_out_are_like_those_contacted() -> None:
    candidates, campaigns = random_shop(6000, 4, seed=3, holdout_share=0.3)
    rows = decide(candidates, campaigns)
    decision, value = np.array(_column(rows, "decision")), np.array(_column(rows, "expected_value_amount"))
    is_done = ~np.isnat(candidates.contacted_on)
    for number in range(4):
        here = (candidates.campaign == number) & ~is_done
        contacted, held = here & (decision == "contact"), here & (decision == "hold out")
        n_held, n_both = int(held.sum()), int((contacted | held).sum())
        assert stats.binomtest(n_held, n_both, 0.3).pvalue > 0.01
        assert stats.ks_2samp(value[contacted], value[held]).pvalue > 0.01
        # Not so all that the lot falls on: most of them would not have been contacted.
        everybody = here & np.array(_column(rows, "is_holdout"))
        assert value[everybody].mean() < value[held].mean() - 0.2


def test_a_proven_uplift_takes_the_place_of_the_response() -> None:
    candidates = candidates_of({"a": [0.9, 0.1]})
    candidates.incremental_amount[:] = [0.5, 2.0]
    rows = decide(candidates, {"a": campaign_of("a", budget_amount=0.5)})
    assert _column(rows, "decision") == ["leave alone", "contact"]
    assert _column(rows, "value_basis") == ["uplift"] * 2
    assert _column(rows, "expected_incremental_amount") == [0.5, 2.0]


def test_the_layout_is_that_of_the_table() -> None:
    rows = decide(candidates_of({"a": [0.5]}), {"a": campaign_of("a")})
    names = {"VARCHAR": pa.string(), "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_(), "DATE": pa.date32()}
    assert rows.schema == pa.schema([(column.name, names[column.type]) for column in TABLE.columns])
    assert _column(rows, "as_of_date") == [date(2024, 6, 1)]
