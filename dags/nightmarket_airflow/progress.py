"""What a person sees while the night runs: one row per task, live on a terminal, line by line in a pipe."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

_LOOKS = {
    "waiting": ("·", "dim"),
    "running": ("▸", "cyan"),
    "success": ("✓", "green"),
    "skipped": ("–", "dim"),
    "failed": ("✗", "bold red"),
}
_WORDS = {"success": "done"}
_UNITS = {"check": "checks", "embed": "texts"}


@dataclass
class TaskRow:
    """One task of the night as it stands. Seconds are wall-clock; ``own_seconds`` are what the step says it took."""

    task_id: str
    state: str = "waiting"
    started: float = 0.0
    seconds: float = 0.0
    own_seconds: float = 0.0
    rows: int | None = None
    note: str = ""
    message: str = ""
    result: dict[str, Any] = field(default_factory=dict)


class Progress:
    """A ``StepListener`` that shows the night on ``console`` and writes one log file per task into ``folder()``."""

    def __init__(self, task_ids: list[str], console: Console, folder: Callable[[], Path]) -> None:
        self.rows = {task_id: TaskRow(task_id) for task_id in task_ids}
        self._width = max(map(len, task_ids), default=0)
        self._console = console
        self._folder = folder
        self._live: Live | None = None

    def __enter__(self) -> Progress:
        if self._console.is_terminal:
            self._live = Live(get_renderable=self._table, console=self._console, refresh_per_second=4)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()
            self._live = None

    def started(self, task_id: str, command: str) -> None:
        row = self.rows[task_id]
        row.state, row.started = "running", time.monotonic()
        self._write(task_id, f"$ {command}")

    def printed(self, task_id: str, line: str) -> None:
        self._write(task_id, line)
        if line and not line.startswith("{"):
            self.rows[task_id].note = line

    def ended(self, task_id: str, state: str, result: dict[str, Any], message: str) -> None:
        row = self.rows[task_id]
        row.state, row.result, row.message = state, result, message
        row.seconds = time.monotonic() - row.started
        row.own_seconds = float(result.get("seconds", 0.0))
        row.rows = result.get("rows")
        row.note = describe(result) if state == "success" else textwrap.shorten(message, 90, placeholder=" …")
        if not self._live:
            self._console.print(
                " ".join(_cells(row, self._width)).rstrip(), highlight=False, markup=False, soft_wrap=True
            )

    def _write(self, task_id: str, line: str) -> None:
        number = list(self.rows).index(task_id) + 1
        with (self._folder() / f"{number:02d}_{task_id}.log").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def _table(self) -> Table:
        table = Table(box=None, padding=(0, 1), expand=True, show_header=False)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        for row in self.rows.values():
            style = _LOOKS.get(row.state, ("?", ""))[1]
            name, state, seconds, rows, note = (cell.strip() for cell in _cells(row, self._width))
            table.add_row(Text(name, style), Text(state, style), seconds, rows, Text(note, "dim"))
        return table


def describe(result: dict[str, Any]) -> str:
    """Say in a few words what a step did, from its JSON line."""
    notes = []
    if "source" in result:
        notes.append(str(result["source"]))
    if result.get("quarantined"):
        notes.append(f"{_count(result['quarantined'])} rows in quarantine")
    if "verdict" in result:
        notes.append(str(result["verdict"]))
    if isinstance(result.get("warnings"), list) and result["warnings"]:
        notes.append(_plural(len(result["warnings"]), "warning"))
    if "n_new" in result:
        notes.append(f"new of {result.get('n_texts', 0):,}, {result.get('precision', '')}")
    if "n_models" in result:
        notes.append(f"{result['n_models']} models, {result.get('n_tests', 0)} tests")
    if isinstance(result.get("training_dates"), list) and result["training_dates"]:
        notes.append(f"{len(result['training_dates'])} training dates")
    if "generation" in result:
        notes.append(_plural(len(result["tables"]), "table"))
    if result.get("ledger_rows"):
        notes.append("earlier nights held against what happened")
    if "model_version" in result:
        notes.append(str(result["model_version"]))
    return ", ".join(notes)


def _count(value: Any) -> str:
    total = sum(value.values()) if isinstance(value, dict) else value
    return f"{total:,}" if isinstance(total, int) else str(total)


def _cells(row: TaskRow, width: int) -> tuple[str, str, str, str, str]:
    seconds = time.monotonic() - row.started if row.state == "running" else row.seconds
    return (
        f"{_LOOKS.get(row.state, ('?', ''))[0]} {row.task_id:<{width}}",
        f"{_WORDS.get(row.state, row.state):<8}",
        f"{seconds:7.1f} s" if row.started else " " * 9,
        f"{row.rows:>12,} {_UNITS.get(row.task_id.split('_')[0], 'rows'):<6}"
        if isinstance(row.rows, int)
        else " " * 19,
        f" {row.note}",
    )


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
