"""The evaluation of a forecaster as tables that are read: in the terminal and on docs/results.md. Plain values in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nightmarket.report.evaluation_table import figure, markdown_table

Results = Mapping[str, Any]

NO_BOUND = 100
"""A gain in WAPE beyond it, either way, is a division by next to nothing."""


def level_rows(results: Results) -> list[list[str]]:
    """Return a row per level and class: WAPE against the best baseline, its gain, bias and coverage."""
    rows = [["series", "WAPE", "best baseline", "its WAPE", "gain", "bias", "80 %", "95 %"]]
    for name, one in results["demand"]["levels"].items():
        if one:
            best = one["best_baseline"]
            gain = _gain(one["gain"], one)
            measured = (figure(one["bias"], signed=True), figure(one["coverage_80"]), figure(one["coverage_95"]))
            wape, theirs = figure(one["wape"]), figure(one["baselines"][best]["wape"])
            rows.append([name.replace("_", " "), wape, best, theirs, gain, *measured])
    return rows


def _gain(gain: float, interval: Mapping[str, float | None]) -> str:
    return f"{figure(gain, signed=True)} [{_end(interval['gain_low'])}, {_end(interval['gain_high'])}]"


def _end(gain: float | None) -> str:
    """Return the end of an interval: draws of a few series that sold next to nothing have a WAPE without bound."""
    if gain is not None and abs(gain) > NO_BOUND:
        return "no bound"
    return figure(gain)


def baseline_rows(results: Results) -> list[list[str]]:
    """Return a row per baseline, with its WAPE at the levels that the goals are about."""
    levels = [name for name in ("category", "top_500", "product", "total") if results["demand"]["levels"].get(name)]
    rows = [["method", *(name.replace("_", " ") for name in levels)]]
    found = results["demand"]["levels"]
    rows.append(["best per class", *(figure(found[name]["wape"]) for name in levels)])
    for method in dict.fromkeys(method for name in levels for method in found[name]["baselines"]):
        rows.append([method, *(figure(found[name]["baselines"].get(method, {}).get("wape")) for name in levels)])
    return rows


def median_rows(results: Results) -> list[list[str]]:
    """Return a row per level: the WAPE of the published median against the best median of a series' last weeks."""
    rows = [["series", "WAPE of units_p50", "best median by hand", "its WAPE", "gain", "bias of units_p50"]]
    for name, one in results["demand"]["levels"].items():
        if one and "/" not in name:
            said = one["median"]
            wapes = figure(said["wape"]), said["best_baseline"], figure(said["baseline_wape"])
            gain = _gain(said["baseline_wape"] - said["wape"], said)
            rows.append([name.replace("_", " "), *wapes, gain, figure(said["bias"], signed=True)])
    return rows


def sales_rows(results: Results) -> list[list[str]]:
    """Return a row per grain and level of the sales forecast."""
    rows = [["sales by", "WAPE", "mean of 4 weeks", "bias", "50 %", "90 %"]]
    for name, one in results["sales"]["figures"].items():
        measured = [figure(one[key]) for key in ("coverage_50", "coverage_90")]
        wapes = [figure(one[key]) for key in ("wape", "baseline_wape")]
        rows.append([name.replace("/", ", "), *wapes, figure(one["bias"], signed=True), *measured])
    return rows


def render_forecast_text(results: Results) -> str:
    """Return the tables for a terminal."""
    tables = (level_rows(results), baseline_rows(results), median_rows(results), sales_rows(results))
    return "\n\n".join(_aligned(rows) for rows in tables)


def _aligned(rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def forecast_section(results: Results) -> list[str]:
    """Return the forecaster's section of docs/results.md."""
    arms = results["demand"]["arms"]
    page = [
        f"## {results['family']}",
        "",
        f"{results['title']}. Origins {', '.join(results['demand']['origins'])}, of the source {results['source']}, "
        f"four weeks each; outcomes know {results['labels_know']}; seeds {', '.join(map(str, results['seeds']))}. At "
        "every origin everything is chosen and fitted anew on what was known there. Intervals are a bootstrap over "
        "series; 80 % and 95 % are the shares of weeks inside those intervals.",
        "",
        *markdown_table(level_rows(results)),
        "",
        "**Against the baselines (WAPE)**",
        "",
        *markdown_table(baseline_rows(results)),
        "",
        "**The median.** Absolute errors are least around the median; units add up only as means. Where demand has "
        "peaks the two are far apart, so both are shown.",
        "",
        *markdown_table(median_rows(results)),
        "",
        "**Sales in money**",
        "",
        *markdown_table(sales_rows(results)),
        "",
    ]
    for name, missing in (
        ("model", ""),
        ("without_intents", "Purchase intents: no arm, fewer than 8 past weeks have published ones."),
        ("without_text", "Text: no arm, the model reads none."),
        ("shuffled_text", ""),
    ):
        said = {level: figure(wape) for level, wape in (arms.get(name) or {}).items()}
        words = ", ".join(f"{level} {wape}" for level, wape in said.items())
        line = f"{name.replace('_', ' ').capitalize()}: {words}." if said else missing
        page += [line, ""] if line else []
    return [*page, f"Data `{results['data_sha256'][:16]}`, code `{results['code_revision']}`.", ""]
