from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from nightmarket.errors import ModelCorrupted
from nightmarket.families.purchase_intent import FAMILY as PURCHASE_INTENT
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.model_files import load_model, save_model
from nightmarket.io.registry import champion, find_version, get_version, list_versions, model_folder, register
from nightmarket.io.scored_rows import write_scored_rows
from nightmarket.io.serving import StagedTable, publish_night
from nightmarket.io.tracking import RunRecord, log_training, mlflow_client, mlflow_uri, write_mlmodel
from nightmarket.modeling.calibrate import Calibrator
from nightmarket.modeling.recipes import RECIPES
from nightmarket.modeling.scoring import score_frame
from nightmarket.modeling.tournament import Scorer
from nightmarket.settings import Settings
from nightmarket.steps.score import choose_version
from nightmarket.text.profiles import Projection

# MLflow 3.17 asks SQLAlchemy for a strategy that 2.1 deprecates; goes when MLflow stops.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated")

FAMILY = PURCHASE_INTENT.name
INPUTS = PURCHASE_INTENT.inputs_key("encoder")
HEAD = PURCHASE_INTENT.primary.name
SPACE = Projection(np.zeros(4), np.eye(4)[:2]).to_arrays()


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return Settings(var_dir=tmp_path_factory.mktemp("var"), source="complete_journey")


def _save(folder, frame, recipe="frequency"):
    model = RECIPES[recipe].fit([frame], features=PURCHASE_INTENT.feature_columns, seed=1, threads=1)
    scorers = {HEAD: Scorer(model, Calibrator((0.0, 1.0), (-2.0, 0.5)))}
    return scorers, save_model(folder, scorers, SPACE, manifest={"label_cutoff": "2017-11-01"}, evaluation={})


def _register(settings, folder, frame, label_cutoff, *, gate_passed=True, recipe="frequency", inputs_key=INPUTS):
    _, manifest_sha256 = _save(folder, frame, recipe)
    write_mlmodel(folder, recipe=recipe, lightgbm_file=f"heads/{HEAD}/model.txt" if recipe == "lightgbm" else None)
    record = RunRecord("training", {"seed": "1"}, {"n": 1}, {"average_precision": 0.5, "roc_auc": float("nan")})
    run_id = log_training(settings, FAMILY, record, {recipe: record}, folder)
    return register(
        settings,
        family=FAMILY,
        run_id=run_id,
        label_cutoff=label_cutoff,
        recipe=recipe,
        gate_passed=gate_passed,
        reason="because",
        inputs_key=inputs_key,
        manifest_sha256=manifest_sha256,
    )


@pytest.fixture(scope="module")
def registered(settings, tmp_path_factory, tiny_frame):
    """Versions 1 to 4: trained at 2017-11-30, at 2018-01-01 (refused), at 2017-12-28, and late for 2017-06-01."""
    cut_offs = {
        date(2017, 11, 30): True,
        date(2018, 1, 1): False,
        date(2017, 12, 28): True,
        date(2017, 6, 1): True,
    }
    return [
        _register(
            settings, tmp_path_factory.mktemp("model"), tiny_frame(), cut_off, gate_passed=passed, recipe="lightgbm"
        )
        for cut_off, passed in cut_offs.items()
    ]


def test_asking_for_a_version_makes_no_database(tmp_path):
    settings = Settings(var_dir=tmp_path)
    assert find_version(settings, FAMILY, date(2018, 1, 1), inputs_key=INPUTS) is None
    assert champion(settings, FAMILY) is None
    assert not list(tmp_path.iterdir())


def test_every_version_says_its_label_cutoff_and_whether_it_passed(settings, registered):
    assert list_versions(settings, FAMILY) == registered
    assert [(v.name, v.gate_passed, v.reason) for v in registered] == [
        ("purchase_intent/1/lightgbm", True, "because"),
        ("purchase_intent/2/lightgbm", False, "because"),
        ("purchase_intent/3/lightgbm", True, "because"),
        ("purchase_intent/4/lightgbm", True, "because"),
    ]


def test_the_database_says_what_mlflow_s_client_says(settings, registered):
    client = mlflow_client(settings)
    by_client = {int(one.version): one for one in client.search_model_versions(f"name = '{FAMILY}'")}
    read = {one.version: one for one in list_versions(settings, FAMILY)}
    assert read.keys() == by_client.keys() == {1, 2, 3, 4}
    for number, one in by_client.items():
        assert read[number].run_id == one.run_id
        assert read[number].manifest_sha256 == one.tags["manifest_sha256"]
        assert read[number].label_cutoff.isoformat() == one.tags["label_cutoff"]
        uri = client.get_model_version_download_uri(FAMILY, one.version)
        assert model_folder(settings, read[number]).as_uri() == uri


