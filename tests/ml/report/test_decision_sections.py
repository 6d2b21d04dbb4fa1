"""What planners come for: what to order, whom to contact, what will be sold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nightmarket.contracts import CONTRACT_TABLES, Table
from nightmarket.decisions import DECISIONS
from nightmarket.decisions.reorder import DECISION as REORDER_PLAN
from nightmarket.decisions.targets import DECISION as CAMPAIGN_TARGETS
from nightmarket.families import PREDICTIONS, SERVED_TABLES
from nightmarket.families.demand import FAMILY as DEMAND
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.landing import LandedFile, LandedTable, Snapshot, write_snapshot
from nightmarket.io.night import Night
from nightmarket.io.served_decisions import read_results
from nightmarket.io.weekly_sales import read_weekly_sales
from nightmarket.report.bands import draw_outlook
from nightmarket.report.content import NightReport
from nightmarket.report.decision_words import money, say_next_unit, say_result, say_value_basis
from nightmarket.report.decisions import (
    CampaignResult,
    CampaignTargets,
    ContactSection,
    Decisions,
    FurtherTable,
    Order,
    OrderSection,
    PlanTotals,
)
from nightmarket.report.outlooks import CategoryChange, ForecastSection, Outlook, rank_changes
from nightmarket.report.render import render_report
from nightmarket.report.sections import Share
from nightmarket.settings import Settings
from nightmarket.steps import report

NIGHT = date(2017, 12, 1)
HOSTILE = "<script>alert('x')</script> & \"co\""
Rows = Sequence[Mapping[str, Any]]


def _write(path: Path, table: Table, rows: Rows) -> None:
    """Write rows of a contract or served table; columns that a row does not name are null."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"create table it ({', '.join(f'{one.name} {one.type}' for one in table.columns)})")
        for row in rows:
            connection.execute(
                f"insert into it values ({', '.join('?' for _ in table.columns)})",
                [row.get(one.name) for one in table.columns],
            )
        connection.execute(f"copy it to '{path}' (format parquet)")


def _landed(settings: Settings, name: str, rows: Rows) -> LandedTable:
    path = settings.landing_dir / "files" / f"{name}.parquet"
    _write(path, CONTRACT_TABLES[name], rows)
    file = LandedFile(f"files/{name}.parquet", sha256_of_file(path), len(rows))
    return LandedTable(True, len(rows), len(rows), 0, (file,))


def _line(number: int, product: str, day: date, quantity: float, **given: Any) -> dict[str, Any]:
    return {
        "order_line_id": f"l{number}", "order_id": f"o{number}", "customer_id": "c0", "product_id": product,
        "ordered_at": f"{day} 12:00:00", "order_date": day, "quantity": quantity, "sales_amount": 2 * quantity,
        "is_cancelled": False, "arrived_at": f"{day} 13:00:00", "arrived_date": day, **given,
    }  # fmt: skip


@pytest.fixture
def snapshot(settings: Settings) -> Snapshot:
    """Three products in three categories; milk was sold once a week, bread all at once, candles never."""
    names = {"p1": ("MILK", "DAIRY"), "p2": ("BREAD", "BAKERY"), "p3": ("CANDLES", "PARTY")}
    products = [
        {"product_id": one, "product_name": name, "category_id": name[0], "category_name": category,
         "arrived_at": "2017-01-01 00:00:00", "arrived_date": date(2017, 1, 1)}
        for one, (name, category) in names.items()
    ]  # fmt: skip
    lines = [_line(week, "p1", NIGHT - timedelta(days=7 * week), 10) for week in range(1, 13)]
    lines.append(_line(20, "p2", NIGHT - timedelta(days=1), 400))
    campaigns = [
        {"campaign_id": "7", "campaign_name": "Winter", "start_date": NIGHT, "end_date": NIGHT,
         "arrived_at": "2017-01-01 00:00:00", "arrived_date": date(2017, 1, 1)}
    ]  # fmt: skip
    landed = {
        "products": _landed(settings, "products", products),
        "order_lines": _landed(settings, "order_lines", lines),
        "campaigns": _landed(settings, "campaigns", campaigns),
    }
    snapshot = Snapshot("files", "UTC", "USD", NIGHT - timedelta(days=1), False, landed, ())
    write_snapshot(settings, snapshot)
    return snapshot


