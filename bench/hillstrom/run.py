"""How well uplift is ranked on the MineThatData e-mail trial (Hillstrom), on a protocol that can be repeated.

    .venv/bin/python bench/hillstrom/run.py [--trial FILE] [--splits 10] [--json FILE]

64,000 customers, three arms by lot; outcome visit; covariates recency, history, history_segment, mens, womens,
zip_code, newbie, channel. Each arm against no e-mail, and both together. Ten random halves, seeds 0 to 9: a learner
is chosen on three inner folds of the training half (the default unless another is proven better there), fitted on all
of it, and measured on the other half by the normalised Qini coefficient (area between the Qini curve and the random
line over the perfect ranking's, as scikit-uplift has it). Every learner, a random order and a response model are
measured beside it. The default, and the size of the trees, were chosen on inner folds of training halves as well.
Then the decision on the whole trial: the causal gate, and whether to rank at all.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.outside_data import folder_of

from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.trials import read_trial_file
from nightmarket.modeling.uplift.average_effects import adjusted_effect, difference_in_means
from nightmarket.modeling.uplift.from_table import TrialColumns, build_trials
from nightmarket.modeling.uplift.gate import hold_causal_gate
from nightmarket.modeling.uplift.learners import BASELINES, LEARNERS
from nightmarket.modeling.uplift.protocol import Measured, measure
from nightmarket.modeling.uplift.ranking import decide_ranking
from nightmarket.modeling.uplift.trial import Trial

DATA = folder_of("hillstrom") / "hillstrom_data.csv"
COLUMNS = TrialColumns("segment", "No E-Mail", "visit", further=("conversion", "spend"), placebo=("history",))
GOALS = {"Womens E-Mail": 0.060, "any treatment": 0.033}
DECLINED = "Mens E-Mail"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trial", type=Path, default=DATA)
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--json", type=Path, help="Write every figure here.")
    arguments = parser.parse_args()
    print(f"{arguments.trial.name}, sha256 {sha256_of_file(arguments.trial)}", flush=True)
    trials = build_trials(read_trial_file(arguments.trial, text_columns=(COLUMNS.treatment,)), COLUMNS)
    results = {name: measure_arm(name, trial, arguments.splits) for name, trial in trials.by_arm.items()}
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps({"metrics": {name: arm["qini"] for name, arm in results.items()}, "verdicts": verdicts(results)}))


def measure_arm(name: str, trial: Trial, n_splits: int) -> dict[str, Any]:
    started = time.perf_counter()
    print(f"\n{name}: {len(trial)} customers, {trial.treated_share:.3f} treated", flush=True)
    gate = hold_causal_gate(trial, seed=0)
    print(f"  {gate.reason}")
    effects = {}
    for outcome, values in {trial.outcome_name: trial.outcome, **trial.further_outcomes}.items():
        effects[outcome] = {
            "difference in means": difference_in_means(trial, values).describe(),
            "adjusted": adjusted_effect(trial, values).describe(),
        }
        for said, effect in effects[outcome].items():
            print(
                f"  average effect on {outcome:11s}{said:20s}{effect['effect']:+.5f} "
                f"[{effect['low']:+.5f}, {effect['high']:+.5f}]"
            )
    measured = measure(trial, seeds=range(n_splits), say=lambda what: print(f"    {what}", flush=True))
    show(measured)
    decision = decide_ranking(trial, seed=0)
    print(f"  whole trial: {decision.policy}. {decision.reason}")
    print(f"  {time.perf_counter() - started:.0f} s", flush=True)
    return {
        "gate": {"accepted": gate.accepted, "reason": gate.reason},
        "average_effects": effects,
        "qini": round(measured.qini, 4),
        "spread": round(measured.spread, 4),
        "by_model": {model: round(measured.of(model), 4) for model in (*BASELINES, *LEARNERS)},
        "by_split": [
            {model: round(value, 4) for model, value in half.qini.items()} | {"chosen": half.chosen.learner}
            for half in measured.halves
        ],
        "splits_that_rank": measured.ranked_share,
        "decision": {"policy": decision.policy, "reason": decision.reason},
    }


def show(measured: Measured) -> None:
    """Print the baselines first, then every learner, then what the training halves chose."""
    for model in (*BASELINES, *LEARNERS):
        inside = f"inner folds of training halves {measured.inside(model):+.4f}"
        print(f"  {model:12s} Qini {measured.of(model):+.4f}   {inside}")
    print(
        f"  {'chosen':12s} Qini {measured.qini:+.4f} (standard deviation over splits {measured.spread:.4f}); "
        f"{measured.ranked_share:.0%} of training halves rank",
        flush=True,
    )


def verdicts(results: dict[str, Any]) -> dict[str, bool]:
    """Return, goal by goal, whether it is reached."""
    return {
        **{f"{name} Qini >= {goal}": results[name]["qini"] >= goal for name, goal in GOALS.items()},
        f"{DECLINED} declined": results[DECLINED]["decision"]["policy"] != "rank by uplift",
        "gate accepts every arm": all(arm["gate"]["accepted"] for arm in results.values()),
    }


if __name__ == "__main__":
    main()
