"""Features and labels of campaign_response, again from the raw rows, one campaign at a time in plain Python."""

from __future__ import annotations

import math
import shutil
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from .brute_force import BruteForce
from .warehouses import SNAPSHOT, Built, build, real_warehouse

NIGHT = date(2017, 9, 4)
CUSTOMERS = 150


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop in which one campaign in four is answered late, and two are planned."""
    path = real_warehouse(tmp_path_factory.mktemp("raw"), CUSTOMERS)
    with duckdb.connect(str(path)) as connection:
        connection.execute("""
            update raw.campaign_responses set arrived_date = response_date + 40, arrived_at = response_date + 40
            where hash(customer_id, coupon_id) % 4 = 0;
            insert into raw.campaigns by name
            select 'soon' as campaign_id, 'Type A' as campaign_type, date '2017-09-20' as start_date,
                date '2017-10-20' as end_date, timestamp '2017-08-01' as arrived_at, date '2017-08-01' as arrived_date
            union all by name
            select 'far' as campaign_id, 'Type A' as campaign_type, date '2017-11-20' as start_date,
                date '2017-12-20' as end_date, timestamp '2017-08-01' as arrived_at, date '2017-08-01' as arrived_date;
            insert into raw.campaign_products by name
            select 'soon' as campaign_id, coupon_id, product_id, timestamp '2017-08-01' as arrived_at,
                date '2017-08-01' as arrived_date
            from raw.campaign_products where campaign_id = '13';
        """)
    return path


@pytest.fixture(scope="module")
def built(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(Path(shutil.copy(raw, tmp_path_factory.mktemp("built"))), [NIGHT, NIGHT - timedelta(days=28)])


@pytest.fixture(scope="module")
def rows(built: Built) -> dict[tuple[str, str], dict[str, Any]]:
    with duckdb.connect(str(built.path), read_only=True) as connection:
        found = connection.execute(
            f"select * from features.ftr_campaign_response where snapshot_id = '{SNAPSHOT}'"
        ).fetchall()
        names = [one[0] for one in connection.description or []]
    return {
        (row["campaign_id"], row["customer_id"]): row for row in (dict(zip(names, one, strict=True)) for one in found)
    }


def _raw_rows(raw: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(raw), read_only=True) as connection:
        return connection.execute(query).fetchall()


def _campaigns(raw: Path) -> dict[str, tuple[date, date]]:
    known = _raw_rows(
        raw,
        f"select campaign_id, start_date, end_date from raw.campaigns where arrived_date < date '{NIGHT}' "
        f"and start_date <= date '{NIGHT + timedelta(days=28)}'",
    )
    return {campaign: (start, end) for campaign, start, end in known}


def test_the_rows_are_those_contacted_and_of_open_campaigns_those_who_buy(
    raw: Path, rows: dict[tuple[str, str], dict[str, Any]]
) -> None:
    contacts = _raw_rows(
        raw, f"select distinct campaign_id, customer_id from raw.campaign_contacts where arrived_date < date '{NIGHT}'"
    )
    expected = set()
    for campaign, (start, end) in _campaigns(raw).items():
        expected |= {(campaign, customer) for one, customer in contacts if one == campaign}
        if end >= NIGHT:
            cut = min(start, NIGHT)
            active = BruteForce(raw, cut).rows(
                f"select distinct customer_id from line where bought and order_date >= date '{cut}' - 56 "
                f"and order_date < date '{cut}'"
            )
            expected |= {(campaign, str(customer)) for (customer,) in active}
    assert {"soon", "13"} <= {campaign for campaign, _ in expected}
    assert set(rows) == expected
    assert {(row["cut_date"], row["is_open"]) for (one, _), row in rows.items() if one == "soon"} == {(NIGHT, True)}


def _customer_features(lines: list[tuple[Any, ...]], cut: date) -> dict[str, float | None]:
    """``lines``: product, day, bought, amount, coupon, discount; as known on the eve of ``cut``."""
    days: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for line in lines:
        days[(cut - line[1]).days].append(line)
    visits = {age: day for age, day in days.items() if any(line[2] for line in day)}
    n_lines = {age: sum(line[2] for line in day) for age, day in visits.items()}
    n_coupon = {age: sum(line[2] and line[4] > 0 for line in day) for age, day in visits.items()}
    halved = {age: 0.5 ** (age / 168) for age in visits}
    if not visits:
        return {"customer__n_visits_84d": None, "customer__n_coupon_lines_168d": None}
    return {
        "customer__days_since_first_order": max(visits),
        "customer__days_since_last_order": min(visits),
        "customer__days_since_last_coupon": min((age for age, n in n_coupon.items() if n), default=None),
        "customer__n_visits_28d": sum(age <= 28 for age in visits),
        "customer__n_visits_84d": sum(age <= 84 for age in visits),
        "customer__n_coupon_lines_84d": sum(n for age, n in n_coupon.items() if age <= 84),
        "customer__n_coupon_lines_168d": sum(n for age, n in n_coupon.items() if age <= 168),
        "customer__spend_amount_84d": sum(line[3] for age, day in visits.items() if age <= 84 for line in day),
        "customer__decayed_lines_84d": sum(n * 0.5 ** (age / 84) for age, n in n_lines.items()),
        "customer__coupon_line_share": sum(n * halved[age] for age, n in n_coupon.items())
        / sum(n * halved[age] for age, n in n_lines.items()),
        "customer__coupon_visit_share": sum(halved[age] for age, n in n_coupon.items() if n) / sum(halved.values()),
        "customer__lines_per_visit": sum(n * 0.5 ** (age / 84) for age, n in n_lines.items())
        / sum(0.5 ** (age / 84) for age in visits),
    }


def _match_features(lines: list[tuple[Any, ...]], cut: date, coupons: dict[str, set[str]]) -> dict[str, float | None]:
    offered = set().union(*coupons.values()) if coupons else set()
    ages = [(product, (cut - day).days, coupon > 0) for product, day, bought, _, coupon, _ in lines if bought]
    mine = [(product, age, paid) for product, age, paid in ages if product in offered]
    of_coupon = {
        coupon: [(age, paid) for product, age, paid in mine if product in products]
        for coupon, products in coupons.items()
    }
    recent = {coupon: sum(age <= 84 for age, _ in found) for coupon, found in of_coupon.items()}
    return {
        "match__days_since_last_order": min((age for _, age, _ in mine), default=None),
        "match__n_lines_28d": sum(age <= 28 for _, age, _ in mine),
        "match__n_lines_168d": sum(age <= 168 for _, age, _ in mine),
        "match__n_products_84d": len({product for product, age, _ in mine if age <= 84}),
        "match__n_coupon_lines_168d": sum(paid and age <= 168 for _, age, paid in mine),
        "match__decayed_lines_28d": sum(0.5 ** (age / 28) for _, age, _ in mine),
        "match__n_coupons_84d": sum(n > 0 for n in recent.values()),
        "match__max_coupon_lines_84d": max(recent.values(), default=0),
        "match__log_lines_84d": sum(math.log(1 + n) for n in recent.values()),
        "match__weighted_lines_84d": sum(
            sum(0.5 ** (age / 84) for age, _ in found) / len(coupons[coupon]) for coupon, found in of_coupon.items()
        ),
        "campaign__n_coupons": len(coupons),
        "campaign__n_products": len(offered),
    }


def test_what_is_known_of_every_customer_at_the_start_of_a_campaign_equals_brute_force(
    raw: Path, rows: dict[tuple[str, str], dict[str, Any]]
) -> None:
    offers: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for campaign, coupon, product in _raw_rows(
        raw, f"select campaign_id, coupon_id, product_id from raw.campaign_products where arrived_date < date '{NIGHT}'"
    ):
        offers[campaign][coupon].add(product)
    for campaign in ("8", "13", "soon"):
        cut = min(_campaigns(raw)[campaign][0], NIGHT)
        lines: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for customer, *line in BruteForce(raw, cut).rows(
            "select customer_id, product_id, order_date, bought, sales_amount::double, coupon_amount::double, "
            f"discount_amount::double from line where order_date < date '{cut}'"
        ):
            lines[str(customer)].append(tuple(line))
        compared = 0
        for (one, customer), row in rows.items():
            if one != campaign:
                continue
            expected = _customer_features(lines[customer], cut) | _match_features(
                lines[customer], cut, offers[campaign]
            )
            found = {name: row[name] for name in expected}
            assert [n for n in expected if (found[n] is None) != (expected[n] is None)] == [], (campaign, customer)
            numbers = {name: value for name, value in expected.items() if value is not None}
            # Weights are whole units of 2^-20; everything else is exact.
            assert {n: found[n] for n in numbers} == pytest.approx(numbers, rel=1e-4, abs=1e-4), (campaign, customer)
            compared += 1
        assert compared > 20


def test_what_is_known_of_answers_at_the_start_of_a_campaign_equals_brute_force(
    raw: Path, rows: dict[tuple[str, str], dict[str, Any]]
) -> None:
    responses = _raw_rows(
        raw, "select campaign_id, customer_id, coupon_id, response_date, arrived_date from raw.campaign_responses"
    )
    contacts = _raw_rows(raw, "select campaign_id, customer_id, contact_date, arrived_date from raw.campaign_contacts")
    answered = 0
    for (_, customer), row in rows.items():
        cut = row["cut_date"]
        mine = {
            (campaign, coupon, (cut - day).days)
            for campaign, one, coupon, day, arrived in responses
            if one == customer and day < cut and arrived < cut
        }
        ages = [
            (cut - day).days for _, one, day, arrived in contacts if one == customer and day < cut and arrived < cut
        ]
        answered += bool(mine)
        assert row["response__n_campaigns_responded"] == len({campaign for campaign, _, _ in mine})
        assert row["response__n_responses_84d"] == sum(age <= 84 for _, _, age in mine)
        assert row["response__days_since_last_response"] == min((age for _, _, age in mine), default=None)
        assert row["response__n_contacts_84d"] == sum(age <= 84 for age in ages)
        assert row["response__days_since_last_contact"] == min(ages, default=None)
    assert answered > 20


def test_labels_equal_brute_force(raw: Path, built: Built) -> None:
    campaigns = _campaigns(raw)
    responses = _raw_rows(
        raw,
        "select campaign_id, customer_id, response_date from raw.campaign_responses "
        f"where arrived_date < date '{NIGHT}'",
    )
    answered = {
        (campaign, customer)
        for campaign, customer, day in responses
        if campaign in campaigns and campaigns[campaign][0] <= day <= campaigns[campaign][1]
    }
    found = built.rows(
        "select campaign_id, customer_id, has_responded from labels.lbl_campaign_response "
        f"where snapshot_id = '{SNAPSHOT}'"
    )
    over = {one for one, (_, end) in campaigns.items() if end < NIGHT}
    assert {campaign for campaign, _, _ in found} <= over
    assert len(found) > 100
    for campaign, customer, has_responded in found:
        assert has_responded == ((campaign, customer) in answered), (campaign, customer)
