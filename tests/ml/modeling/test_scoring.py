from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from nightmarket.families.purchase_intent import FAMILY as PURCHASE_INTENT
from nightmarket.io.scored_rows import write_scored_rows
from nightmarket.modeling.calibrate import fit_calibrator
from nightmarket.modeling.recipes import RECIPES
from nightmarket.modeling.scoring import no_rows, score_frame
from nightmarket.modeling.tournament import Scorer

COLUMNS = [
    "customer_id", "category_id", "as_of_date", "horizon_days", "probability",
    "reason_1", "reason_2", "reason_3", "model_version", "run_id",
]  # fmt: skip


def _score(frame, recipe="lightgbm", top_k=None):
    model = RECIPES[recipe].fit([frame], features=PURCHASE_INTENT.feature_columns, seed=1, threads=1)
    scorer = Scorer(model, fit_calibrator(model.raw_scores(frame), frame.y))
    return score_frame(
        frame,
        {"probability": scorer},
        PURCHASE_INTENT,
        top_k=top_k,
        model_version="purchase_intent/1/lightgbm",
        run_id="r",
    )


@pytest.mark.parametrize("recipe", PURCHASE_INTENT.primary.recipes)
def test_every_pair_is_scored_in_the_contracts_columns_sorted_by_its_keys(tiny_frame, recipe):
    frame = tiny_frame()
    table = _score(frame, recipe)
    assert table.column_names == COLUMNS
    assert table.num_rows == len(frame)
    keys = list(zip(table["customer_id"].to_pylist(), table["category_id"].to_pylist(), strict=True))
    assert keys == sorted(set(keys))
    probability = table["probability"].to_numpy()
    assert ((probability > 0) & (probability < 1)).all()


def test_the_twenty_best_categories_of_each_customer_have_a_reason_and_others_none(tiny_frame):
    table = _score(tiny_frame(n_customers=40, n_categories=30)).to_pandas()
    place = table.sort_values(["customer_id", "probability", "category_id"], ascending=[True, False, True])
    place = place.groupby("customer_id").cumcount().reindex(table.index)
    assert table.loc[place >= 20, "reason_1"].isna().all()
    assert table.loc[place < 20, "reason_1"].notna().mean() > 0.9


def test_no_reason_speaks_of_what_the_model_does_not_read(tiny_frame):
    frame = tiny_frame()
    orders = np.full(len(frame), 9, np.float32)
    table = _score(frame.with_columns({"customer__n_orders_28d": orders}), "frequency")
    said = {text for i in (1, 2, 3) for text in table[f"reason_{i}"].to_pylist() if text}
    assert said
    assert not {text for text in said if not (text.startswith("bought ") or text.endswith("bought it in 12 weeks"))}


def test_top_k_keeps_the_most_probable_categories(tiny_frame):
    everything, kept = _score(tiny_frame()).to_pandas(), _score(tiny_frame(), top_k=3).to_pandas()
    assert set(kept.groupby("customer_id").size()) == {3}
    best = everything.groupby("customer_id")["probability"].nlargest(3).groupby(level=0).min()
    assert (kept.groupby("customer_id")["probability"].min() >= best - 1e-12).all()


def test_a_row_is_published_with_the_end_of_what_it_forecasts(tiny_frame):
    frame = tiny_frame()
    days = np.arange(1, len(frame) + 1, dtype=np.float32)
    model = RECIPES["frequency"].fit([frame], features=PURCHASE_INTENT.feature_columns, seed=1, threads=1)
    scorer = Scorer(model, fit_calibrator(model.raw_scores(frame), frame.y))
    family = replace(PURCHASE_INTENT, horizon_feature="days")
    scored = score_frame(
        frame.with_columns({"days": days}), {"probability": scorer}, family, top_k=None, model_version="", run_id=""
    )
    assert scored["horizon_days"].type == pa.int32()
    assert scored["horizon_days"].to_pylist() == days.tolist()


def test_no_rows_have_the_columns_and_types_of_rows(tiny_frame):
    assert no_rows(PURCHASE_INTENT).schema == _score(tiny_frame(), "frequency").schema
    assert no_rows(PURCHASE_INTENT).num_rows == 0


def test_scoring_and_writing_twice_gives_the_same_bytes(tiny_frame, tmp_path):
    for name in ("one", "two"):
        write_scored_rows(tmp_path / name, _score(tiny_frame()))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]
    assert isinstance(_score(tiny_frame())["reason_1"].type, pa.DataType)
    assert np.isfinite(_score(tiny_frame())["probability"].to_numpy()).all()
