"""Text in, vectors out: tokenised with transformers, run on OpenVINO.

Importing this module loads OpenVINO; a night without new text does not import it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino

from nightmarket.errors import EncoderUnusable
from nightmarket.settings import keep_libraries_offline
from nightmarket.text.batching import fill_batch, plan_batches
from nightmarket.text.encoder_folder import EncoderFolder
from nightmarket.text.graph import build_graph


class Encoder:
    """A compiled encoder.

    Parameters
    ----------
    folder : EncoderFolder
    threads : int
        CPU threads. Each runs batches of its own, so a vector does not depend on their number.

    Raises
    ------
    EncoderUnusable
        Tokenizer or weights do not fit, or this CPU cannot run ``folder.precision``.
    """

    def __init__(self, folder: EncoderFolder, *, threads: int) -> None:
        self.folder = folder
        self.tokens_read = 0
        """Tokens encoded so far, padding left out."""
        self._tokenizer = _load_tokenizer(folder)
        core = openvino.Core()
        if folder.precision == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            raise EncoderUnusable(
                "Got NIGHTMARKET_ENCODER_PRECISION=bf16 but expected f32 on this CPU, which has no bf16 arithmetic. "
                "Set it to auto or f32."
            )
        compiled = core.compile_model(
            build_graph(folder),
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": folder.precision,
                "NUM_STREAMS": threads,
                "INFERENCE_NUM_THREADS": threads,
                "ENABLE_CPU_PINNING": False,  # a pinned thread waits while its core serves someone else
            },
        )
        self._queue = openvino.AsyncInferQueue(compiled, threads)

    @property
    def dim(self) -> int:
        return self.folder.architecture.dim

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return one vector per text, ``(n, dim)``, the same bits whatever the other texts are."""
        vectors = np.empty((len(texts), self.dim), np.float32)
        if not len(texts):
            return vectors
        token_ids = self._tokenise(texts)
        counts = np.fromiter((len(tokens) for tokens in token_ids), np.int64, len(token_ids))
        self.tokens_read += int(counts.sum())

        def keep(request: Any, members: npt.NDArray[np.int64]) -> None:
            vectors[members] = request.get_output_tensor(0).data[: len(members)]

        self._queue.set_callback(keep)
        for batch in plan_batches(counts, max_length=self.folder.max_length):
            ids, mask = fill_batch(batch, token_ids, pad_token_id=self.folder.architecture.pad_token_id)
            self._queue.start_async({0: ids, 1: mask}, batch.members)
        self._queue.wait_all()
        if self.folder.normalise:
            norms = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
            vectors /= np.maximum(norms, np.float32(1e-12))
        return vectors

    def _tokenise(self, texts: Sequence[str]) -> list[list[int]]:
        read = [text.lower() for text in texts] if self.folder.lower_case else list(texts)
        encoded = self._tokenizer(
            read,
            truncation=True,
            max_length=self.folder.max_length,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        token_ids: list[list[int]] = encoded["input_ids"]
        return token_ids


def _load_tokenizer(folder: EncoderFolder) -> Any:
    keep_libraries_offline()
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder.path, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # the tokenizers library raises nothing narrower on a broken file
        raise EncoderUnusable(
            f"Got a tokenizer in {folder.path} that cannot be loaded ({error}) but expected a fast tokenizer of "
            "transformers. Save it again with `tokenizer.save_pretrained(folder)`."
        ) from error
    if not tokenizer.is_fast:
        raise EncoderUnusable(
            f"Got the slow tokenizer {type(tokenizer).__name__} in {folder.path} but expected a fast one. "
            "Convert it to tokenizer.json with `AutoTokenizer.from_pretrained(folder).save_pretrained(folder)`."
        )
    return tokenizer
