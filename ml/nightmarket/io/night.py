"""The folder of a night: what each step of it did, and what is staged for publication.

``var/nights/<as_of_date>/<snapshot_id>/`` holds one JSON record per step that ended well and the
staged Parquet files. A later step reads the record of an earlier one from here, never from a
variable of the orchestrator, so the same command line works in Airflow, in a test and by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from nightmarket.errors import StepMissing
from nightmarket.io.atomic import read_json, write_json
from nightmarket.settings import Settings

STEP_ORDER = (
    "land", "check__landed", "embed", "transform", "check__features", "train__", "score__", "check__scores",
    "decide__", "check__decisions", "publish", "report",
)  # fmt: skip
"""The steps of a night as they follow each other; a name that ends in ``__`` stands for one per family or decision."""

BORDERS = ("landed", "features", "scores", "decisions")
"""Where a night is checked, in its order."""


@dataclass(frozen=True)
class Night:
    """One as_of_date on one snapshot."""

    settings: Settings
    as_of_date: date
    snapshot_id: str

    @property
    def folder(self) -> Path:
        return self.settings.nights_dir / self.as_of_date.isoformat() / self.snapshot_id

    def staged_path(self, table: str) -> Path:
        """Where the staged Parquet of ``table`` (such as ``scores.purchase_intent``) is."""
        return self.folder / f"{table}.parquet"

    def record(self, step: str, record: dict[str, Any]) -> None:
        """Record what ``step`` did, replacing what an earlier attempt recorded."""
        write_json(self.folder / f"{step}.json", record)

    def forget(self, step: str) -> None:
        """Remove a record, so that a step that fails does not stand on its last success."""
        (self.folder / f"{step}.json").unlink(missing_ok=True)

    def has(self, step: str) -> bool:
        return (self.folder / f"{step}.json").exists()

    def read(self, step: str) -> dict[str, Any]:
        """Return the record of ``step``.

        Raises
        ------
        StepMissing
            The step has not ended well for this night.
        """
        path = self.folder / f"{step}.json"
        if not path.exists():
            raise StepMissing(
                f"Got no result of `{step}` for {self.as_of_date} on snapshot {self.snapshot_id}, expected {path}. "
                f"Run `nightmarket {step.replace('__', ' ')}` for this night first, or `make nightly`."
            )
        record: dict[str, Any] = read_json(path)
        return record

    def records(self) -> list[dict[str, Any]]:
        """Return every record there is, in the order of the night."""
        steps = sorted(path.stem for path in self.folder.glob("*.json"))
        found = [step for prefix in STEP_ORDER for step in steps if step == prefix or _is_of(step, prefix)]
        return [{**self.read(step), "step": step} for step in found]

    def verdict(self) -> str | None:
        """Return the worst verdict that a border recorded (``warned`` before ``passed``), None before any check."""
        found = {self.read(f"check__{border}").get("verdict") for border in BORDERS if self.has(f"check__{border}")}
        return next((verdict for verdict in ("failed", "warned", "passed") if verdict in found), None)


def _is_of(step: str, prefix: str) -> bool:
    return prefix.endswith("__") and step.startswith(prefix)
