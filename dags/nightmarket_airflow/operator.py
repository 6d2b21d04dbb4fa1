"""One step of the night as an Airflow task: a command line in a fresh process.

``BashOperator`` is close and not enough: it retries every failure alike, stops a timed-out command
with a SIGTERM that may be ignored, takes the last line of stdout *and* stderr for the result, and
puts values into a shell. ``StepOperator`` starts the command without a shell.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, Protocol

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from nightmarket.errors import EXIT_NOTHING_TO_DO, EXIT_REFUSED
from nightmarket.settings import LIBRARIES_OFFLINE, PROJECT_DIR

GRACE_SECONDS = 10.0
"""How long a step may clean up after SIGTERM before SIGKILL."""

TAIL_LINES = 30

INTERRUPTED = "Interrupted: the step and all it started were stopped."

_WORD = re.compile(r"[A-Za-z0-9_-]+")
_VALUES = {
    "--as-of": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "--snapshot": re.compile(r"[0-9a-f]{16}"),
    "--scheduled-for": re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[+-]\d{4}"),
}
_ERROR_LINE = re.compile(r"^[A-Z]\w+: ")
_PASSED_ON = ("HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "USER")
_PREFIXES_PASSED_ON = ("NIGHTMARKET_", "OMP_", "LC_")
_EXTRA = ("as_of_date", "rows", "model_version")


class StepListener(Protocol):
    """Who wants to know about steps while they run in this very process (see ``inprocess``)."""

    def started(self, task_id: str, command: str) -> None: ...
    def printed(self, task_id: str, line: str) -> None: ...
    def ended(self, task_id: str, state: str, result: dict[str, Any], message: str) -> None: ...


class StepOperator(BaseOperator):
    """Run ``nightmarket <step> ...`` and return its JSON line.

    Parameters
    ----------
    command : str
        The command line, a template. It starts with ``nightmarket``.
    bin_dir : Path, optional
        Where that program is. Default: beside the interpreter that runs Airflow.

    Raises
    ------
    AirflowFailException
        The command refused (exit code 2), or the rendered command holds a value that is no date,
        snapshot id or plain word. Trying again cannot mend either, so it is not retried.
    AirflowSkipException
        There was nothing to do (exit code 99).
    AirflowException
        It ended in any other way (a busy warehouse, a full disk, a kill). The task's ``retries`` apply.
    """

    template_fields: Sequence[str] = ("command",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"command": "bash"}
    ui_color = "#e8eefc"

    listener: ClassVar[StepListener | None] = None

    def __init__(self, *, command: str, bin_dir: Path | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.command = command
        self.bin_dir = bin_dir
        self._process: subprocess.Popen[bytes] | None = None

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the command to its end; on a timeout, a kill or Ctrl-C end its whole process group."""
        command = " ".join(self.command.split())
        if self.listener:
            self.listener.started(self.task_id, command)
        try:
            program, *words = parse_command(command)
            bin_dir = self.bin_dir or Path(sys.executable).parent
            result = self._run([str(bin_dir / program), *words], context)
        except AirflowSkipException as reason:
            self._tell("skipped", {}, str(reason))
            raise
        except BaseException as error:
            self.on_kill()
            interrupted = isinstance(error, KeyboardInterrupt)
            self._tell("failed", {}, INTERRUPTED if interrupted else str(error) or type(error).__name__)
            raise
        finally:
            if self._process is not None and self._process.stdout is not None:
                self._process.stdout.close()
        for outlet in self.outlets:
            # A step that writes several tables says of each what it holds.
            facts = _options(words) | result | result.get("tables", {}).get(outlet.name, {})
            context["outlet_events"][outlet].extra = {key: facts[key] for key in _EXTRA if key in facts}
        self._tell("success", result, "")
        return result

    def on_kill(self) -> None:
        """Stop the step and everything it started."""
        if self._process is None or self._process.poll() is not None:
            return
        # The step leads its own session: its pid is the id of its process group.
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.log.warning("Still there %s seconds after SIGTERM; sending SIGKILL.", GRACE_SECONDS)
        # Also after a clean end: a child of the step may have outlived it.
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self._process.wait()

    def _run(self, words: list[str], context: Context) -> dict[str, Any]:
        self.log.info("Running: %s", shlex.join(words))
        self._process = subprocess.Popen(  # noqa: S603 - parse_command let only plain words through
            words,
            cwd=PROJECT_DIR,
            env=step_environment(dict(os.environ), context),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        tail: deque[str] = deque(maxlen=TAIL_LINES)
        result: dict[str, Any] = {}
        assert self._process.stdout is not None  # noqa: S101 - Popen was given a pipe
        for raw in self._process.stdout:
            line = raw.decode(errors="backslashreplace").rstrip()
            if parsed := _as_object(line):
                result = parsed
            tail.append(line)
            self.log.info("%s", line)
            if self.listener:
                self.listener.printed(self.task_id, line)
        code = self._process.wait()
        if code == EXIT_NOTHING_TO_DO:
            raise AirflowSkipException("Nothing to do.")
        if code == EXIT_REFUSED:
            raise AirflowFailException(own_message(tail))
        if code != 0:
            raise AirflowException(f"{own_message(tail)}\n(exit code {code}; {words[1]} may be tried again)")
        if not result:
            raise AirflowFailException(
                f"Got no JSON line from `{' '.join(words[1:])}`, expected one as its last. See the task's log."
            )
        return result

    def _tell(self, state: str, result: dict[str, Any], message: str) -> None:
        if self.listener:
            self.listener.ended(self.task_id, state, result, message)


def parse_command(command: str) -> list[str]:
    """Split a rendered command into words and refuse every value that is not of its kind.

    Raises
    ------
    AirflowFailException
        A value is no date, snapshot id or instant, or a word holds anything but letters, digits, ``_`` and ``-``.
    """
    program, *words = command.split()
    if program != "nightmarket" or not words:
        raise AirflowFailException(f"Got the command {command!r} but expected `nightmarket <step> ...`.")
    kind = _WORD
    for word in words:
        if not kind.fullmatch(word):
            raise AirflowFailException(
                f"Got {word!r} in `{command}` but expected a value matching {kind.pattern}. "
                "Correct the run's parameter and trigger it again."
            )
        kind = _VALUES.get(word, _WORD)
    return [program, *words]


def step_environment(environment: dict[str, str], context: Context) -> dict[str, str]:
    """Return the little that a step may see of Airflow's environment (never its secrets)."""
    kept = {
        name: value for name, value in environment.items() if name in _PASSED_ON or name.startswith(_PREFIXES_PASSED_ON)
    }
    return kept | {
        **LIBRARIES_OFFLINE,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
        "AIRFLOW_CTX_DAG_RUN_ID": str(context["dag_run"].run_id),
    }


def own_message(tail: Sequence[str]) -> str:
    """Return what the command itself said went wrong: from its error line on, else its last lines."""
    lines = [line for line in tail if line.strip()]
    starts = [i for i, line in enumerate(lines) if _ERROR_LINE.match(line)]
    return "\n".join(lines[starts[-1] :] if starts else lines[-5:]) or "It ended without a word."


def _options(words: Sequence[str]) -> dict[str, str]:
    """Return the night that a command names, under the name it has in results."""
    given = dict(pairwise(words))
    return {"as_of_date": given["--as-of"]} if "--as-of" in given else {}


def _as_object(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
