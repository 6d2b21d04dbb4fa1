"""What the demo adds to its data set: a plan of campaigns and the holidays of its country.

The plan is an invention, as the data set ends with the year that it is about.

``demo_plan.csv`` holds three campaigns of the first months of 2018 that The Complete Journey knows nothing of: dates,
the categories they offer, and what they may cost and are worth. They became known late in December 2017, so no night
before knows them, and nobody has been contacted for them. The third leaves cost and margin to the settings.
``demo_holidays.csv`` holds days of 2016 to 2018 that families in the United States buy food for.
"""

from __future__ import annotations

from collections.abc import Mapping
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

_HOLIDAY_HEADER = ("holiday_date", "holiday_name", "holiday_kind")
_FOLDER = Path(__file__).resolve().parent
_HEADERS = {"demo_plan": _HEADER, "demo_holidays": _HOLIDAY_HEADER}

FILES = tuple(
    InputFile(f"{name}.csv", _FOLDER / f"{name}.csv", "csv", separator=",", header=header)
    for name, header in _HEADERS.items()
)


def named_relations(opened: Mapping[str, str]) -> dict[str, str]:
    """Return SQL for the files' columns by name, of what landing opened; empty text is NULL."""
    return {
        name: "(select "
        + ", ".join(f"nullif(c{number}, '') as {column}" for number, column in enumerate(header))
        + f" from {opened[name]})"
        for name, header in _HEADERS.items()
    }


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
