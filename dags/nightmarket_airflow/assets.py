"""The tables that tell Airflow they changed. An asset's name is the table's name.

Events carry ``as_of_date``, ``rows`` and ``model_version`` in ``extra``, because a run that an
asset starts need not have a date of its own.
"""

from __future__ import annotations

from airflow.sdk import Asset

from nightmarket.decisions import DECISIONS
from nightmarket.families import PREDICTIONS

SCORES = {table.name: Asset(table.name) for one in PREDICTIONS.values() for table in one.tables}
"""Tonight's scores, by table."""

DECIDED = {one.table.name: Asset(one.table.name) for one in DECISIONS.values()}
"""Tonight's decisions, by table."""

MODELS = {name: Asset(f"models.{name}") for name in PREDICTIONS}
"""A version in the model registry, by family."""
