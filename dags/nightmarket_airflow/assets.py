"""The tables that tell Airflow they changed. An asset's name is the table's name.

Events carry ``as_of_date``, ``rows`` and ``model_version`` in ``extra``, because a run that an
asset starts need not have a date of its own.
"""

from __future__ import annotations

from airflow.sdk import Asset

from nightmarket.families import PREDICTIONS, SERVED_TABLES

PUBLISHED = {name: Asset(name) for name in SERVED_TABLES}
"""Tonight's scores and decisions, by table."""

MODELS = {name: Asset(f"models.{name}") for name in PREDICTIONS}
"""A version in the model registry, by family."""
