"""A small real family, as somebody would fill in what `nightmarket new family coupon_user` writes.

Who redeems a coupon in the next 28 days? By file: what is replaced, and by what.
"""

from __future__ import annotations

NAME = "coupon_user"

_COLUMNS = (
    "customer__days_since_last_order",
    "customer__n_orders_28d",
    "customer__n_orders_84d",
    "customer__coupon_pct_84d",
    "customer__n_campaign_contacts_84d",
    "customer__n_campaign_responses",
)

_OLD_SELECT = """\
-- TODO features: select what tells a yes from a no, as known before as_of_date; numbers, null where undefined.
final as (
    select
        snapshot_id,
        as_of_date,
        customer_id,
        customer__days_since_last_order,
        customer__n_orders_28d,
        customer__n_orders
"""
_NEW_SELECT = (
    "final as (\n    select\n        snapshot_id,\n        as_of_date,\n        customer_id,\n        "
    + ",\n        ".join(_COLUMNS)
    + "\n"
)

_OLD_REASONS = """\
def _activity(facts: Facts) -> str | None:  # noqa: ARG001
    # TODO sentence: say in plain English what the features of the group say of this row; None where that is nothing.
    return None
"""
_NEW_REASONS = """\
def _activity(facts: Facts) -> str | None:
    orders = round(facts["customer__n_orders_84d"]) if facts["customer__n_orders_84d"] >= 1 else 0
    return f"{orders} orders in 12 weeks" if orders > 1 else "1 order in 12 weeks" if orders else None


def _coupons(facts: Facts) -> str | None:
    saved = facts["customer__coupon_pct_84d"]
    return f"saved {saved:.1f} % by coupons in 12 weeks" if saved > 0 else None


def _campaigns(facts: Facts) -> str | None:
    answers = facts["customer__n_campaign_responses"]
    return f"answered campaigns before ({answers:.0f})" if answers > 0 else None
"""

_OLD_GROUPS = """\
    # TODO reasons: group the features by what they say, each feature in exactly one group.
    reasons=(Reason("activity", COLUMNS, _activity),),
"""
_NEW_GROUPS = """\
    reasons=(
        Reason("activity", COLUMNS[:3], _activity),
        Reason("coupons", COLUMNS[3:4], _coupons),
        Reason("campaigns", COLUMNS[4:], _campaigns),
    ),
"""

_OLD_DESCRIBED = """\
      - name: customer__n_orders
        data_type: integer
        description: Orders with a purchase so far.
"""
_NEW_DESCRIBED = """\
      - name: customer__n_orders_84d
        data_type: integer
        description: Orders with a purchase in the last 84 days.
      - name: customer__coupon_pct_84d
        data_type: double
        description: Coupons in percent of list price, last 84 days; NULL where nothing was bought in them.
      - name: customer__n_campaign_contacts_84d
        data_type: integer
        description: Campaigns that the customer was contacted for in the last 84 days.
      - name: customer__n_campaign_responses
        data_type: integer
        description: Coupons of campaigns that the customer answered so far.
"""

_OLD_RANGE = """\
  - type: expect_column_values_to_be_between
    arguments: {column: customer__n_orders, min_value: 1}
    severity: stop
    why: An eligible customer has ordered at least once; 0 means that the join lost the orders.
  # TODO rate: say between which shares of customers a yes is believable.
"""
_NEW_RANGE = """\
  - type: expect_column_values_to_be_between
    arguments: {column: customer__n_orders_84d, min_value: 1}
    severity: stop
    why: An eligible customer has ordered at least once; 0 means that the join lost the orders.
"""

EDITS: dict[str, tuple[tuple[str, str], ...]] = {
    f"ml/nightmarket/families/{NAME}.py": (
        (
            "TODO purpose: say in one sentence what is predicted, and of whom.",
            "the probability that a customer redeems a coupon in the next 28 days.",
        ),
        (f"# TODO columns: name every feature of ftr_{NAME} that the models may read.\n", ""),
        (
            '    "customer__n_orders_28d",\n    "customer__n_orders",\n',
            "".join(f'    "{column}",\n' for column in _COLUMNS[1:]),
        ),
        (_OLD_REASONS, _NEW_REASONS),
        (
            "TODO description: say who reads the table, and what for.",
            "Who will redeem a coupon, for campaign managers.",
        ),
        (
            "TODO probability: say of what it is the probability, and within how many days.",
            "Calibrated probability that the customer redeems a coupon within the horizon.",
        ),
        (
            "            # TODO baseline: name the simplest rule that a person would use instead; "
            "every gain is measured against it.\n",
            "",
        ),
        (_OLD_GROUPS, _NEW_GROUPS),
    ),
    f"dbt_project/models/features/ftr_{NAME}.sql": ((_OLD_SELECT, _NEW_SELECT),),
    f"dbt_project/models/features/ftr_{NAME}.yml": (
        ("      TODO eligible: say who is in it, and who is not.\n", ""),
        ("      # TODO feature_columns: describe every feature, with its unit and what null means.\n", ""),
        (_OLD_DESCRIBED, _NEW_DESCRIBED),
    ),
    f"dbt_project/models/labels/lbl_{NAME}.sql": (
        (
            "        -- TODO outcome: say which lines of the window make a customer a yes; "
            "as it stands, nobody is one.\n        and false\n",
            "        and order_lines.coupon_amount > 0\n",
        ),
    ),
    f"dbt_project/models/labels/lbl_{NAME}.yml": (
        (
            "TODO yes: say what a customer of this table did in the 28 days from the date.",
            "Customers who did redeem a coupon in the 28 days from the date.",
        ),
        (
            "      # TODO lines: give each line what makes it a yes, "
            "and add a customer who bought without being one.\n",
            "",
        ),
        (", is_purchase: true,", ", coupon_amount: 0.5, is_purchase: true,"),
        (
            "    expect:\n",
            "          - {customer_id: without_coupon, order_date: 2017-03-10, arrived_date: 2017-03-10, "
            "superseded_date: 9999-12-31, coupon_amount: 0, is_purchase: true, is_cancelled: false}\n    expect:\n",
        ),
    ),
    f"expectations/features__{NAME}.yaml": (
        (
            "  # TODO ranges: give every feature the range outside of which it is wrong, "
            "and say what would go wrong then.\n",
            "",
        ),
        (_OLD_RANGE, _NEW_RANGE),
    ),
    f"expectations/scores__{NAME}.yaml": (
        (
            "  # TODO believable: say what else a planner would not believe of these rows, "
            "or leave the list as it is.\n",
            "",
        ),
    ),
    f"tests/ml/families/test_{NAME}.py": (
        (
            "        # TODO sentences: give each reason the facts of a row and what it says of them, "
            "and one row where it is silent.\n"
            '        ("activity", {"customer__n_orders_28d": 3.0}, "shops here: 3 orders in 4 weeks"),\n',
            '        ("activity", {"customer__n_orders_84d": 3.0}, "3 orders in 12 weeks"),\n'
            '        ("coupons", {"customer__coupon_pct_84d": 2.5}, "saved 2.5 % by coupons in 12 weeks"),\n'
            '        ("coupons", {"customer__coupon_pct_84d": 0.0}, None),\n'
            '        ("campaigns", {"customer__n_campaign_responses": 2.0}, "answered campaigns before (2)"),\n',
        ),
    ),
    f"tests/expectations/test_{NAME}_suites.py": (
        ("    # TODO samples: damage one line of SQL for every expectation that you add or change.\n", ""),
        ("customer__n_orders = ", "customer__n_orders_84d = "),
        ('"customer__n_orders"', '"customer__n_orders_84d"'),
    ),
}
