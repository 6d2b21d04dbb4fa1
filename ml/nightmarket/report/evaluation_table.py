"""An evaluation as tables that are read: in the terminal, on the model card, on docs/results.md. Plain values in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Values = Mapping[str, Any]
_DECIMALS = 4


def figure(value: Any, *, signed: bool = False) -> str:
    """Return a metric to four places, without the zero before the point; an empty text where there is none."""
    if value is None:
        return ""
    text = f"{value:+.{_DECIMALS}f}" if signed else f"{value:.{_DECIMALS}f}"
    return text.replace("0.", ".", 1) if text.lstrip("+-").startswith("0.") else text


def interval(found: Values | None, *, signed: bool = False) -> str:
    """Return ``[low, high]``; an empty text where it is not known."""
    if not found or found["low"] is None:
        return ""
    return f"[{figure(found['low'], signed=signed)}, {figure(found['high'], signed=signed)}]"


def metric_names(head: Values) -> list[str]:
    """Return the metrics of a head that every recipe has, the gate's first."""
    recipes = head["final"]["recipes"]
    names = list(recipes[head["final"]["winner"]]["metrics"])
    names.sort(key=lambda name: name != head["gate_metric"])
    return [name for name in names if all(name in one["metrics"] for one in recipes.values())]


def recipe_rows(head: Values) -> list[list[str]]:
    """Return a table of the final test: a row per recipe, best first, a column per metric with its interval."""
    final = head["final"]
    names = metric_names(head)
    ranked = sorted(final["recipes"].items(), key=lambda item: item[0] != final["winner"])
    rows = [["recipe", *names]]
    for recipe, one in ranked:
        marks = " *" if recipe == final["winner"] else " (baseline)" if recipe == head["baseline"] else ""
        rows.append(
            [
                f"{recipe}{marks}",
                *(f"{figure(one['metrics'][name])} {interval(one['intervals'].get(name))}".strip() for name in names),
            ]
        )
    return rows


def gain_rows(head: Values) -> list[list[str]]:
    """Return the paired gains of the winner over the others, and of the best trees over their shuffled arms."""
    names = metric_names(head)
    claims = {
        **head["final"]["gains"],
        **{
            f"{one['recipe']} - {group} shuffled": one["gain_over_shuffled"]
            for group, one in head.get("arms", {}).items()
        },
    }
    return [
        ["gain", *names],
        *([claim, *(interval(gains.get(name), signed=True) for name in names)] for claim, gains in claims.items()),
    ]


def rolling_rows(head: Values) -> list[list[str]]:
    """Return the winner's figures at every test origin, the final one first."""
    names = metric_names(head)
    rows = [["test origin", "recipe", *names]]
    for one in (head["final"], *head.get("rolling", ())):
        metrics = one["recipes"][one["winner"]]["metrics"]
        rows.append([one["test"], one["winner"], *(figure(metrics.get(name)) for name in names)])
    return rows


def slice_rows(head: Values) -> list[list[str]]:
    """Return the winner on parts of the shop, with its gain over the baseline and promised against happened."""
    gate = head["gate_metric"]
    names = [name for name in metric_names(head) if name in ("brier", "ece", "wape", "mae") and name != gate]
    rows = [["slice", "rows", "positive", gate, f"gain in {gate}", *names, "promised / happened"]]
    for name, one in head["final"].get("slices", {}).items():
        metrics, promise = one.get("metrics", {}), one.get("promise", {})
        rows.append(
            [
                f"{name}: {one['meaning']}",
                f"{one['n_rows']:,}",
                f"{one['n_positive']:,}",
                figure(metrics.get(gate)),
                interval(one.get("gain", {}).get(gate), signed=True),
                *(figure(metrics.get(metric)) for metric in names),
                ratio(promise),
            ]
        )
    return rows


def seed_rows(head: Values) -> list[list[str]]:
    """Return mean and range of every metric over the seeds, for recipes in which something is random."""
    names = metric_names(head)
    rows = [["recipe", *names]]
    for recipe, metrics in head["final"].get("seeds", {}).items():
        rows.append(
            [
                recipe,
                *(
                    f"{figure(metrics[n]['mean'])} ({figure(metrics[n]['lowest'])} to {figure(metrics[n]['highest'])})"
                    for n in names
                ),
            ]
        )
    return rows


def ratio(promise: Values) -> str:
    """Return promised over happened with its interval."""
    if not promise or promise.get("ratio") is None:
        return ""
    low, high = promise["ratio_low"], promise["ratio_high"]
    return f"{promise['ratio']:.3f}" + (f" [{low:.3f}, {high:.3f}]" if low is not None else "")


def markdown_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table; the first row is its head."""
    first, *others = ([*row] for row in rows)
    return [f"| {' | '.join(row)} |" for row in (first, ["---"] * len(first), *others)]


def text_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table for the terminal, columns aligned."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def render_text(results: Values) -> str:
    """Return what the terminal shows of an evaluation, before the JSON line."""
    lines = [f"{results['family']} at {results['as_of_date']} (snapshot {results['snapshot_id']})", ""]
    for name, head in results["heads"].items():
        final = head["final"]
        windows = next(one for one in results["split_dates"] if one["head"] == name and one["role"] == "final")
        lines += [
            f"{name}: final test at {final['test']}, trained at {', '.join(windows['train'])}, "
            f"calibrated at {windows['calibrate']}; {final['n_rows']:,} rows, {final['n_positive']:,} positive, "
            f"{final['n_customers']:,} customers",
            "",
        ]
        for rows in (recipe_rows(head), gain_rows(head), seed_rows(head), rolling_rows(head), slice_rows(head)):
            if len(rows) > 1:
                lines += [*text_table(rows), ""]
        lines += [f"promised / happened: {ratio(final['promise'])}", f"gate: {final['reason']}", ""]
    lines += [f"left out: cut-off {day}: {why}" for day, why in results["left_out"].items()]
    lines += [f"review ({one['head']}): {one['message']}" for one in results["reviews"]]
    return "\n".join([*lines, "reviews: none" if not results["reviews"] else "", ""])
