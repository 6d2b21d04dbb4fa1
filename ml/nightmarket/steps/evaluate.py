"""``nightmarket evaluate``: how good a family's recipes are, at rolling cut-offs, and whether anything leaks."""

from __future__ import annotations

import importlib
import shutil
import sys
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from nightmarket.errors import InvalidSetting
from nightmarket.families import FORECASTERS, get_family
from nightmarket.families.base import Family
from nightmarket.io.atomic import sha256_of_json, write_json, write_text
from nightmarket.io.evaluations import (
    Landed,
    ShuffledTextReader,
    committed_path,
    find_landed,
    origins_settings,
    results_path,
    text_space,
)
from nightmarket.io.landing import Snapshot, read_snapshot
from nightmarket.io.revision import code_revision
from nightmarket.io.tracking import RunRecord, log_evaluation
from nightmarket.io.training_data import FrameReader, TextSpace
from nightmarket.io.view_rows import read_cuts
from nightmarket.io.warehouse import open_warehouse, writer_lock
from nightmarket.modeling.evaluating.family_evaluation import Findings, Readers, evaluate_family
from nightmarket.modeling.evaluating.results import compact, formulas_of, last_line, plain
from nightmarket.modeling.evaluating.rounds import Conditions
from nightmarket.modeling.splits import origins_of
from nightmarket.report.evaluation_table import render_text
from nightmarket.report.model_card import make_model_card
from nightmarket.settings import Settings
from nightmarket.steps import StepResult
from nightmarket.steps.causal import FAMILY as CAMPAIGNS
from nightmarket.steps.causal import judge_campaigns, with_causal_gate
from nightmarket.steps.evaluation_origins import CutOffs, build_origins, plan_blocks, plan_cut_offs, say
from nightmarket.steps.train import SEED


def run(
    settings: Settings,
    *,
    family: str,
    as_of: date | None = None,
    snapshot_id: str | None = None,
    cut_offs: int = 3,
    seeds: int = 3,
    max_train_origins: int | None = None,
    write_docs: bool = False,
) -> StepResult:
    """Evaluate ``family`` at ``cut_offs`` cut-offs, 28 days apart, the newest of them ``as_of``.

    Features of an origin know what had arrived before it. Labels know what had arrived before the night that was
    landed, also at earlier cut-offs.

    Parameters
    ----------
    as_of : default: the newest night that was landed
    cut_offs, seeds : the first of each gives the tables; the others say how far they move
    max_train_origins : default: what the family trains on

    Raises
    ------
    StepMissing
        No such night was landed and embedded.
    TrainingRefused
        The newest cut-off's windows are not closed, there is too little history for it, or one class only.
    """
    if family in FORECASTERS:
        return importlib.import_module("nightmarket.steps.forecasting.evaluate").run(  # type: ignore[no-any-return]
            settings,
            FORECASTERS[family],
            as_of=as_of,
            snapshot_id=snapshot_id,
            cut_offs=cut_offs,
            seeds=seeds,
            write_docs=write_docs,
        )
    chosen = get_family(family)
    if cut_offs < 1 or seeds < 1:
        raise InvalidSetting(f"Got {cut_offs} cut-offs and {seeds} seeds but expected at least 1 of each.")
    landed = find_landed(settings, as_of=as_of, snapshot_id=snapshot_id)
    snapshot = read_snapshot(settings, landed.snapshot_id)
    windows: CutOffs = {}
    left_out: dict[str, str] = {}
    if chosen.cut_column is None:
        windows, left_out = plan_cut_offs(
            settings, chosen, landed, snapshot, n_cut_offs=cut_offs, max_train_origins=max_train_origins
        )
    conditions = Conditions(settings.decision_threshold, tuple(SEED + i for i in range(seeds)), settings.threads)
    origins = origins_settings(settings)
    space = text_space(landed.night)
    with writer_lock(origins) as lock:
        needed = {origin for one in windows.values() for origin in origins_of(one)}
        build_origins(settings, origins, landed, snapshot, needed=needed, lock=lock)
        with open_warehouse(origins) as connection:
            night = landed.night.as_of_date
            if chosen.cut_column is not None:
                cuts = read_cuts(connection, chosen, snapshot_id=landed.snapshot_id, night=night)
                windows, left_out = plan_blocks(chosen, landed, cuts, n_cut_offs=cut_offs)
            readers = Readers(
                FrameReader(connection, chosen, landed.snapshot_id, space, night=night),
                ShuffledTextReader(connection, chosen, landed.snapshot_id, space, night=night, seed=SEED),
            )
            found = evaluate_family(chosen, readers, windows, conditions, say)
    found.left_out |= left_out
    results = describe(chosen, landed, snapshot, space=space, conditions=conditions, found=found)
    judged = judge_campaigns(settings, landed.night) if family == CAMPAIGNS else None
    if judged is not None:
        results["causal_gate"] = judged
    path = results_path(settings, family, landed.cut_off)
    write_json(path, results)
    if write_docs:
        write_json(committed_path(settings, family), compact(results))
    run_id = _log(settings, chosen, results, path)
    print(render_text(results), file=sys.stderr)
    n_rows = results["heads"][chosen.primary.name]["final"]["n_rows"]
    return StepResult(
        rows=n_rows,
        detail={
            **(last_line(results) if judged is None else with_causal_gate(last_line(results), judged)),
            "results_file": str(path),
            "mlflow_run_id": run_id,
            "left_out": results["left_out"],
        },
    )


