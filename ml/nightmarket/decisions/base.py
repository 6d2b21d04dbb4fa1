"""What a decision is: a table of what to do, made from scores by a stated policy."""

from __future__ import annotations

from dataclasses import dataclass

from nightmarket.contracts import Table


@dataclass(frozen=True)
class Decision:
    """One decision. Its name is its command-line argument, task, table and expectation suite.

    Attributes
    ----------
    table : ``decisions.<name>``, laid out by :func:`nightmarket.contracts.decision_table`
    """

    name: str
    title: str
    table: Table
