"""**What.** One night of the shop: read the source, build features as of one date, score with the
champion of each family (`ml/nightmarket/families`), decide what to order and whom to contact
(`ml/nightmarket/decisions`), check, publish all tables at once, report.

**When.** Every day at 04:00 in the shop's time zone (`NIGHTMARKET_TIMEZONE`); one run at a time, no
catch-up. Paused until you unpause it. Trigger it with the parameter `as_of` to run any other night.
Where the source stands still (the demo), a scheduled run replays its next date.

**Reads.** The source (`NIGHTMARKET_SOURCE`), the model registry, the expectations.

**Writes.** The warehouse, `var/nights/<as_of>/`, the tables `scores.<family>`,
`scores.<family>_history`, `decisions.<name>` and `ops.*` of the serving store, `var/reports/<as_of>/`; for a family of
which no model may score the night, a new model version.

**If it fails.** Yesterday's tables stay served: nothing is visible before `publish`. The task's log
ends with what was got, what was expected and what to do. Refusals are not retried; a busy warehouse
is. A stopped check wrote its page to `var/data_docs/`. Mend the cause, then clear the failed task.

**Safe to re-run.** Yes. Running a night again replaces exactly that date with the same rows.
"""

from __future__ import annotations

from airflow.sdk import TriggerRule, dag

from nightmarket.families import PREDICTIONS
from nightmarket_airflow.assets import MODELS, PUBLISHED
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
    tags=[Tag.NIGHT],
)
def nightly() -> None:
    """Wire the steps of the night."""
    land = nightmarket_task("land", night=STARTED_BY, minutes=60)
    check_landed = nightmarket_task("check", "landed", minutes=20)
    embed = nightmarket_task("embed", minutes=60)
    transform = nightmarket_task("transform", minutes=60)
    check_features = nightmarket_task("check", "features", minutes=20)
    check_scores = nightmarket_task("check", "scores", minutes=20)
    order = nightmarket_task("decide", "reorder_plan", minutes=20)
    contact = nightmarket_task("decide", "campaign_targets", minutes=20)
    check_decisions = nightmarket_task("check", "decisions", minutes=20)
    publish = nightmarket_task("publish", minutes=20, outlets=list(PUBLISHED.values()))
    report = nightmarket_task("report", minutes=20, writes_warehouse=False)

    land >> check_landed >> embed >> transform >> check_features
    for family in PREDICTIONS:
        train = nightmarket_task("train", family, "--if-needed", minutes=120, outlets=[MODELS[family]])
        score = nightmarket_task("score", family, minutes=60, trigger_rule=TriggerRule.NONE_FAILED)
        check_features >> train >> score >> check_scores
    check_scores >> order >> contact >> check_decisions >> publish >> report


nightly_dag = nightly()
