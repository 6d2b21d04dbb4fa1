"""``demand``: how many units of each product, and how much money in all, the shop will sell in the next eight weeks."""

from __future__ import annotations

from nightmarket.contracts import DATE, ID, TEXT, Column, score_table
from nightmarket.families.base import Forecaster

DEMAND = score_table(
    "demand",
    "Units that will be sold in each of the next eight weeks, by product (those with a sale in the last 182 days), by"
    " category and in total, as expected and as quantiles. Products add up to their category and categories to the"
    " total; coupons, fuel and the like are left out. One row per level, item, week and night.",
    keys=(
        Column("level", TEXT, "What the item is: product, category or total."),
        Column("item_id", ID, "The product_id, the category_id, or the word total."),
        Column("week_start_date", DATE, "First shop-local day of the week; weeks are 7 days each from as_of_date on."),
    ),
    predictions=(
        Column("category_id", ID, "The product's category; null for other levels."),
        Column("units", "DOUBLE", "Units expected in that week, the mean of what may happen: what to add up."),
        Column("units_p05", "DOUBLE", "In 1 week of 20 fewer units than this are sold."),
        Column("units_p25", "DOUBLE", "In 1 week of 4 fewer units than this are sold."),
        Column("units_p50", "DOUBLE", "In half of the weeks fewer units than this are sold: nearest to a single week."),
        Column("units_p75", "DOUBLE", "In 1 week of 4 more units than this are sold."),
        Column("units_p95", "DOUBLE", "In 1 week of 20 more units than this are sold."),
        Column("demand_class", TEXT, "How the item sells: smooth, erratic, intermittent, lumpy or new."),
        Column("method", TEXT, "The method that made the row: the best for its class on earlier weeks."),
    ),
)
SALES_FORECAST = score_table(
    "sales_forecast",
    "What will be sold, in the shop's currency, on each of the next 56 days and in each of the next eight weeks, by"
    " category and in total, as expected and as quantiles. Days add up to weeks and categories to the total; coupons,"
    " fuel and the like are left out. One row per grain, level, item, period and night.",
    keys=(
        Column("grain", TEXT, "How long the period is: day or week."),
        Column("level", TEXT, "What the item is: category or total."),
        Column("item_id", ID, "The category_id, or the word total."),
        Column("period_start_date", DATE, "First shop-local day of the period; weeks are 7 days each from as_of_date."),
    ),
    predictions=(
        Column("sales_amount", "DOUBLE", "Sales expected in the period, returns taken off."),
        Column("sales_amount_p05", "DOUBLE", "In 1 period of 20 less than this is sold."),
        Column("sales_amount_p25", "DOUBLE", "In 1 period of 4 less than this is sold."),
        Column("sales_amount_p50", "DOUBLE", "In half of the periods less than this is sold."),
        Column("sales_amount_p75", "DOUBLE", "In 1 period of 4 more than this is sold."),
        Column("sales_amount_p95", "DOUBLE", "In 1 period of 20 more than this is sold."),
        Column("method", TEXT, "The method that made the row: the best for items of its size on earlier weeks."),
    ),
)

FAMILY = Forecaster(
    name="demand",
    title="Demand and sales",
    description=DEMAND.description,
    tables=(DEMAND, SALES_FORECAST),
    layout=3,
)
