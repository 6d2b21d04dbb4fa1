"""**What.** Train the recipes of every family on the newest night, test them against the champion at
the same cut-off, register what passes, and move the alias `champion` if the gate says so.

**When.** Every Sunday at 06:00 in the shop's time zone (`NIGHTMARKET_TIMEZONE`); one run at a time,
no catch-up. Paused until you unpause it. Trigger it with the parameter `as_of` to train as of any
other date; that never moves `champion` back.

**Reads.** The source (`NIGHTMARKET_SOURCE`), the model registry, the expectations.

**Writes.** The warehouse (features and labels of the training dates), per family an MLflow
run with its metrics, a version in the model registry, the alias `champion`. It publishes nothing.

**If it fails.** The champion stays what it was. The task's log ends with what was got, what was
expected and what to do (too little closed history is refused with the count). Refusals are not
retried; a busy warehouse is. Mend the cause, then clear the failed task.

**Safe to re-run.** Yes. The same night trains the same model again, as a further version.
"""

from __future__ import annotations

from airflow.sdk import dag

from nightmarket.families import PREDICTIONS
from nightmarket_airflow.assets import MODELS
from nightmarket_airflow.commands import STARTED_BY, nightmarket_task
from nightmarket_airflow.defaults import Tag, default_args, night_params, shop_start_date


@dag(
    dag_id="train",
    description="Train, test, gate and register the recipes of every family.",
    doc_md=__doc__,
    schedule="0 6 * * 0",
    start_date=shop_start_date(),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=True,
    default_args=default_args(),
    params=night_params(),
    tags=[Tag.TRAINING],
)
def train() -> None:
    """Wire the steps of a training."""
    land = nightmarket_task("land", night=STARTED_BY, minutes=60)
    check_landed = nightmarket_task("check", "landed", minutes=20)
    embed = nightmarket_task("embed", minutes=60)
    transform = nightmarket_task("transform", "--for-training", minutes=60)
    check_features = nightmarket_task("check", "features", minutes=20)

    land >> check_landed >> embed >> transform >> check_features
    for family in PREDICTIONS:
        check_features >> nightmarket_task("train", family, minutes=120, outlets=[MODELS[family]])


train_dag = train()