def _planned(product: str, units: float, **given: Any) -> dict[str, Any]:
    """Return a row of the plan, of a shop that gave no stock unless ``given`` says it."""
    return {
        "product_id": product, "location_id": "", "category_id": product[0], "abc_class": "A", "xyz_class": "X",
        "service_level": 0.98, "service_level_basis": "class default", "lead_time_days": 7,
        "lead_time_basis": "default", "review_period_days": 7, "demand_units": units, "demand_units_p05": 0.5 * units,
        "demand_units_p25": 0.8 * units, "demand_units_p50": units, "demand_units_p75": 1.2 * units,
        "demand_units_p95": 1.5 * units, "safety_stock_units": units, "reorder_point_units": 2 * units,
        "order_up_to_units": 3 * units, "unit_price_amount": 2.0, "reason": f"no stock data, says {HOSTILE}", **given,
    }  # fmt: skip


STOCK = {
    "on_hand_units": 5.0, "on_order_units": 0.0, "suggested_order_units": 55.0, "cover_days": 3.5,
    "stock_out_probability": 0.92, "is_stock_out_risk": True, "is_overstock": False, "reason": "order 55: 5 on hand",
}  # fmt: skip


def _target(campaign: str, customer: str, decision: str, **given: Any) -> dict[str, Any]:
    return {
        "campaign_id": campaign, "customer_id": customer, "decision": decision, "response_probability": 0.2,
        "expected_value_amount": 1.25, "cost_amount": 0.5, "value_basis": "response, not proven incremental",
        "is_running": False, "is_holdout": decision == "hold out", "budget_amount": 100.0, "dual_price_amount": 0.8,
        "holdout_share": 0.1, "reason": "worth more than it costs, and among the best", **given,
    }  # fmt: skip


TARGETS = (
    _target("7", "c1", "contact"),
    _target("7", "c2", "contact"),
    _target("7", "c3", "contact", reason="contacted on 2017-11-20", cost_amount=0.0, holdout_share=0.0),
    _target("7", "c4", "hold out"),
    _target("7", "c5", "leave alone", reason="expected to bring no more than the contact costs (5 % margin)"),
)


def _weeks(level: str, item: str, units: float) -> list[dict[str, Any]]:
    return [
        {"level": level, "item_id": item, "week_start_date": NIGHT + timedelta(weeks=week),
         "horizon_days": 7 + 7 * week, "units": units, "units_p05": 0.5 * units, "units_p25": 0.8 * units,
         "units_p50": units, "units_p75": 1.2 * units, "units_p95": 1.5 * units,
         "demand_class": "smooth", "method": "lightgbm"}
        for week in range(8)
    ]  # fmt: skip


def _money(amount: float) -> list[dict[str, Any]]:
    return [
        {"grain": "week", "level": "total", "item_id": "total", "period_start_date": NIGHT + timedelta(weeks=week),
         "horizon_days": 7 + 7 * week, "sales_amount": amount, "sales_amount_p05": 0.9 * amount,
         "sales_amount_p25": 0.95 * amount, "sales_amount_p50": amount, "sales_amount_p75": 1.05 * amount,
         "sales_amount_p95": 1.1 * amount, "method": "moving average"}
        for week in range(8)
    ]  # fmt: skip


@dataclass(frozen=True)
class Decided:
    """What a night decides and forecasts beside the scores of its families."""

    plan: Rows = (_planned("p1", 20.0), _planned("p2", 60.0), _planned("p3", 1.0, unit_price_amount=None))
    targets: Rows = TARGETS
    demand: Rows = (
        *_weeks("category", "M", 12.0), *_weeks("category", "B", 30.0), *_weeks("category", "C", 1.0),
        *_weeks("product", "p1", 12.0), *_weeks("product", "p2", 30.0), *_weeks("total", "total", 43.0),
    )  # fmt: skip
    sales: Rows = tuple(_money(90.0))


