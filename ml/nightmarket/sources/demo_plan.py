"""The demo's plan of campaigns: an invention, as the data set ends with the year that it is about.

``demo_plan.csv`` holds three campaigns of the first months of 2018 that The Complete Journey knows nothing of: dates,
the categories they offer, and what they may cost and are worth. They became known late in December 2017, so no night
before knows them, and nobody has been contacted for them. The third leaves cost and margin to the settings.
"""

from __future__ import annotations

from pathlib import Path

from nightmarket.sources.base import InputFile

_HEADER = (
    "campaign_id",
    "campaign_name",
    "campaign_type",
    "start_date",
    "end_date",
    "arrived_at",
    "category_ids",
    "budget_amount",
    "cost_per_contact_amount",
    "value_per_response_amount",
    "margin_pct",
    "holdout_pct",
)

PLAN_FILE = InputFile(
    "demo_plan.csv", Path(__file__).resolve().with_suffix(".csv"), "csv", separator=",", header=_HEADER
)


def plan_relation(opened: str) -> str:
    """Return SQL for the plan's columns by name, of the file that landing opened as ``opened``; empty text is NULL."""
    columns = ", ".join(f"nullif(c{number}, '') as {name}" for number, name in enumerate(_HEADER))
    return f"(select {columns} from {opened})"


CAMPAIGNS = """
    select campaign_id, campaign_name, campaign_type, cast(start_date as date) as start_date,
        cast(end_date as date) as end_date, cast(arrived_at as timestamp) as arrived_at
    from {demo_plan}
"""

CAMPAIGN_PRODUCTS = """
    select offers.campaign_id, offers.campaign_id || ' ' || offers.category_id as coupon_id,
        cast(products.product_id as varchar) as product_id, cast(offers.arrived_at as timestamp) as arrived_at
    from (
        select campaign_id, arrived_at, unnest(string_split(category_ids, '|')) as category_id from {demo_plan}
    ) as offers
    inner join {products} as products on offers.category_id = products.product_category
"""

CAMPAIGN_PLANS = """
    select campaign_id, budget_amount, cost_per_contact_amount, value_per_response_amount, margin_pct, holdout_pct,
        cast(arrived_at as timestamp) as arrived_at
    from {demo_plan}
"""
