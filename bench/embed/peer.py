"""The peer: ``SentenceTransformer.encode``, fp32, as its documentation shows it. Runs in its own environment.

Answers each line ``<texts.json> <vectors.npy>`` on stdin with the seconds that ``encode`` took; loading is not counted.
"""

import json
import os
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
from sentence_transformers import SentenceTransformer


def main() -> None:
    folder, threads = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(threads)
    model = SentenceTransformer(folder, device="cpu", local_files_only=True)
    model.encode(["warm", "up"])
    print("ready", flush=True)
    for line in sys.stdin:
        texts_path, vectors_path = line.split()
        with open(texts_path, encoding="utf-8") as file:  # noqa: PTH123 - runs without Nightmarket's conventions
            texts = json.load(file)
        started = time.perf_counter()
        vectors = model.encode(texts, show_progress_bar=False)
        seconds = time.perf_counter() - started
        np.save(vectors_path, vectors)
        print(seconds, flush=True)


if __name__ == "__main__":
    main()
