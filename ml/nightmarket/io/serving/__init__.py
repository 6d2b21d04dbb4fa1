"""The serving store: what consumers read, published one night at a time and never half.

``var/serving/tables/<table>/as_of_date=<date>/<sha256>.parquet`` are immutable files named by their
content. A *generation* ``var/serving/generations/<n>/`` is one state of the store: ``catalog.json``
says which file each table shows for each night, and ``serving.duckdb`` is built from it, with views
that list those files by absolute path. ``var/serving/serving.duckdb`` is a symlink to the generation
being served; publishing is the rename of that link, so a reader sees the night before or the night
after. ``docs/decisions/0004-serving-generations.md`` says why not otherwise.
"""

from nightmarket.io.serving.catalog import Catalog, PublishedFile, Run
from nightmarket.io.serving.ledger import LEDGER, nights_to_measure
from nightmarket.io.serving.measuring import measure_promises
from nightmarket.io.serving.publication import Publication, publish_night, publish_results, relink
from nightmarket.io.serving.reading import (
    nights_of_tables,
    open_serving,
    published_nights,
    read_runs,
    recorded_model_version,
)
from nightmarket.io.serving.results import RESULTS, RESULTS_SCHEMA, first_measured_on
from nightmarket.io.serving.storing import StagedLedger, StagedTable

__all__ = [
    "LEDGER",
    "RESULTS",
    "RESULTS_SCHEMA",
    "Catalog",
    "Publication",
    "PublishedFile",
    "Run",
    "StagedLedger",
    "StagedTable",
    "first_measured_on",
    "measure_promises",
    "nights_of_tables",
    "nights_to_measure",
    "open_serving",
    "publish_night",
    "publish_results",
    "published_nights",
    "read_runs",
    "recorded_model_version",
    "relink",
]
