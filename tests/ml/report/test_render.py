"""The page: whole, safe and on its own, whatever it is given."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import date
from html.parser import HTMLParser

import pytest

from nightmarket.report import charts, curves
from nightmarket.report.content import NightReport
from nightmarket.report.decisions import Decisions, FurtherTable
from nightmarket.report.evaluation import Evaluation, Metric
from nightmarket.report.promises import MeasuredNight, PromiseBin
from nightmarket.report.render import render_report
from nightmarket.report.sections import Distribution, FamilySection, HeadSection
from nightmarket.report.wording import percent

VOID = {"meta", "br", "link", "img", "input", "hr"}


class _Page(HTMLParser):
    """Tags in order, links, and whether every tag is closed where it should be."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("href", "src", "xlink:href"):
                self.links.append(value or "")
            if name == "id":
                self.ids.add(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


def test_a_full_report_shows_every_part(full_report: NightReport) -> None:
    page = render_report(full_report)
    assert "Friday, 1 December 2017" in page.replace("\N{NO-BREAK SPACE}", " ")
    for part in (
        "Published with warnings",
        "Three customers, read aloud",
        "What moved",
        "Reliability",
        "Gains",
        "Metrics beside the baseline, frequency",
        "0.5600",
        "The model is 10 weeks old",
        "Promised and happened",
        "−9.1%",
        "Inside 80%",
        "Only each customer's 20 best rows are published",
    ):
        assert part in page
    assert "Not measured" not in page
    assert "not measured" not in page


def test_hostile_names_stay_text(full_report: NightReport) -> None:
    page = render_report(full_report)
    assert "script" not in _Page(page).tags
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 20


def test_the_page_stands_on_its_own(full_report: NightReport) -> None:
    page = render_report(full_report)
    parsed = _Page(page)
    assert {link.removeprefix("#") for link in parsed.links} <= parsed.ids
    assert all(link.startswith("#") for link in parsed.links)
    assert not {"script", "link", "img", "iframe", "object", "embed"} & set(parsed.tags)
    assert "http" not in re.sub(r"http-equiv", "", page)
    assert "@import" not in page
    assert "url(" not in page


def _optional(kind: type, *needed: str) -> list[str]:
    return [field.name for field in fields(kind) if field.name not in needed]


@pytest.mark.parametrize("part", _optional(NightReport, "as_of_date", "source", "snapshot_id", "verdict", "n_nights"))
def test_a_report_without_one_part_is_still_a_report(full_report: NightReport, part: str) -> None:
    default = NightReport(date(2017, 12, 1), "files", "s", "passed")
    _Page(render_report(replace(full_report, **{part: getattr(default, part)})))


@pytest.mark.parametrize("part", _optional(FamilySection, "name", "title"))
def test_a_family_without_one_part_is_still_shown(
    full_report: NightReport, full_section: FamilySection, part: str
) -> None:
    section = replace(full_section, **{part: getattr(FamilySection("a", "A"), part)})
    _Page(render_report(replace(full_report, families=(section, full_section))))


@pytest.mark.parametrize("part", _optional(HeadSection, "name", "is_amount", "horizon_days", "edges"))
@pytest.mark.parametrize("number", [0, 1])
def test_a_head_without_one_part_is_still_shown(
    full_report: NightReport, full_section: FamilySection, part: str, number: int
) -> None:
    heads = list(full_section.heads)
    heads[number] = replace(heads[number], **{part: getattr(HeadSection("a", False, 28), part)})
    _Page(render_report(replace(full_report, families=(replace(full_section, heads=tuple(heads)),))))


@pytest.mark.parametrize("part", [field.name for field in fields(Evaluation)])
def test_an_evaluation_without_one_part_is_still_shown(
    full_report: NightReport, full_section: FamilySection, part: str
) -> None:
    head = full_section.heads[0]
    head = replace(head, evaluation=replace(head.evaluation, **{part: getattr(Evaluation(), part)}))
    _Page(render_report(replace(full_report, families=(replace(full_section, heads=(head,)),))))


def test_a_withheld_night_says_what_is_served_instead() -> None:
    section = FamilySection("purchase_intent", "Purchase intent")
    report = NightReport(
        date(2017, 12, 1), "files", "s", "withheld", served_instead=date(2017, 11, 30), families=(section,)
    )
    page = render_report(report).replace("\N{NO-BREAK SPACE}", " ")
    assert "Withheld" in page
    assert "consumers still read Thursday, 30 November 2017" in page
    assert "Not measured: no scores of this night are served" in page
    assert "what the model's training found is not there, or the family was not scored" in page
    assert "No published night's window has closed yet" in page


def test_everything_but_the_run_times_is_the_same_for_another_attempt(full_report: NightReport) -> None:
    cut = r'<section id="run-times">.*?</section>'
    first = render_report(full_report)
    second = render_report(replace(full_report, attempt=2, steps=()))
    assert first != second
    assert re.sub(cut, "", first, flags=re.DOTALL) == re.sub(cut, "", second, flags=re.DOTALL)


def test_charts_survive_values_without_spread() -> None:
    assert "polyline" in charts.draw_history([0.0])
    assert "polyline" in charts.draw_history([2.0, 2.0])
    lonely = Distribution(date(2017, 12, 1), (1.0, *(0.0,) * 9))
    assert "rect" in charts.draw_distribution(HeadSection("p", False, 28, distributions=(lonely,)))
    assert "circle" in charts.draw_interval(Metric("roc_auc", "AUC", "", True, 0.0))


def test_promises_of_nothing_and_of_returns_can_be_drawn() -> None:
    nothing, returned = PromiseBin(10, 0.0, 0.0), PromiseBin(10, 5.0, -50.0)
    for bins in ((nothing,), (nothing, returned)):
        night = MeasuredNight(date(2017, 11, 1), 56, "m/1", date(2018, 1, 1), bins)
        for is_amount in (True, False):
            assert "circle" in curves.draw_promises([night], is_amount)
        assert night.off_pct is None


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0%"), (0.005, "0.5%"), (0.01, "1%"), (0.123, "12%"), (0.1, "10%"), (1.0, "100%")]
)
def test_percentages_are_as_long_as_they_need(share: float, text: str) -> None:
    assert percent(share) == text


def test_the_header_counts_scores_forecasts_and_decisions_apart(full_report: NightReport) -> None:
    published = (
        FurtherTable("scores.demand", 1_234, "demand/1/best_per_class", "best_per_class", "a", "b"),
        FurtherTable("decisions.reorder_plan", 567, "reorder_plan/1", "-", "a", "b"),
    )
    beside = render_report(replace(full_report, decisions=Decisions(published=published)))
    assert (
        "Beside them <strong>1,234</strong> forecasts of demand and sales and <strong>567</strong> decisions" in beside
    )
    assert "Beside them" not in render_report(replace(full_report, decisions=None))
