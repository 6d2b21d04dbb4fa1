"""One file per command: read → pure functions → write. Nothing else has side effects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class StepResult:
    """What a step did. ``rows`` is what the operator sees; ``detail`` is JSON-able and recorded with the night."""

    rows: int
    detail: dict[str, Any] = field(default_factory=dict)
