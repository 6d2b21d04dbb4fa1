"""What every DAG of Nightmarket has in common: tags, retries, parameters."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any

import pendulum
from airflow.sdk import Param

from nightmarket.settings import load_settings

RETRIES = 2
"""For what a retry can mend: a warehouse that another process holds, a disk that hiccups. Refusals are not retried."""


class Tag(StrEnum):
    """What a DAG can be found by in the UI."""

    NIGHT = "night"
    TRAINING = "training"


def shop_start_date() -> pendulum.DateTime:
    """Return the earliest schedule date, in the shop's time zone, so that a schedule is shop-local too.

    A source that knows its own zone still decides which night a scheduled run is (`land --scheduled-for`). Airflow
    never starts a task of an earlier date, not even in a backfill, so it lies before the oldest history.
    """
    return pendulum.datetime(2000, 1, 1, tz=load_settings().timezone or "UTC")


def night_params() -> dict[str, Param]:
    """Return the parameters of a run that a person starts."""
    return {
        "as_of": Param(
            None,
            type=["null", "string"],
            format="date",
            pattern=r"^\d{4}-\d{2}-\d{2}$",
            title="Night",
            description="The night to run, such as 2017-12-01. Empty: the day after the source's last complete day; in "
            "a backfill, each run's own date.",
        )
    }


def default_args() -> dict[str, Any]:
    """Return what every task starts from."""
    return {"owner": "nightmarket", "retries": RETRIES, "retry_delay": timedelta(minutes=1), "depends_on_past": False}
