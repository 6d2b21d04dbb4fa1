"""MLflow tracking: one run per training with one nested run per recipe.

Files are in ``var/mlflow/artifacts``, the rest in ``var/mlflow/mlflow.db`` or in `NIGHTMARKET_MLFLOW_DATABASE`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nightmarket.settings import Settings, keep_libraries_offline

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass(frozen=True)
class RunRecord:
    """What one run says. Tags and parameters are text in MLflow; metrics are numbers."""

    name: str
    tags: Mapping[str, str]
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]


def mlflow_uri(settings: Settings) -> str:
    """Return the URL of MLflow's database; it may hold a password."""
    if settings.mlflow_database is not None:
        return settings.mlflow_database.get_secret_value()
    return f"sqlite:///{settings.mlflow_dir / 'mlflow.db'}"


def mlflow_client(settings: Settings) -> MlflowClient:
    """Return a client on MLflow's database, making its tables (about 2 s) where there are none."""
    keep_libraries_offline()
    from mlflow import MlflowClient  # over a second to import

    settings.mlflow_dir.mkdir(parents=True, exist_ok=True)
    uri = mlflow_uri(settings)
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def log_training(
    settings: Settings,
    family: str,
    training: RunRecord,
    recipes: Mapping[str, RunRecord],
    model_folder: Path,
    *,
    card_folder: Path | None = None,
) -> str:
    """Log a training, its nested runs, the registered model's folder and its card; return the training's run id."""
    client = mlflow_client(settings)
    experiment_id = _experiment(settings, client, family)
    artifacts = {"model": model_folder, **({"card": card_folder} if card_folder else {})}
    run_id = _log_run(client, experiment_id, training, parent=None, artifacts=artifacts)
    for record in recipes.values():
        _log_run(client, experiment_id, record, parent=run_id, artifacts={})
    return run_id


def log_evaluation(settings: Settings, family: str, evaluation: RunRecord, folder: Path) -> str:
    """Log an evaluation with its results file and card; return its run id."""
    client = mlflow_client(settings)
    experiment_id = _experiment(settings, client, family)
    return _log_run(client, experiment_id, evaluation, parent=None, artifacts={"evaluation": folder})


def write_mlmodel(folder: Path, *, recipe: str, lightgbm_file: str | None) -> None:
    """Write the ``MLmodel`` file that makes ``folder`` a native MLflow model.

    A LightGBM model gets the ``lightgbm`` flavour on its own text file, so that
    ``mlflow.lightgbm.load_model`` opens it without any pickle; every recipe is named in a flavour
    of ours.
    """
    from mlflow.models import Model

    model = Model()
    model.model_uuid = None  # the same model is the same bytes
    model.utc_time_created = None
    if lightgbm_file is not None:
        import lightgbm

        model.add_flavor(
            "lightgbm",
            lgb_version=lightgbm.__version__,
            data=lightgbm_file,
            model_class="lightgbm.basic.Booster",
            code=None,
        )
    model.add_flavor("nightmarket", recipe=recipe, manifest="manifest.json")
    model.save(str(folder / "MLmodel"))


def _experiment(settings: Settings, client: MlflowClient, family: str) -> str:
    found = client.get_experiment_by_name(family)
    if found is not None:
        return str(found.experiment_id)
    artifacts = settings.mlflow_dir / "artifacts" / family
    return str(client.create_experiment(family, artifact_location=artifacts.as_uri()))


def _log_run(
    client: MlflowClient, experiment_id: str, record: RunRecord, *, parent: str | None, artifacts: Mapping[str, Path]
) -> str:
    from mlflow.entities import Metric, Param
    from mlflow.utils.time import get_current_time_millis

    tags = dict(record.tags) | ({"mlflow.parentRunId": parent} if parent else {})
    run = client.create_run(experiment_id, run_name=record.name, tags=tags)
    run_id = str(run.info.run_id)
    now = get_current_time_millis()
    client.log_batch(
        run_id,
        metrics=[Metric(key, value, now, 0) for key, value in record.metrics.items() if math.isfinite(value)],
        params=[Param(key, str(value)[:6000]) for key, value in record.parameters.items()],
    )
    for place, folder in artifacts.items():
        client.log_artifacts(run_id, str(folder), place)
    client.set_terminated(run_id)
    return run_id