def test_a_database_given_by_its_url_says_the_same(settings, registered, tmp_path):
    url = f"sqlite:///{settings.mlflow_dir / 'mlflow.db'}"
    by_url = Settings(var_dir=tmp_path, source="complete_journey", mlflow_database=url)
    assert list_versions(by_url, FAMILY) == registered
    assert champion(by_url, FAMILY) == champion(settings, FAMILY)
    assert model_folder(by_url, registered[2]) == model_folder(settings, registered[2])
    assert not (tmp_path / "mlflow" / "mlflow.db").exists()


def test_a_database_without_mlflow_s_tables_has_no_versions_and_gets_none(tmp_path):
    empty = tmp_path / "empty.db"
    assert list_versions(Settings(var_dir=tmp_path, mlflow_database=f"sqlite:///{empty}"), FAMILY) == []
    assert not empty.exists() or not empty.read_bytes()


def test_the_password_of_the_database_is_not_shown(tmp_path):
    settings = Settings(var_dir=tmp_path, mlflow_database="postgresql+psycopg2://user:hidden@host/mlflow")
    assert "hidden" not in repr(settings)
    assert "hidden" in mlflow_uri(settings)


def test_a_deleted_version_scores_nothing(settings, registered, tmp_path, tiny_frame):
    gone = _register(settings, tmp_path / "model", tiny_frame(), date(2017, 12, 1))
    assert find_version(settings, FAMILY, date(2017, 12, 15), inputs_key=INPUTS) == gone
    mlflow_client(settings).delete_model_version(FAMILY, str(gone.version))
    assert find_version(settings, FAMILY, date(2017, 12, 15), inputs_key=INPUTS) == registered[0]
    assert list_versions(settings, FAMILY) == registered


def test_a_version_is_found_by_its_name_in_the_rows_and_by_the_short_form(settings, registered):
    for name in ("purchase_intent/3/lightgbm", "purchase_intent/3"):
        assert get_version(settings, name) == registered[2]
    for name in ("purchase_intent/3/frequency", "purchase_intent/9/lightgbm", "purchase_intent", "churn_risk/3"):
        assert get_version(settings, name) is None


def test_a_version_registered_by_hand_is_left_alone(settings, registered, tmp_path):
    client = mlflow_client(settings)
    by_hand = client.create_model_version(FAMILY, tmp_path.as_uri(), tags={"label_cutoff": "2017-12-31"})
    try:
        assert list_versions(settings, FAMILY) == registered
        assert find_version(settings, FAMILY, date(2018, 1, 1), inputs_key=INPUTS) == registered[2]
    finally:
        client.delete_model_version(FAMILY, by_hand.version)


def _publish(settings: Settings, folder: Path, frame, model_version: str) -> None:
    """Publish ``frame`` on the snapshot ``earlier``, scored by ``model_version``."""
    scorers, _ = _save(folder / "model", frame)
    path = folder / "staged.parquet"
    rows = score_frame(frame, scorers, PURCHASE_INTENT, top_k=None, model_version=model_version, run_id="r")
    write_scored_rows(path, rows)
    staged = StagedTable(
        path=path,
        sha256=sha256_of_file(path),
        family=FAMILY,
        run_id="r",
        model_version=model_version,
        recipe="frequency",
        code_revision=None,
        hashes={},
    )
    publish_night(
        settings,
        as_of=frame.as_of_date,
        snapshot_id="earlier",
        staged={PURCHASE_INTENT.score_table: staged},
        verdict="passed",
        checks={},
        steps={},
    )


def test_a_rerun_on_a_later_snapshot_takes_the_version_the_night_was_published_with(
    settings, registered, tiny_frame, tmp_path
):
    night = date(2018, 1, 3)
    _publish(settings, tmp_path, tiny_frame(night), registered[0].name)
    choice = choose_version(settings, PURCHASE_INTENT, night, "later", encoder_key="encoder")
    assert (choice.version, choice.not_used) == (registered[0], None)


def test_a_recorded_version_that_is_gone_is_named_in_the_choice(settings, registered, tiny_frame, tmp_path):
    night = date(2018, 1, 4)
    _publish(settings, tmp_path, tiny_frame(night), "purchase_intent/99/lightgbm")
    choice = choose_version(settings, PURCHASE_INTENT, night, "later", encoder_key="encoder")
    assert choice.version == registered[2]
    assert choice.not_used == (
        "purchase_intent/99/lightgbm, which this night was published with, is not in the registry"
    )


def test_a_recorded_version_of_other_inputs_or_another_source_is_not_used_and_says_so(tiny_frame, tmp_path):
    night, frame = date(2018, 1, 1), tiny_frame(date(2018, 1, 1))
    settings = Settings(var_dir=tmp_path / "var", source="complete_journey")
    other = settings.model_copy(update={"source": "files"})
    another = PURCHASE_INTENT.inputs_key("another")
    first = _register(settings, tmp_path / "first", frame, date(2017, 11, 1))
    second = _register(settings, tmp_path / "second", frame, date(2017, 11, 1), inputs_key=another)
    third = _register(other, tmp_path / "third", frame, date(2017, 11, 1))
    _publish(settings, tmp_path, frame, first.name)
    choice = choose_version(settings, PURCHASE_INTENT, night, "later", encoder_key="another")
    assert choice.version == second
    assert "purchase_intent/1/frequency, which this night was published with, reads other features" in choice.not_used
    choice = choose_version(other, PURCHASE_INTENT, night, "later", encoder_key="encoder")
    assert choice.version == third
    assert "was trained on the source 'complete_journey'" in choice.not_used


