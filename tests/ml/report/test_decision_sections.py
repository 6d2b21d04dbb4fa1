"""What planners come for, on one page: what to order, whom to contact, what will be sold."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta

import pytest

from nightmarket.io.landing import Snapshot
from nightmarket.io.night import Night
from nightmarket.report.content import NightReport
from nightmarket.report.decision_words import money
from nightmarket.report.decisions import Decisions
from nightmarket.report.render import render_report
from nightmarket.settings import Settings
from nightmarket.steps import report

from .decided import NIGHT, Decided, section_of


def test_decisions_come_first_and_every_table_is_named_as_published(page_of: Callable[..., str]) -> None:
    page = page_of(Decided())
    sections = re.findall(r'<section id="([^"]+)">', page)
    assert sections[:4] == ["published", "orders", "contacts", "forecast"]
    published = section_of(page, "published")
    for table in ("scores.demand", "scores.sales_forecast", "decisions.reorder_plan", "decisions.campaign_targets"):
        assert f"<code>{table}</code>" in published
    assert "<td>level × item × week</td>" in published
    assert page.count("<script>") == 1


def test_forecasts_say_before_when_their_model_knows_labels_and_decisions_have_none(
    settings: Settings, snapshot: Snapshot, page_of: Callable[..., str]
) -> None:
    page_of(Decided())
    night = Night(settings, NIGHT, snapshot.snapshot_id)
    tables = {"scores.demand": {"rows": 48}, "scores.sales_forecast": {"rows": 8}}
    night.record("score__demand", {"label_cutoff": "2017-11-27", "tables": tables})
    report.run(settings, as_of=NIGHT, snapshot_id=snapshot.snapshot_id)
    published = section_of((settings.reports_dir / str(NIGHT) / "index.html").read_text(), "published")
    said = dict(re.findall(r"<code>([a-z_.]+)</code></th>.*?</td><td>([^<]*)</td><td><code>", published))
    assert {name: said[name] for name in (*tables, "decisions.reorder_plan")} == {
        "scores.demand": "2017-11-27",
        "scores.sales_forecast": "2017-11-27",
        "decisions.reorder_plan": "–",
    }


def test_without_the_landed_files_ids_stand_for_names_and_the_past_is_left_out(page_of: Callable[..., str]) -> None:
    page = page_of(Decided(), is_landed=False)
    assert re.findall(r'<th scope="row">(\w+)<', section_of(page, "orders")) == ["p2", "p1", "p3"]
    assert "p1: 8 weeks expected" in page
    assert "Campaign 7" in page
    assert "Which categories rise and fall cannot be said" in section_of(page, "forecast")


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
        assert section_of(first, name) == section_of(second, name)


@pytest.mark.parametrize(
    ("value", "text"), [(0.8, "EUR 0.80"), (-3.1, "−EUR 3.10"), (-0.001, "EUR 0.00"), (12345.6, "EUR 12,346")]
)
def test_money_is_written_with_its_currency(value: float, text: str) -> None:
    assert money(value, "EUR") == text


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
