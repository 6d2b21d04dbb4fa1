"""The report step: from a published night to a page, and from a withheld one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from nightmarket.errors import SnapshotMissing, StepMissing
from nightmarket.io.atomic import write_json
from nightmarket.io.landing import read_snapshot
from nightmarket.io.night import Night
from nightmarket.settings import Settings
from nightmarket.steps import report

DAY_1, DAY_2, DAY_3 = date(2017, 11, 29), date(2017, 11, 30), date(2017, 12, 1)
SNAPSHOT = "00112233aabbccdd"
PublishANight = Callable[..., Night]


def _page(settings: Settings, as_of: date) -> str:
    report.run(settings, as_of=as_of, snapshot_id=SNAPSHOT)
    return (settings.reports_dir / as_of.isoformat() / "index.html").read_text()


def _without_run_times(page: str) -> str:
    return re.sub(r'<section id="run-times">.*?</section>', "", page, flags=re.DOTALL)


def test_the_report_names_the_movers_of_the_night(settings: Settings, publish_a_night: PublishANight) -> None:
    publish_a_night(DAY_1)
    publish_a_night(DAY_2, lift=0.2)
    page = _page(settings, DAY_2)
    assert "every check passed" in page
    assert '<th scope="row">k0</th>' in page
    assert '<td class="n up">+0.80</td>' in page
    assert "alert(&#39;x&#39;)" in page
    assert "<script" not in page
    assert "duplicate key 1" in page
    assert "Not provided by this source, so not checked: reviews" in page
    assert "where as_of_date = date &#39;2017-11-30&#39;" in page


def test_a_model_older_than_two_windows_says_its_age_in_words(
    settings: Settings, publish_a_night: PublishANight
) -> None:
    for night, is_old in ((date(2017, 12, 27), False), (date(2018, 1, 24), True)):
        publish_a_night(night)
        page = _page(settings, night)
        assert "purchase_intent/1/lightgbm" in page
        assert (
            "The model is 12 weeks old</strong>: it knows what customers bought before 2017-11-01" in page
        ) is is_old


def test_a_family_that_the_report_has_never_heard_of_gets_its_section(
    settings: Settings, publish_a_night: PublishANight, loyalty: Callable[..., None]
) -> None:
    for night in (DAY_1, DAY_2):
        loyalty(night)
        publish_a_night(night)
    page = _page(settings, DAY_2)
    for part in (
        "<h2>Loyalty</h2>",
        "<code>scores.loyalty</code>",
        "<dt>Mean probability</dt><dd>30%</dd>",
        "<dt>Mean spend amount</dt><dd>USD 150</dd>",
        "Distribution of spend amount",
        '<span class="label" title="regular">regular</span>',
        "last order … days ago",
        "Spend amount: USD 300.",
        "from scores.loyalty_history",
    ):
        assert part in page


def test_a_night_whose_window_has_closed_is_shown_beside_what_happened(
    settings: Settings, publish_a_night: PublishANight
) -> None:
    night = date(2017, 11, 3)
    publish_a_night(night)
    publish_a_night(DAY_3, bought=[("c0", "k0"), ("c3", "k2")])
    page = _page(settings, DAY_3)
    assert "Purchase intent: probability" in page
    assert '3 Nov 2017<span class="quiet">closed 1 Dec 2017</span>' in page
    assert '<td class="n">12</td><td class="n">2</td><td class="n">2</td>' in page
    publish_a_night(DAY_3 + timedelta(days=1), bought=[])
    assert _page(settings, DAY_3) == page


def test_a_night_without_an_evaluation_says_not_measured(settings: Settings, publish_a_night: PublishANight) -> None:
    publish_a_night(DAY_1)
    page = _page(settings, DAY_1)
    assert "Not measured: what the model's training found is not there" in page
    assert "This is the first published night" in page
    assert not settings.mlflow_dir.exists()


def test_a_night_run_again_has_the_same_report_but_for_its_run_times(
    settings: Settings, publish_a_night: PublishANight
) -> None:
    publish_a_night(DAY_1)
    publish_a_night(DAY_2, lift=0.1)
    first = _page(settings, DAY_2)
    publish_a_night(DAY_2, lift=0.1, seconds=9.0)
    second = _page(settings, DAY_2)
    assert "attempt 1" in first
    assert "attempt 2" in second
    assert _without_run_times(first) == _without_run_times(second)


def test_a_later_night_does_not_reach_the_report_of_an_earlier_one(
    settings: Settings, publish_a_night: PublishANight
) -> None:
    publish_a_night(DAY_1)
    publish_a_night(DAY_2)
    before = _page(settings, DAY_2)
    publish_a_night(DAY_3, lift=0.5)
    assert _page(settings, DAY_2) == before


def test_latest_is_the_greatest_night_even_after_a_backfill(settings: Settings, publish_a_night: PublishANight) -> None:
    for day in (DAY_3, DAY_1):
        publish_a_night(day)
        _page(settings, day)
    assert (settings.reports_dir / "latest").readlink().name == "2017-12-01"
    assert (settings.reports_dir / "latest" / "index.html").exists()


def test_a_withheld_night_is_reported_with_what_stopped_it(settings: Settings, publish_a_night: PublishANight) -> None:
    publish_a_night(DAY_1)
    night = publish_a_night(DAY_2)
    night.forget("check__scores")
    failed = {
        "type": "between", "expects": "probability in [0, 1]", "why": "It is one.", "severity": "stop",
        "status": "failed", "observed": "3 rows outside",
    }  # fmt: skip
    suite = {
        "name": "scores.purchase_intent",
        "border": "scores",
        "table": "purchase_intent",
        "about": "",
        "outcomes": [failed],
    }
    pages = settings.var_dir / "data_docs" / "2017-11-30" / "scores.json"
    write_json(pages, {"snapshot_id": "another", "suites": [suite]})
    assert "3 rows outside" not in _page(settings, DAY_2)
    write_json(pages, {"snapshot_id": SNAPSHOT, "suites": [suite]})
    page = _page(settings, DAY_2)
    assert "Withheld" in page
    assert "scores.purchase_intent: expected probability in [0, 1]; observed 3 rows outside. It is one." in page
    assert "Nothing of this night was published." in page


def test_a_night_that_another_attempt_replaced_is_not_called_published(
    settings: Settings, publish_a_night: PublishANight
) -> None:
    night = publish_a_night(DAY_1)
    checked = night.read("check__scores")
    publish_a_night(DAY_1, lift=0.3)
    night.record("check__scores", checked)
    assert "Withheld" in _page(settings, DAY_1)


def test_warnings_are_counted_and_shown(settings: Settings, publish_a_night: PublishANight) -> None:
    publish_a_night(DAY_1, verdict="warned")
    page = _page(settings, DAY_1)
    assert "Published with warnings" in page
    assert "a warning with &lt;script&gt;" in page


def test_a_night_that_never_landed_has_no_report(settings: Settings) -> None:
    with pytest.raises(StepMissing, match="Got no result of `land` for 2017-12-01"):
        report.run(settings, as_of=DAY_3, snapshot_id=SNAPSHOT)
    assert not settings.reports_dir.exists()


def test_a_night_whose_snapshot_is_gone_is_reported_with_ids(
    settings: Settings, publish_a_night: PublishANight
) -> None:
    publish_a_night(DAY_1)
    with pytest.raises(SnapshotMissing):
        read_snapshot(settings, SNAPSHOT)
    assert "k2" in _page(settings, DAY_1)
