"""Features and labels of customer_health, again from the raw lines, one customer at a time in plain Python."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from .brute_force import BruteForce
from .warehouses import SNAPSHOT, Built, build, real_warehouse

EARLIER, NIGHT = date(2017, 8, 7), date(2017, 9, 4)
CUSTOMERS = 60
Days = Mapping[date, tuple[bool, float, int]]
"""By day: whether something was bought, what was paid minus returned, and how many lines were bought."""


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return real_warehouse(tmp_path_factory.mktemp("raw"), CUSTOMERS)


@pytest.fixture(scope="module")
def built(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(Path(shutil.copy(raw, tmp_path_factory.mktemp("built"))), [NIGHT, EARLIER])


def _days_by_customer(raw: Path, known_before: date) -> dict[str, dict[date, tuple[bool, float, int]]]:
    """Every customer's days as known on the eve of a date, by the newest version of each line."""
    found: dict[str, dict[date, tuple[bool, float, int]]] = {}
    for customer, day, n_lines, amount in BruteForce(raw, known_before).rows(
        "select customer_id, order_date, count(*) filter (where bought), sum(sales_amount)::double "
        "from line group by all"
    ):
        found.setdefault(str(customer), {})[day] = (n_lines > 0, amount, n_lines)  # type: ignore[operator, index]
    return found


def _features(days: Days, as_of: date) -> dict[str, float | None]:
    ages = {(as_of - day).days: one for day, one in days.items() if day < as_of}
    visits = sorted(age for age, one in ages.items() if one[0])
    intervals = [older - newer for newer, older in pairwise(visits)]
    absent = visits[0]

    def n_visits(length: int) -> int:
        return sum(age <= length for age in visits)

    def spend(newest: int, oldest: int) -> float:
        return sum(one[1] for age, one in ages.items() if newest <= age <= oldest)

    n_weeks = min(max(visits[-1] // 7, 1), 24)
    weeks = [spend(7 * week + 1, 7 * week + 7) for week in range(n_weeks)]
    months = [sum(weeks[week : week + 4]) for week in range(n_weeks - 3)]
    pairs = [(now, before) for now, before in zip(months, months[4:], strict=False) if before > 1e-9]
    return {
        **{f"n_visits_{length}d": n_visits(length) for length in (7, 14, 28, 56, 84, 168)},
        **{f"spend_amount_{length}d": spend(1, length) for length in (7, 14, 28, 56, 84, 168)},
        "decayed_visits_28d": sum(0.5 ** (age / 28) for age in visits),
        "decayed_spend_amount_56d": sum(one[1] * 0.5 ** (age / 56) for age, one in ages.items()),
        "n_intervals": len(intervals),
        "max_interval_days": max(intervals, default=None),
        "last_interval_days": intervals[0] if intervals else None,
        "median_interval_days": statistics.median_low(intervals) if intervals else None,
        "sd_interval_days": statistics.pstdev(intervals) if intervals else None,
        "absence_over_max_interval": absent / max(intervals) if intervals else None,
        "own_lapse_share": (2 * sum(i >= absent + 28 for i in intervals) + 1)
        / (2 * sum(i >= absent for i in intervals) + 4),
        "absent_share": sum(max(i - 28, 0) for i in intervals) / visits[-1],
        "n_active_weeks_12w": len({(age - 1) // 7 for age in visits if age <= 84 and (age - 1) // 7 < n_weeks}),
        "spend_slope_amount": sum((11 - 2 * week) * weeks[week] for week in range(min(12, n_weeks))) / 286,
        "sd_week_amount": statistics.pstdev(weeks[:12]),
        "mean_month_amount": statistics.fmean(months) if months else None,
        "sd_month_amount": statistics.pstdev(months) if months else None,
        "min_month_amount": min(months, default=None),
        "max_month_amount": max(months, default=None),
        "median_month_amount": statistics.median_low(months) if months else None,
        "drop_share": sum(2 * now < before - 1e-9 for now, before in pairs) / len(pairs) if pairs else None,
        "visits_over_84d": 3 * n_visits(28) / n_visits(84) if n_visits(84) else None,
        "last_visit_amount": ages[absent][1],
        "lines_per_visit_84d": (
            sum(one[2] for age, one in ages.items() if age <= 84) / n_visits(84) if n_visits(84) else None
        ),
        "weekend_share_84d": (
            sum((as_of - timedelta(days=age)).isoweekday() >= 6 for age in visits if age <= 84) / n_visits(84)
            if n_visits(84)
            else None
        ),
    }


@pytest.mark.parametrize("as_of", [NIGHT, EARLIER], ids=str)
def test_the_rhythm_of_every_customer_equals_brute_force(raw: Path, built: Built, as_of: date) -> None:
    known = {
        customer: days
        for customer, days in _days_by_customer(raw, as_of).items()
        if any(is_visit for is_visit, _, _ in days.values())
    }
    names = list(_features(next(iter(known.values())), as_of))
    rows = built.rows(
        f"select customer_id, {', '.join(f'health__{name}' for name in names)} from features.ftr_customer__rhythm "
        f"where snapshot_id = '{SNAPSHOT}' and as_of_date = date '{as_of}'"
    )
    assert {row[0] for row in rows} == set(known)
    for customer, *values in rows:
        expected = _features(known[str(customer)], as_of)
        found = dict(zip(names, values, strict=True))
        # Weights are whole units of 2^-20; everything else is exact.
        assert [name for name in names if (found[name] is None) != (expected[name] is None)] == [], customer
        known_numbers = {name: value for name, value in expected.items() if value is not None}
        assert {name: found[name] for name in known_numbers} == pytest.approx(known_numbers, rel=1e-5, abs=1e-4)


def test_the_rows_to_score_are_the_active_customers(built: Built) -> None:
    assert built.rows(f"""
        select customer_id from features.ftr_customer_health where as_of_date = date '{NIGHT}' order by 1
    """) == built.rows(f"""
        select customer_id from features.ftr_customer where as_of_date = date '{NIGHT}' and is_active order by 1
    """)


@pytest.mark.parametrize("as_of", [NIGHT, EARLIER], ids=str)
def test_labels_equal_brute_force(raw: Path, built: Built, as_of: date) -> None:
    by_window = {length: _days_by_customer(raw, max(NIGHT, as_of + timedelta(days=length))) for length in (28, 56)}
    rows = built.rows(f"""
        select customer_id, has_lapsed, has_dropped_spend, spend_amount_56d, days_to_next_visit, days_without_visit
        from labels.lbl_customer_health where snapshot_id = '{SNAPSHOT}' and as_of_date = date '{as_of}'
    """)
    assert len(rows) > CUSTOMERS // 2
    for customer, *values in rows:
        short, long = (by_window[length].get(str(customer), {}) for length in (28, 56))
        after, before, later = (
            sum(one[1] for day, one in days.items() if start <= (day - as_of).days < end)
            for days, start, end in ((short, 0, 28), (short, -28, 0), (long, 0, 56))
        )
        lapsed = not any(one[0] for day, one in short.items() if 0 <= (day - as_of).days < 28)
        next_visit = min(
            ((day - as_of).days for day, one in long.items() if one[0] and 0 <= (day - as_of).days < 56), default=None
        )
        dropped = int(2 * after < before - 1e-9) if before > 1e-9 else None
        expected = [int(lapsed), dropped, later, next_visit, 56 if next_visit is None else next_visit]
        assert [value is None for value in values] == [value is None for value in expected], customer
        numbers = [value for value in expected if value is not None]
        assert [value for value in values if value is not None] == pytest.approx(numbers, abs=1e-6), customer