def describe(
    family: Family, landed: Landed, snapshot: Snapshot, *, space: TextSpace, conditions: Conditions, found: Findings
) -> dict[str, Any]:
    """Return the results file: what was found, and all that it takes to find it again."""
    results: dict[str, Any] = plain(
        {
            "family": family.name,
            "title": family.title,
            "primary": family.primary.name,
            "as_of_date": landed.cut_off,
            "night": landed.night.as_of_date,
            "snapshot_id": landed.snapshot_id,
            "source": snapshot.source,
            "encoder_key": space.encoder_key if family.uses_text else None,
            "code_revision": code_revision(),
            "data_sha256": sha256_of_json(found.data),
            "data_sha256_by_cut_off": {day: sha256_of_json(hashes) for day, hashes in found.data.items()},
            "seeds": conditions.seeds,
            "threshold": conditions.threshold,
            "intervals": "middle 95 % of a bootstrap over customers; a gain is paired, draw by draw",
            "labels_know": f"what had arrived before {landed.night.as_of_date}",
            "split_dates": found.split_dates,
            "left_out": found.left_out,
            "formulas": formulas_of(family),
            "heads": found.heads,
            "reviews": [review for head in found.heads.values() for review in head["canaries"]["reviews"]],
        }
    )
    return results


def _log(settings: Settings, family: Family, results: Mapping[str, Any], path: Path) -> str:
    """Log the evaluation as a run of the family's experiment, with the results file and the model card."""
    gist = last_line(results)
    card = make_model_card(
        family.name,
        family.title,
        results["heads"],
        {
            "evaluated at": results["as_of_date"],
            "labels know": results["labels_know"],
            "seeds": ", ".join(map(str, results["seeds"])),
            "data": results["data_sha256"],
            "code": results["code_revision"],
        },
    )
    settings.mlflow_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.mlflow_dir) as scratch:
        folder = Path(scratch) / "evaluation"
        for name, text in card.items():
            write_text(folder / name, text)
        shutil.copyfile(path, folder / "results.json")
        return log_evaluation(
            settings,
            family.name,
            RunRecord(
                f"evaluation {results['as_of_date']}",
                {"kind": "evaluation", "recipe": gist["recipe"], "snapshot_id": results["snapshot_id"]},
                {name: results[name] for name in ("as_of_date", "night", "seeds", "data_sha256", "code_revision")},
                {name: value for name, value in gist["metrics"].items() if value is not None},
            ),
            folder,
        )
