"""The whole night, through the real DAG, on the real orders of 400 households."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.night.real_sample import write_real_sample

ROOT = Path(__file__).resolve().parents[2]
NIGHT = "2017-11-30"
NEXT_NIGHT = "2017-12-01"
REPLAY = (str(Path(sys.executable).parent / "nightmarket"), "replay", "inventory")

pytestmark = pytest.mark.night


@dataclass(frozen=True)
class Shop:
    """A shop with its own var folder, and the commands that run on it: a night, and any other of the CLI."""

    var: Path
    run_night: Callable[[str], subprocess.CompletedProcess[str]]
    run: Callable[..., subprocess.CompletedProcess[str]]

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the serving store as a consumer would: a fresh connection on the published path."""
        with duckdb.connect(str((self.var / "serving" / "serving.duckdb").resolve()), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def score_files(self) -> dict[str, bytes]:
        tables = self.var / "serving" / "tables"
        return {path.relative_to(tables).as_posix(): path.read_bytes() for path in sorted(tables.rglob("*.parquet"))}

    def report_without_times(self, night: str) -> str:
        text = (self.var / "reports" / night / "index.html").read_text(encoding="utf-8")
        without, n_sections = re.subn(r'<section[^>]*id="run-times".*?</section>', "", text, flags=re.DOTALL)
        assert n_sections == 1, "the report keeps its times in one section"
        return re.sub(r"attempt \d+", "attempt", without)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("shop")
    export = write_real_sample(folder / "export", n_customers=400)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("NIGHTMARKET_", "AIRFLOW"))},
        "PYTHONPATH": str(ROOT / "dags"),
        "NIGHTMARKET_VAR_DIR": str(folder / "var"),
        "NIGHTMARKET_SOURCE": "files",
        "NIGHTMARKET_SOURCE_PATH": str(export),
        "NIGHTMARKET_TIMEZONE": "America/New_York",
    }

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    def run_night(as_of: str) -> subprocess.CompletedProcess[str]:
        return run(sys.executable, "-m", "nightmarket_airflow.inprocess", "--as-of", as_of)

    return Shop(folder / "var", run_night, run)


def _succeeded(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, f"the night failed:\n{done.stdout}\n{done.stderr}"


_RUNS = """
    select run_id, as_of_date, snapshot_id, model_version, n_rows, verdict, staged_sha256, published_sha256
    from ops.runs where as_of_date = '{night}' order by attempt
"""


def test_running_a_night_twice_publishes_the_same(shop: Shop) -> None:
    _succeeded(shop.run_night(NIGHT))
    files, runs = shop.score_files(), shop.query(_RUNS.format(night=NIGHT))
    report, served = shop.report_without_times(NIGHT), shop.query("select * from scores.purchase_intent order by all")

    _succeeded(shop.run_night(NIGHT))

    assert shop.score_files() == files, "the published Parquet is the same byte for byte"
    assert shop.query(_RUNS.format(night=NIGHT)) == runs * 2, "the second attempt is recorded and differs in nothing"
    assert shop.query("select * from scores.purchase_intent order by all") == served
    assert shop.report_without_times(NIGHT) == report


def test_the_scores_are_whole(shop: Shop) -> None:
    [(n_rows, n_keys, lowest, highest, n_nights)] = shop.query(
        """
        select count(*), count(distinct (customer_id, category_id)), min(probability), max(probability),
            count(distinct as_of_date)
        from scores.purchase_intent
        """
    )
    assert n_rows == n_keys > 10_000
    assert 0 < lowest < highest < 1
    assert n_nights == 1
    [(unexplained,)] = shop.query(
        """
        select count(*) from (
            select reason_1 from scores.purchase_intent
            qualify row_number() over (partition by customer_id order by probability desc, category_id) <= 20
        ) where reason_1 is null
        """
    )
    assert unexplained == 0


def test_the_queries_of_the_readme_run(shop: Shop) -> None:
    queries = re.findall(r"```sql\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert queries
    for query in queries:
        shop.query(query)


def test_a_replay_of_past_weeks_plays_every_policy_on_the_same_demand(shop: Shop) -> None:
    done = shop.run(*REPLAY, "--weeks", "6", "--products", "40", "--train-every", "3")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["weeks"] == 6
    assert found["products"] == 40
    assert "the forecast is trained every 3 weeks" in " ".join(found["assumptions"])
    for policy in (*found["policies"].values(), *found["matched"].values()):
        assert policy["fill_rate"] == pytest.approx(1 - policy["lost_units"] / found["units_wanted"], abs=1e-4)
    for name, matched in found["matched"].items():
        assert matched["mean_stock_units"] <= found["policies"][name]["mean_stock_units"]
    drawn = (shop.var / "replays" / NIGHT / "inventory.svg").read_text(encoding="utf-8")
    assert all(name in drawn for name in found["policies"])
    refused = shop.run(*REPLAY, "--weeks", "200")
    assert refused.returncode == 2
    assert "Replay fewer --weeks" in refused.stderr


def test_the_next_night_scores_with_the_same_model_and_history_keeps_both(shop: Shop) -> None:
    [(model,)] = shop.query("select distinct model_version from scores.purchase_intent")
    _succeeded(shop.run_night(NEXT_NIGHT))
    assert shop.query("select distinct model_version, as_of_date::varchar from scores.purchase_intent") == [
        (model, NEXT_NIGHT)
    ]
    assert shop.query("select distinct as_of_date::varchar from scores.purchase_intent_history order by 1") == [
        (NIGHT,),
        (NEXT_NIGHT,),
    ]


def test_a_night_in_the_future_is_refused_and_yesterday_stays_served(shop: Shop) -> None:
    files, served = shop.score_files(), shop.query("select count(*), max(as_of_date) from scores.purchase_intent")
    done = shop.run_night("2018-06-01")
    assert done.returncode != 0
    assert "Got" in done.stdout
    assert "2018-06-01" in done.stdout
    assert "2018-01-01" in done.stdout, "the message says which night is the last possible"
    assert shop.score_files() == files
    assert shop.query("select count(*), max(as_of_date) from scores.purchase_intent") == served
