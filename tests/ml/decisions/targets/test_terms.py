"""What a campaign's plan leaves open, and what its stock leaves of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from nightmarket.decisions.targets.campaign import (
    Defaults,
    KnownCampaign,
    Plan,
    Status,
    plans_without_campaign,
    settle_terms,
    warn_of_release,
)
from nightmarket.decisions.targets.stock import StockPlan, weigh_offer
from nightmarket.decisions.targets.value import expected_values
from nightmarket.errors import InvalidSetting

AS_OF = date(2024, 6, 1)
DEFAULTS = Defaults(0.5, 30.0, 10.0, spend_per_response_amount=12.0)
PLAN = Plan(100.0, 0.25, 20.0, 40.0, 15.0)
SPRING = KnownCampaign("spring", date(2024, 5, 20), date(2024, 6, 10), PLAN)


@pytest.mark.parametrize(
    ("start", "end", "plan", "status"),
    [
        ("2024-05-01", "2024-05-31", PLAN, Status.PAST),
        ("2024-05-01", "2024-06-01", None, Status.RUNNING),
        ("2024-06-01", "2024-06-08", None, Status.RUNNING),
        ("2024-06-29", "2024-07-08", None, Status.STARTING),
        ("2024-06-30", "2024-07-08", None, Status.LATER),
        ("2024-06-30", "2024-07-08", PLAN, Status.PLANNED),
    ],
)
def test_a_night_decides_on_what_runs_starts_within_28_days_or_has_a_plan(
    start: str, end: str, plan: Plan | None, status: Status
) -> None:
    campaign = KnownCampaign("spring", date.fromisoformat(start), date.fromisoformat(end), plan)
    assert campaign.status(AS_OF) is status
    assert status.is_decided == (status not in (Status.PAST, Status.LATER))


def test_a_whole_plan_needs_nothing_else() -> None:
    terms = settle_terms(SPRING, DEFAULTS, mean_price_amount=3.0)
    assert (terms.budget_amount, terms.cost_amount, terms.value_per_response_amount) == (100.0, 0.25, 20.0)
    assert (terms.margin_pct, terms.holdout_share, terms.notes) == (40.0, 0.15, ())


def test_what_a_plan_does_not_say_is_filled_in_and_said() -> None:
    terms = settle_terms(replace(SPRING, plan=Plan(budget_amount=9.0)), DEFAULTS, mean_price_amount=3.0)
    assert (terms.cost_amount, terms.margin_pct, terms.holdout_share) == (0.5, 30.0, 0.1)
    assert terms.value_per_response_amount == 12.0
    assert terms.notes == (
        "cost and margin of the settings",
        "a response taken to be worth what earlier responders spent",
    )


def test_a_campaign_without_a_plan_has_no_budget_and_says_so() -> None:
    terms = settle_terms(replace(SPRING, plan=None), DEFAULTS, mean_price_amount=None)
    assert terms.budget_amount is None
    assert terms.notes[0] == "no plan: no budget, cost and margin of the settings"


def test_where_nobody_ever_responded_a_response_is_worth_a_product_or_is_not_known() -> None:
    nobody = replace(DEFAULTS, spend_per_response_amount=None)
    unplanned = replace(SPRING, plan=None)
    assert settle_terms(unplanned, nobody, mean_price_amount=3.0).value_per_response_amount == 3.0
    unknown = settle_terms(unplanned, nobody, mean_price_amount=None)
    assert unknown.value_per_response_amount is None


def test_a_holdout_that_is_lowered_while_the_campaign_runs_is_warned_of() -> None:
    terms = settle_terms(SPRING, DEFAULTS, mean_price_amount=3.0)
    assert warn_of_release(terms, 0.3).notes == (
        "holdout lowered from 30 to 15 % while it runs: some who were held out may be contacted, which spoils its"
        " measurement",
    )
    for earlier in (None, 0.15, 0.1):
        assert warn_of_release(terms, earlier) == terms


def test_a_holdout_is_the_share_that_was_written_to_the_last_digit() -> None:
    terms = settle_terms(replace(SPRING, plan=replace(PLAN, holdout_pct=99.9)), DEFAULTS, mean_price_amount=None)
    assert terms.holdout_share == 0.999
    # What a night before published of the same percentage is no lowered holdout.
    assert warn_of_release(terms, 99.9 / 100) == terms


@pytest.mark.parametrize("holdout_pct", [0.0, 100.0])
def test_a_plan_that_holds_out_nobody_or_everybody_is_refused(holdout_pct: float) -> None:
    with pytest.raises(InvalidSetting, match=f"Got a holdout of {holdout_pct:g} % for campaign 'spring'"):
        settle_terms(replace(SPRING, plan=replace(PLAN, holdout_pct=holdout_pct)), DEFAULTS, mean_price_amount=None)


def test_a_plan_for_a_campaign_without_dates_is_named() -> None:
    assert plans_without_campaign({"winter": PLAN, "spring": PLAN}, {"spring": SPRING}) == ["winter"]


STOCK = StockPlan(
    product_ids=np.array(["beer", "bread", "wine"]),
    sales_amount=np.array([60.0, 30.0, 10.0]),
    unit_price_amount=np.array([2.0, 4.0, np.nan]),
    lead_time_days=np.array([7, 7, 7]),
    position_units=np.array([0.0, 400.0, np.nan]),
    order_units=np.array([24.0, 0.0, np.nan]),
    run_out_probability=np.array([0.0, 0.0, 0.0]),
    is_overstock=np.array([False, True, False]),
)
BEER = np.array(["beer"])
SOONER, LATER = date(2024, 6, 7), date(2024, 6, 8)


def test_what_is_out_of_stock_counts_for_nothing_and_overstock_for_more() -> None:
    offer = weigh_offer(np.array(["beer", "bread", "wine"]), STOCK, start_date=AS_OF, as_of=AS_OF)
    assert offer.shippable_share == pytest.approx(0.4)
    assert offer.overstock_share == pytest.approx(0.3)
    assert offer.factor == pytest.approx(0.4 + 0.2 * 0.3)
    assert offer.mean_price_amount == pytest.approx(3.0)
    assert offer.note == (
        "60 % of its sales cannot be shipped and count for nothing, 30 % of its sales are overstock and count 1.2 times"
    )


@pytest.mark.parametrize(("probability", "share"), [(0.054, 0.946), (0.5, 0.5), (0.51, 0.0), (1.0, 0.0)])
def test_what_may_run_out_counts_as_it_is_likely_to_last_and_not_at_all_where_that_is_unlikely(
    probability: float, share: float
) -> None:
    risky = replace(STOCK, position_units=np.full(3, 5.0), run_out_probability=np.full(3, probability))
    offer = weigh_offer(np.array(["beer", "wine"]), risky, start_date=AS_OF, as_of=AS_OF)
    assert offer.shippable_share == pytest.approx(share)
    assert offer.note == f"100 % of its sales may run out and count for {100 * share:.0f} %"
    # What may run out is no overstock to get rid of.
    over = weigh_offer(np.array(["bread"]), risky, start_date=AS_OF, as_of=AS_OF)
    assert over.overstock_share == 0


def test_a_campaign_that_starts_after_tonights_order_has_arrived_can_ship_it() -> None:
    assert weigh_offer(BEER, STOCK, start_date=LATER, as_of=AS_OF).shippable_share == 1.0
    assert weigh_offer(BEER, STOCK, start_date=SOONER, as_of=AS_OF).shippable_share == 0.0


def test_what_is_out_of_stock_and_not_ordered_is_not_promoted_however_late_the_campaign_starts() -> None:
    ended = replace(STOCK, order_units=np.zeros(3))
    assert weigh_offer(BEER, ended, start_date=date(2024, 9, 1), as_of=AS_OF).shippable_share == 0.0


def test_what_is_on_its_way_can_be_promoted() -> None:
    coming = replace(STOCK, position_units=np.array([12.0, 400.0, np.nan]))
    assert weigh_offer(BEER, coming, start_date=AS_OF, as_of=AS_OF).shippable_share == 1.0


def test_products_that_the_plan_does_not_know_change_nothing() -> None:
    offer = weigh_offer(np.array(["tea"]), STOCK, start_date=AS_OF, as_of=AS_OF)
    assert (offer.factor, offer.note) == (1.0, "stock of its products not known")
    assert weigh_offer(np.array([], dtype=str), STOCK, start_date=AS_OF, as_of=AS_OF).note == ""


def test_products_without_expected_sales_weigh_the_same_and_are_not_called_sales() -> None:
    unsold = replace(STOCK, sales_amount=np.zeros(3))
    offer = weigh_offer(np.array(["beer", "wine"]), unsold, start_date=AS_OF, as_of=AS_OF)
    assert offer.shippable_share == pytest.approx(0.5)
    assert offer.note == "50 % of its products cannot be shipped and count for nothing"
    over = weigh_offer(np.array(["bread"]), unsold, start_date=AS_OF, as_of=AS_OF)
    assert over.note == "100 % of its products are overstock and count 1.2 times"


def test_nothing_is_said_of_what_is_a_share_of_no_sales() -> None:
    unsold = replace(STOCK, sales_amount=np.array([0.0, 0.0, 10.0]))
    offer = weigh_offer(np.array(["beer", "bread", "wine"]), unsold, start_date=AS_OF, as_of=AS_OF)
    assert (offer.factor, offer.note) == (1.0, "")


def test_an_offer_of_which_nothing_is_known_is_told_from_one_without_stock_data() -> None:
    tea = np.array(["tea"])
    unknown = weigh_offer(tea, STOCK, start_date=AS_OF, as_of=AS_OF, not_in_catalogue=tea)
    assert (unknown.is_unknown, unknown.shippable_share) == (True, 0.0)
    no_stock = weigh_offer(tea, STOCK, start_date=AS_OF, as_of=AS_OF, not_in_catalogue=np.array([], dtype=str))
    assert (no_stock.is_unknown, no_stock.shippable_share) == (False, 1.0)


def test_what_is_not_in_the_catalogue_is_ignored_beside_what_is() -> None:
    offered, typo = np.array(["bread", "wien"]), np.array(["wien"])
    offer = weigh_offer(offered, STOCK, start_date=AS_OF, as_of=AS_OF, not_in_catalogue=typo)
    known = weigh_offer(np.array(["bread"]), STOCK, start_date=AS_OF, as_of=AS_OF)
    assert (offer.factor, offer.is_unknown) == (known.factor, False)
    assert offer.note == f"1 of its 2 products not in the catalogue, {known.note}"


def test_what_is_in_stock_or_sold_is_known_whatever_the_catalogue_says() -> None:
    offer = weigh_offer(BEER, STOCK, start_date=LATER, as_of=AS_OF, not_in_catalogue=BEER)
    assert (offer.is_unknown, offer.shippable_share, offer.note) == (False, 1.0, "")


def test_a_contact_is_worth_the_margin_on_what_it_is_expected_to_sell() -> None:
    terms = settle_terms(SPRING, DEFAULTS, mean_price_amount=None)
    plenty = weigh_offer(np.array([], dtype=str), STOCK, start_date=AS_OF, as_of=AS_OF)
    found = expected_values(np.array([0.1, 0.1]), np.array([np.nan, 1.5]), terms, plenty)
    # 10 % of 20.00 at a margin of 40 %; and 1.50 that a contact is proven to bring, whatever the probability.
    assert found.tolist() == [8000, 6000]
