"""A family is added to a scratch copy of the project, and its night is run: everything else follows from its files."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

import duckdb
import pytest

from nightmarket.decisions import DECISIONS
from nightmarket.families import FAMILIES
from nightmarket.scaffold.family import TEMPLATES, list_places
from tests.night.real_sample import write_real_sample

from .coupon_user import EDITS, NAME
from .scratch_copy import ScratchCopy

LAST_DAY, NIGHT = "2017-07-31", "2017-08-01"
TITLE = "Coupon user"
OF_THE_FAMILY = ("tests/ml/families", f"tests/expectations/test_{NAME}_suites.py", "-k", NAME)
KEPT = {NAME, "purchase_intent", "campaign_response", "demand"}
"""The others are left out of the copy's night: they cost time and prove nothing here. The decisions need two."""

pytestmark = [pytest.mark.night]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> ScratchCopy:
    """A copy with the new family as it is written, before anybody filled it in."""
    copy = ScratchCopy.make(tmp_path_factory.mktemp("project"))
    # Their dbt models stay: others may read them.
    for family in FAMILIES.keys() - KEPT:
        for path in TEMPLATES.values():
            if not path.startswith("dbt_project/"):
                (copy.folder / path.format(name=family)).unlink(missing_ok=True)
    written = copy.run("nightmarket", "new", "family", NAME)
    assert written.returncode == 0, written.stderr
    assert json.loads(written.stdout)["files"] == [path.format(name=NAME) for path in TEMPLATES.values()]
    return copy


@pytest.fixture(scope="module")
def red(copy: ScratchCopy) -> dict[str, str]:
    return copy.test(*OF_THE_FAMILY)


@pytest.fixture(scope="module")
def filled_in(copy: ScratchCopy, red: dict[str, str]) -> ScratchCopy:
    """The same copy once its author is done; ``red`` was seen before."""
    assert red
    for path, edits in EDITS.items():
        text = (copy.folder / path).read_text(encoding="utf-8")
        for old, new in edits:
            assert old in text, f"{path} holds no {old!r}"
            text = text.replace(old, new)
        (copy.folder / path).write_text(text, encoding="utf-8")
    return copy


def _run_dbt(copy: ScratchCopy, *arguments: str, **settings: str) -> CompletedProcess[str]:
    """Run dbt as `nightmarket transform` does."""
    code = f"""
import subprocess
from datetime import date
from nightmarket.settings import load_settings
from nightmarket.steps.transform import dbt_command, dbt_environment, dbt_variables
settings = load_settings()
variables = dbt_variables(
    snapshot_id="0" * 16, as_of_dates=[date(2017, 8, 1)], complete_through=date(2017, 7, 31), late_lookback_days=400
)
raise SystemExit(subprocess.run(dbt_command(settings, {arguments[0]!r}, variables, *{arguments[1:]!r}),
    env=dbt_environment(settings)).returncode)
"""
    return copy.run("python", "-c", code, **settings)


