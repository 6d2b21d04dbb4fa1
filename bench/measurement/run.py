"""Whether the intervals of ``nightmarket measure campaign`` hold what they promise, and what targeting by uplift earns.

    .venv/bin/python bench/measurement/run.py [--runs 500] [--seed 0] [--waves 10]

Draws shops whose effects are known (``tests/ml/simulated_shop.py``), lets the night's own policy deal each campaign,
and counts how often the 95 % interval holds the true effect, by customers of the campaign and share held out. Then
compares what a budgeted second wave truly earns, targeted by uplift learners taught on a randomised first wave, by
propensity, and at random. Nothing but the seed decides; about a minute.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.ml.simulated_shop import RESPONSE_EFFECT, REVENUE_EFFECT, cover, earn

SHOPS = ((330, 0.1), (600, 0.1), (1500, 0.1), (2500, 0.1), (2500, 0.05), (1000, 0.5))
"""Customers of the campaign, and share held out."""
LEARNERS = ("t_linear", "x_linear", "mean_s_t")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=500, help="campaigns of each size")
    parser.add_argument("--seed", type=int, default=0, help="of the first campaign; the others count on")
    parser.add_argument("--waves", type=int, default=10, help="pairs of waves for each learner")
    asked = parser.parse_args()
    print(f"true effects: {RESPONSE_EFFECT:.4f} responses and {REVENUE_EFFECT:.4f} of revenue per customer")
    print(f"{'customers':>9} {'held out':>8} {'measure':>9} {'CUPED':>5} {'coverage':>8} {'width':>8} {'bias':>8}")
    figures = []
    for n_customers, share in SHOPS:
        found = cover(n_runs=asked.runs, n_customers=n_customers, holdout_share=share, seed=asked.seed)
        for (measure, is_adjusted), one in found.items():
            cuped = "yes" if is_adjusted else "no"
            print(
                f"{n_customers:>9} {share:>8.0%} {measure:>9} {cuped:>5} {one.coverage:>8.3f} {one.mean_width:>8.3f} "
                f"{one.mean_error:>8.3f}",
                flush=True,
            )
            figures.append([n_customers, share, measure, is_adjusted, one.coverage, one.mean_width, one.mean_error])
    earned = {}
    for learner in LEARNERS:
        waves = [earn(seed=asked.seed + wave, learner=learner) for wave in range(asked.waves)]
        earned[learner] = {name: float(np.mean([wave[name] for wave in waves])) for name in waves[0]}
        n_better = sum(wave["uplift"] > wave["propensity"] for wave in waves)
        means = ", ".join(f"by {name} {amount:+.0f}" for name, amount in earned[learner].items())
        print(f"{learner}: mean earned {means}; uplift ahead of propensity in {n_better} of {asked.waves}", flush=True)
    print(json.dumps({"runs": asked.runs, "seed": asked.seed, "intervals": figures, "earned": earned}))


if __name__ == "__main__":
    main()
