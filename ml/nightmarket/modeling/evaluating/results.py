"""What an evaluation found, as plain values: the results file, the model card, the last line of the command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date
from typing import Any

import numpy as np

from nightmarket.families.base import Family, Head, Kind
from nightmarket.modeling.bootstrap import Interval, paired_gain
from nightmarket.modeling.evaluating.arms import Arm
from nightmarket.modeling.evaluating.canaries import Canary, describe_reviews
from nightmarket.modeling.evaluating.slices import promise
from nightmarket.modeling.evaluation import lift, reliability
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.metrics import FORMULAS, NEITHER_IS_BETTER, Measured
from nightmarket.modeling.splits import TrainingWindows
from nightmarket.modeling.tournament import Tournament

_DECIMALS = 6


def plain(value: Any) -> Any:
    """Return JSON-able values: floats rounded, NaN and infinities as None, dataclasses and arrays opened."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    elif isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return round(value, _DECIMALS) if np.isfinite(value) else None
    return value.isoformat() if isinstance(value, date) else value


def describe_test(tournament: Tournament, test: Frame, *, seed: int) -> dict[str, Any]:
    """Return what one test origin said of a head: every recipe beside the baseline, and who would win.

    Parameters
    ----------
    test : rows of the test origin, looked at by the head
    """
    head, winner = tournament.head, tournament.winner
    described: dict[str, Any] = {
        "test": tournament.windows.test,
        "n_rows": len(test),
        "n_customers": len(test.customer_ids),
        "n_positive": int((test.y > 0).sum()),
        "winner": tournament.decision.recipe,
        "reason": tournament.decision.reason,
        "recipes": {
            name: {"metrics": one.metrics, "intervals": one.intervals, "gain_over_baseline": directed(one.gains)}
            for name, one in tournament.tested.items()
        },
        "gains": claimed_gains(tournament),
        "promise": promise(test, winner.forecast, seed=seed),
    }
    if head.kind is Kind.PROBABILITY:
        described["reliability"] = reliability(test.y, winner.forecast.value)
        described["lift"] = {
            name: lift(test.y, tournament.tested[name].forecast.value)
            for name in dict.fromkeys((tournament.decision.recipe, head.baseline))
        }
    return described


def claimed_gains(tournament: Tournament) -> dict[str, Any]:
    """Return the paired gain of the winner over every other recipe, by ``<winner> - <other>`` and metric."""
    winner = tournament.winner
    return {
        f"{winner.recipe} - {name}": directed(
            {metric: paired_gain(winner.draws, one.draws, metric) for metric in one.draws}
        )
        for name, one in tournament.tested.items()
        if name != winner.recipe
    }


def directed(gains: Mapping[str, Interval]) -> dict[str, Interval]:
    """Return the gains in metrics of which more, or less, is better."""
    return {metric: gain for metric, gain in gains.items() if metric not in NEITHER_IS_BETTER}


def describe_seeds(measured: Mapping[str, Sequence[Measured]]) -> dict[str, Any]:
    """Return each metric's mean and range over the seeds, of the recipes in which something is random."""
    return {
        recipe: {
            metric: {
                "mean": float(np.mean(values)),
                "lowest": min(values),
                "highest": max(values),
                "values": values,
            }
            for metric in runs[0].metrics
            if (values := [float(run.metrics[metric]) for run in runs])
        }
        for recipe, runs in measured.items()
        if len(runs) > 1
    }


def describe_arms(arms: Iterable[Arm]) -> dict[str, Any]:
    return {
        arm.group.rstrip("_"): {
            "recipe": arm.recipe,
            "n_features": arm.n_features,
            "metrics_shuffled": arm.metrics,
            "gain_over_shuffled": directed(arm.gains),
            "gain_by_seed": arm.by_seed,
        }
        for arm in arms
    }


def describe_canaries(canaries: Sequence[Canary]) -> dict[str, Any]:
    return {one.name: dict(one.facts) for one in canaries} | {"reviews": describe_reviews(canaries)}


def describe_windows(windows: TrainingWindows) -> dict[str, Any]:
    return {
        "cut_off": windows.cut_off,
        "train": windows.train,
        "calibrate": windows.calibrate,
        "test": windows.test,
        "dropped": windows.dropped,
        **({"blocks": {block[0].isoformat(): block for block in windows.blocks}} if windows.blocks else {}),
    }


def describe_head(head: Head) -> dict[str, Any]:
    return {
        "kind": head.kind.value,
        "horizon_days": head.horizon_days,
        "baseline": head.baseline,
        "metrics": head.metrics,
        "gate_metric": head.gate_metric,
    }


def formulas_of(family: Family) -> dict[str, str]:
    """Return the formula of every metric that the family's heads are measured by."""
    return {name: formula for head in family.heads for name, formula in FORMULAS[head.metrics].items()}


def last_line(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return the results' gist: the winner of the primary head on the final test, and what it is measured against."""
    heads: Mapping[str, Any] = results["heads"]
    primary = heads[results["primary"]]
    final = primary["final"]
    arms = {f"{one['recipe']} - {group} shuffled": one["gain_over_shuffled"] for group, one in primary["arms"].items()}
    return {
        "family": results["family"],
        "as_of_date": results["as_of_date"],
        "night": results["night"],
        "snapshot_id": results["snapshot_id"],
        "recipe": final["winner"],
        "metrics": final["recipes"][final["winner"]]["metrics"],
        "intervals": final["recipes"][final["winner"]]["intervals"],
        "baselines": {
            name: one["metrics"]
            for name, one in final["recipes"].items()
            if name != final["winner"] or name == primary["baseline"]
        },
        "gains": {**final["gains"], **arms},
        "heads": {
            name: {
                "recipe": one["final"]["winner"],
                "metrics": one["final"]["recipes"][one["final"]["winner"]]["metrics"],
                "baseline": one["baseline"],
                "baseline_metrics": one["final"]["recipes"][one["baseline"]]["metrics"],
            }
            for name, one in heads.items()
            if name != results["primary"]
        },
        "rolling": [
            {"test": one["test"], "recipe": one["winner"], "metrics": one["recipes"][one["winner"]]["metrics"]}
            for one in primary["rolling"]
        ],
        "split_dates": results["split_dates"],
        "seeds": results["seeds"],
        "reviews": results["reviews"],
        "data_sha256": results["data_sha256"],
        "code_revision": results["code_revision"],
    }


def compact(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return the results without what only a plot needs: the form that is committed with the code."""
    plots = ("lift", "reliability")
    heads = {
        name: {
            **head,
            "final": {part: value for part, value in head["final"].items() if part not in plots},
            "rolling": [{part: value for part, value in one.items() if part not in plots} for one in head["rolling"]],
        }
        for name, head in results["heads"].items()
    }
    return {**results, "heads": heads}