@pytest.fixture
def page_of(
    settings: Settings, publish_a_night: Callable[..., Night], monkeypatch: pytest.MonkeyPatch, snapshot: Snapshot
) -> Callable[..., str]:
    """Return a function that publishes a night with its decisions, and reads its page."""

    def decide(decided: Decided, as_of: date = NIGHT, *, seconds: float = 1.0, is_landed: bool = True) -> str:
        monkeypatch.setitem(PREDICTIONS, "demand", DEMAND)
        for decision in (REORDER_PLAN, CAMPAIGN_TARGETS):
            monkeypatch.setitem(DECISIONS, decision.name, decision)
        snapshot_id = snapshot.snapshot_id if is_landed else "00112233aabbccdd"
        night = Night(settings, as_of, snapshot_id)
        for table, rows in (
            (DEMAND.tables[0], decided.demand),
            (DEMAND.tables[1], decided.sales),
            (REORDER_PLAN.table, decided.plan),
            (CAMPAIGN_TARGETS.table, decided.targets),
        ):
            monkeypatch.setitem(SERVED_TABLES, table.name, table)
            whole = [{**row, "as_of_date": as_of, "run_id": "run-3"} for row in rows]
            _write(night.staged_path(table.name), table, whole)
        record = {"rows": 1, "seconds": 1.0, "run_id": "run-3"}
        night.record("score__demand", {**record, "step": "score__demand", "model_version": "demand/1/chosen"})
        for name in ("reorder_plan", "campaign_targets"):
            night.record(f"decide__{name}", {**record, "step": f"decide__{name}", "policy_version": f"{name}/1"})
        publish_a_night(as_of, snapshot_id=snapshot_id, seconds=seconds)
        report.run(settings, as_of=as_of, snapshot_id=snapshot_id)
        return (settings.reports_dir / as_of.isoformat() / "index.html").read_text()

    return decide


def _section(page: str, name: str) -> str:
    found = re.search(rf'<section id="{name}">.*?</section>', page, flags=re.DOTALL)
    assert found is not None
    return found[0]


def test_decisions_come_first_and_every_table_is_named_as_published(page_of: Callable[..., str]) -> None:
    page = page_of(Decided())
    sections = re.findall(r'<section id="([^"]+)">', page)
    assert sections[:4] == ["published", "orders", "contacts", "forecast"]
    published = _section(page, "published")
    for table in ("scores.demand", "scores.sales_forecast", "decisions.reorder_plan", "decisions.campaign_targets"):
        assert f"<code>{table}</code>" in published
    assert "<td>level × item × week</td>" in published
    assert page.count("<script>") == 1


def test_a_shop_without_stock_is_told_so_and_still_gets_its_reorder_points(page_of: Callable[..., str]) -> None:
    orders = _section(page_of(Decided()), "orders")
    assert "The shop gave no stock, so no order is suggested" in orders
    assert re.findall(r'<th scope="row">(\w+)<', orders) == ["BREAD", "MILK", "CANDLES"]
    assert '<td class="n" data-value="120">120</td><td class="n" data-value="180">180</td>' in orders
    assert "USD 120" in orders
    assert "no price" in orders
    for part in ("On hand", "Runs out", "Cover"):
        assert part not in orders
    assert "&lt;script&gt;" in orders


def test_what_may_run_out_and_costs_most_is_at_the_top(page_of: Callable[..., str]) -> None:
    plan = (
        _planned("p1", 20.0, **STOCK),
        _planned("p2", 60.0, **STOCK | {"stock_out_probability": 0.01, "is_stock_out_risk": False}),
        _planned("p3", 1000.0),
    )
    orders = _section(page_of(Decided(plan=plan)), "orders")
    assert re.findall(r'<th scope="row">(\w+)<', orders) == ["MILK", "BREAD", "CANDLES"]
    for part in (
        "stock known in 2 of 3 rows",
        "<dt>At risk of running out</dt><dd>1</dd>",
        "<strong>55</strong>",
        "4 days",
        "92%",
        "USD 36.80",
        "not given",
        "order 55: 5 on hand",
    ):
        assert part in orders


def test_demand_is_drawn_with_its_band_beside_what_was_sold(page_of: Callable[..., str]) -> None:
    orders = _section(page_of(Decided()), "orders")
    assert orders.count("<svg") == 2
    assert "MILK: 12 weeks sold and 8 weeks expected, in units by week" in orders
    assert orders.count('class="band90"') == 2
    assert "smooth demand, by lightgbm" in orders


