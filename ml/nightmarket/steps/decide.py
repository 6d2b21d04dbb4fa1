"""``nightmarket decide``: a policy turns the night's scores into a staged decision."""

from __future__ import annotations

from datetime import date
from importlib import import_module

from nightmarket.decisions import DECISIONS
from nightmarket.errors import UnknownDecision
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.night import Night
from nightmarket.io.revision import code_revision
from nightmarket.io.scored_rows import write_scored_rows
from nightmarket.settings import Settings
from nightmarket.steps import StepResult
from nightmarket.steps.deciding import Decided


def run(settings: Settings, *, decision: str, as_of: date, snapshot_id: str) -> StepResult:
    """Decide ``decision`` at ``as_of`` and stage the rows.

    Raises
    ------
    UnknownDecision
        There is no such decision.
    StepMissing
        What it decides on was not scored.
    """
    if decision not in DECISIONS:
        raise UnknownDecision(
            f"Got decision {decision!r} but expected one of {', '.join(sorted(DECISIONS))}. Check the name."
        )
    night = Night(settings, as_of, snapshot_id)
    decided: Decided = import_module(f"nightmarket.steps.deciding.{decision}").decide(settings, night)
    table = DECISIONS[decision].table.name
    path = night.staged_path(table)
    write_scored_rows(path, decided.table)
    return StepResult(
        rows=decided.table.num_rows,
        detail={
            "table": table,
            "sha256": sha256_of_file(path),
            "policy_version": decided.policy_version,
            "run_id": decided.run_id,
            "code_revision": code_revision(),
            **decided.detail,
        },
    )
