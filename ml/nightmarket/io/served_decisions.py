"""What the morning report shows of the served decisions and forecasts of one night. Exact: sums are of decimals.

Every function reads the ``_history`` view of its table, so that a report of an earlier night stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb

from nightmarket.io.served_figures import read_dicts

Connection = duckdb.DuckDBPyConnection

_EXACT = "decimal(38, 4)"

RESULTS = ("ops.campaign_results_history", "ops.campaign_results")
"""Where measurements of campaigns stand, the fullest first."""


def has_view(connection: Connection, name: str) -> bool:
    """Return whether the store has the view or table ``schema.name``: an older generation lacks what is younger."""
    schema, _, table = name.partition(".")
    return (
        connection.execute(
            "select 1 from information_schema.tables where table_schema = ? and table_name = ?", [schema, table]
        ).fetchone()
        is not None
    )


def read_plan_totals(connection: Connection, night: date) -> tuple[Any, ...]:
    """Return the figures of the whole reorder plan, in the order of ``report.decisions.PlanTotals``.

    Demand is that of the places that sell: a place that supplies others answers for theirs once more. Of a product that
    a warehouse supplies, the warehouse's order is bought; what the other places order comes out of its stock.
    """
    row = connection.execute(
        f"""
        select
            count(*), count(distinct product_id), count(on_hand_units),
            count(*) filter (suggested_order_units > 0 and not is_supplied),
            coalesce(sum(suggested_order_units::{_EXACT}) filter (not is_supplied), 0)::double,
            count(*) filter (is_stock_out_risk), count(*) filter (is_overstock),
            coalesce(sum(demand_units::{_EXACT}) filter (sells), 0)::double,
            coalesce(sum((demand_units * unit_price_amount)::{_EXACT}) filter (sells), 0)::double,
            count(*) filter (suggested_order_units > 0 and is_supplied),
            coalesce(sum(suggested_order_units::{_EXACT}) filter (is_supplied), 0)::double
        from (
            select
                *, supplied_places_units is null as sells,
                sells and bool_or(supplied_places_units is not null) over (partition by product_id) as is_supplied
            from decisions.reorder_plan_history where as_of_date = ?
        )
        """,
        [night],
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always has one row
    return row


def read_top_risks(connection: Connection, night: date, n: int) -> list[dict[str, Any]]:
    """Return the ``n`` rows of the plan whose running out puts the greatest sales at risk, with ``at_stake_amount``.

    That is expected sales over lead time and review, times the probability of a stock-out where stock is known; the
    rows of which it is known go first. Ties, and rows without a price, by demand and key.
    """
    return read_dicts(
        connection,
        f"""
        select *, (demand_units * unit_price_amount * coalesce(stock_out_probability, 1))::{_EXACT}::double
            as at_stake_amount
        from decisions.reorder_plan_history where as_of_date = ?
        order by stock_out_probability is null, at_stake_amount desc nulls last, demand_units desc nulls last,
            product_id, location_id
        limit {n}
        """,
        [night],
    )


def read_outlooks(connection: Connection, night: date, level: str, items: Sequence[str]) -> list[dict[str, Any]]:
    """Return the weeks of ``scores.demand`` of some items, by item and week."""
    return read_dicts(
        connection,
        "select item_id, week_start_date as starts_on, units as expected, units_p05 as p05, units_p25 as p25, "
        "units_p75 as p75, units_p95 as p95, method, demand_class from scores.demand_history "
        "where as_of_date = ? and level = ? and item_id in (select unnest(?::varchar[])) "
        "order by item_id, week_start_date",
        [night, level, list(items)],
    )


def read_expected_units(connection: Connection, night: date, level: str) -> dict[str, float]:
    """Return the units expected in all weeks ahead, by item."""
    rows = connection.execute(
        f"select item_id, sum(units::{_EXACT})::double from scores.demand_history "
        "where as_of_date = ? and level = ? group by 1 order by 1",
        [night, level],
    ).fetchall()
    return dict(rows)


def read_n_weeks(connection: Connection, night: date) -> int:
    """Return how many weeks ahead ``scores.demand`` looks."""
    row = connection.execute(
        "select count(distinct week_start_date) from scores.demand_history where as_of_date = ?", [night]
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always has one row
    return int(row[0])


def read_total_sales(connection: Connection, night: date) -> list[dict[str, Any]]:
    """Return the weeks of total sales of ``scores.sales_forecast``."""
    return read_dicts(
        connection,
        "select item_id, period_start_date as starts_on, sales_amount as expected, sales_amount_p05 as p05, "
        "sales_amount_p25 as p25, sales_amount_p75 as p75, sales_amount_p95 as p95, method "
        "from scores.sales_forecast_history where as_of_date = ? and grain = 'week' and level = 'total' "
        "order by period_start_date",
        [night],
    )


def read_campaigns(connection: Connection, night: date) -> list[dict[str, Any]]:
    """Return the decisions of each campaign in figures, the greatest expected value first.

    A customer contacted on an earlier day is decided to be a contact too; what is still to do is counted without them.
    """
    return read_dicts(
        connection,
        f"""
        with decided as (
            select *, decision = 'contact' and starts_with(reason, 'contacted on ') as is_done
            from decisions.campaign_targets_history where as_of_date = ?
        )

        select
            campaign_id, bool_or(is_running) as is_running,
            count(*) filter (decision = 'contact' and not is_done) as n_contacts,
            count(*) filter (is_done) as n_contacted_before,
            count(*) filter (decision = 'hold out') as n_held_out,
            count(*) filter (decision = 'leave alone') as n_left_alone,
            coalesce(sum(expected_value_amount::{_EXACT}) filter (decision = 'contact' and not is_done), 0)::double
                as expected_value,
            coalesce(sum(cost_amount::{_EXACT}) filter (decision = 'contact' and not is_done), 0)::double as cost,
            max(budget_amount) as budget, max(dual_price_amount) as dual_price,
            coalesce(max(holdout_share), 0) as holdout_share,
            list_sort(list(distinct value_basis)) as value_bases
        from decided group by campaign_id order by expected_value desc, campaign_id
        """,
        [night],
    )


def read_first_contacts(connection: Connection, night: date, n: int) -> dict[str, list[dict[str, Any]]]:
    """Return, by campaign, the ``n`` customers to contact tonight who are expected to bring most, the best first."""
    rows = read_dicts(
        connection,
        """
        select campaign_id, customer_id, expected_value_amount as expected_value, response_probability
        from decisions.campaign_targets_history
        where as_of_date = ? and decision = 'contact' and not starts_with(reason, 'contacted on ')
        qualify row_number() over (partition by campaign_id order by expected_value_amount desc, customer_id) <= ?
        order by campaign_id, expected_value_amount desc, customer_id
        """,
        [night, n],
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.pop("campaign_id"), []).append(row)
    return found


def read_left_alone(connection: Connection, night: date) -> dict[str, list[tuple[str, int]]]:
    """Return why customers are left alone, by campaign: the reason without what is in brackets, most frequent first."""
    rows = connection.execute(
        """
        select
            campaign_id, regexp_replace(reason, ' [(].*$', '') as cause, count(*) as n
        from decisions.campaign_targets_history
        where as_of_date = ? and decision = 'leave alone' and reason is not null
        group by 1, 2 order by 1, 3 desc, 2
        """,
        [night],
    ).fetchall()
    found: dict[str, list[tuple[str, int]]] = {}
    for campaign, cause, n in rows:
        found.setdefault(campaign, []).append((cause, n))
    return found


def read_results(connection: Connection, night: date) -> list[dict[str, Any]]:
    """Return what campaigns brought as measured up to the night, newest measurement of each; none where none was."""
    name = next((one for one in RESULTS if has_view(connection, one)), None)
    if name is None:
        return []
    return read_dicts(
        connection,
        f"select campaign_id, measure, as_of_date as measured_on, n_treated, n_holdout, n_treated_contacted, "
        "n_holdout_contacted, treated_mean, holdout_mean, "
        f"effect, effect_low, effect_high, total_effect, cost_amount, "
        f"verdict from {name} where as_of_date <= ? "
        "qualify as_of_date = max(as_of_date) over (partition by campaign_id, measure) "
        "order by measured_on desc, campaign_id, measure",
        [night],
    )


def read_campaign_names(campaign_files: Sequence[str]) -> dict[str, str]:
    """Return campaign_id → name of the landed campaigns: ``Campaign 22`` where it has none."""
    if not campaign_files:
        return {}
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        rows = connection.execute(
            "select campaign_id, coalesce(min(campaign_name), 'Campaign ' || campaign_id) from read_parquet(?) "
            "group by 1",
            [list(campaign_files)],
        ).fetchall()
    return dict(rows)
