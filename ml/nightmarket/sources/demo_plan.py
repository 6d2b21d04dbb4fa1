"""What the demo adds to its data set: a plan of campaigns and the holidays of its country.

The plan is an invention, as the data set ends with the year that it is about.

``demo_plan.csv`` holds three campaigns of the first months of 2018 that The Complete Journey knows nothing of: dates,
the categories they offer, and what they may cost and are worth. They became known late in December 2017, so no night
before knows them, and nobody has been contacted for them. The third leaves cost and margin to the settings.
``demo_holidays.csv`` holds days of 2016 to 2018 that families in the United States buy food for.
"""

from __future__ import annotations

HEADER = (
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

HOLIDAY_HEADER = ("holiday_date", "holiday_name", "holiday_kind")

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

HOLIDAYS = """
    select cast(holiday_date as date) as holiday_date, holiday_name, holiday_kind from {demo_holidays}
"""
