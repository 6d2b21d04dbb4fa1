"""Read what the morning report says of the model that scored a family."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nightmarket.errors import NightmarketError
from nightmarket.families.base import Family, Kind
from nightmarket.io.atomic import read_json, sha256_of_file
from nightmarket.io.registry import get_version, model_folder
from nightmarket.report.evaluation_files import read_evaluation
from nightmarket.report.sections import FamilySection, HeadSection
from nightmarket.settings import Settings


def describe_model(settings: Settings, family: Family, score: Mapping[str, Any]) -> FamilySection:
    """Return the section of a family with what is known of its model alone; ``score`` is the step's record."""
    raw, manifest = _read_model_files(settings, score)
    return FamilySection(
        name=family.name,
        title=family.title,
        description=family.description,
        item=family.key_names[1].removesuffix("_id") if len(family.keys) > 1 else None,
        label_cutoff=score.get("label_cutoff"),
        model_age_days=score.get("model_age_days"),
        gate_reason=score.get("gate_reason"),
        heads=tuple(
            HeadSection(
                head.name,
                head.kind is Kind.AMOUNT,
                head.horizon_days,
                evaluation=read_evaluation(raw, head.name, manifest=manifest),
            )
            for head in family.heads
        ),
    )


def _read_model_files(settings: Settings, score: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return ``evaluation.json`` and ``manifest.json`` of the version that scored; None for what is not there.

    The folder that the step recorded is believed where its manifest is the recorded one: asking the registry
    means importing MLflow, which takes longer than the whole report.
    """
    try:
        if not score.get("model_version"):
            return None, None
        folder = Path(score.get("model_folder", ""))
        manifest = folder / "manifest.json"
        if not manifest.is_file() or sha256_of_file(manifest) != score.get("manifest_sha256"):
            version = get_version(settings, score["model_version"])
            if version is None:
                return None, None
            folder = model_folder(settings, version)
        paths = [folder / name for name in ("evaluation.json", "manifest.json")]
        raw, described = (read_json(path) if path.exists() else None for path in paths)
    except (NightmarketError, OSError, ValueError):
        return None, None
    return raw, described
