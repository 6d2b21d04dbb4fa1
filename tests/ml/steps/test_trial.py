"""``nightmarket evaluate campaign_response --trial`` as a person runs it, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from bench.outside_data import folder_of, say_absent
from click.testing import CliRunner, Result

from nightmarket.cli import main
from nightmarket.io.trials import read_trial_file
from nightmarket.modeling.uplift.average_effects import adjusted_effect, difference_in_means
from nightmarket.modeling.uplift.from_table import ANY_TREATMENT, TrialColumns, build_trials
from nightmarket.modeling.uplift.gate import hold_causal_gate
from nightmarket.modeling.uplift.learners import LEARNERS
from nightmarket.modeling.uplift.protocol import measure
from nightmarket.modeling.uplift.ranking import ALL, RANK, decide_ranking

HILLSTROM = folder_of("hillstrom") / "hillstrom_data.csv"
needs_hillstrom = pytest.mark.skipif(not HILLSTROM.exists(), reason=say_absent("hillstrom"))


def _customers(n: int = 2_400) -> dict[str, Any]:
    """Three arms by lot; the letter brings those who like shoes, the call brings everybody as much."""
    generator = np.random.default_rng(0)
    arm = np.array(["none", "letter", "call"])[generator.integers(0, 3, n)]
    likes = generator.random(n) < 0.5
    came = generator.random(n) < 0.2 + 0.3 * (likes & (arm == "letter")) + 0.15 * (arm == "call")
    return {
        "customer": [f"c{i:05d}" for i in range(n)],
        "arm": arm.tolist(),
        "likes": np.where(likes, "shoes", "hats").tolist(),
        "age": [None if i % 10 == 0 else int(age) for i, age in enumerate(generator.integers(18, 80, n))],
        "spend_before": generator.gamma(2, 20, n).round(2).tolist(),
        "came": came.astype(int).tolist(),
        "spent": np.where(came, generator.gamma(2, 20, n).round(2), 0).tolist(),
    }


@pytest.fixture
def trial_file(tmp_path: Path) -> Path:
    path = tmp_path / "letters.csv"
    pa.csv.write_csv(pa.table(_customers()), path)
    return path


def _evaluate(trial_file: Path, *more: str, family: str = "campaign_response") -> Result:
    columns = ["--treatment-column", "arm", "--control", "none", "--outcome", "came", "--id-column", "customer"]
    return CliRunner().invoke(
        main,
        ["evaluate", family, "--trial", str(trial_file), *columns, *more],
        env={"NIGHTMARKET_VAR_DIR": str(trial_file.parent / "var"), "NIGHTMARKET_THREADS": "1"},
    )


def test_every_arm_is_judged_measured_and_decided(trial_file: Path) -> None:
    ended = _evaluate(trial_file, "--seeds", "1", "--placebo", "spend_before")
    assert ended.exit_code == 0, ended.output
    line = json.loads(ended.stdout.splitlines()[-1])
    assert line["main_arm"] == ANY_TREATMENT
    assert line["metrics"]["qini"] == line["metrics"]["qini_by_arm"][ANY_TREATMENT]
    assert set(line["metrics"]["qini_by_arm"]) == {"letter", "call", ANY_TREATMENT}
    assert set(line["baselines"]) == {"random", "response"}
    assert line["seeds"] == [0]
    assert line["taken_for_outcomes"] == ["spent"]
    assert all(gate["accepted"] for gate in line["gate"].values())
    assert line["decision"]["letter"]["policy"] == RANK
    assert line["decision"]["call"]["policy"] == ALL
    for arm in ("letter", "call"):
        effect = line["metrics"]["ate_by_arm"][arm]
        assert effect["low"] < 0.15 < effect["high"]
    written = json.loads(Path(line["results_file"]).read_text())
    assert written["arms"]["letter"]["ate"]["spent"]["adjusted"]["low"] > 0
    assert "call: contact all. Declines to rank" in ended.stderr


def test_one_arm_alone_gives_the_same_bytes_twice_and_from_parquet(trial_file: Path) -> None:
    parquet = trial_file.with_suffix(".parquet")
    pa.parquet.write_table(pa.table(_customers()), parquet)
    lines = []
    for path in (trial_file, trial_file, parquet):
        ended = _evaluate(path, "--seeds", "1", "--arm", "letter")
        assert ended.exit_code == 0, ended.output
        line = json.loads(ended.stdout.splitlines()[-1])
        lines.append({key: line[key] for key in ("metrics", "baselines", "decision", "main_arm")})
    assert lines[0] == lines[1] == lines[2]
    assert lines[0]["main_arm"] == "letter"


def test_a_targeted_arm_is_refused_and_its_qini_is_null(tmp_path: Path) -> None:
    customers = _customers()
    customers["arm"] = ["letter" if spend > 40 else "none" for spend in customers["spend_before"]]
    path = tmp_path / "targeted.csv"
    pa.csv.write_csv(pa.table(customers), path)
    ended = _evaluate(path)
    assert ended.exit_code == 0, ended.output
    line = json.loads(ended.stdout.splitlines()[-1])
    assert line["metrics"]["qini"] is None
    assert line["metrics"]["ate_by_arm"] == {"letter": None}
    assert not line["gate"]["letter"]["accepted"]
    assert "propensity AUC" in line["decision"]["letter"]["reason"]


@pytest.mark.parametrize("kept", [("arm", "came"), ("arm", "came", "shop")])
def test_a_trial_without_covariates_has_an_average_effect_and_ranks_nobody(
    tmp_path: Path, kept: tuple[str, ...]
) -> None:
    customers = _customers() | {"shop": [1] * 2_400}
    path = tmp_path / "letters.csv"
    pa.csv.write_csv(pa.table({name: customers[name] for name in kept}), path)
    columns = ["--treatment-column", "arm", "--control", "none", "--outcome", "came", "--arm", "call"]
    ended = CliRunner().invoke(
        main,
        ["evaluate", "campaign_response", "--trial", str(path), *columns],
        env={"NIGHTMARKET_VAR_DIR": str(tmp_path / "var"), "NIGHTMARKET_THREADS": "1"},
    )
    assert ended.exit_code == 0, ended.output
    line = json.loads(ended.stdout.splitlines()[-1])
    effect = line["metrics"]["ate_by_arm"]["call"]
    came, arm = np.array(customers["came"]), np.array(customers["arm"])
    assert effect["effect"] == pytest.approx(came[arm == "call"].mean() - came[arm == "none"].mean(), abs=1e-6)
    assert effect["low"] < 0.15 < effect["high"]
    assert line["metrics"]["qini"] is None
    assert line["decision"]["call"]["policy"] == ALL
    assert "Nobody can be ranked without covariates" in ended.stderr
    assert "taken at its word that lots were drawn" in ended.stderr
    assert f"{effect['effect']:+.4f} [{effect['low']:+.4f}, {effect['high']:+.4f}]" in ended.stderr
    assert "refused" not in ended.stderr


def test_how_many_rows_have_no_arm_is_printed(tmp_path: Path) -> None:
    customers = _customers()
    customers["arm"] = [None] * 75 + customers["arm"][75:]
    path = tmp_path / "letters.csv"
    pa.csv.write_csv(pa.table({name: customers[name] for name in ("customer", "arm", "came")}), path)
    ended = _evaluate(path)
    assert ended.exit_code == 0, ended.output
    assert "Rows left out: 75 without a value in arm, as nothing says which arm they were in." in ended.stderr
    assert json.loads(ended.stdout.splitlines()[-1])["n_unassigned"] == 75


@pytest.mark.parametrize(
    ("change", "more", "said"),
    [
        ({"arm": ["none"] * 2_400}, (), "Got 'none' in every row of arm but expected another arm as well."),
        ({"arm": ["letter"] * 2_400}, (), "Got no row whose arm is 'none' but expected the control group."),
        ({"came": [0] * 2_400}, (), "Got came = 0 in every row but expected an outcome that varies."),
        ({"came": [1] * 30 + [0] * 2_370}, (), "treated rows with came other than 0, and"),
        ({"came": ["often", "once"] * 1_200}, (), "Got text in came ('often', 'once') but expected a number"),
        ({"came": [None] + [0, 1] * 1_199 + [0]}, (), "rows without came but expected a number in each"),
        ({}, ("--arm", "lettre"), "Got --arm 'lettre' but expected one of 'call', 'letter'."),
        ({}, ("--placebo", "spend_ago"), "Got no column 'spend_ago' in the trial but expected one. It has customer,"),
    ],
)
def test_a_trial_that_cannot_be_measured_is_refused(
    tmp_path: Path, change: dict[str, Any], more: tuple[str, ...], said: str
) -> None:
    path = tmp_path / "letters.csv"
    pa.csv.write_csv(pa.table(_customers() | change), path)
    ended = _evaluate(path, *more)
    assert ended.exit_code == 2
    assert said in ended.stderr
    assert not ended.stdout


def test_too_few_rows_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "letters.csv"
    pa.csv.write_csv(pa.table(_customers(300)), path)
    ended = _evaluate(path)
    assert ended.exit_code == 2
    assert (
        "but expected at least 200. Name the arms as the file does, or run the trial on more customers." in ended.stderr
    )


def test_a_missing_file_another_kind_of_file_and_another_family_are_refused(trial_file: Path) -> None:
    assert "Got no file" in _evaluate(trial_file.with_name("letter.csv")).stderr
    assert "expected a file ending in .csv or .parquet" in _evaluate(trial_file.with_name("letters.xlsx")).stderr
    assert "but expected campaign_response" in _evaluate(trial_file, family="purchase_intent").stderr
    bare = CliRunner().invoke(main, ["evaluate", "campaign_response", "--trial", str(trial_file)])
    assert "without --treatment-column, --control or --outcome" in bare.stderr


def test_texts_become_columns_gaps_stay_gaps_and_names_are_left_out() -> None:
    trials = build_trials(pa.table(_customers()), TrialColumns("arm", "none", "came"), arm="letter")
    trial = trials.by_arm["letter"]
    assert trial.covariate_names == ("likes=hats", "likes=shoes", "age", "spend_before")
    assert trials.left_out == {"customer": "a text of its own in most rows"}
    assert np.isnan(trial.covariates[:, 2]).sum() > 0
    assert set(trial.further_outcomes) == {"spent"}


def test_rows_without_a_treatment_are_counted_and_left_out() -> None:
    customers = _customers()
    customers["arm"] = [None, None, *customers["arm"][2:]]
    trials = build_trials(pa.table(customers), TrialColumns("arm", "none", "came"))
    assert trials.n_unassigned == 2
    assert len(trials.by_arm[ANY_TREATMENT]) == 2_398


@pytest.fixture(scope="module")
def hillstrom() -> dict[str, Any]:
    columns = TrialColumns("segment", "No E-Mail", "visit", placebo=("history",))
    return build_trials(read_trial_file(HILLSTROM, text_columns=("segment",)), columns).by_arm


@needs_hillstrom
@pytest.mark.parametrize(("arm", "effect"), [("Mens E-Mail", 0.18276 - 0.10617), ("Womens E-Mail", 0.15140 - 0.10617)])
def test_the_hillstrom_trial_is_accepted_and_its_average_effects_come_out(
    hillstrom: dict[str, Any], arm: str, effect: float
) -> None:
    trial = hillstrom[arm]
    gate = hold_causal_gate(trial, seed=0)
    assert gate.accepted, gate.reason
    assert difference_in_means(trial).effect == pytest.approx(effect, abs=1e-5)
    adjusted = adjusted_effect(trial)
    assert adjusted.low < effect < adjusted.high
    assert adjusted.standard_error < difference_in_means(trial).standard_error


@needs_hillstrom
def test_the_womens_arm_is_ranked_and_the_mens_arm_is_not(hillstrom: dict[str, Any]) -> None:
    few = {name: LEARNERS[name] for name in ("mean_s_t", "x_linear")}
    womens = decide_ranking(hillstrom["Womens E-Mail"], seed=0, learners=few, n_folds=3)
    assert womens.policy == RANK, womens.reason
    mens = decide_ranking(hillstrom["Mens E-Mail"], seed=0, learners=few, n_folds=3)
    assert mens.policy == ALL, mens.reason


@needs_hillstrom
def test_uplift_ranks_the_womens_arm_better_than_response_on_unseen_halves(hillstrom: dict[str, Any]) -> None:
    measured = measure(hillstrom["Womens E-Mail"], seeds=[0, 1], learners={"mean_s_t": LEARNERS["mean_s_t"]})
    assert measured.qini > 0.05
    assert measured.qini > measured.of("response") + 0.01
    assert abs(measured.of("random")) < 0.02
