"""A text's vector depends on the text and on nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from nightmarket.errors import EncoderUnusable
from nightmarket.text.encoder import Encoder
from nightmarket.text.encoder_folder import bundled_encoder_dir, read_encoder_folder
from nightmarket.text.precision import choose_precision

TEXTS = [
    f"{colour} {thing}, {department}{', 6 oz' * many}"
    for colour in ("red", "green", "blue", "off-white")
    for thing in ("shoe", "shirt of the year", "milk", "BREAD")
    for department in ("grocery", "drug gm", "women's apparel & accessories")
    for many in range(0, 12, 3)
]


@pytest.fixture(scope="module")
def real_encoder():
    return Encoder(read_encoder_folder(bundled_encoder_dir(), precision=choose_precision("auto")), threads=2)


@pytest.fixture(scope="module")
def together(real_encoder):
    return real_encoder.encode(TEXTS)


def test_a_vector_is_the_same_bits_in_any_order(real_encoder, together):
    order = np.random.default_rng(0).permutation(len(TEXTS))
    assert real_encoder.encode([TEXTS[i] for i in order]).tobytes() == together[order].tobytes()


def test_a_vector_is_the_same_bits_in_any_company(real_encoder, together):
    for every in (2, 7, 31):
        assert real_encoder.encode(TEXTS[::every]).tobytes() == together[::every].tobytes()


def test_a_vector_is_the_same_bits_alone(real_encoder, together):
    for i in range(0, len(TEXTS), 13):
        assert real_encoder.encode([TEXTS[i]]).tobytes() == together[i : i + 1].tobytes()


def test_a_vector_is_the_same_bits_on_another_number_of_threads(real_encoder, together):
    assert Encoder(real_encoder.folder, threads=1).encode(TEXTS).tobytes() == together.tobytes()


def test_a_vector_is_the_same_bits_after_other_shapes_were_run(real_encoder, together):
    real_encoder.encode(["milk " * 300, "milk", "milk " * 90])
    assert real_encoder.encode(TEXTS).tobytes() == together.tobytes()


def test_no_texts_give_no_vectors(real_encoder):
    assert real_encoder.encode([]).shape == (0, 384)


def test_a_text_is_cut_at_the_longest_the_model_was_made_for(real_encoder):
    one, other = real_encoder.encode(["milk " * 254 + "bread", "milk " * 254 + "shoe"])
    assert real_encoder.folder.max_length == 256
    np.testing.assert_array_equal(one, other)


def test_only_a_model_that_says_so_is_normalised(make_encoder_dir):
    paths = (make_encoder_dir(name=str(normalise), normalise=normalise) for normalise in (False, True))
    folders = (read_encoder_folder(path, precision="f32") for path in paths)
    plain, unit = (Encoder(folder, threads=1).encode(["red shoe, the shoe of the shirt"]) for folder in folders)
    assert np.linalg.norm(unit) == pytest.approx(1)
    np.testing.assert_allclose(plain / np.linalg.norm(plain), unit, rtol=1e-5)


def test_a_tokenizer_that_cannot_be_loaded_is_refused(make_encoder_dir):
    path = make_encoder_dir()
    (path / "tokenizer.json").write_text("{}")
    with pytest.raises(EncoderUnusable, match=r"Got a tokenizer in .* that cannot be loaded"):
        Encoder(read_encoder_folder(path, precision="f32"), threads=1)
