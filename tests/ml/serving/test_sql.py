"""`nightmarket sql`: a query, a pipe, a prompt."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from datetime import date
from typing import Any

import pytest

from nightmarket.errors import QueryFailed
from nightmarket.settings import Settings
from nightmarket.steps import publish, sql

DAY = date(2017, 12, 1)
SNAPSHOT = "00112233aabbccdd"


@pytest.fixture
def published(settings: Settings, stage_night: Any) -> Settings:
    stage_night(DAY)
    publish.run(settings, as_of=DAY, snapshot_id=SNAPSHOT)
    return settings


def _environment(settings: Settings) -> dict[str, str]:
    return {**os.environ, "NIGHTMARKET_VAR_DIR": str(settings.var_dir), "TERM": "dumb"}


def _statements(text: str) -> list[str]:
    lines = io.StringIO(text)
    return list(sql.read_statements(lambda _: lines.readline()))


def test_a_query_prints_its_rows_and_returns_them(published: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    query = "select customer_id, as_of_date, probability from scores.purchase_intent order by probability desc limit 1"
    result = sql.run(published, query=query)
    assert result.rows == 1
    assert result.detail == {
        "columns": ["customer_id", "as_of_date", "probability"],
        "data": [["c2", "2017-12-01", 0.25]],
        "is_whole": True,
    }
    assert "c2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("query", "match"),
    [
        ("selekt 1", "Got a statement that DuckDB refuses: Parser Error"),
        ("from nowhere", "Type .tables and .schema"),
        ("copy (select 1) to 'x.csv'", "Got a COPY statement but expected one that writes no file"),
        ("delete from ops.runs", "read-only"),
        (".nonsense", r"Got '\.nonsense' but expected \.tables"),
        (".schema nope", r"Got \.schema nope but expected one of .*ops\.checks"),
    ],
)
def test_a_wrong_query_is_one_clear_error(published: Settings, query: str, match: str) -> None:
    with pytest.raises(QueryFailed, match=match):
        sql.run(published, query=query)


def test_statements_may_span_lines_and_hold_semicolons_in_strings() -> None:
    assert _statements("select 1;\n\n.tables\nselect\n  2\n;\nselect 'a;\nb';\nfrom x") == [
        "select 1;",
        ".tables",
        "select\n  2\n;",
        "select 'a;\nb';",
        "from x",
    ]


def test_ctrl_c_drops_the_statement_that_was_begun() -> None:
    lines = iter(["select\n", None, "select 2;\n", ""])
    assert list(sql.read_statements(lambda _: next(lines))) == ["select 2;"]


def test_a_pipe_is_read_to_its_end(published: Settings) -> None:
    child = subprocess.run(
        [sys.executable, "-m", "nightmarket.cli", "sql"],
        input=".tables\nselect count(*)\nas n from scores.purchase_intent;\n.schema ops.runs\n",
        env=_environment(published),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "scores.purchase_intent_history" in child.stdout
    assert "run_id             VARCHAR    Hash of night" in child.stdout
    assert json.loads(child.stdout.splitlines()[-1])["statements"] == 3


def test_at_the_prompt_an_error_is_printed_and_the_next_statement_read(published: Settings) -> None:
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "nightmarket.cli", "sql"],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(published),
        text=True,
    ) as child:
        os.write(controller, b"selekt 1;\nselect 40 +\n2 as answer;\n.quit\n")
        out, err = child.communicate(timeout=30)
    os.close(controller)
    os.close(terminal)
    assert child.returncode == 0
    assert "Parser Error" in err
    assert "42" in out
    assert json.loads(out.splitlines()[-1].removeprefix("night> "))["statements"] == 2
