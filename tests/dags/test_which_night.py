"""Which night a run is: the one a person asked for, the schedule's, a backfill's own, or the source's newest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest

pytestmark = pytest.mark.usefixtures("dag_bag")  # Airflow is set up before its first import

# 04:00 in New York, before and after the clocks change.
IN_SUMMER = datetime(2017, 11, 4, 8, tzinfo=UTC)
IN_WINTER = datetime(2017, 11, 6, 9, tzinfo=UTC)
# 04:00 in Auckland: the UTC date is the day before's.
FAR_EAST = datetime(2017, 11, 3, 15, tzinfo=UTC)


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Render what `land` is told, of a DAG in the zone ``timezone``."""

    def render(run_type: str, at: datetime, *, timezone: str = "", as_of: str | None = None) -> str:
        from airflow.sdk import DAG
        from airflow.utils.types import DagRunType

        from nightmarket_airflow.commands import STARTED_BY
        from nightmarket_airflow.defaults import shop_start_date

        monkeypatch.setenv("NIGHTMARKET_TIMEZONE", timezone)
        dag = DAG("night", schedule="0 4 * * *", start_date=shop_start_date())
        run = SimpleNamespace(run_type=DagRunType(run_type), logical_date=at, run_after=at)
        context: dict[str, Any] = {"dag": dag, "dag_run": run, "params": SimpleNamespace(as_of=as_of)}
        return (
            jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
            .from_string(STARTED_BY)
            .render(context)
        )

    return render


@pytest.mark.parametrize(
    ("at", "timezone", "night"),
    [
        (IN_SUMMER, "America/New_York", "2017-11-04"),
        (IN_WINTER, "America/New_York", "2017-11-06"),
        (FAR_EAST, "Pacific/Auckland", "2017-11-04"),
        (datetime(2017, 11, 4, 4, tzinfo=UTC), "", "2017-11-04"),
    ],
)
def test_a_backfilled_run_is_the_night_of_its_own_date_in_the_shops_zone(
    options: Callable[..., str], at: datetime, timezone: str, night: str
) -> None:
    assert options("backfill", at, timezone=timezone) == f"--as-of {night}"


def test_a_scheduled_run_says_when_it_was_due_and_the_source_which_night_that_is(options: Callable[..., str]) -> None:
    assert options("scheduled", IN_SUMMER, timezone="America/New_York") == "--scheduled-for 2017-11-04T08:00:00+0000"


def test_a_run_that_a_person_starts_is_the_night_asked_for_or_the_sources_newest(options: Callable[..., str]) -> None:
    assert options("manual", IN_SUMMER, as_of="2017-12-01") == "--as-of 2017-12-01"
    assert options("manual", IN_SUMMER) == ""


@pytest.mark.parametrize("dag_id", ["nightly", "train"])
def test_a_backfill_may_reach_back_to_the_oldest_history(dag_bag: Any, dag_id: str) -> None:
    # Airflow starts no task of a run that lies before the DAG's start date.
    assert dag_bag.dags[dag_id].start_date <= datetime(2000, 1, 1, tzinfo=UTC)
