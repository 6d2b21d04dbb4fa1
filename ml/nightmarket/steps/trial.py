"""``nightmarket evaluate campaign_response --trial FILE``: what a randomised trial proves, arm by arm."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nightmarket.errors import InvalidSetting
from nightmarket.io.atomic import sha256_of_file, write_json
from nightmarket.io.revision import code_revision
from nightmarket.io.trials import read_trial_file
from nightmarket.modeling.uplift.average_effects import adjusted_effect, difference_in_means
from nightmarket.modeling.uplift.from_table import ANY_TREATMENT, TrialColumns, build_trials
from nightmarket.modeling.uplift.gate import hold_causal_gate
from nightmarket.modeling.uplift.learners import BASELINES, LEARNERS
from nightmarket.modeling.uplift.protocol import Measured, measure
from nightmarket.modeling.uplift.ranking import RankingDecision, decide_for_all, decide_ranking
from nightmarket.modeling.uplift.shop_campaigns import describe_gate
from nightmarket.modeling.uplift.trial import Doubles, Trial
from nightmarket.settings import Settings
from nightmarket.steps import StepResult

FAMILY = "campaign_response"


def run(
    settings: Settings,
    *,
    family: str,
    trial: Path,
    treatment_column: str | None,
    control: str | None,
    outcome: str | None,
    arm: str | None = None,
    id_column: str | None = None,
    placebos: tuple[str, ...] = (),
    further_outcomes: tuple[str, ...] = (),
    seeds: int = 3,
) -> StepResult:
    """Judge, measure and decide every arm of the trial in ``trial`` against its control.

    Parameters
    ----------
    treatment_column, control : the column that says who got what, and its value for who got nothing
    outcome : 0/1 or an amount, after the treatment
    arm : default: every arm, and all arms together
    id_column : default: every row is another customer
    placebos : columns from before the treatment, which it cannot have changed
    further_outcomes : other columns from after it
    seeds : random halves, seeds 0, 1, ...

    Raises
    ------
    SourceUnreadable
        The file cannot be read.
    TrialUnusable
        A column is unknown, an arm is missing or too small, or the outcome does not vary.
    InvalidSetting
        An option is missing, or the family is not the one that trials belong to.
    """
    if family != FAMILY:
        raise InvalidSetting(f"Got --trial for {family} but expected {FAMILY}: a trial measures a campaign. Name that.")
    if treatment_column is None or control is None or outcome is None:
        raise InvalidSetting(
            "Got --trial without --treatment-column, --control or --outcome but expected all three. "
            "Say which column tells the arms, how it calls the control, and what is measured."
        )
    columns = TrialColumns(treatment_column, control, outcome, id_column, further_outcomes, placebos)
    texts = (treatment_column, *([id_column] if id_column else []))
    trials = build_trials(read_trial_file(trial, text_columns=texts), columns, arm=arm)
    chosen_seeds = list(range(seeds))
    arms = {
        name: judge_arm(name, one, seeds=chosen_seeds, threads=settings.threads) for name, one in trials.by_arm.items()
    }
    main = arm or (ANY_TREATMENT if ANY_TREATMENT in arms else next(iter(arms)))
    results = {
        "family": FAMILY,
        "trial": trial.name,
        "data_sha256": sha256_of_file(trial),
        "code_revision": code_revision(),
        "columns": {"treatment": treatment_column, "control": control, "outcome": outcome, "placebos": list(placebos)},
        "covariates": list(trials.by_arm[main].covariate_names),
        "taken_for_outcomes": list(trials.came_with_outcome),
        "left_out": trials.left_out,
        "n_unassigned": trials.n_unassigned,
        "seeds": chosen_seeds,
        "main_arm": main,
        "formulas": FORMULAS,
        "arms": arms,
    }
    said = "-".join(re.sub(r"[^\w.]+", "_", part) for part in (trial.stem, outcome, *([arm] if arm else [])))
    path = settings.var_dir / "evaluations" / FAMILY / f"trial-{said}.json"
    write_json(path, results)
    print(render(results), file=sys.stderr)
    return StepResult(
        rows=sum(arms[main]["n_units"].values()), detail={**last_line(results), "results_file": str(path)}
    )


FORMULAS = {
    "qini": "area between the Qini curve and the random line over the same area of the perfect ranking, test halves",
    "auuc": "area under (mean of treated - mean of controls) x share treated first, outcomes per unit",
    "ate": "average effect by regression on treatment, centred covariates and their products (Lin 2013), 95 % interval",
}


def judge_arm(name: str, trial: Trial, *, seeds: list[int], threads: int) -> dict[str, Any]:
    """Return everything about one arm: the gate, average effects, and, where it accepts, rankings.

    Without covariates there are average effects alone: ``qini`` stays None.
    """
    gate = hold_causal_gate(trial, seed=0, threads=threads)
    found: dict[str, Any] = {
        "n_units": {"treated": gate.numbers.n_treated, "control": gate.numbers.n_control},
        "gate": describe_gate(gate),
        "ate": None,
        "qini": None,
        "decision": {"policy": "unknown", "reason": gate.reason},
    }
    if not gate.accepted:
        return found
    found["ate"] = {
        outcome: average_effects(trial, values)
        for outcome, values in {trial.outcome_name: trial.outcome, **trial.further_outcomes}.items()
    }
    if not trial.has_covariates:
        policy, reason = decide_for_all(trial)
        return {**found, "decision": {"policy": policy, "reason": reason}}
    decision = decide_ranking(trial, seed=0, threads=threads)
    measured = measure(trial, seeds=seeds, threads=threads, say=lambda what: _say(f"{name}: {what}"))
    return {**found, **describe_ranking(decision, measured)}


def average_effects(trial: Trial, outcome: Doubles) -> dict[str, Any]:
    """Return the plain and the adjusted average effect on ``outcome`` (n,), of the units where it is known."""
    rows = np.flatnonzero(np.isfinite(outcome))
    known = trial.take(rows)
    return {
        "n": len(rows),
        "difference": difference_in_means(known, outcome[rows]).describe(),
        "adjusted": adjusted_effect(known, outcome[rows]).describe(),
    }


def describe_ranking(decision: RankingDecision, measured: Measured) -> dict[str, Any]:
    """Return the decision on the whole trial and the figures of the test halves as plain numbers."""
    return {
        "qini": round(measured.qini, 4),
        "qini_sd_over_splits": round(measured.spread, 4),
        "auuc": round(measured.auuc, 6),
        "qini_by_model": {name: round(measured.of(name), 4) for name in (*BASELINES, *LEARNERS)},
        "splits_that_rank": round(measured.ranked_share, 4),
        "decision": {
            "policy": decision.policy,
            "reason": decision.reason,
            "learner": decision.learner,
            "cross_fitted_qini": round(decision.qini, 4),
            "cross_fitted_interval": [round(decision.interval.low, 4), round(decision.interval.high, 4)],
            "cross_fitted_response_qini": round(decision.response_qini, 4),
            "share_of_draws_better_than_response": round(decision.share_better, 4),
            "gain_over_response": [round(decision.gain.low, 4), round(decision.gain.high, 4)],
        },
        "splits": [
            {
                "seed": half.seed,
                "policy": half.chosen.policy,
                "learner": half.chosen.learner,
                "qini": round(half.chosen_qini, 4),
                "interval": [round(half.interval.low, 4), round(half.interval.high, 4)],
                "by_model": {name: round(value, 4) for name, value in half.qini.items()},
            }
            for half in measured.halves
        ],
    }


def last_line(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return the gist: metrics of the main arm and of each arm, baselines beside them, and every decision."""
    arms, main = results["arms"], results["main_arm"]
    outcome = results["columns"]["outcome"]

    def ate(name: str) -> Any:
        return arms[name]["ate"] and arms[name]["ate"][outcome]["adjusted"]

    def baseline(name: str, model: str) -> Any:
        return arms[name].get("qini_by_model", {}).get(model)

    return {
        "family": FAMILY,
        "trial": results["trial"],
        "main_arm": main,
        "metrics": {
            "qini": arms[main]["qini"],
            "auuc": arms[main].get("auuc"),
            "qini_by_arm": {name: one["qini"] for name, one in arms.items()},
            "ate_by_arm": {name: ate(name) for name in arms},
        },
        "baselines": {
            model: {"qini": baseline(main, model), "qini_by_arm": {name: baseline(name, model) for name in arms}}
            for model in BASELINES
        },
        "seeds": results["seeds"],
        "gate": {name: {key: one["gate"][key] for key in ("accepted", "reason")} for name, one in arms.items()},
        "decision": {name: {key: one["decision"][key] for key in ("policy", "reason")} for name, one in arms.items()},
        "taken_for_outcomes": results["taken_for_outcomes"],
        "n_unassigned": results["n_unassigned"],
    }


