"""Shapes depend on a text's length alone."""

from __future__ import annotations

import numpy as np
import pytest

from nightmarket.text.batching import bucket_lengths, fill_batch, plan_batches


@pytest.mark.parametrize("max_length", [5, 8, 32, 40, 128, 256, 510, 512])
def test_every_length_up_to_the_limit_has_a_bucket(max_length):
    lengths = bucket_lengths(max_length)
    assert (np.diff(lengths) > 0).all()
    assert lengths[-1] == max(max_length, 8)


def test_every_text_is_in_one_batch_that_is_long_enough():
    counts = np.random.default_rng(0).integers(1, 257, 3000)
    batches = plan_batches(counts, max_length=256)
    assert sorted(np.concatenate([batch.members for batch in batches])) == list(range(3000))
    assert all((counts[batch.members] <= batch.length).all() for batch in batches)
    assert all(len(batch.members) <= batch.rows for batch in batches)


def test_a_length_has_one_shape_however_many_texts_there_are():
    def shapes(counts):
        return {(batch.length, batch.rows) for batch in plan_batches(np.array(counts), max_length=256)}

    assert shapes([20]) == shapes([20] * 100) == {(20, 12)}
    assert shapes([19, 20, 256]) == {(20, 12), (256, 1)}


def test_long_texts_come_first():
    batches = plan_batches(np.array([10, 200, 40]), max_length=256)
    assert [batch.length for batch in batches] == [224, 40, 10]


def test_a_batch_is_filled_up_with_rows_that_count_one_token():
    batch = plan_batches(np.array([3, 2]), max_length=256)[0]
    ids, mask = fill_batch(batch, [[7, 8, 9], [7, 9]], pad_token_id=1)
    assert ids.shape == mask.shape == (32, 8)
    assert ids[:3].tolist() == [[7, 8, 9, 1, 1, 1, 1, 1], [7, 9, 1, 1, 1, 1, 1, 1], [1] * 8]
    assert mask.sum(axis=1).tolist() == [3, 2] + [1] * 30
