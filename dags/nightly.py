"""**What.** One night of the shop: read the source, build features as of one date, score every
customer × category with the champion of `purchase_intent`, check, publish, report.

**When.** Every day at 04:00 in the shop's time zone (`NIGHTMARKET_TIMEZONE`); one run at a time, no
catch-up. Paused until you unpause it. Trigger it with the parameter `as_of` to run any other night.
Where the source stands still (the demo), a scheduled run replays its next date.

**Reads.** The source (`NIGHTMARKET_SOURCE`), the model registry, the expectations.

**Writes.** The warehouse, `var/nights/<as_of>/`, the tables `scores.purchase_intent`,
`scores.purchase_intent_history` and `ops.runs` of the serving store, `var/reports/<as_of>/`; on a
night for which no model may score, a new model version.

**If it fails.** Yesterday's tables stay served: nothing is visible before `publish`. The task's log
ends with what was got, what was expected and what to do. Refusals are not retried; a busy warehouse
is. A stopped check wrote its page to `var/data_docs/`. Mend the cause, then clear the failed task.

**Safe to re-run.** Yes. Running a night again replaces exactly that date with the same rows.
"""

from __future__ import annotations

from airflow.sdk import TriggerRule, dag

from nightmarket_airflow.assets import MODELS_PURCHASE_INTENT, SCORES_PURCHASE_INTENT
from nightmarket_airflow.commands import STARTED_BY, nightmarket_task
from nightmarket_airflow.defaults import Tag, default_args, night_params, shop_start_date


@dag(
    dag_id="nightly",
    description="From the shop's raw tables to published scores and a morning report.",
    doc_md=__doc__,
    schedule="0 4 * * *",
    start_date=shop_start_date(),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=True,
    default_args=default_args(),
    params=night_params(),
    tags=[Tag.NIGHT, Tag.PURCHASE_INTENT],
)
def nightly() -> None:
    """Wire the steps of the night."""
    land = nightmarket_task("land", night=STARTED_BY, minutes=60)
    check_landed = nightmarket_task("check", "landed", minutes=20)
    embed = nightmarket_task("embed", minutes=60)
    transform = nightmarket_task("transform", minutes=60)
    check_features = nightmarket_task("check", "features", minutes=20)
    train = nightmarket_task("train", "purchase_intent", "--if-needed", minutes=120, outlets=[MODELS_PURCHASE_INTENT])
    score = nightmarket_task("score", "purchase_intent", minutes=60, trigger_rule=TriggerRule.NONE_FAILED)
    check_scores = nightmarket_task("check", "scores", minutes=20)
    publish = nightmarket_task("publish", minutes=20, outlets=[SCORES_PURCHASE_INTENT])
    report = nightmarket_task("report", minutes=20, writes_warehouse=False)

    land >> check_landed >> embed >> transform >> check_features
    check_features >> train >> score >> check_scores >> publish >> report


nightly_dag = nightly()
