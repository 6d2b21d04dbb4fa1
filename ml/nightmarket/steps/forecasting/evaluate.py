"""Evaluate a forecaster: trained anew at rolling origins on what was known there, held against what came."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from nightmarket.clock import STEP_DAYS
from nightmarket.errors import InvalidSetting, TrainingRefused
from nightmarket.families.base import Forecaster
from nightmarket.io.atomic import write_json
from nightmarket.io.evaluations import committed_path, find_landed, results_path, text_space
from nightmarket.io.landing import read_snapshot
from nightmarket.io.panels import PanelReader
from nightmarket.io.past_intents import read_past_intents
from nightmarket.io.revision import code_revision
from nightmarket.io.tracking import RunRecord, log_evaluation
from nightmarket.io.warehouse import open_warehouse
from nightmarket.modeling.demand.evaluate import evaluate_demand
from nightmarket.modeling.evaluating.results import plain
from nightmarket.modeling.sales import evaluate_sales
from nightmarket.report.forecast_table import render_forecast_text
from nightmarket.settings import Settings
from nightmarket.steps import StepResult
from nightmarket.steps.evaluation_origins import say
from nightmarket.steps.forecasting.train import SEED

_METRICS = {
    "wape": ("category", "wape"),
    "wape_top_500": ("top_500", "wape"),
    "wape_product": ("product", "wape"),
    "wape_total": ("total", "wape"),
    "bias": ("total", "bias"),
    "bias_top_500": ("top_500", "bias"),
    "coverage_80": ("product", "coverage_80"),
    "coverage_95": ("product", "coverage_95"),
    "coverage_80_category": ("category", "coverage_80"),
    "coverage_95_category": ("category", "coverage_95"),
}
"""What the last line says, and of which level."""
_MIN_WEEKS = 12


def run(
    settings: Settings,
    family: Forecaster,
    *,
    as_of: date | None = None,
    snapshot_id: str | None = None,
    cut_offs: int = 3,
    seeds: int = 3,
    write_docs: bool = False,
) -> StepResult:
    """Evaluate ``family`` over the four weeks from each of ``cut_offs`` origins, 28 days apart.

    The newest four weeks end on the eve of ``as_of``. The landed night's own tables serve every origin.

    Raises
    ------
    StepMissing
        No such night was landed and transformed.
    TrainingRefused
        There is less than 12 weeks of history before the newest origin, or its four weeks are not over.
    """
    if cut_offs < 1 or seeds < 1:
        raise InvalidSetting(f"Got {cut_offs} cut-offs and {seeds} seeds but expected at least 1 of each.")
    landed = find_landed(settings, as_of=as_of, snapshot_id=snapshot_id)
    snapshot, night = read_snapshot(settings, landed.snapshot_id), landed.night.as_of_date
    closed = min(night, snapshot.complete_through + timedelta(days=1))
    if landed.cut_off > closed:
        raise TrainingRefused(
            f"Got the cut-off {landed.cut_off} while the source is complete through {snapshot.complete_through} but "
            f"expected four weeks that are over. Choose --as-of {closed} or earlier, or land newer data."
        )
    with open_warehouse(settings) as connection:
        intents, text = read_past_intents(settings, night), text_space(landed.night)
        reader = PanelReader(connection, landed.snapshot_id, night=night, intents=intents, text=text)
    wanted = [landed.cut_off - timedelta(days=STEP_DAYS * (i + 1)) for i in range(cut_offs)]
    origins = [day for day in wanted if (day - reader.first_day).days >= 7 * _MIN_WEEKS]
    left_out = {
        day.isoformat(): f"less than {_MIN_WEEKS} weeks of history before it" for day in wanted if day not in origins
    }
    if not origins:
        raise TrainingRefused(
            f"Got sales from {reader.first_day} on but expected {_MIN_WEEKS} weeks of them before {wanted[0]}. "
            "Choose a later --as-of, or land more history."
        )
    # Methods are tried on the same origins by every seed.
    panel_at = lru_cache(maxsize=6)(reader.panel)
    demand = evaluate_demand(
        panel_at,
        origins,
        seeds=[SEED + i for i in range(seeds)],
        threads=settings.threads,
        say=say,
        closed_until=closed,
    )
    sales = evaluate_sales(reader.sales, origins, closed_until=closed)
    results = plain(
        {
            "family": family.name,
            "title": family.title,
            "as_of_date": landed.cut_off,
            "night": night,
            "snapshot_id": landed.snapshot_id,
            "source": snapshot.source,
            "code_revision": code_revision(),
            "data_sha256": reader.sha256(),
            "seeds": [SEED + i for i in range(seeds)],
            "labels_know": f"what had arrived before {night}",
            "split_dates": [
                {"train_until": day, "test_from": day, "test_until": day + timedelta(days=STEP_DAYS)} for day in origins
            ],
            "left_out": left_out,
            "demand": demand,
            "sales": sales,
        }
    )
    path = results_path(settings, family.name, landed.cut_off)
    write_json(path, results)
    if write_docs:
        write_json(committed_path(settings, family.name), results)
    gist = _gist(results)
    run_id = _log(settings, results, gist, path)
    print(render_forecast_text(results), file=sys.stderr)
    n_cells = demand["levels"]["product"]["n_cells"]
    return StepResult(n_cells, {**gist, "results_file": str(path), "mlflow_run_id": run_id, "left_out": left_out})


def _gist(results: Mapping[str, Any]) -> dict[str, Any]:
    levels = results["demand"]["levels"]
    figures = results["sales"]["figures"]
    metrics = {name: levels[level][key] for name, (level, key) in _METRICS.items() if levels.get(level)}
    for name in ("category", "top_500", "product"):
        if levels.get(name):
            metrics[f"wape_p50_{name}"] = levels[name]["median"]["wape"]
    metrics["wape_sales_week_total"] = figures["week/total"]["wape"]
    metrics["wape_sales_day_total"] = figures["day/total"]["wape"]
    said = ("family", "as_of_date", "night", "snapshot_id", "split_dates", "seeds", "data_sha256", "code_revision")
    return {
        **{name: results[name] for name in said},
        "metrics": metrics,
        "baselines": {
            method: {
                "wape": one["wape"],
                "wape_top_500": levels["top_500"]["baselines"].get(method, {}).get("wape"),
                "wape_total": levels["total"]["baselines"].get(method, {}).get("wape"),
            }
            for method, one in levels["category"]["baselines"].items()
        },
        "best_baselines": {name: one["best_baseline"] for name, one in levels.items() if one},
        "arms": results["demand"]["arms"],
    }


def _log(settings: Settings, results: Mapping[str, Any], gist: Mapping[str, Any], path: Path) -> str:
    """Log the evaluation as a run of the family's experiment, with the results file; return its run id."""
    settings.mlflow_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.mlflow_dir) as scratch:
        folder = Path(scratch) / "evaluation"
        folder.mkdir()
        shutil.copyfile(path, folder / "results.json")
        return log_evaluation(
            settings,
            results["family"],
            RunRecord(
                f"evaluation {results['as_of_date']}",
                {"kind": "evaluation", "snapshot_id": results["snapshot_id"]},
                {name: results[name] for name in ("as_of_date", "night", "seeds", "data_sha256", "code_revision")},
                {name: value for name, value in gist["metrics"].items() if value is not None},
            ),
            folder,
        )
