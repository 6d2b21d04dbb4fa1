"""The tables that tell Airflow they changed. An asset's name is the table's name.

Events carry ``as_of_date``, ``rows`` and ``model_version`` in ``extra``, because a run that an
asset starts need not have a date of its own.
"""

from __future__ import annotations

from airflow.sdk import Asset

SCORES_PURCHASE_INTENT = Asset("scores.purchase_intent")
"""Tonight's probability that a customer buys from a category in the next 28 days."""

MODELS_PURCHASE_INTENT = Asset("models.purchase_intent")
"""A version of ``purchase_intent`` in the model registry."""
