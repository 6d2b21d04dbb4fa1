"""What campaigns brought stays: measured again it is replaced, published over it is kept."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from nightmarket.errors import NothingPublished
from nightmarket.io.serving import RESULTS, RESULTS_SCHEMA, publish_results, published_nights, relink
from nightmarket.io.serving.catalog import read_served_catalog
from nightmarket.io.serving.results import first_measured_on
from nightmarket.settings import Settings
from nightmarket.steps import publish

from .conftest import DAY_1, DAY_2, SNAPSHOT, query_served, served_files

LATER = date(2017, 12, 25)
ROWS = "select campaign_id, measure, as_of_date, effect from ops.campaign_results"


def result(campaign: str, as_of: date, *, response: float, revenue: float) -> pa.Table:
    """Return both measures of a campaign, with what else there is left out."""
    nothing = dict.fromkeys(RESULTS_SCHEMA.names)
    return pa.Table.from_pylist(
        [
            {**nothing, "campaign_id": campaign, "measure": measure, "as_of_date": as_of, "effect": effect}
            for measure, effect in (("response", response), ("revenue", revenue))
        ],
        RESULTS_SCHEMA,
    )


def results_files(settings: Settings) -> dict[str, bytes]:
    return {name: data for name, data in served_files(settings).items() if name.startswith(RESULTS.name)}


@pytest.fixture
def published(settings: Settings, stage_night: Any) -> Settings:
    """A store with one night."""
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    return settings


def test_before_any_measurement_the_view_is_empty(published: Settings) -> None:
    assert query_served(published, "select count(*) from ops.campaign_results_history") == [(0,)]


def test_a_measured_campaign_can_be_selected(published: Settings) -> None:
    publish_results(published, as_of=DAY_2, results=result("spring", DAY_2, response=0.1, revenue=3.0))
    assert query_served(published, f"{ROWS} order by measure") == [
        ("spring", "response", DAY_2, 0.1),
        ("spring", "revenue", DAY_2, 3.0),
    ]


def test_measuring_publishes_no_night(published: Settings) -> None:
    publish_results(published, as_of=LATER, results=result("spring", LATER, response=0.1, revenue=3.0))
    assert published_nights(published) == [DAY_1]
    assert query_served(published, "select distinct as_of_date from scores.purchase_intent") == [(DAY_1,)]


def test_measuring_again_replaces_exactly_the_rows_of_the_campaign(published: Settings) -> None:
    publish_results(published, as_of=DAY_2, results=result("autumn", DAY_2, response=0.2, revenue=9.0))
    publish_results(published, as_of=DAY_2, results=result("spring", DAY_2, response=0.1, revenue=3.0))
    publish_results(published, as_of=DAY_2, results=result("spring", DAY_2, response=0.3, revenue=4.0))
    assert query_served(published, "select campaign_id, effect from ops.campaign_results_history order by all") == [
        ("autumn", 0.2),
        ("autumn", 9.0),
        ("spring", 0.3),
        ("spring", 4.0),
    ]


def test_the_same_measurement_is_the_same_bytes(published: Settings) -> None:
    spring = result("spring", DAY_2, response=0.1, revenue=3.0)
    publish_results(published, as_of=DAY_2, results=spring)
    before = results_files(published)
    publish_results(published, as_of=DAY_2, results=spring)
    assert results_files(published) == before
    assert len(before) == 1


def test_the_newest_night_that_measured_is_shown_and_the_others_are_kept(published: Settings) -> None:
    publish_results(published, as_of=LATER, results=result("spring", LATER, response=0.3, revenue=4.0))
    publish_results(published, as_of=DAY_2, results=result("spring", DAY_2, response=0.1, revenue=3.0))
    assert query_served(published, "select distinct as_of_date from ops.campaign_results") == [(LATER,)]
    assert query_served(published, "select count(*) from ops.campaign_results_history") == [(4,)]
    assert first_measured_on(published, read_served_catalog(published), before=LATER) == {"spring": DAY_2}


def test_publishing_the_night_again_and_moving_the_store_keep_the_measurements(
    published: Settings, stage_night: Any
) -> None:
    publish_results(published, as_of=DAY_1, results=result("spring", DAY_1, response=0.1, revenue=3.0))
    before = results_files(published)
    publish.run(published, as_of=DAY_1, snapshot_id=SNAPSHOT)
    stage_night(DAY_2)
    publish.run(published, as_of=DAY_2, snapshot_id=SNAPSHOT)
    relink(published)
    assert results_files(published) == before
    assert query_served(published, "select count(*) from ops.campaign_results") == [(2,)]


def test_without_a_published_night_there_is_nothing_to_measure(settings: Settings) -> None:
    with pytest.raises(NothingPublished):
        publish_results(settings, as_of=DAY_1, results=result("spring", DAY_1, response=0.1, revenue=3.0))
