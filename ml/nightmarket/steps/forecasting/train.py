"""Train a forecaster: choose its methods on rolling origins, fit, hold it against simple baselines, register."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from nightmarket.errors import PanelUnusable, StepMissing, TrainingRefused
from nightmarket.families.base import Forecaster
from nightmarket.io.atomic import sha256_of_json, write_text
from nightmarket.io.evaluations import text_space
from nightmarket.io.forecaster_files import save_forecaster
from nightmarket.io.night import Night
from nightmarket.io.panels import PanelReader
from nightmarket.io.past_intents import read_past_intents
from nightmarket.io.registry import ModelVersion, find_version, register
from nightmarket.io.revision import code_revision
from nightmarket.io.tracking import RunRecord, log_training, write_mlmodel
from nightmarket.io.warehouse import open_warehouse
from nightmarket.modeling.demand import DemandModel, train_demand
from nightmarket.modeling.sales import SalesModel, train_sales
from nightmarket.settings import Settings
from nightmarket.steps import StepResult
from nightmarket.steps.forecasting.gate import Verdict, hold_gate

SEED = 20_170_101


@dataclass(frozen=True)
class Made:
    """What a training made: both models, and what the gate said of the first."""

    demand: DemandModel
    sales: SalesModel
    verdict: Verdict


def run(
    settings: Settings, family: Forecaster, *, as_of: date, snapshot_id: str, if_needed: bool = False
) -> StepResult | None:
    """Train ``family`` at the cut-off ``as_of``; None where ``if_needed`` and a version may already score it.

    Every origin of the training is read from the night's own tables of what was known when.

    Raises
    ------
    TrainingRefused
        There is less than a whole week of sales.
    StepMissing
        ``transform`` did not build this night.
    """
    night = Night(settings, as_of, snapshot_id)
    inputs_key = family.inputs_key(night.read("embed")["encoder_key"])
    if if_needed and find_version(settings, family.name, as_of, inputs_key=inputs_key) is not None:
        return None
    with open_warehouse(settings) as connection:
        intents = read_past_intents(settings, as_of)
        reader = PanelReader(connection, snapshot_id, night=as_of, intents=intents, text=text_space(night))
    try:
        demand = train_demand(reader.panel, as_of, seed=SEED, threads=settings.threads, say=_say)
        sales = train_sales(reader.sales, as_of, say=_say)
    except (PanelUnusable, StepMissing) as error:
        raise TrainingRefused(f"{error} `{family.name}` was not trained.") from error
    demand, verdict = hold_gate(demand, reader.panel, as_of)
    facts = {
        "family": family.name,
        "label_cutoff": as_of.isoformat(),
        "snapshot_id": snapshot_id,
        "data_sha256": reader.sha256(),
        "inputs_key": inputs_key,
        "code_revision": code_revision(),
        "seed": SEED,
        "reads_intents": demand.reads_intents,
        "metrics_of": "rolling origins before the cut-off",
    }
    version = _register(settings, family, facts, Made(demand, sales, verdict))
    return StepResult(
        rows=len(reader.panel(as_of).product_ids),
        detail={
            **facts,
            "model_version": version.name,
            "recipe": version.recipe,
            "gate_passed": version.gate_passed,
            "gate_reason": version.reason,
            "mlflow_run_id": version.run_id,
            "methods": dict(demand.choice.methods),
            "sales_methods": dict(sales.methods),
            "metrics": verdict.metrics,
        },
    )


def _register(
    settings: Settings,
    family: Forecaster,
    facts: Mapping[str, Any],
    made: Made,
) -> ModelVersion:
    demand, sales, verdict = made.demand, made.sales, made.verdict
    tags = {name: str(value) for name, value in facts.items()} | {
        "recipe": verdict.recipe,
        "gate_passed": str(verdict.passed).lower(),
        "gate_reason": verdict.reason,
    }
    parameters = {f"method/{key}": method for key, method in demand.choice.methods.items()}
    parameters |= {f"sales/{group}": method for group, method in sales.methods.items()}
    parameters = {name.replace(" ", "_"): value for name, value in parameters.items()}
    evaluation = {"demand": demand.evaluation, "sales": sales.evaluation, "gate": verdict.to_json()}
    settings.mlflow_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.mlflow_dir) as scratch:
        folder, card = Path(scratch) / "model", Path(scratch) / "card"
        manifest = save_forecaster(
            folder, demand, sales, manifest={**facts, "recipe": verdict.recipe}, evaluation=evaluation
        )
        write_mlmodel(folder, recipe=verdict.recipe, lightgbm_file=None)
        write_text(card / "model_card.md", _card(family, facts, made))
        records = {
            name: RunRecord(f"{name} {facts['label_cutoff']}", {**tags, "recipe": name}, {}, {"wape": wape})
            for name, wape in verdict.compared.items()
        }
        run_id = log_training(
            settings,
            family.name,
            RunRecord(f"training {facts['label_cutoff']}", tags, parameters, verdict.metrics),
            records,
            folder,
            card_folder=card,
        )
        shutil.rmtree(folder)
    return register(
        settings,
        family=family.name,
        run_id=run_id,
        label_cutoff=date.fromisoformat(facts["label_cutoff"]),
        recipe=verdict.recipe,
        gate_passed=verdict.passed,
        reason=verdict.reason,
        inputs_key=facts["inputs_key"],
        manifest_sha256=manifest,
    )


def _card(family: Forecaster, facts: Mapping[str, Any], made: Made) -> str:
    """Return the model card: what was chosen for which series, and how it did."""
    demand, sales, verdict = made.demand, made.sales, made.verdict
    lines = [f"# {family.title}", "", family.description, "", f"Gate: {verdict.reason}", ""]
    lines += [f"- {name.replace('_', ' ')}: {value}" for name, value in sorted(facts.items())]
    lines += ["", "| level and demand class | method |", "| --- | --- |"]
    lines += [f"| {key} | {method} |" for key, method in sorted(demand.choice.methods.items())]
    lines += ["", "| sales of | method |", "| --- | --- |"]
    lines += [f"| {group} | {method} |" for group, method in sorted(sales.methods.items())]
    lines += ["", "| metric | on the rolling origins |", "| --- | --- |"]
    lines += [f"| {name} | {value} |" for name, value in sorted(verdict.metrics.items())]
    return "\n".join([*lines, "", f"Data {sha256_of_json(dict(facts))[:16]}.", ""])


def _say(what: str) -> None:
    """Tell who waits what happens."""
    print(f"train demand, {time.process_time():.0f} CPU seconds: {what}", file=sys.stderr, flush=True)
