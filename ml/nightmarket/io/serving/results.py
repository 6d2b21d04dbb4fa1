"""``ops.campaign_results``: what campaigns brought, kept by the night that measured, like the ledger.

One small file per measuring night holds every campaign measured as of it. Measuring a campaign again replaces exactly
its rows of that night; what other nights measured, and other campaigns of the same night, stay.
"""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq

from nightmarket.contracts import Column, Table
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.scored_rows import write_scored_rows
from nightmarket.io.serving.catalog import RESULTS_NAME, Catalog, PublishedFile
from nightmarket.io.serving.storing import StagedLedger, store_file
from nightmarket.modeling.arrow_types import schema_of
from nightmarket.settings import Settings

RESULTS = Table(
    RESULTS_NAME,
    "What campaigns brought: those to be contacted against those held out by lot. One row per campaign, measure and"
    " night that measured.",
    key=("campaign_id", "measure", "as_of_date"),
    columns=(
        Column("campaign_id", "VARCHAR", "The campaign."),
        Column("measure", "VARCHAR", "response (share of customers who answered) or revenue (amount per customer)."),
        Column("as_of_date", "DATE", "The night that measured: it knew what had arrived before this shop-local date."),
        Column("start_date", "DATE", "First shop-local day of the campaign."),
        Column("end_date", "DATE", "Last shop-local day of the campaign."),
        Column("n_treated", "BIGINT", "Customers on the list that was sent, reached or not."),
        Column("n_holdout", "BIGINT", "Customers held out of that list by lot."),
        Column("n_treated_contacted", "BIGINT", "Of n_treated, those with a contact; null where none are recorded."),
        Column("n_holdout_contacted", "BIGINT", "Of n_holdout, those contacted all the same; null as above."),
        Column("treated_mean", "DOUBLE", "Mean of the measure among n_treated, as counted."),
        Column("holdout_mean", "DOUBLE", "Mean of the measure among n_holdout, as counted."),
        Column("effect", "DOUBLE", "Difference per customer that the campaign made, adjusted for what came before it."),
        Column("effect_low", "DOUBLE", "Lower end of the 95 % interval of effect."),
        Column("effect_high", "DOUBLE", "Upper end of the 95 % interval of effect."),
        Column("total_effect", "DOUBLE", "effect times n_treated: responses or revenue that would not have come else."),
        Column(
            "cost_amount",
            "DOUBLE",
            "What the contacts made of n_treated cost, as decided; of all where none are recorded.",
        ),
        Column("cuped_theta", "DOUBLE", "What one unit of spend in the 56 days before foretold of the measure."),
        Column("variance_reduction_pct", "DOUBLE", "Percent of the variance that the adjustment took out."),
        Column(
            "split_p_value", "DOUBLE", "Probability of so uneven a split by chance; below 0.001 nothing is claimed."
        ),
        Column(
            "is_significant", "BOOLEAN", "True where the interval leaves 0 out, dealt as planned and sent as decided."
        ),
        Column(
            "verdict",
            "VARCHAR",
            "increase, decrease, no effect shown; or split not as planned, not sent as decided: nothing is claimed.",
        ),
    ),
)
NEWEST_RESULT = "qualify as_of_date = max(as_of_date) over (partition by campaign_id)"
"""What the view keeps of all measurements."""

RESULTS_SCHEMA = schema_of(RESULTS)


def store_results(settings: Settings, catalog: Catalog, as_of: date, measured: pa.Table) -> PublishedFile | None:
    """Store what ``as_of`` measured, with what it had measured before of other campaigns; None where that is nothing.

    Must run under the publish lock: what another process measures meanwhile would be lost.
    """
    kept = RESULTS_SCHEMA.empty_table()
    before = catalog.tables.get(RESULTS.name, {}).get(as_of)
    if before is not None:
        rows = pq.read_table(settings.serving_dir / before.path, partitioning=None).to_pylist()
        again = set(measured["campaign_id"].to_pylist())
        # By name: an older file may lack a later column.
        kept = pa.Table.from_pylist([row for row in rows if row["campaign_id"] not in again], RESULTS_SCHEMA)
    table = pa.concat_tables([kept, measured.cast(RESULTS_SCHEMA)]).sort_by(
        [(name, "ascending") for name in RESULTS.key]
    )
    if table.num_rows == 0:
        return None
    beside = settings.serving_dir / f".{RESULTS.name}.next.parquet"
    write_scored_rows(beside, table)
    try:
        staged = StagedLedger(beside, sha256_of_file(beside), table.num_rows)
        return store_file(settings, RESULTS.name, as_of, staged, table.num_rows)
    finally:
        beside.unlink(missing_ok=True)


def first_measured_on(settings: Settings, catalog: Catalog, *, before: date) -> dict[str, date]:
    """Return by campaign the first night before ``before`` that measured it."""
    found: dict[str, date] = {}
    for night, file in sorted(catalog.tables.get(RESULTS.name, {}).items()):
        if night < before:
            path = settings.serving_dir / file.path
            for campaign in pq.read_table(path, columns=["campaign_id"], partitioning=None)["campaign_id"].to_pylist():
                found.setdefault(campaign, night)
    return found