def test_what_is_written_is_valid_as_it_stands(copy: ScratchCopy, tmp_path: Path) -> None:
    done = _run_dbt(copy, "parse", NIGHTMARKET_VAR_DIR=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    python, sql = (
        [path.format(name=NAME) for path in TEMPLATES.values() if path.endswith(end)] for end in (".py", ".sql")
    )
    for command in (
        ["ruff", "check", *python],
        ["ruff", "format", "--check", *python],
        ["sqlfluff", "lint", "--disable-progress-bar", *sql],
    ):
        done = copy.run("python", "-m", *command)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_new_family_is_red_at_every_place_and_says_what_to_fill_in(red: dict[str, str]) -> None:
    for place in list_places():
        name = f"tests/ml/families/test_filled_in.py::test_what_only_its_author_knows_is_filled_in[{place.name}-{NAME}]"
        assert place.what in red[name]
        assert place.path.format(name=NAME) in red[name]


def test_what_needs_no_author_is_green_from_the_first(red: dict[str, str]) -> None:
    others = {name: said for name, said in red.items() if "filled_in" not in name}
    assert {name for name, said in others.items() if said != "passed"} == {
        name for name in others if "test_reasons_are_plain_english" in name
    }


def test_its_tests_are_green_once_it_is_filled_in(filled_in: ScratchCopy) -> None:
    outcomes = filled_in.test(*OF_THE_FAMILY)
    assert len(outcomes) > 50
    assert {name: said for name, said in outcomes.items() if said != "passed"} == {}


def _export_of_a_few(folder: Path) -> Path:
    """Write the orders of 150 households up to the night, and the names of their products: texts cost the most time."""
    export = write_real_sample(folder, n_customers=150)
    for path in export.glob("*.parquet"):
        if path.stem not in ("order_lines", "products", "customers"):
            path.unlink()
    with duckdb.connect() as connection:
        for table, select in {
            "order_lines": f"* from old where ordered_at < timestamp '{NIGHT}'",
            "products": "* replace (null::varchar as description, null::varchar as brand) from old",
        }.items():
            connection.execute(f"create or replace temp table old as from '{export / table}.parquet'")
            connection.execute(f"copy (select {select}) to '{export / table}.parquet' (format parquet)")
    (export / "_COMPLETE").write_text(LAST_DAY + "\n", encoding="utf-8")
    return export


@pytest.fixture(scope="module")
def settings(filled_in: ScratchCopy, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Settings of a shop whose night was run by the copy."""
    folder = tmp_path_factory.mktemp("shop")
    settings = {
        "NIGHTMARKET_VAR_DIR": str(folder / "var"),
        "NIGHTMARKET_SOURCE": "files",
        "NIGHTMARKET_SOURCE_PATH": str(_export_of_a_few(folder / "export")),
        "NIGHTMARKET_TIMEZONE": "America/New_York",
    }
    done = filled_in.run("python", "-m", "nightmarket_airflow.inprocess", "--as-of", NIGHT, **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    return settings


def test_its_night_serves_it_beside_the_others(settings: dict[str, str]) -> None:
    serving = Path(settings["NIGHTMARKET_VAR_DIR"], "serving", "serving.duckdb").resolve()
    with duckdb.connect(str(serving), read_only=True) as connection:
        [(n_rows, n_customers, lowest, highest, n_without_reason)] = connection.execute(
            "select count(*), count(distinct customer_id), min(probability), max(probability), "
            f"count(*) filter (where reason_1 is null) from scores.{NAME}"
        ).fetchall()
        versions = dict(connection.execute("select table_name, model_version from ops.runs").fetchall())
    assert n_rows == n_customers > 100
    assert 0 < lowest < highest < 1
    assert n_without_reason == 0
    assert set(versions) >= {f"scores.{name}" for name in KEPT}
    assert {name for name in versions if name.startswith("decisions.")} == {
        one.table.name for one in DECISIONS.values()
    }
    assert versions[f"scores.{NAME}"].startswith(f"{NAME}/1/")


def test_the_report_of_its_night_has_a_section_of_it(settings: dict[str, str]) -> None:
    report = Path(settings["NIGHTMARKET_VAR_DIR"], "reports", NIGHT, "index.html").read_text(encoding="utf-8")
    assert TITLE in report
    assert f"scores.{NAME}" in report


def test_its_label_is_held_to_its_window_and_to_what_makes_a_yes(
    filled_in: ScratchCopy, settings: dict[str, str]
) -> None:
    unit_test = ("test", "--select", f"lbl_{NAME},test_type:unit")
    done = _run_dbt(filled_in, *unit_test, **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    label = filled_in.folder / f"dbt_project/models/labels/lbl_{NAME}.sql"
    [(as_written, as_filled_in)] = EDITS[f"dbt_project/models/labels/lbl_{NAME}.sql"]
    label.write_text(label.read_text(encoding="utf-8").replace(as_filled_in, as_written), encoding="utf-8")
    done = _run_dbt(filled_in, *unit_test, **settings)
    assert done.returncode == 1
    assert f"the_window_of_{NAME}_begins_on_the_date_itself" in done.stdout
