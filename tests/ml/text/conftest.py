"""Tiny encoders with random weights, written whole into a folder, and the same arithmetic in plain numpy."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

DIM, INNER, LAYERS, HEADS, POSITIONS = 16, 24, 2, 4, 40
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "red", "green", "blue", "shoe", "shirt", "milk", "bread", "of", "the"]
WORDS += [",", "6", "oz"]

CONFIGS: dict[str, dict[str, Any]] = {
    "bert": {"hidden_size": DIM, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "hidden_act": "gelu",
             "layer_norm_eps": 1e-12, "max_position_embeddings": POSITIONS, "pad_token_id": 0},
    "roberta": {"hidden_size": DIM, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "hidden_act": "gelu",
                "layer_norm_eps": 1e-5, "max_position_embeddings": POSITIONS, "pad_token_id": 1},
    "distilbert": {"dim": DIM, "n_layers": LAYERS, "n_heads": HEADS, "activation": "gelu",
                   "max_position_embeddings": POSITIONS, "pad_token_id": 0},
}  # fmt: skip

LAYER_NAMES = {
    False: ("encoder.layer.{}.", "attention.self.query", "attention.self.key", "attention.self.value",
            "attention.output.dense", "attention.output.LayerNorm", "intermediate.dense", "output.dense",
            "output.LayerNorm"),
    True: ("transformer.layer.{}.", "attention.q_lin", "attention.k_lin", "attention.v_lin",
           "attention.out_lin", "sa_layer_norm", "ffn.lin1", "ffn.lin2", "output_layer_norm"),
}  # fmt: skip


def random_tensors(model_type: str, *, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray:
        return (rng.standard_normal(shape) * 0.3).astype(np.float32)

    distil = model_type == "distilbert"
    prefix, query, key, value, mixed, mixed_norm, up, down, norm = LAYER_NAMES[distil]
    tensors = {
        "embeddings.word_embeddings.weight": draw(len(WORDS), DIM),
        "embeddings.position_embeddings.weight": draw(POSITIONS, DIM),
        "embeddings.LayerNorm.weight": 1 + draw(DIM),
        "embeddings.LayerNorm.bias": draw(DIM),
    }
    if not distil:
        tensors["embeddings.token_type_embeddings.weight"] = draw(2, DIM)
    for layer in range(LAYERS):
        start = prefix.format(layer)
        sizes = {
            query: (DIM, DIM),
            key: (DIM, DIM),
            value: (DIM, DIM),
            mixed: (DIM, DIM),
            up: (INNER, DIM),
            down: (DIM, INNER),
        }
        for name, size in sizes.items():
            tensors[f"{start}{name}.weight"], tensors[f"{start}{name}.bias"] = draw(*size), draw(size[0])
        for name in (mixed_norm, norm):
            tensors[f"{start}{name}.weight"], tensors[f"{start}{name}.bias"] = 1 + draw(DIM), draw(DIM)
    return tensors


@pytest.fixture
def make_encoder_dir(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a tiny encoder folder, with changes to its config where wanted."""

    def make(
        model_type: str = "bert", *, name: str = "encoder", pooling: str = "mean", normalise: bool = True, **config: Any
    ) -> Path:
        folder = tmp_path / name
        (folder / "1_Pooling").mkdir(parents=True)
        (folder / "config.json").write_text(
            json.dumps({"model_type": model_type, **CONFIGS.get(model_type, {}), **config})
        )
        save_file(random_tensors(model_type), folder / "model.safetensors")
        (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
        (folder / "tokenizer_config.json").write_text(
            json.dumps({"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 32})
        )
        modules = [("", "Transformer"), ("1_Pooling", "Pooling")] + [("2_Normalize", "Normalize")] * normalise
        (folder / "modules.json").write_text(
            json.dumps([{"path": path, "type": f"sentence_transformers.models.{kind}"} for path, kind in modules])
        )
        (folder / "1_Pooling" / "config.json").write_text(
            json.dumps(
                {
                    f"pooling_mode_{kind}": kind.startswith(pooling)
                    for kind in ("cls_token", "mean_tokens", "max_tokens")
                }
            )
        )
        return folder

    return make


@pytest.fixture
def reference_vectors() -> Callable[..., np.ndarray]:
    """Return the encoder in plain float64 numpy: one text at a time, no padding, no batch."""
    return encode_in_numpy


def encode_in_numpy(folder: Path, token_ids: list[list[int]], *, pooling: str = "mean") -> np.ndarray:
    config = json.loads((folder / "config.json").read_text())
    weights = {name: t.astype(np.float64) for name, t in load_file(folder / "model.safetensors").items()}
    distil = config["model_type"] == "distilbert"
    layers = config["n_layers" if distil else "num_hidden_layers"]
    heads = config["n_heads" if distil else "num_attention_heads"]
    eps = 1e-12 if distil else config["layer_norm_eps"]
    first = config["pad_token_id"] + 1 if config["model_type"] == "roberta" else 0
    prefix, query, key, value, mixed, mixed_norm, up, down, norm = LAYER_NAMES[distil]
    erf = np.vectorize(math.erf)

    def linear(x: np.ndarray, name: str) -> np.ndarray:
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def layer_norm(x: np.ndarray, name: str) -> np.ndarray:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + eps)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def encode(tokens: list[int]) -> np.ndarray:
        x = weights["embeddings.word_embeddings.weight"][tokens]
        x = x + weights["embeddings.position_embeddings.weight"][first : first + len(tokens)]
        if not distil:
            x = x + weights["embeddings.token_type_embeddings.weight"][0]
        x = layer_norm(x, "embeddings.LayerNorm")
        for layer in range(layers):
            start = prefix.format(layer)
            q, k, v = (
                linear(x, start + part).reshape(len(tokens), heads, -1).transpose(1, 0, 2)
                for part in (query, key, value)
            )
            scores = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])
            shares = np.exp(scores - scores.max(-1, keepdims=True))
            shares /= shares.sum(-1, keepdims=True)
            attended = (shares @ v).transpose(1, 0, 2).reshape(len(tokens), -1)
            x = layer_norm(x + linear(attended, start + mixed), start + mixed_norm)
            inner = linear(x, start + up)
            inner = inner * 0.5 * (1 + erf(inner / math.sqrt(2)))
            x = layer_norm(x + linear(inner, start + down), start + norm)
        return x[0] if pooling == "cls" else x.mean(0)

    return np.stack([encode(tokens) for tokens in token_ids])
