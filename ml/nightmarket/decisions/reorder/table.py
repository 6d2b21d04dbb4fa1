"""The layout of ``decisions.reorder_plan``."""

from __future__ import annotations

from nightmarket.contracts import COUNT, FLAG, ID, TEXT, Column, decision_table

POLICY_VERSION = "reorder_plan/2"

NUMBER = "DOUBLE"

TABLE = decision_table(
    "reorder_plan",
    "What to hold and what to order. One row per product and night, and per location where stock is kept by location:"
    " every product that was sold in the 182 days before the night or is in stock.",
    keys=(
        Column("product_id", ID, "The product."),
        Column("location_id", ID, "Where its stock lies; empty where the shop keeps none by location."),
    ),
    columns=(
        Column("category_id", ID, "The product's category; null where it has none, or no forecast."),
        Column("abc_class", TEXT, "A, B or C: products by sales amount of 182 days, cut at 80 and 95 % of it."),
        Column(
            "xyz_class", TEXT, "X, Y or Z: variation of weekly units over 26 weeks up to .5, up to 1, above or unknown."
        ),
        Column("service_level", NUMBER, "Probability of not running out before the next review's order is delivered."),
        Column(
            "service_level_basis",
            TEXT,
            "newsvendor (from margin and holding cost), or class default where one of them is unknown.",
        ),
        Column("lead_time_days", COUNT, "Days from order to shelf."),
        Column(
            "lead_time_basis",
            TEXT,
            "given (by the shop's inventory), or default (`NIGHTMARKET_LEAD_TIME_DAYS`) where that is missing, below 1"
            " or above 730.",
        ),
        Column("review_period_days", COUNT, "Days between two looks at what to order."),
        Column("demand_units", NUMBER, "Units expected to be wanted over lead time and review period."),
        Column("demand_units_p05", NUMBER, "Units that demand over that time exceeds with 95 %."),
        Column("demand_units_p25", NUMBER, "Units that demand over that time exceeds with 75 %."),
        Column("demand_units_p50", NUMBER, "Units that demand over that time exceeds with 50 %."),
        Column("demand_units_p75", NUMBER, "Units that demand over that time exceeds with 25 %."),
        Column("demand_units_p95", NUMBER, "Units that demand over that time exceeds with 5 %."),
        Column("safety_stock_units", NUMBER, "Units of the reorder point beyond expected demand."),
        Column("reorder_point_units", NUMBER, "Order when fewer than these are on hand and on order."),
        Column(
            "order_up_to_units",
            NUMBER,
            "Level that an order fills up to, in whole packs; the minimum order may lead beyond it.",
        ),
        Column("pack_size", NUMBER, "Units that come together; null where not given: single units."),
        Column("min_order_quantity", NUMBER, "Fewest units that can be ordered; null where not given: one pack."),
        Column("on_hand_units", NUMBER, "Units on hand by the newest stock known; null without stock data."),
        Column("on_order_units", NUMBER, "Units on order by the newest stock known; null where not known."),
        Column(
            "supplied_places_units",
            NUMBER,
            "Units on hand and on order at the places that this one supplies, as it sells nothing itself: its demand,"
            " levels, cover and flags are those of the whole product. Null at every other place: sums over places are"
            " of these.",
        ),
        Column("suggested_order_units", NUMBER, "Units to order tonight; null without stock data."),
        Column("cover_days", NUMBER, "Days that the units on hand last at expected demand; null without either."),
        Column(
            "stock_out_probability",
            NUMBER,
            "Probability that demand over the lead time, before an order of tonight is there, exceeds what is on hand"
            " and on order (also at the places supplied); null without stock data.",
        ),
        Column(
            "is_stock_out_risk",
            FLAG,
            "Whether that probability is above what the service level accepts; null without stock data.",
        ),
        Column(
            "is_overstock",
            FLAG,
            "Whether more is on hand and on order than the order-up-to level and demand of 8 weeks; null without stock"
            " data.",
        ),
        Column(
            "unit_price_amount", NUMBER, "What a unit brought over the last 182 days; null where it was never sold."
        ),
    ),
)
