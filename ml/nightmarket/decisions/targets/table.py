"""The layout of ``decisions.campaign_targets``."""

from __future__ import annotations

from nightmarket.contracts import FLAG, ID, TEXT, Column, decision_table

POLICY_VERSION = "campaign_targets/3"

NUMBER = "DOUBLE"

CONTACT, HOLD_OUT, LEAVE_ALONE = "contact", "hold out", "leave alone"
PROVEN, NOT_PROVEN = "uplift", "response, not proven incremental"
EARLIER = "response rate of earlier campaigns, not proven incremental"
ASSUMED = "assumed response rate, not proven incremental"
"""Without a response model: see :mod:`nightmarket.decisions.targets.base_rate`."""

TABLE = decision_table(
    "campaign_targets",
    "Whom to contact, whom to hold out and whom to leave alone. One row per campaign, customer and night: every"
    " campaign that runs, starts within 28 days or has a plan, and every customer scored for it (or who would be,"
    " were there a model).",
    keys=(Column("campaign_id", ID, "The campaign."), Column("customer_id", ID, "The customer.")),
    columns=(
        Column(
            "decision",
            TEXT,
            "contact; hold out (would be contacted, but is left out at random so that the campaign can be measured); or"
            " leave alone.",
        ),
        Column(
            "response_probability",
            NUMBER,
            "Calibrated probability that the customer responds to the campaign; one rate for all where there is no"
            " response model, see value_basis.",
        ),
        Column(
            "expected_incremental_amount",
            NUMBER,
            "Sales that the contact alone brings, before margin; null unless campaigns with a holdout proved it.",
        ),
        Column(
            "expected_value_amount",
            NUMBER,
            "What contacting the customer is expected to bring: the margin on expected sales of what can be shipped,"
            " less cost_amount.",
        ),
        Column("cost_amount", NUMBER, "What contacting the customer costs tonight; 0 where it was done before."),
        Column(
            "value_basis",
            TEXT,
            "uplift, or response, not proven incremental: then some of those contacted would have bought anyway."
            " Without a response model: response rate of earlier campaigns, or assumed response rate"
            " (`NIGHTMARKET_RESPONSE_RATE_PCT`), neither proven incremental.",
        ),
        Column("is_running", FLAG, "True where the campaign has started and not ended on the night."),
        Column(
            "is_holdout",
            FLAG,
            "True where the lot of customer and campaign falls into the holdout, whatever is decided: none of them is"
            " contacted anew.",
        ),
        Column("budget_amount", NUMBER, "What the campaign's contacts may cost in all; null without a limit."),
        Column(
            "dual_price_amount",
            NUMBER,
            "What the next unit of money in the campaign's budget would bring beyond itself; 0 where the budget is not"
            " used up, null without a budget or a cost.",
        ),
        Column(
            "holdout_share",
            NUMBER,
            "Probability with which the customer could be held out of the campaign, between 0 and 1; 0 where contacted"
            " before.",
        ),
    ),
    may_be_empty=True,
)