def render(results: Mapping[str, Any]) -> str:
    """Return the table for people: an arm a line, then what was decided and why."""
    outcome = results["columns"]["outcome"]
    columns = f"{'average effect':>28s}{'random':>8s}{'response':>10s}{'uplift':>8s}"
    lines = [
        f"{results['trial']}: {outcome}; normalised Qini coefficients over {len(results['seeds'])} random halves",
        f"{'arm':24s}{'treated':>9s}{'control':>9s}{columns}",
    ]
    for name, arm in results["arms"].items():
        sizes = f"{name[:23]:24s}{arm['n_units']['treated']:9d}{arm['n_units']['control']:9d}"
        if arm["ate"] is None:
            lines.append(f"{sizes}  refused")
            continue
        effect = arm["ate"][outcome]["adjusted"]
        shown = f"{effect['effect']:+.4f} [{effect['low']:+.4f}, {effect['high']:+.4f}]"
        if arm["qini"] is None:
            lines.append(f"{sizes}{shown:>28s}{'-':>8s}{'-':>10s}{'-':>8s}")
            continue
        models = arm["qini_by_model"]
        lines.append(f"{sizes}{shown:>28s}{models['random']:8.4f}{models['response']:10.4f}{arm['qini']:8.4f}")
    if results["n_unassigned"]:
        lines.append(
            f"Rows left out: {results['n_unassigned']} without a value in {results['columns']['treatment']}, "
            "as nothing says which arm they were in."
        )
    if results["taken_for_outcomes"]:
        lines.append(f"Taken for outcomes, not covariates: {', '.join(results['taken_for_outcomes'])}.")
    for name, arm in results["arms"].items():
        lines.append(f"{name}: {arm['gate']['reason']}")
        if arm["ate"] is not None:
            lines.append(f"{name}: {arm['decision']['policy']}. {arm['decision']['reason']}")
    return "\n".join(lines)


def _say(what: str) -> None:
    print(f"evaluate: {what}", file=sys.stderr, flush=True)
