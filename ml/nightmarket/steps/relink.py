"""Rebuild the serving store's views after ``var`` was moved."""

from __future__ import annotations

from nightmarket.io.serving import published_nights, relink
from nightmarket.settings import Settings
from nightmarket.steps import StepResult


def run(settings: Settings) -> StepResult:
    """Serve the same files from where they are now, as a new generation."""
    generation = relink(settings)
    nights = published_nights(settings)
    return StepResult(
        rows=len(nights),
        detail={
            "generation": generation,
            "nights": [night.isoformat() for night in nights],
            "serving": str(settings.serving_dir / "serving.duckdb"),
        },
    )