@pytest.mark.parametrize(
    ("as_of", "version"),
    [
        (date(2017, 5, 31), None),
        (date(2017, 6, 1), 4),
        (date(2017, 11, 29), 4),
        (date(2017, 11, 30), 1),
        (date(2017, 12, 27), 1),
        (date(2017, 12, 28), 3),
        (date(2018, 2, 1), 3),
    ],
)
@pytest.mark.usefixtures("registered")
def test_a_night_takes_the_newest_passed_version_that_does_not_know_its_future(settings, as_of, version):
    found = find_version(settings, FAMILY, as_of, inputs_key=INPUTS)
    assert (found and found.version) == version


@pytest.mark.usefixtures("registered")
def test_training_for_a_past_night_never_moves_the_champion(settings):
    current = champion(settings, FAMILY)
    assert current is not None
    assert current.version == 3


@pytest.mark.usefixtures("registered")
def test_a_champion_of_one_shop_never_scores_another(settings):
    other = settings.model_copy(update={"source": "files"})
    assert find_version(other, FAMILY, date(2018, 1, 1), inputs_key=INPUTS) is None


@pytest.mark.usefixtures("registered")
def test_a_champion_trained_on_another_encoder_or_other_features_never_scores(settings):
    fewer = replace(PURCHASE_INTENT, columns=PURCHASE_INTENT.columns[1:])
    for inputs_key in (PURCHASE_INTENT.inputs_key("another"), fewer.inputs_key("encoder")):
        assert find_version(settings, FAMILY, date(2018, 1, 1), inputs_key=inputs_key) is None


def test_the_files_come_back_and_score_the_same(settings, registered, tiny_frame):
    version = get_version(settings, "purchase_intent/3")
    assert version == registered[2]
    stored = load_model(model_folder(settings, version), manifest_sha256=version.manifest_sha256)
    model = RECIPES["lightgbm"].fit([tiny_frame()], features=PURCHASE_INTENT.feature_columns, seed=1, threads=1)
    assert np.array_equal(
        stored.scorers[HEAD].model.raw_scores(tiny_frame(seed=5)), model.raw_scores(tiny_frame(seed=5))
    )
    assert {name: array.tolist() for name, array in stored.space.items()} == {
        name: array.tolist() for name, array in SPACE.items()
    }


def test_a_modeller_opens_the_native_model_without_pickle(settings, registered, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    import mlflow.lightgbm

    booster = mlflow.lightgbm.load_model(str(model_folder(settings, registered[0])))
    assert tuple(booster.feature_name()) == PURCHASE_INTENT.feature_columns


@pytest.mark.parametrize(
    "name", [f"heads/{HEAD}/model.txt", f"heads/{HEAD}/calibration.json", "space.safetensors", "manifest.json"]
)
def test_a_file_with_one_changed_byte_is_refused_before_it_is_parsed(tmp_path, tiny_frame, name):
    _, manifest_sha256 = _save(tmp_path, tiny_frame(), "lightgbm")
    damaged = bytearray((tmp_path / name).read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / name).write_bytes(bytes(damaged))
    with pytest.raises(ModelCorrupted, match=rf"Got [0-9a-f]{{64}} for .*{name} but expected SHA-256"):
        load_model(tmp_path, manifest_sha256=manifest_sha256)


def test_a_missing_file_is_refused(tmp_path, tiny_frame):
    _, manifest_sha256 = _save(tmp_path, tiny_frame())
    (tmp_path / "heads" / HEAD / "model.json").unlink()
    with pytest.raises(ModelCorrupted, match="Got no file for"):
        load_model(tmp_path, manifest_sha256=manifest_sha256)


def test_a_model_that_kills_its_reader_kills_a_child_and_not_the_night(tmp_path, tiny_frame):
    from nightmarket.io.atomic import read_json, sha256_of_file, write_json

    _save(tmp_path, tiny_frame(), "lightgbm")
    trees = tmp_path / "heads" / HEAD / "model.txt"
    text = trees.read_text()
    trees.write_text(text.replace("left_child=", "left_child=99999 ", 1))
    manifest = read_json(tmp_path / "manifest.json")
    manifest["files"][f"heads/{HEAD}/model.txt"] = sha256_of_file(trees)
    write_json(tmp_path / "manifest.json", manifest)
    with pytest.raises(ModelCorrupted, match="ends its reader with code"):
        load_model(tmp_path, manifest_sha256=sha256_of_file(tmp_path / "manifest.json"))
