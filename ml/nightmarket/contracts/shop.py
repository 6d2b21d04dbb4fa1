"""What a source must deliver: all that a shop has to know to use Nightmarket.

``docs/contract.md`` is generated from ``SHOP_CONTRACT``.
"""

from __future__ import annotations

from nightmarket.contracts.layout import COUNT, DATE, FLAG, ID, INSTANT, MONEY, QUANTITY, TEXT, Column, Table


def _arrival(*, is_announced: bool = False) -> tuple[Column, Column]:
    ahead = " (what is still to come, when it was loaded)" if is_announced else ""
    return (
        Column(
            "arrived_at",
            INSTANT,
            "When the shop's systems first knew this row (UTC). Leave it out if you do not record it: the first"
            f" load then counts as known when it happened{ahead}, later loads at their night.",
        ),
        Column("arrived_date", DATE, "Shop-local date of arrived_at.", derived_from="arrived_at"),
    )


SHOP_CONTRACT: tuple[Table, ...] = (
    Table(
        "customers",
        "Who buys. One row per customer.",
        key=("customer_id",),
        columns=(
            Column("customer_id", ID, "The customer.", required=True),
            Column("age_band", TEXT, "Age group, in words that sort (`25-34`)."),
            Column("income_band", TEXT, "Income group (`35-49K`)."),
            Column("home_ownership", TEXT, "Owner, renter, ..."),
            Column("marital_status", TEXT, "Married, unmarried, ..."),
            Column("household_size", TEXT, "People in the household (`1` to `5+`)."),
            Column("household_composition", TEXT, "Adults and children in words."),
            Column("n_children", TEXT, "Children in the household (`0` to `3+`)."),
            *_arrival(),
        ),
    ),
    Table(
        "products",
        "What is sold. One row per product.",
        key=("product_id",),
        columns=(
            Column("product_id", ID, "The product.", required=True),
            Column("product_name", TEXT, "The name shoppers read."),
            Column("category_id", ID, "The category that intents are predicted for."),
            Column("category_name", TEXT, "The category's name."),
            Column("department", TEXT, "The group of categories it belongs to."),
            Column("brand", TEXT, "Brand, or kind of brand."),
            Column("description", TEXT, "Anything more there is to read: description, size, material."),
            *_arrival(),
        ),
        required=True,
    ),
    Table(
        "order_lines",
        "What was bought. One row per order and line; a return is a line with negative quantity and amount; a key"
        " that arrives again replaces what was known (a correction, a cancellation).",
        key=("order_line_id",),
        columns=(
            Column("order_line_id", ID, "The line, unique over all orders.", required=True),
            Column("order_id", ID, "The order (basket, receipt) it belongs to.", required=True),
            Column("customer_id", ID, "Who bought.", required=True),
            Column("product_id", ID, "What was bought.", required=True),
            Column("location_id", ID, "Store or warehouse that sold it."),
            Column("ordered_at", INSTANT, "When it was ordered (UTC).", required=True),
            Column("order_date", DATE, "Shop-local date of ordered_at.", derived_from="ordered_at"),
            Column("quantity", QUANTITY, "Units; negative for a return.", required=True),
            Column(
                "sales_amount", MONEY, "What the customer paid for the line, in the shop's currency.", required=True
            ),
            Column("discount_amount", MONEY, "Price reductions on the line, as a positive amount.", default="0"),
            Column("coupon_amount", MONEY, "Coupons redeemed on the line, as a positive amount.", default="0"),
            Column("currency", TEXT, "ISO 4217 code. Empty means the shop's currency."),
            Column("is_cancelled", FLAG, "True once the line was cancelled.", default="false"),
            *_arrival(),
        ),
        event_column="order_date",
        required=True,
    ),
    Table(
        "events",
        "What was looked at. One row per event of a browsing session.",
        key=("event_id",),
        columns=(
            Column("event_id", ID, "The event.", required=True),
            Column("customer_id", ID, "Who browsed; empty for a visitor who is not known."),
            Column("session_id", ID, "The visit it belongs to."),
            Column("event_type", TEXT, "view, cart, purchase, search, ...", required=True),
            Column("product_id", ID, "What was looked at."),
            Column("occurred_at", INSTANT, "When (UTC).", required=True),
            Column("event_date", DATE, "Shop-local date of occurred_at.", derived_from="occurred_at"),
            *_arrival(),
        ),
        event_column="event_date",
    ),
    Table(
        "reviews",
        "What was said. One row per review.",
        key=("review_id",),
        columns=(
            Column("review_id", ID, "The review.", required=True),
            Column("customer_id", ID, "Who wrote it."),
            Column("product_id", ID, "What about.", required=True),
            Column("rating", COUNT, "Stars."),
            Column("review_text", TEXT, "The text."),
            Column("reviewed_at", INSTANT, "When (UTC).", required=True),
            Column("review_date", DATE, "Shop-local date of reviewed_at.", derived_from="reviewed_at"),
            *_arrival(),
        ),
        event_column="review_date",
    ),
    Table(
        "campaigns",
        "What was run. One row per campaign.",
        key=("campaign_id",),
        columns=(
            Column("campaign_id", ID, "The campaign.", required=True),
            Column("campaign_name", TEXT, "Its name."),
            Column("campaign_type", TEXT, "Its kind."),
            Column("start_date", DATE, "First shop-local day.", required=True),
            Column("end_date", DATE, "Last shop-local day.", required=True),
            *_arrival(is_announced=True),
        ),
        event_column="start_date",
        is_announced=True,
    ),
    Table(
        "campaign_products",
        "What was offered. One row per campaign, coupon and product.",
        key=("campaign_id", "coupon_id", "product_id"),
        columns=(
            Column("campaign_id", ID, "The campaign.", required=True),
            Column("coupon_id", ID, "The coupon; empty where a campaign has none.", default="''"),
            Column("product_id", ID, "The product.", required=True),
            *_arrival(),
        ),
    ),
    Table(
        "campaign_contacts",
        "Who was contacted. One row per campaign and customer.",
        key=("campaign_id", "customer_id"),
        columns=(
            Column("campaign_id", ID, "The campaign.", required=True),
            Column("customer_id", ID, "Who was contacted.", required=True),
            Column("contact_date", DATE, "Shop-local day of the contact.", required=True),
            *_arrival(),
        ),
        event_column="contact_date",
    ),
    Table(
        "campaign_responses",
        "Who answered. One row per campaign, customer, coupon and day.",
        key=("campaign_id", "customer_id", "coupon_id", "response_date"),
        columns=(
            Column("campaign_id", ID, "The campaign.", required=True),
            Column("customer_id", ID, "Who answered.", required=True),
            Column("coupon_id", ID, "The coupon redeemed; empty where there is none.", default="''"),
            Column("response_date", DATE, "Shop-local day of the response.", required=True),
            *_arrival(),
        ),
        event_column="response_date",
    ),
    Table(
        "campaign_plans",
        "What a campaign may cost and is worth. One row per campaign that is planned or running; its dates stand in"
        " campaigns, its products in campaign_products.",
        key=("campaign_id",),
        columns=(
            Column("campaign_id", ID, "The campaign.", required=True),
            Column("budget_amount", MONEY, "What contacting may cost in all; empty: no limit.", non_negative=True),
            Column(
                "cost_per_contact_amount",
                MONEY,
                "What one contact costs; empty: `NIGHTMARKET_COST_PER_CONTACT_AMOUNT`.",
                non_negative=True,
            ),
            Column(
                "value_per_response_amount",
                MONEY,
                "What one response brings before margin; empty: what responders spent on earlier campaigns' products.",
                non_negative=True,
            ),
            Column(
                "margin_pct",
                "DECIMAL(9,4)",
                "Percent of that which the shop keeps; empty: `NIGHTMARKET_MARGIN_PCT`.",
                non_negative=True,
            ),
            Column(
                "holdout_pct",
                "DECIMAL(9,4)",
                "Percent of the customers held out at random; empty: `NIGHTMARKET_HOLDOUT_PCT`.",
                non_negative=True,
            ),
            *_arrival(),
        ),
    ),
    Table(
        "promotions",
        "What was shown off. One row per product, location, first day and placement.",
        key=("product_id", "location_id", "start_date", "display_location", "mailer_location"),
        columns=(
            Column("product_id", ID, "The product.", required=True),
            Column("location_id", ID, "The store; empty for all.", default="''"),
            Column("start_date", DATE, "First shop-local day.", required=True),
            Column("end_date", DATE, "Last shop-local day.", required=True),
            Column("display_location", TEXT, "Where in the store; empty for none.", default="''"),
            Column("mailer_location", TEXT, "Where in the mailer; empty for none.", default="''"),
            *_arrival(is_announced=True),
        ),
        event_column="start_date",
        is_announced=True,
    ),
    Table(
        "holidays",
        "What people shop for. One row per day and name, past and to come; days without a kind are of their own.",
        key=("holiday_name", "holiday_date"),
        columns=(
            Column("holiday_date", DATE, "The day itself, shop-local.", required=True),
            Column("holiday_name", TEXT, "Its name.", required=True),
            Column(
                "holiday_kind",
                TEXT,
                "Days of one kind are expected to move demand alike: what Easter taught is expected of Thanksgiving"
                " where both are a `feast`. Empty: its name.",
            ),
            *_arrival(),
        ),
    ),
    Table(
        "inventory",
        "What is in stock. One row per product, location and day. No number is refused for being below 0: a count set"
        " aside would let an older one stand for it; the reorder plan says in the row what it does not believe.",
        key=("product_id", "location_id", "stock_date"),
        columns=(
            Column("product_id", ID, "The product.", required=True),
            Column("location_id", ID, "Where it lies.", default="''"),
            Column("stock_date", DATE, "Shop-local day, at its close.", required=True),
            Column("on_hand_quantity", QUANTITY, "Units that can be sold; below 0 is taken as 0.", required=True),
            Column("on_order_quantity", QUANTITY, "Units ordered and not yet here."),
            Column("lead_time_days", COUNT, "Days from order to shelf."),
            Column("pack_size", QUANTITY, "Units that come together."),
            Column("min_order_quantity", QUANTITY, "Fewest units that can be ordered."),
            Column("unit_cost_amount", MONEY, "What one unit costs the shop."),
            Column("unit_margin_amount", MONEY, "What the shop earns on one unit that is sold; below 0 is a loss."),
            Column("holding_cost_amount", MONEY, "What keeping one unit for a year costs."),
            *_arrival(),
        ),
        event_column="stock_date",
    ),
    Table(
        "fx_rates",
        "What other currencies were worth. One row per currency and day.",
        key=("currency", "rate_date"),
        columns=(
            Column("currency", TEXT, "ISO 4217 code.", required=True),
            Column("rate_date", DATE, "Shop-local day from which the rate holds.", required=True),
            Column("rate", "DECIMAL(18,8)", "Units of the shop's currency for one of this.", required=True),
            *_arrival(),
        ),
        event_column="rate_date",
    ),
)

CONTRACT_TABLES: dict[str, Table] = {table.name: table for table in SHOP_CONTRACT}
