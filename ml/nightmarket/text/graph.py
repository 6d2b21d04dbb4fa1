"""A BERT-family encoder as an OpenVINO graph, built straight from a safetensors file (no torch).

After Devlin et al. 2019 (https://arxiv.org/abs/1810.04805), as transformers implements it; DistilBERT
names its tensors otherwise and has no token types. Weights stay f32 in the graph; the compiled model
converts them to the precision asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino
from openvino import opset13 as ops
from safetensors import SafetensorError, safe_open

from nightmarket.errors import EncoderUnusable
from nightmarket.text.encoder_folder import Architecture, EncoderFolder

Array = npt.NDArray[Any]

_MASKED = np.float32(-1e4)
"""Added to the score of a padding token: far below any real score, exp of it is exactly 0 in f32 and bf16."""


@dataclass(frozen=True)
class _LayerNames:
    query: str
    key: str
    value: str
    attention_output: str
    attention_norm: str
    up: str
    down: str
    output_norm: str


_BERT = _LayerNames(
    "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
    "attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm",
)  # fmt: skip
_DISTILBERT = _LayerNames(
    "attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin",
    "sa_layer_norm", "ffn.lin1", "ffn.lin2", "output_layer_norm",
)  # fmt: skip


class _Weights:
    """The tensors of a folder by name, as contiguous f32, whatever prefix the model was saved under."""

    def __init__(self, folder: EncoderFolder) -> None:
        self._path = folder.weights_path
        try:
            with safe_open(self._path, framework="np") as file:
                names = set(file.keys())
                prefixes = ("", "bert.", "roberta.", "distilbert.")
                prefix = next((p for p in prefixes if f"{p}embeddings.word_embeddings.weight" in names), "")
                kept = [
                    n
                    for n in names
                    if n.startswith((f"{prefix}embeddings.", f"{prefix}encoder.", f"{prefix}transformer."))
                ]
                self._tensors = {n.removeprefix(prefix): file.get_tensor(n) for n in kept}
        except (SafetensorError, TypeError, ValueError) as error:
            raise EncoderUnusable(
                f"Got {self._path}, which cannot be read ({error}), but expected f32 or f16 tensors in the safetensors "
                "format. Copy it again, or save the model as f32."
            ) from error

    def get(self, name: str, shape: tuple[int | None, ...]) -> Array:
        tensor = self._tensors.get(name)
        if (
            tensor is None
            or tensor.ndim != len(shape)
            or any(want not in (None, have) for want, have in zip(shape, tensor.shape, strict=True))
        ):
            got = "no tensor" if tensor is None else f"shape {tensor.shape} for the tensor"
            wanted = " × ".join("any" if size is None else str(size) for size in shape)
            raise EncoderUnusable(
                f"Got {got} {name} in {self._path} but expected one of {wanted}. "
                "The weights do not belong to config.json; copy the whole folder again."
            )
        return np.ascontiguousarray(tensor, np.float32)


def build_graph(folder: EncoderFolder) -> openvino.Model:
    """Build the graph: ids and mask, both ``(rows, length)``, to pooled vectors ``(rows, dim)``.

    Rows and length are left open: compiling once and running a few fixed shapes costs 0.2 s, one
    compiled model per shape 0.2 s each. Vectors are not normalised here.

    Raises
    ------
    EncoderUnusable
        A tensor is missing or has another shape than ``config.json`` says.
    """
    shape, weights = folder.architecture, _Weights(folder)
    ids = ops.parameter([-1, -1], np.int32, name="ids")
    mask = ops.parameter([-1, -1], np.float32, name="mask")
    hidden = _embed(ids, weights, shape)
    keep = ops.unsqueeze(mask, _ints(1, 2))
    mask_scores = ops.multiply(ops.subtract(ops.constant(np.float32(1)), keep), ops.constant(_MASKED))
    distil = shape.model_type == "distilbert"
    names = _DISTILBERT if distil else _BERT
    for layer in range(shape.n_layers):
        prefix = f"transformer.layer.{layer}." if distil else f"encoder.layer.{layer}."
        hidden = _layer(hidden, mask_scores, weights=weights, shape=shape, names=names, prefix=prefix)
    if folder.pooling == "cls":
        pooled = ops.gather(hidden, ops.constant(np.int64(0)), ops.constant(np.int64(1)))
    else:
        # A sum, not a matrix product: after the last matrix product the engine stays in f32 even with the bf16 hint.
        total = ops.reduce_sum(ops.multiply(hidden, ops.unsqueeze(mask, _ints(2))), _ints(1), False)
        pooled = ops.divide(total, ops.reduce_sum(mask, _ints(1), True))
    return openvino.Model([pooled], [ids, mask], "encoder")


def _embed(ids: Any, weights: _Weights, shape: Architecture) -> Any:
    words = weights.get("embeddings.word_embeddings.weight", (None, shape.dim))
    positions = weights.get("embeddings.position_embeddings.weight", (shape.max_positions, shape.dim))
    if shape.model_type != "distilbert":
        # One text is one segment: every token has type 0.
        positions = positions + weights.get("embeddings.token_type_embeddings.weight", (None, shape.dim))[0]
    zero, one = ops.constant(np.int64(0)), ops.constant(np.int64(1))
    length = ops.gather(ops.shape_of(ids, "i64"), one, zero)
    row = ops.range(zero, length, one, "i64")
    placed = ops.gather(ops.constant(np.ascontiguousarray(positions[shape.first_position :])), row, zero)
    embedded = ops.add(ops.gather(ops.constant(words), ids, zero), ops.unsqueeze(placed, _ints(0)))
    return _norm(embedded, weights, shape, "embeddings.LayerNorm")


def _layer(
    hidden: Any, mask_scores: Any, *, weights: _Weights, shape: Architecture, names: _LayerNames, prefix: str
) -> Any:
    dim, heads = shape.dim, shape.n_heads
    parts = [prefix + name for name in (names.query, names.key, names.value)]
    joined = np.concatenate([weights.get(f"{part}.weight", (dim, dim)) for part in parts])
    bias = np.concatenate([weights.get(f"{part}.bias", (dim,)) for part in parts])
    projected = ops.add(ops.matmul(hidden, ops.constant(joined), False, True), ops.constant(bias.reshape(1, 1, -1)))
    thirds = ops.split(projected, ops.constant(np.int64(2)), 3)
    query, key, value = (
        ops.transpose(ops.reshape(thirds.output(i), _ints(0, 0, heads, dim // heads), True), _ints(0, 2, 1, 3))
        for i in range(3)
    )
    scale = ops.constant(np.float32((dim // heads) ** -0.5))
    scores = ops.add(ops.multiply(ops.matmul(query, key, False, True), scale), mask_scores)
    mixed = ops.matmul(ops.softmax(scores, 3), value, False, False)
    attended = ops.reshape(ops.transpose(mixed, _ints(0, 2, 1, 3)), _ints(0, 0, dim), True)
    attended = _linear(attended, weights, prefix + names.attention_output, (dim, dim))
    hidden = _norm(ops.add(hidden, attended), weights, shape, prefix + names.attention_norm)
    inner = _activate(_linear(hidden, weights, prefix + names.up, (None, dim)), shape.activation)
    fed = _linear(inner, weights, prefix + names.down, (dim, None))
    return _norm(ops.add(hidden, fed), weights, shape, prefix + names.output_norm)


def _linear(x: Any, weights: _Weights, name: str, size: tuple[int | None, int | None]) -> Any:
    weight = weights.get(f"{name}.weight", size)
    bias = weights.get(f"{name}.bias", (weight.shape[0],))
    return ops.add(ops.matmul(x, ops.constant(weight), False, True), ops.constant(bias.reshape(1, 1, -1)))


def _norm(x: Any, weights: _Weights, shape: Architecture, name: str) -> Any:
    scale, shift = (weights.get(f"{name}.{part}", (shape.dim,)).reshape(1, 1, -1) for part in ("weight", "bias"))
    centred = ops.mvn(x, _ints(-1), True, shape.layer_norm_eps, "inside_sqrt")
    return ops.add(ops.multiply(centred, ops.constant(scale)), ops.constant(shift))


def _activate(x: Any, activation: str) -> Any:
    if activation == "relu":
        return ops.relu(x)
    if activation == "silu":
        return ops.swish(x)
    return ops.gelu(x, "erf" if activation == "gelu" else "tanh")


def _ints(*values: int) -> Any:
    return ops.constant(np.array(values, np.int64))
