"""``docs/results.md``: what every evaluation found, written from the results files that are committed with the code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nightmarket.report.evaluation_table import (
    gain_rows,
    markdown_table,
    ratio,
    recipe_rows,
    rolling_rows,
    seed_rows,
    slice_rows,
)
from nightmarket.report.forecast_table import forecast_section

Results = Mapping[str, Any]


def render_results_page(evaluations: Sequence[Results]) -> str:
    """Return the page, a section per family by name."""
    page = [
        "# Results",
        "",
        "Written by `make docs` from `docs/results/`, which `make results` writes: one `nightmarket evaluate FAMILY "
        "--write-docs` for every family. How to read it: [evaluation.md](evaluation.md).",
        "",
        "Intervals are the middle 95 % of a bootstrap over customers; a gain is paired, draw by draw, and above 0 is "
        "better also where a lower metric is. `*` marks the recipe that the gate chooses.",
        "",
    ]
    for results in sorted(evaluations, key=lambda one: str(one["family"])):
        page += forecast_section(results) if "sales" in results else _family(results)
    return "\n".join(page)


def _family(results: Results) -> list[str]:
    page = [
        f"## {results['family']}",
        "",
        f"{results['title']}. Newest cut-off {results['as_of_date']}, of the source {results['source']}; labels know "
        f"{results['labels_know']}; seeds {', '.join(map(str, results['seeds']))}; threshold {results['threshold']}.",
        "",
    ]
    for name, head in results["heads"].items():
        final = head["final"]
        page += [
            f"### {results['family']}: {name}",
            "",
            f"A {head['kind']} over {head['horizon_days']} days. {final['n_rows']:,} rows of {final['n_customers']:,} "
            f"customers in the final test, {final['n_positive']:,} positive; promised / happened "
            f"{ratio(final['promise'])}.",
            "",
            *markdown_table(_split_rows(results, name)),
            "",
        ]
        for heading, rows in (
            ("The final test", recipe_rows(head)),
            ("Paired gains", gain_rows(head)),
            ("Mean and range over the seeds", seed_rows(head)),
            ("Every test origin", rolling_rows(head)),
            ("Parts of the shop", slice_rows(head)),
        ):
            if len(rows) > 1:
                page += [f"**{heading}**", "", *markdown_table(rows), ""]
        page += [f"Gate: {final['reason']}", "", *_canaries(head)]
    page += ["**Formulas**", "", *(f"- `{name}`: {formula}" for name, formula in results["formulas"].items()), ""]
    page += [f"Left out: cut-off {day}: {why}" for day, why in results["left_out"].items()]
    page += [f"Data `{results['data_sha256'][:16]}`, code `{results['code_revision']}`.", ""]
    return page


def _split_rows(results: Results, head: str) -> list[list[str]]:
    return [
        ["", "train", "calibrate", "test"],
        *(
            [one["role"], ", ".join(one["train"]), one["calibrate"], one["test"]]
            for one in results["split_dates"]
            if one["head"] == head
        ),
    ]


def _canaries(head: Mapping[str, Any]) -> list[str]:
    canaries = head["canaries"]
    said = []
    if "shuffled labels" in canaries:
        one = canaries["shuffled labels"]
        said.append(f"Shuffled labels: AUC {one['auc']:.4f} [{one['low']:.4f}, {one['high']:.4f}].")
    if "planted future" in canaries:
        one = canaries["planted future"]
        said.append(f"A planted future column (AUC {one['auc']:.3f}) is {'' if one['caught'] else 'not '}caught.")
    reviews = [f"- Review: {one['message']}" for one in canaries["reviews"]]
    return [" ".join(said), "", *([*reviews, ""] if reviews else [])] if said or reviews else []
