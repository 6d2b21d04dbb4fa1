"""How each decision reads what it decides on: one module per decision, with a function ``decide(settings, night)``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from nightmarket.io.atomic import sha256_of_json
from nightmarket.io.night import Night
from nightmarket.io.revision import code_revision


@dataclass(frozen=True)
class Decided:
    """What a policy decided.

    Attributes
    ----------
    table : the rows, in the layout of the decision's table and sorted by its keys
    policy_version : such as ``reorder_plan/1``: changes when the policy does
    run_id : see :func:`decision_run_id`
    detail : what the night records beside it
    """

    table: pa.Table
    policy_version: str
    run_id: str
    detail: dict[str, Any] = field(default_factory=dict)


def decision_run_id(
    night: Night, policy_version: str, *, reads: Mapping[str, str], parameters: Mapping[str, Any]
) -> str:
    """Return the id of a decision's run: the same inputs, parameters and code have the same id.

    Parameters
    ----------
    reads : by name, the SHA-256 of every staged file that the policy read
    parameters : the settings that it followed
    """
    return sha256_of_json(
        {
            "as_of_date": night.as_of_date.isoformat(),
            "snapshot_id": night.snapshot_id,
            "policy_version": policy_version,
            "reads": dict(reads),
            "parameters": {name: str(value) for name, value in parameters.items()},
            "code_revision": code_revision(),
        }
    )[:16]
