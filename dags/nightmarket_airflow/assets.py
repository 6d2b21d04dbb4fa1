"""The tables that tell Airflow they changed. An asset's name is the table's name.

Events carry ``as_of_date``, ``rows`` and ``model_version`` in ``extra``, because a run that an
asset starts need not have a date of its own.
"""

from __future__ import annotations

from airflow.sdk import Asset

from nightmarket.families import FAMILIES

SCORES = {name: Asset(family.score_table) for name, family in FAMILIES.items()}
"""Tonight's scores, by family."""

MODELS = {name: Asset(f"models.{name}") for name in FAMILIES}
"""A version in the model registry, by family."""