def test_the_contacts_of_a_campaign_are_told_with_what_they_are_worth(page_of: Callable[..., str]) -> None:
    contacts = _section(page_of(Decided()), "contacts")
    for part in (
        "Winter",
        "<strong>2</strong>",
        "1 before tonight",
        "USD 2.50",
        "USD 1.00",
        "USD 100",
        "The next USD 1 of budget would bring USD 0.80 beyond itself.",
        "not proven incremental",
        "Left alone, 1: expected to bring no more than the contact costs.",
        "No campaign with a holdout has ended yet",
    ):
        assert part in contacts


def test_what_values_rest_on_is_said_once_or_where_campaigns_differ_of_each(page_of: Callable[..., str]) -> None:
    again = [{**row, "campaign_id": "8"} for row in TARGETS]
    assert _section(page_of(Decided(targets=(*TARGETS, *again))), "contacts").count("not proven incremental") == 1
    proven = [{**row, "value_basis": "uplift"} for row in again]
    contacts = _section(page_of(Decided(targets=(*TARGETS, *proven))), "contacts")
    assert contacts.count("not proven incremental") == contacts.count("is what the contact alone brings") == 1


def test_a_night_without_a_campaign_contacts_nobody(page_of: Callable[..., str]) -> None:
    contacts = _section(page_of(Decided(targets=())), "contacts")
    assert "Nobody: no campaign runs, starts within 28 days or has a plan." in contacts


def test_total_sales_and_what_rises_and_falls_are_told(page_of: Callable[..., str]) -> None:
    forecast = _section(page_of(Decided()), "forecast")
    assert "USD 720 of sales expected in the next 8 weeks; USD 90.00 in the first of them" in forecast
    assert "The 12 weeks before brought USD 86.67 each." in forecast
    rising, falling = forecast.split("Categories falling most")
    assert re.findall(r'<th scope="row">([A-Z]+)</th>', rising) == ["DAIRY", "PARTY"]
    assert '<td class="n up">+20%</td>' in rising
    assert re.findall(r'<th scope="row">([A-Z]+)</th>', falling) == ["BAKERY"]
    assert '<td class="n down">−40%</td>' in falling


def test_without_the_landed_files_ids_stand_for_names_and_the_past_is_left_out(page_of: Callable[..., str]) -> None:
    page = page_of(Decided(), is_landed=False)
    assert re.findall(r'<th scope="row">(\w+)<', _section(page, "orders")) == ["p2", "p1", "p3"]
    assert "p1: 8 weeks expected" in page
    assert "Campaign 7" in page
    assert "Which categories rise and fall cannot be said" in _section(page, "forecast")


def test_a_night_before_decisions_has_no_section_of_them(
    settings: Settings, publish_a_night: Callable[..., Night], page_of: Callable[..., str]
) -> None:
    publish_a_night(NIGHT - timedelta(days=1))
    report.run(settings, as_of=NIGHT - timedelta(days=1), snapshot_id="00112233aabbccdd")
    path = settings.reports_dir / "2017-11-30" / "index.html"
    before = path.read_text()
    assert 'id="orders"' not in before
    assert 'href="#orders"' not in before
    page_of(Decided())
    report.run(settings, as_of=NIGHT - timedelta(days=1), snapshot_id="00112233aabbccdd")
    assert path.read_text() == before


def test_a_night_run_again_has_the_same_sections(page_of: Callable[..., str]) -> None:
    first, second = page_of(Decided()), page_of(Decided(), seconds=9.0)
    for name in ("published", "orders", "contacts", "forecast"):
        assert _section(first, name) == _section(second, name)


def test_only_what_had_arrived_counts_as_sold_and_a_corrected_line_counts_once(tmp_path: Path) -> None:
    day = NIGHT - timedelta(days=3)
    lines = [
        _line(1, "p1", day, 10),
        _line(1, "p1", day, 4, arrived_at=f"{day} 20:00:00"),
        _line(2, "p1", day, 100, arrived_at=f"{NIGHT} 01:00:00", arrived_date=NIGHT),
        _line(3, "p1", day, 50, is_cancelled=True),
        _line(4, "p1", day, -1),
        _line(5, "p1", day, 7),
        # A correction moved it out of the weeks that are read.
        _line(5, "p1", day - timedelta(weeks=8), 7, arrived_at=f"{day} 21:00:00", arrived_date=day),
        _line(6, "p1", NIGHT - timedelta(days=8), 5),
        _line(7, "unknown", day, 9),
    ]
    products = [{"product_id": "p1", "category_id": "M", "arrived_date": date(2017, 1, 1)}]
    files = {"order_lines": lines, "products": products}
    for name, rows in files.items():
        _write(tmp_path / f"{name}.parquet", CONTRACT_TABLES[name], rows)
    orders, catalogue = ([tmp_path / f"{name}.parquet"] for name in files)
    sales = read_weekly_sales(orders, catalogue, as_of=NIGHT, n_weeks=3, products=["p1"])
    assert sales is not None
    assert sales.units_of_product == {"p1": (0.0, 5.0, 3.0)}
    assert sales.units_of_category == {"M": (0.0, 5.0, 3.0)}
    assert sales.amount_of_category == {"M": (0.0, 10.0, 6.0)}
    assert read_weekly_sales([], catalogue, as_of=NIGHT, n_weeks=3, products=[]) is None


