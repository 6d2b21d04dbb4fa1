"""What will be sold: total sales, and the categories that rise and fall."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from nightmarket.contracts import CONTRACT_TABLES
from nightmarket.io.weekly_sales import read_weekly_sales
from nightmarket.report.content import NightReport
from nightmarket.report.decisions import Decisions
from nightmarket.report.outlooks import CategoryChange, ForecastSection, rank_changes
from nightmarket.report.render import render_report

from .decided import NIGHT, Decided, order_line, section_of, write_rows
from .hostile_decisions import OUTLOOK


def test_total_sales_and_what_rises_and_falls_are_told(page_of: Callable[..., str]) -> None:
    forecast = section_of(page_of(Decided()), "forecast")
    assert "USD 720 of sales expected in the next 8 weeks; USD 90.00 in the first of them" in forecast
    assert "The 12 weeks before brought USD 86.67 each." in forecast
    rising, falling = forecast.split("Categories falling most")
    assert re.findall(r'<th scope="row">([A-Z]+)</th>', rising) == ["DAIRY", "PARTY"]
    assert '<td class="n up">+20%</td>' in rising
    assert re.findall(r'<th scope="row">([A-Z]+)</th>', falling) == ["BAKERY"]
    assert '<td class="n down">−40%</td>' in falling


def test_only_what_had_arrived_counts_as_sold_and_a_corrected_line_counts_once(tmp_path: Path) -> None:
    day = NIGHT - timedelta(days=3)
    lines = [
        order_line(1, "p1", day, 10),
        order_line(1, "p1", day, 4, arrived_at=f"{day} 20:00:00"),
        order_line(2, "p1", day, 100, arrived_at=f"{NIGHT} 01:00:00", arrived_date=NIGHT),
        order_line(3, "p1", day, 50, is_cancelled=True),
        order_line(4, "p1", day, -1),
        order_line(5, "p1", day, 7),
        # A correction moved it out of the weeks that are read.
        order_line(5, "p1", day - timedelta(weeks=8), 7, arrived_at=f"{day} 21:00:00", arrived_date=day),
        order_line(6, "p1", NIGHT - timedelta(days=8), 5),
        order_line(7, "unknown", day, 9),
    ]
    products = [{"product_id": "p1", "category_id": "M", "arrived_date": date(2017, 1, 1)}]
    files = {"order_lines": lines, "products": products}
    for name, rows in files.items():
        write_rows(tmp_path / f"{name}.parquet", CONTRACT_TABLES[name], rows)
    orders, catalogue = ([tmp_path / f"{name}.parquet"] for name in files)
    sales = read_weekly_sales(orders, catalogue, as_of=NIGHT, n_weeks=3, products=["p1"])
    assert sales is not None
    assert sales.units_of_product == {"p1": (0.0, 5.0, 3.0)}
    assert sales.units_of_category == {"M": (0.0, 5.0, 3.0)}
    assert sales.amount_of_category == {"M": (0.0, 10.0, 6.0)}
    assert read_weekly_sales([], catalogue, as_of=NIGHT, n_weeks=3, products=[]) is None


def test_rises_and_falls_are_ranked_by_units_and_ties_by_id() -> None:
    changes = [CategoryChange(one, one, 10.0, expected) for one, expected in zip("dcba", (12, 12, 10, 1), strict=True)]
    rising, falling = rank_changes(changes, 1)
    assert [one.id for one in rising] == ["c"]
    assert [one.id for one in falling] == ["a"]
    assert CategoryChange("a", "a", 0.0, 1.0).change_pct is None


@pytest.mark.parametrize(
    "forecast", [ForecastSection("EUR"), ForecastSection("EUR", OUTLOOK), ForecastSection("EUR", None, (), (), 8)]
)
def test_a_forecast_of_which_parts_are_missing_says_so(full_report: NightReport, forecast: ForecastSection) -> None:
    page = render_report(replace(full_report, decisions=Decisions(forecast=forecast)))
    assert "cannot be said" in page
