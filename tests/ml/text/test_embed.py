"""The step: new text once, no model on a night without, nothing changed when it fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nightmarket.contracts import SHOP_CONTRACT
from nightmarket.errors import EncoderUnusable, SnapshotMissing
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.landing import LandedFile, LandedTable, Snapshot, write_snapshot
from nightmarket.settings import Settings
from nightmarket.steps import embed

AS_OF = date(2017, 12, 1)
PRODUCTS = [
    {"product_id": "1", "product_name": "red shoe", "brand": "the shoe"},
    {"product_id": "2", "product_name": "red  shoe", "brand": "the shoe"},
    {"product_id": "3", "product_name": "milk", "department": "bread", "description": "6 oz"},
    {"product_id": "4"},
]


def land(settings, products):
    folder = settings.landing_dir / "files"
    folder.mkdir(parents=True, exist_ok=True)
    table = next(table for table in SHOP_CONTRACT if table.name == "products")
    rows = [{"arrived_date": date(1970, 1, 1), **row} for row in products]
    columns = {
        c.name: pa.array([row.get(c.name) for row in rows], pa.date32() if c.type == "DATE" else pa.string())
        for c in table.columns
        if c.name != "arrived_at"
    }
    columns["arrived_at"] = columns["arrived_date"].cast(pa.timestamp("us"))
    path = folder / f"products_{len(list(folder.iterdir()))}.parquet"
    pq.write_table(pa.table(columns), path)
    empty = LandedTable(provided=False, rows_in=0, rows_accepted=0, rows_quarantined=0, files=())
    file = LandedFile(f"files/{path.name}", sha256_of_file(path), len(rows))
    landed = LandedTable(provided=True, rows_in=len(rows), rows_accepted=len(rows), rows_quarantined=0, files=(file,))
    snapshot = Snapshot(
        source="files", timezone="UTC", currency="USD", complete_through=date(2017, 12, 31), stands_still=True,
        tables={t.name: empty for t in SHOP_CONTRACT} | {"products": landed}, inputs=(),
    )  # fmt: skip
    write_snapshot(settings, snapshot)
    return snapshot.snapshot_id


@pytest.fixture
def settings(tmp_path, make_encoder_dir):
    return Settings(var_dir=tmp_path / "var", encoder_dir=make_encoder_dir(), encoder_precision="f32", threads=2)


def query(settings, sql):
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_every_distinct_text_is_embedded_once(settings):
    result = embed.run(settings, as_of=AS_OF, snapshot_id=land(settings, PRODUCTS))
    detail = result.detail
    assert (detail["n_products"], detail["n_texts"], detail["n_new"], result.rows) == (4, 2, 2, 2)
    assert (detail["precision"], detail["dim"]) == ("f32", 16)
    assert detail["tokens_per_second"] > 0
    assert query(settings, "select count(*), min(len(vector)), max(len(vector)) from embeddings.text_vectors") == [
        (2, 16, 16)
    ]
    texts = dict(query(settings, "select product_id, text_hash from embeddings.product_texts"))
    assert set(texts) == {"1", "2", "3"}
    assert texts["1"] == texts["2"] != texts["3"]


def test_a_second_run_embeds_nothing_and_changes_nothing(settings):
    snapshot_id = land(settings, PRODUCTS)
    embed.run(settings, as_of=AS_OF, snapshot_id=snapshot_id)
    everything = (
        "select * from embeddings.text_vectors full join embeddings.product_texts using (text_hash) order by all"
    )
    before = query(settings, everything)
    detail = embed.run(settings, as_of=AS_OF, snapshot_id=snapshot_id).detail
    assert detail["n_new"] == 0
    assert "tokens_per_second" not in detail
    assert query(settings, everything) == before


def test_only_new_text_is_embedded_and_old_vectors_stay(settings):
    embed.run(settings, as_of=AS_OF, snapshot_id=land(settings, PRODUCTS[:2]))
    before = query(settings, "from embeddings.text_vectors")
    assert embed.run(settings, as_of=AS_OF, snapshot_id=land(settings, PRODUCTS)).rows == 1
    assert before[0] in query(settings, "from embeddings.text_vectors")


def test_text_embedded_later_has_the_bits_it_would_have_had_at_once(settings, tmp_path):
    for products in (PRODUCTS[2:], PRODUCTS):
        embed.run(settings, as_of=AS_OF, snapshot_id=land(settings, products))
    at_once = settings.model_copy(update={"var_dir": tmp_path / "at_once"})
    embed.run(at_once, as_of=AS_OF, snapshot_id=land(at_once, PRODUCTS))
    vectors = "from embeddings.text_vectors order by text_hash"
    assert query(settings, vectors) == query(at_once, vectors)


def test_another_encoder_embeds_everything_again_beside_the_first(settings, make_encoder_dir):
    snapshot_id = land(settings, PRODUCTS)
    first = embed.run(settings, as_of=AS_OF, snapshot_id=snapshot_id).detail
    other = settings.model_copy(update={"encoder_dir": make_encoder_dir(name="other", pooling="cls")})
    second = embed.run(other, as_of=AS_OF, snapshot_id=snapshot_id).detail
    assert second["n_new"] == first["n_new"] == 2
    assert second["encoder_key"] != first["encoder_key"]
    keys = query(settings, "select encoder_key, count(*) from embeddings.text_vectors group by all")
    assert dict(keys) == {first["encoder_key"]: 2, second["encoder_key"]: 2}
    assert {key for (key,) in query(settings, "select encoder_key from embeddings.encoders")} == set(dict(keys))


def test_a_product_carries_the_text_that_had_arrived_before_the_night(settings):
    renamed = {"product_id": "3", "product_name": "green milk", "arrived_date": AS_OF}
    snapshot_id = land(settings, [*PRODUCTS, renamed])
    assert embed.run(settings, as_of=AS_OF, snapshot_id=snapshot_id).detail["n_products"] == 4

    def text_of_3(day):
        return query(
            settings,
            f"select text_hash from embeddings.product_texts_at('{snapshot_id}', date '{day}') where product_id = '3'",
        )

    assert text_of_3("1970-01-01") == []
    assert text_of_3("2017-12-01") != text_of_3("2017-12-02")
    assert text_of_3("2017-12-02") == query(
        settings, "select text_hash from embeddings.product_texts where product_id = '3'"
    )


def test_an_unusable_encoder_leaves_no_warehouse_behind(settings, make_encoder_dir):
    wrong = settings.model_copy(update={"encoder_dir": make_encoder_dir(name="wrong", hidden_act="mish")})
    with pytest.raises(EncoderUnusable):
        embed.run(wrong, as_of=AS_OF, snapshot_id=land(settings, PRODUCTS))
    assert not settings.warehouse_path.exists()


def test_a_snapshot_that_was_never_landed_is_refused(settings):
    with pytest.raises(SnapshotMissing):
        embed.run(settings, as_of=AS_OF, snapshot_id="0123456789abcdef")


def test_a_night_without_new_text_loads_no_model(settings):
    snapshot_id = land(settings, PRODUCTS)
    code = f"""
import json, sys
from datetime import date
from nightmarket.settings import load_settings
from nightmarket.steps import embed
result = embed.run(load_settings(), as_of=date(2017, 12, 1), snapshot_id={snapshot_id!r})
print(json.dumps([result.rows, sorted({{"openvino", "transformers", "tokenizers", "torch"}} & set(sys.modules))]))
"""
    environment = os.environ | {
        "NIGHTMARKET_VAR_DIR": str(settings.var_dir),
        "NIGHTMARKET_ENCODER_DIR": str(settings.encoder_dir),
        "NIGHTMARKET_ENCODER_PRECISION": "f32",
    }

    def run():
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
        return json.loads(done.stdout.splitlines()[-1])

    assert run() == [2, ["openvino", "tokenizers", "transformers"]]
    assert run() == [0, []]
