"""Names, columns, types and grain of every table that Python reads or writes."""

from nightmarket.contracts.layout import (
    COUNT,
    DATE,
    FLAG,
    ID,
    INSTANT,
    MONEY,
    QUANTITY,
    TEXT,
    Column,
    Table,
    decision_table,
    score_table,
)
from nightmarket.contracts.shop import CONTRACT_TABLES, SHOP_CONTRACT

__all__ = [
    "CONTRACT_TABLES", "COUNT", "DATE", "FLAG", "ID", "INSTANT", "MONEY", "QUANTITY", "SHOP_CONTRACT", "TEXT",
    "Column", "Table", "decision_table", "score_table",
]  # fmt: skip
