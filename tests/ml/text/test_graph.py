"""The graph against the same arithmetic in plain numpy."""

from __future__ import annotations

import json

import numpy as np
import openvino
import pytest
from safetensors.numpy import load_file, save_file

from nightmarket.errors import EncoderUnusable
from nightmarket.text.encoder import Encoder
from nightmarket.text.encoder_folder import bundled_encoder_dir, read_encoder_folder
from nightmarket.text.graph import build_graph
from nightmarket.text.precision import choose_precision

TOKENS = [[2, 4, 7, 3], [2, 9, 11, 12, 10, 13, 14, 15, 3], [2, 3], [2, 5, 5, 5, 5, 5, 5, 3]]


def run_graph(folder, token_ids):
    compiled = openvino.Core().compile_model(build_graph(folder), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    length = max(map(len, token_ids))
    ids = np.array([tokens + [0] * (length - len(tokens)) for tokens in token_ids], np.int32)
    mask = np.array([[1] * len(tokens) + [0] * (length - len(tokens)) for tokens in token_ids], np.float32)
    return compiled({0: ids, 1: mask})[0]


def cosines(a, b):
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize("model_type", ["bert", "roberta", "distilbert"])
def test_the_graph_computes_what_plain_numpy_computes(make_encoder_dir, reference_vectors, model_type, pooling):
    path = make_encoder_dir(model_type, pooling=pooling)
    got = run_graph(read_encoder_folder(path, precision="f32"), TOKENS)
    np.testing.assert_allclose(got, reference_vectors(path, TOKENS, pooling=pooling), rtol=1e-4, atol=1e-5)


def test_weights_saved_as_f16_and_under_a_prefix_are_read(make_encoder_dir, reference_vectors):
    path = make_encoder_dir()
    halves = {name: tensor.astype(np.float16) for name, tensor in load_file(path / "model.safetensors").items()}
    save_file(halves, path / "model.safetensors")
    expected = reference_vectors(path, TOKENS)
    save_file({f"bert.{name}": tensor for name, tensor in halves.items()}, path / "model.safetensors")
    np.testing.assert_allclose(
        run_graph(read_encoder_folder(path, precision="f32"), TOKENS), expected, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("precision", ["f32", choose_precision("auto")])
def test_the_real_weights_give_the_vectors_of_plain_numpy(reference_vectors, precision):
    texts = [
        "YOGURT NOT MULTI-PACKS, YOGURT, GROCERY, National, 6 OZ",
        "milk",
        "A long dress of blue linen, for warm evenings.",
    ]
    folder = read_encoder_folder(bundled_encoder_dir(), precision=precision)
    encoder = Encoder(folder, threads=2)
    vectors = encoder.encode(texts)
    assert cosines(vectors, reference_vectors(folder.path, encoder._tokenise(texts))).min() >= 0.9999
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_the_real_encoder_finds_like_things_alike():
    folder = read_encoder_folder(bundled_encoder_dir(), precision="f32")
    yogurt, milk, tyre = Encoder(folder, threads=2).encode(
        ["strawberry yogurt", "whole milk, dairy", "winter tyre for a car"]
    )
    assert yogurt @ milk > yogurt @ tyre + 0.1


def test_a_missing_tensor_is_named(make_encoder_dir):
    path = make_encoder_dir()
    tensors = load_file(path / "model.safetensors")
    del tensors["encoder.layer.1.output.dense.bias"]
    save_file(tensors, path / "model.safetensors")
    with pytest.raises(
        EncoderUnusable, match=r"Got no tensor encoder\.layer\.1\.output\.dense\.bias in .* but expected one of"
    ):
        build_graph(read_encoder_folder(path, precision="f32"))


def test_weights_of_another_size_than_the_config_says_are_refused(make_encoder_dir):
    path = make_encoder_dir(hidden_size=32)
    with pytest.raises(EncoderUnusable, match=r"Got shape \(16, 16\) for the tensor .* but expected one of any × 32"):
        build_graph(read_encoder_folder(path, precision="f32"))


def test_a_broken_weights_file_is_refused(make_encoder_dir):
    path = make_encoder_dir()
    (path / "model.safetensors").write_bytes(b"not tensors at all")
    with pytest.raises(EncoderUnusable, match=r"model\.safetensors, which cannot be read"):
        build_graph(read_encoder_folder(path, precision="f32"))


def test_another_activation_gives_other_vectors(make_encoder_dir):
    path = make_encoder_dir()
    seen = []
    for activation in ("gelu", "gelu_new", "relu", "silu"):
        config = json.loads((path / "config.json").read_text()) | {"hidden_act": activation}
        (path / "config.json").write_text(json.dumps(config))
        seen.append(run_graph(read_encoder_folder(path, precision="f32"), TOKENS).tobytes())
    assert len(set(seen)) == 4
