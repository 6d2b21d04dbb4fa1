"""The model card: what a version was tested on, how well, against what, and what to look at. Markdown and two plots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nightmarket.report.card_plots import plot_gains, plot_reliability
from nightmarket.report.evaluation_table import (
    gain_rows,
    markdown_table,
    ratio,
    recipe_rows,
    rolling_rows,
    seed_rows,
    slice_rows,
)


def make_model_card(family: str, title: str, heads: Mapping[str, Any], facts: Mapping[str, str]) -> dict[str, str]:
    """Return the files of a card by name: ``card.md``, and a reliability and a gains plot per head that has them.

    Parameters
    ----------
    heads : as in a results file; parts that were not measured may be missing
    facts : said at the top, in their order
    """
    files: dict[str, str] = {}
    page = [f"# {title} (`{family}`)", "", *(f"- {name}: {value}" for name, value in facts.items()), ""]
    for name, head in heads.items():
        final = head["final"]
        page += [
            f"## {name}",
            "",
            f"Tested at {final['test']} on {final['n_rows']:,} rows of {final['n_customers']:,} customers, "
            f"{final['n_positive']:,} of them positive. {final['reason']}",
            "",
            f"Promised / happened: {ratio(final['promise'])}.",
            "",
        ]
        for heading, rows in (
            ("Recipes (winner *, 95 % intervals over customers)", recipe_rows(head)),
            ("Paired gains", gain_rows(head)),
            ("Seeds", seed_rows(head)),
            ("Every test origin", rolling_rows(head)),
            ("Parts of the shop", slice_rows(head)),
        ):
            if len(rows) > 1:
                page += [f"### {heading}", "", *markdown_table(rows), ""]
        plots = draw_plots(name, head)
        page += [f"![{plot.removesuffix('.svg').replace('_', ' ')}]({plot})" for plot in plots]
        page += ["", *_reviews(head)]
        files |= plots
    return {"card.md": "\n".join(page).rstrip() + "\n", **files}


def draw_plots(name: str, head: Mapping[str, Any]) -> dict[str, str]:
    """Return the reliability and the gains plot of a probability, as SVG that stands alone."""
    final = head["final"]
    if "reliability" not in final:
        return {}
    recipes = dict.fromkeys((final["winner"], head["baseline"]))
    return {
        f"{name}_reliability.svg": plot_reliability(final["reliability"]),
        f"{name}_gains.svg": plot_gains({recipe: final["lift"][recipe] for recipe in recipes}),
    }


def _reviews(head: Mapping[str, Any]) -> list[str]:
    canaries = head.get("canaries", {})
    if not canaries:
        return []
    said = [f"- {one['message']}" for one in canaries["reviews"]] or ["No canary asks for a review."]
    return ["### Reviews", "", *said, ""]