def test_results_are_the_newest_of_each_campaign_up_to_the_night() -> None:
    with duckdb.connect() as connection:
        assert read_results(connection, NIGHT) == []
        connection.execute(
            "create schema ops; create view ops.campaign_results as select '7' as campaign_id, 'response' as measure, "
            "date '2017-11-28' + i::integer as as_of_date, 100 as n_treated, 10 as n_holdout, .2 as treated_mean, "
            ".1 as holdout_mean, .1 as effect, .05 as effect_low, .15 as effect_high, 10.0 as total_effect, "
            "5.0 as cost_amount, 'increase' as verdict from range(9) as nights(i)"
        )
        assert [row["measured_on"] for row in read_results(connection, NIGHT)] == [NIGHT]


MEASURED = CampaignResult(
    "7", "Winter", "response", NIGHT, 900, 100, 0.12, 0.09, 0.03, 0.01, 0.05, 27.0, 50.0, "increase"
)


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        (
            MEASURED,
            "12% of those chosen for contact responded, 9% of those held out. The difference made: +3.00 points "
            "(95 %: +1.00 to +5.00), +27 responses in all. That is more than chance explains.",
        ),
        (
            replace(MEASURED, measure="revenue", treated_mean=12.0, holdout_mean=10.0, effect=2.0, effect_low=-1.0,
                    effect_high=5.0, total_effect=None),
            "EUR 12.00 of revenue from each of those chosen for contact, EUR 10.00 from each of those held out. The "
            "difference made: EUR 2.00 (95 %: −EUR 1.00 to EUR 5.00) for contacts of EUR 50.00. No effect is proven: 0 "
            "lies within the interval.",
        ),
    ],
)  # fmt: skip
def test_what_a_campaign_brought_is_one_sentence(result: CampaignResult, sentence: str) -> None:
    assert say_result(result, "EUR") == sentence


def test_a_campaign_that_did_harm_is_said_to_and_of_a_broken_split_nothing_is_claimed() -> None:
    assert say_result(replace(MEASURED, effect_low=-0.05, effect_high=-0.01), "EUR").endswith(
        "It did harm, more than chance explains."
    )
    assert say_result(replace(MEASURED, verdict="split not as planned"), "EUR").endswith(
        "Nothing is claimed: customers were not split as planned."
    )


CAMPAIGN = CampaignTargets("7", "Winter", True, 2, 1, 1, 1, 2.5, 1.0, 100.0, 0.8, 0.1, ("uplift",))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "The next EUR 1 of budget would bring EUR 0.80 beyond itself."),
        ({"dual_price": 0.0}, "The budget is enough: the next EUR 1 would bring nothing more."),
        ({"dual_price": None, "budget": None}, "The budget has no limit: more of it would bring nothing."),
        ({"dual_price": None}, "The budget pays contacts that cost nothing: more of it would bring nothing."),
    ],
)
def test_what_more_budget_would_bring_is_said(given: dict[str, Any], sentence: str) -> None:
    assert say_next_unit(replace(CAMPAIGN, **given), "EUR") == sentence


def test_a_value_says_whether_it_is_proven() -> None:
    assert say_value_basis(CAMPAIGN).endswith("as campaigns with a holdout proved.")
    mixed = replace(CAMPAIGN, value_bases=("response, not proven incremental", "uplift"))
    assert say_value_basis(mixed).startswith("For some customers the value")


