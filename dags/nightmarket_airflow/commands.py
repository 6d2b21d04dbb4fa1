"""The command builder: a task is the command line that a person would type."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from nightmarket_airflow.home import WAREHOUSE_POOL
from nightmarket_airflow.operator import StepOperator

_LANDED = "ti.xcom_pull(task_ids='land')"
NIGHT = f"--as-of {{{{ {_LANDED}['as_of_date'] }}}} --snapshot {{{{ {_LANDED}['snapshot_id'] }}}}"
"""The night and the rows it reads, as `land` pinned them: every later step names both."""

STARTED_BY = (
    "{% if params.as_of %}--as-of {{ params.as_of }}"
    "{% elif dag_run.run_type == 'scheduled' %}--scheduled-for {{ dag_run.run_after.strftime('%Y-%m-%dT%H:%M:%S%z') }}"
    "{% elif dag_run.run_type == 'backfill' %}--as-of {{ dag_run.logical_date.astimezone(dag.timezone).date() }}"
    "{% endif %}"
)
"""Which night `land` opens: the one a person asked for, the schedule's, a backfill's own date, or the source's newest.

A backfill names its date where a schedule names its instant: it is made for nights long past, for which no source can
be stale, and one that stands still must not replay the next night instead.
"""


def nightmarket_task(
    step: str,
    *arguments: str,
    minutes: int,
    writes_warehouse: bool = True,
    night: str = NIGHT,
    **kwargs: Any,
) -> StepOperator:
    """Build the task ``nightmarket <step> <arguments> --as-of ... --snapshot ...``.

    Parameters
    ----------
    step, *arguments : str
        As on the command line. Words without dashes make the task's id: ``score_purchase_intent``.
    minutes : int
        When the step is killed with everything it started. Ten times what the demo takes on a laptop.
    writes_warehouse : bool
        Whether it opens the warehouse (to write, or to read where a writer would be in the way), and
        so needs the one slot of the writer's pool.
    night : str
        Template of the options that say which night.
    """
    words = [word for word in arguments if not word.startswith("-")]
    if writes_warehouse:
        kwargs["pool"] = WAREHOUSE_POOL
    return StepOperator(
        task_id="_".join([step, *words]),
        command=" ".join(["nightmarket", step, *arguments, night]),
        execution_timeout=timedelta(minutes=minutes),
        **kwargs,
    )
