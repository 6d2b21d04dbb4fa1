"""What a table is: its columns, types and grain; and the layout of tables that a night publishes."""

from __future__ import annotations

from dataclasses import dataclass

ID = "VARCHAR"
DATE = "DATE"
INSTANT = "TIMESTAMP"
MONEY = "DECIMAL(18,4)"
QUANTITY = "DECIMAL(18,4)"
TEXT = "VARCHAR"
FLAG = "BOOLEAN"
COUNT = "INTEGER"


@dataclass(frozen=True)
class Column:
    """One column of the shop contract.

    ``derived_from`` names the instant whose shop-local date this column is; a derived column is
    filled in by landing and never given by a source.
    """

    name: str
    type: str
    description: str
    required: bool = False
    derived_from: str | None = None
    non_negative: bool = False
    default: str | None = None


@dataclass(frozen=True)
class Table:
    """One table of the shop contract.

    ``event_column`` is when the fact happened (its local date); tables without one describe
    things that simply are. ``key`` is unique among the newest versions of a row. ``may_be_empty``: a night may publish
    it without a row (no campaign is running). ``is_announced``: its rows are known before the event, as plans are.
    """

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    event_column: str | None = None
    required: bool = False
    may_be_empty: bool = False
    is_announced: bool = False

    @property
    def given_columns(self) -> tuple[Column, ...]:
        """The columns that a source gives (landing derives the others)."""
        return tuple(c for c in self.columns if c.derived_from is None)

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)


def score_table(
    family: str,
    description: str,
    keys: tuple[Column, ...],
    predictions: tuple[Column, ...],
    *,
    may_be_empty: bool = False,
) -> Table:
    """Lay out ``scores.<family>``: keys, night, horizon, predictions, reasons, where the row comes from."""
    return Table(
        f"scores.{family}",
        description,
        key=(*(column.name for column in keys), "as_of_date"),
        columns=(
            *keys,
            Column("as_of_date", DATE, "The night: the score knows what had arrived before this shop-local date."),
            Column("horizon_days", COUNT, "Days from as_of_date (inclusive) that the prediction is about."),
            *predictions,
            Column("reason_1", TEXT, "What speaks most for the prediction; null where not computed."),
            Column("reason_2", TEXT, "What speaks second most for it; null where not computed."),
            Column("reason_3", TEXT, "What speaks third most for it; null where not computed."),
            Column(
                "model_version",
                TEXT,
                "Registered model, version and recipe that scored the row, such as purchase_intent/1/frequency.",
            ),
            Column("run_id", TEXT, "The run; its inputs, checks and hashes are in ops.runs."),
        ),
        may_be_empty=may_be_empty,
    )


def decision_table(
    name: str, description: str, keys: tuple[Column, ...], columns: tuple[Column, ...], *, may_be_empty: bool = False
) -> Table:
    """Lay out ``decisions.<name>``: keys, night, what is decided and why, by which policy, where the row comes from."""
    return Table(
        f"decisions.{name}",
        description,
        key=(*(column.name for column in keys), "as_of_date"),
        columns=(
            *keys,
            Column("as_of_date", DATE, "The night: the decision knows what had arrived before this shop-local date."),
            *columns,
            Column("reason", TEXT, "Why, in words."),
            Column("policy_version", TEXT, "The policy that decided, such as reorder_plan/1."),
            Column("run_id", TEXT, "The run; its inputs, checks and hashes are in ops.runs."),
        ),
        may_be_empty=may_be_empty,
    )