@pytest.mark.parametrize(
    ("value", "text"), [(0.8, "EUR 0.80"), (-3.1, "−EUR 3.10"), (-0.001, "EUR 0.00"), (12345.6, "EUR 12,346")]
)
def test_money_is_written_with_its_currency(value: float, text: str) -> None:
    assert money(value, "EUR") == text


def test_rises_and_falls_are_ranked_by_units_and_ties_by_id() -> None:
    changes = [CategoryChange(one, one, 10.0, expected) for one, expected in zip("dcba", (12, 12, 10, 1), strict=True)]
    rising, falling = rank_changes(changes, 1)
    assert [one.id for one in rising] == ["c"]
    assert [one.id for one in falling] == ["a"]
    assert CategoryChange("a", "a", 0.0, 1.0).change_pct is None


OUTLOOK = Outlook("p", HOSTILE, HOSTILE, NIGHT, (2.0,), (1.0,), (1.5,), (2.5,), (4.0,), (3.0, -1.0), HOSTILE, HOSTILE)


def test_a_band_can_be_drawn_of_nothing_sold_and_of_returns() -> None:
    nothing = replace(OUTLOOK, expected=(0.0,), p05=(0.0,), p25=(0.0,), p75=(0.0,), p95=(0.0,), sold=())
    for outlook in (OUTLOOK, nothing):
        drawn = draw_outlook(outlook)
        assert drawn.count("<polygon") == 2
        assert "<script" not in drawn
        assert "nan" not in drawn


@pytest.fixture
def full_decisions() -> Decisions:
    """Decisions of which every part is there, and every name is hostile."""
    order = Order(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, 14, 20.0, 10.0, 30.0, 40.0, 60.0, 36.8, HOSTILE)
    in_stock = replace(order, on_hand=5.0, on_order=1.0, suggested=55.0, cover_days=4000.0, stock_out_probability=0.9)
    campaign = replace(
        CAMPAIGN, name=HOSTILE, value_bases=(HOSTILE,), left_alone_for=(Share(HOSTILE, 3), Share("b", 1))
    )
    change = CategoryChange(HOSTILE, HOSTILE, 10.0, 20.0)
    return Decisions(
        OrderSection(PlanTotals(2, 2, 1, 1, 55.0, 1, 0, 40.0, 80.0), HOSTILE, (order, in_stock), (OUTLOOK,)),
        ContactSection(HOSTILE, (campaign,), (replace(MEASURED, name=HOSTILE, verdict=HOSTILE),)),
        ForecastSection(HOSTILE, OUTLOOK, (change,), (replace(change, sold=0.0),), 8),
        (FurtherTable(HOSTILE, 2, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
    )


def test_hostile_names_stay_text(full_report: NightReport, full_decisions: Decisions) -> None:
    page = render_report(replace(full_report, decisions=full_decisions))
    assert page.count("<script") == 1
    assert "alert('x')" not in page
    assert "over 10 years" in page


def test_the_page_asks_for_nothing_from_anywhere(full_report: NightReport, full_decisions: Decisions) -> None:
    page = render_report(replace(full_report, decisions=full_decisions))
    assert not re.search(r"<(link|img|iframe|object|embed)|src=|https?:|url\(|@import|fetch\(|import\(", page)
    for target in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{target}"' in page


@pytest.mark.parametrize("part", [field.name for field in fields(Decisions)])
def test_decisions_without_one_part_are_still_shown(
    full_report: NightReport, full_decisions: Decisions, part: str
) -> None:
    decisions = replace(full_decisions, **{part: getattr(Decisions(), part)})
    page = render_report(replace(full_report, decisions=decisions))
    for target in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{target}"' in page


@pytest.mark.parametrize(
    "forecast", [ForecastSection("EUR"), ForecastSection("EUR", OUTLOOK), ForecastSection("EUR", None, (), (), 8)]
)
def test_a_forecast_of_which_parts_are_missing_says_so(full_report: NightReport, forecast: ForecastSection) -> None:
    page = render_report(replace(full_report, decisions=Decisions(forecast=forecast)))
    assert "cannot be said" in page


def test_an_empty_plan_is_said_to_be_empty(full_report: NightReport) -> None:
    empty = OrderSection(PlanTotals(0, 0, 0, 0, 0.0, 0, 0, 0.0, 0.0), "EUR")
    page = render_report(replace(full_report, decisions=Decisions(orders=empty)))
    assert "The plan of this night is empty" in page
    assert "<script" not in page
