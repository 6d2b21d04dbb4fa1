"""The evaluation of a forecaster as a table that can be read."""

from __future__ import annotations

from nightmarket.report.forecast_table import level_rows, median_rows


def test_an_interval_that_divides_by_next_to_nothing_has_no_bound() -> None:
    level = {
        "wape": 4.9, "best_baseline": "mean", "baselines": {"mean": {"wape": 3.0}}, "gain": -1.9,
        "gain_low": -4042131671.488, "gain_high": -0.29, "bias": 4.9, "coverage_80": 1.0, "coverage_95": 1.0,
    }  # fmt: skip
    (row,) = level_rows({"demand": {"levels": {"category/new": level, "none": None}}})[1:]
    assert row[4] == "-1.9000 [no bound, -.2900]"


def test_the_median_stands_beside_its_own_baseline() -> None:
    median = {
        "wape": 0.437, "bias": -0.15, "best_baseline": "median of 8 weeks", "baseline_wape": 0.459,
        "gain_low": 0.01, "gain_high": 0.03,
    }  # fmt: skip
    levels = {"top_500": {"median": median}, "product/new": {"median": median}, "total": None}
    (row,) = median_rows({"demand": {"levels": levels}})[1:]
    assert row == ["top 500", ".4370", "median of 8 weeks", ".4590", "+.0220 [.0100, .0300]", "-.1500"]
