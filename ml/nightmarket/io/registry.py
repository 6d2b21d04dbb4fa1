"""MLflow's model registry: which version may score a night, and its files.

Every version carries the tags ``label_cutoff`` (its newest label lies before that date),
``gate_passed``, ``recipe``, ``source``, ``inputs_key`` and ``manifest_sha256``; one without them was
registered by hand or by an earlier Nightmarket, and is left alone. The alias ``champion`` names the
newest passed one; a night asks by date instead, so that no model knows the future of the night it
scores.

What a night asks is read from the database itself: a dozen of its steps ask, and importing MLflow's client takes each
of them two seconds. SQLite's own module reads ``var/mlflow/mlflow.db``, SQLAlchemy ``NIGHTMARKET_MLFLOW_DATABASE``.
Everything is written by the client, and a test holds the ways of reading against each other.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

from nightmarket.errors import ModelCorrupted
from nightmarket.io.tracking import mlflow_client, mlflow_uri
from nightmarket.settings import Settings

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION = "champion"
_NOT_DELETED = "v.current_stage <> 'Deleted_Internal'"
"""MLflow keeps the row and the tags of a deleted version."""
REQUIRED_TAGS = frozenset({"label_cutoff", "gate_passed", "recipe", "source", "inputs_key", "manifest_sha256"})


@dataclass(frozen=True)
class ModelVersion:
    """One registered version of a family."""

    family: str
    version: int
    label_cutoff: date
    recipe: str
    gate_passed: bool
    run_id: str
    manifest_sha256: str
    source: str
    inputs_key: str
    reason: str = ""

    @property
    def name(self) -> str:
        """What ``model_version`` says in the published rows, such as ``purchase_intent/3/frequency``."""
        return f"{self.family}/{self.version}/{self.recipe}"


def find_version(settings: Settings, family: str, as_of: date, *, inputs_key: str) -> ModelVersion | None:
    """Return the version that scores ``family`` at ``as_of``, or None where one must be trained.

    It is the passed version with the greatest ``label_cutoff`` ≤ ``as_of`` (of equals the newest)
    that was trained on the configured source (a champion of the demo knows nothing of another shop)
    and on the same inputs (see ``Family.inputs_key``; after a change of features or encoder the next
    night trains).
    Makes no MLflow database where there is none.
    """
    usable = [
        version
        for version in list_versions(settings, family)
        if version.gate_passed
        and version.label_cutoff <= as_of
        and version.source == settings.source
        and version.inputs_key == inputs_key
    ]
    return max(usable, key=lambda v: (v.label_cutoff, v.version), default=None)


def list_versions(settings: Settings, family: str) -> list[ModelVersion]:
    """Return every version of ``family`` that Nightmarket registered, oldest first; none is an empty list."""
    tags: dict[int, dict[str, str]] = {}
    run_ids: dict[int, str] = {}
    for number, run_id, key, value in _ask(
        settings,
        "select v.version, v.run_id, t.key, t.value from model_versions as v "
        "inner join model_version_tags as t on t.name = v.name and t.version = v.version "
        f"where v.name = :family and {_NOT_DELETED} order by v.version",
        family=family,
    ):
        run_ids[number] = run_id
        tags.setdefault(number, {})[key] = value
    return [
        _read(family, number, run_ids[number], found) for number, found in tags.items() if found.keys() >= REQUIRED_TAGS
    ]


def get_version(settings: Settings, name: str) -> ModelVersion | None:
    """Return the version called ``name``, such as ``purchase_intent/3/frequency``, or None.

    The short form ``purchase_intent/3``, of rows published by an earlier Nightmarket, is understood too.
    """
    family, _, rest = name.partition("/")
    return next(
        (v for v in list_versions(settings, family) if rest in (str(v.version), f"{v.version}/{v.recipe}")), None
    )


def champion(settings: Settings, family: str) -> ModelVersion | None:
    """Return the version that the alias ``champion`` names, or None."""
    if not list_versions(settings, family):
        return None
    number = mlflow_client(settings).get_registered_model(family).aliases.get(CHAMPION)
    return get_version(settings, f"{family}/{number}") if number else None


def register(
    settings: Settings,
    *,
    family: str,
    run_id: str,
    label_cutoff: date,
    recipe: str,
    gate_passed: bool,
    reason: str,
    inputs_key: str,
    manifest_sha256: str,
) -> ModelVersion:
    """Register the model that ``run_id`` logged under ``model`` and move the alias where it is due.

    ``champion`` moves only to a version that passed and whose ``label_cutoff`` no other passed
    version exceeds: training for a past night never turns it back.
    """
    client = mlflow_client(settings)
    passed_before = [v for v in list_versions(settings, family) if v.gate_passed and v.source == settings.source]
    _need_registered_model(client, family)
    tags = {
        "label_cutoff": label_cutoff.isoformat(),
        "gate_passed": str(gate_passed).lower(),
        "recipe": recipe,
        "source": settings.source,
        "inputs_key": inputs_key,
        "manifest_sha256": manifest_sha256,
        "metrics_of": "tested fit",
        "gate_reason": reason,
    }
    source = f"{client.get_run(run_id).info.artifact_uri}/model"
    created = client.create_model_version(family, source, run_id, tags=tags, description=reason)
    if gate_passed and all(v.label_cutoff <= label_cutoff for v in passed_before):
        client.set_registered_model_alias(family, CHAMPION, str(created.version))
    return _read(family, int(created.version), run_id, tags)


def model_folder(settings: Settings, version: ModelVersion) -> Path:
    """Return the local folder of a version's files (``io.model_files.load_model`` verifies them).

    Raises
    ------
    ModelCorrupted
        The registry points at nothing.
    """
    ((uri,),) = _ask(
        settings,
        "select coalesce(storage_location, source) from model_versions where name = :family and version = :version",
        family=version.family,
        version=version.version,
    )
    folder = Path(unquote(urlparse(uri).path))
    if not folder.is_dir():
        raise ModelCorrupted(
            f"Got no folder {folder} for the model {version.name} but expected the files it was registered with. "
            "Restore var/mlflow from a backup, or run `nightmarket train` for a new version."
        )
    return folder


def _need_registered_model(client: MlflowClient, family: str) -> None:
    if not client.search_registered_models(f"name = '{family}'"):
        client.create_registered_model(
            family, description="Trained by `nightmarket train`. The alias champion moves by the gate alone."
        )


def _ask(settings: Settings, query: str, **parameters: str | int) -> list[tuple[Any, ...]]:
    """Return the rows of ``query`` on MLflow's database; none where MLflow has no tables, and none are made."""
    if settings.mlflow_database is not None:
        return _ask_server(settings, query, parameters)
    path = settings.mlflow_dir / "mlflow.db"
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(query, parameters).fetchall()


def _ask_server(settings: Settings, query: str, parameters: Mapping[str, str | int]) -> list[tuple[Any, ...]]:
    from sqlalchemy import create_engine, inspect, text  # half a second to import

    engine = create_engine(mlflow_uri(settings))
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("model_versions"):
                return []
            return [tuple(row) for row in connection.execute(text(query), parameters)]
    finally:
        engine.dispose()


def _read(family: str, number: int, run_id: str, tags: Mapping[str, str]) -> ModelVersion:
    return ModelVersion(
        family=family,
        version=number,
        label_cutoff=date.fromisoformat(tags["label_cutoff"]),
        recipe=tags["recipe"],
        gate_passed=tags["gate_passed"] == "true",
        run_id=run_id,
        manifest_sha256=tags["manifest_sha256"],
        source=tags["source"],
        inputs_key=tags["inputs_key"],
        reason=tags.get("gate_reason", ""),
    )
