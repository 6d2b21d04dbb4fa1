"""Purchase intents that earlier nights published, summed over customers: what demand may be told of them."""

from __future__ import annotations

from datetime import date

from nightmarket.errors import NothingPublished, ServingMoved
from nightmarket.io.registry import list_versions
from nightmarket.io.serving import open_serving
from nightmarket.io.serving.catalog import read_served_catalog
from nightmarket.settings import Settings

_FAMILY = "purchase_intent"


def read_past_intents(settings: Settings, before: date) -> dict[date, dict[str, float]]:
    """Return the expected buyers of every category, by published night before ``before``; empty where there are none.

    A night counts only if the model that scored it knew nothing of it: its ``label_cutoff`` is not after the night.
    """
    table = f"scores.{_FAMILY}"
    try:
        nights = [night for night in read_served_catalog(settings).tables.get(table, {}) if night < before]
        if not nights:
            return {}
        connection = open_serving(settings)
    except (NothingPublished, ServingMoved):
        return {}
    cut_offs = {version.name: version.label_cutoff for version in list_versions(settings, _FAMILY)}
    with connection:
        rows = connection.execute(
            f"select as_of_date, category_id, any_value(model_version), "
            # Sums of doubles hang on their order; these are exact.
            f"sum(cast(probability as decimal(18, 9)))::double from {table}_history "
            "where as_of_date < ? group by all order by all",
            [before],
        ).fetchall()
    found: dict[date, dict[str, float]] = {}
    for night, category, version, total in rows:
        if version in cut_offs and cut_offs[version] <= night:
            found.setdefault(night, {})[category] = total
    return found
