"""Profiles and similarities against the definition, spelled out pair by pair."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from nightmarket.text.profiles import Projection, build_text_profiles, fit_projection, shuffle_text, similarity

N_CUSTOMERS, N_CATEGORIES, N_PRODUCTS, DIM = 600, 12, 80, 16


def draw_rows(seed=0):
    """Bought rows, one per customer and product; products 70.. have no category, customer 3 bought in one only."""
    rng = np.random.default_rng(seed)
    category_of = np.where(np.arange(N_PRODUCTS) < 70, np.arange(N_PRODUCTS) % (N_CATEGORIES - 1), -1)
    keys = rng.choice((N_CUSTOMERS - 1) * N_PRODUCTS, 6000, replace=False)
    customer, product = keys // N_PRODUCTS, keys % N_PRODUCTS
    keep = (customer != 3) | (category_of[product] == 5)
    customer, product = np.append(customer[keep], 3), np.append(product[keep], 5)
    _, first = np.unique(customer * N_PRODUCTS + product, return_index=True)
    customer, product = customer[first], product[first]
    return {
        "customers": [f"c{i}" for i in range(N_CUSTOMERS)],
        "categories": [f"k{i}" for i in range(N_CATEGORIES)],
        "customer_rows": customer,
        "category_rows": category_of[product],
        "product_rows": product,
        "weights": rng.gamma(1.0, size=len(customer)),
        "category_weights": rng.integers(1, 5, len(customer)).astype(float),
        "product_vectors": rng.standard_normal((N_PRODUCTS, DIM)).astype(np.float32),
    }


def all_pairs():
    return np.repeat(np.arange(N_CUSTOMERS), N_CATEGORIES), np.tile(np.arange(N_CATEGORIES), N_CUSTOMERS)


def cosine(a, b):
    return a @ b / np.sqrt((a @ a) * (b @ b))


def test_similarity_is_the_cosine_to_all_and_to_the_rest_of_what_was_bought():
    rows = draw_rows()
    vectors = rows["product_vectors"].astype(np.float64)
    customer, category = all_pairs()
    got = similarity(build_text_profiles(**rows), (customer, category))
    shared = np.zeros((N_CATEGORIES, DIM))
    for k, p, w in zip(rows["category_rows"], rows["product_rows"], rows["category_weights"], strict=True):
        if k >= 0:
            shared[k] += w * vectors[p]
    for pair in range(0, len(customer), 37):
        mine = rows["customer_rows"] == customer[pair]
        rest = mine & (rows["category_rows"] != category[pair])
        for which, got_one in ((mine, got.to_profile[pair]), (rest, got.to_rest[pair])):
            if not which.any() or category[pair] == N_CATEGORIES - 1:
                assert np.isnan(got_one)
            else:
                total = rows["weights"][which] @ vectors[rows["product_rows"][which]]
                assert got_one == pytest.approx(cosine(shared[category[pair]], total), abs=1e-9)


def test_who_bought_in_one_category_only_has_no_rest_of_it():
    got = similarity(build_text_profiles(**draw_rows()), (np.array([3, 3]), np.array([5, 6])))
    assert np.isnan(got.to_rest[0])
    assert np.isfinite(got.to_profile[0])
    assert got.to_rest[1] == got.to_profile[1]


def test_a_customer_or_category_without_a_row_has_no_similarity():
    profiles = build_text_profiles(**draw_rows())
    got = similarity(profiles, (np.array([N_CUSTOMERS - 1, 0]), np.array([0, N_CATEGORIES - 1])))
    assert np.isnan(got.to_profile).all()
    assert np.isnan(got.to_rest).all()
    projection = fit_projection(draw_rows()["product_vectors"], np.ones(N_PRODUCTS), 4)
    assert np.isnan(profiles.customer_vectors(projection)[-1]).all()
    assert np.isnan(profiles.category_vectors(projection)[-1]).all()


def test_nothing_bought_at_all_gives_no_similarities():
    rows = draw_rows()
    empty = {
        name: rows[name][:0]
        for name in ("customer_rows", "category_rows", "product_rows", "weights", "category_weights")
    }
    got = similarity(build_text_profiles(**{**rows, **empty}), all_pairs())
    assert np.isnan(got.to_profile).all()


def test_the_order_of_rows_does_not_change_a_bit():
    rows = draw_rows()
    order = np.random.default_rng(1).permutation(len(rows["weights"]))
    per_row = ("customer_rows", "category_rows", "product_rows", "weights", "category_weights")
    shuffled = {**rows, **{name: rows[name][order] for name in per_row}}
    one, other = (similarity(build_text_profiles(**given), all_pairs()) for given in (rows, shuffled))
    assert one.to_profile.tobytes() == other.to_profile.tobytes()
    assert one.to_rest.tobytes() == other.to_rest.tobytes()


def test_a_pair_is_the_same_bits_in_any_company():
    profiles = build_text_profiles(**draw_rows())
    customer, category = all_pairs()
    whole = similarity(profiles, (customer, category))
    order = np.random.default_rng(2).permutation(len(customer))[:500]
    some = similarity(profiles, (customer[order], category[order]))
    assert some.to_profile.tobytes() == whole.to_profile[order].tobytes()
    assert some.to_rest.tobytes() == whole.to_rest[order].tobytes()


def test_every_run_gives_the_same_bits_with_any_number_of_blas_threads():
    code = f"""
import hashlib, importlib.util, numpy as np
spec = importlib.util.spec_from_file_location("rows", {__file__!r})
rows = importlib.util.module_from_spec(spec); spec.loader.exec_module(rows)
given = rows.draw_rows(); profiles = rows.build_text_profiles(**given)
close = rows.similarity(profiles, rows.all_pairs())
projection = rows.fit_projection(given["product_vectors"], np.ones(rows.N_PRODUCTS), 8)
parts = [close.to_profile, close.to_rest, projection.components, profiles.customer_vectors(projection)]
print(hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest())
"""
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True,
            env={"OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)},
        ).stdout
        for threads in (1, 2, 4)
    }  # fmt: skip
    assert len(seen) == 1


def test_rows_that_point_nowhere_are_refused():
    rows = draw_rows()
    with pytest.raises(ValueError, match="Got a row outside for product_rows but expected 0 to 9"):
        build_text_profiles(**{**rows, "product_vectors": rows["product_vectors"][:10]})


def test_a_projection_keeps_the_directions_of_greatest_variance():
    rng = np.random.default_rng(0)
    spread = rng.standard_normal((500, 2)) * [5, 2]
    axes, _ = np.linalg.qr(rng.standard_normal((DIM, 2)))
    vectors = (3 + spread @ axes.T).astype(np.float32)
    projection = fit_projection(vectors, np.ones(500), 2)
    assert np.abs(projection.components @ axes).round(1).tolist() == [[1, 0], [0, 1]]
    np.testing.assert_allclose(projection.components @ projection.components.T, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(
        projection.transform(vectors) @ projection.components + projection.mean, vectors, atol=1e-4
    )


def test_a_weight_counts_like_that_many_copies():
    vectors = np.random.default_rng(0).standard_normal((30, DIM)).astype(np.float32)
    weights = np.arange(30) % 4
    one, other = (
        fit_projection(vectors, weights, 3),
        fit_projection(np.repeat(vectors, weights, axis=0), np.ones(weights.sum()), 3),
    )
    np.testing.assert_allclose(one.mean, other.mean)
    np.testing.assert_allclose(one.components, other.components, atol=1e-9)


def test_what_weighs_nothing_cannot_shape_the_projection():
    vectors = np.random.default_rng(0).standard_normal((30, DIM)).astype(np.float32)
    changed = vectors.copy()
    changed[20:] = 99
    weights = np.arange(30) < 20
    one, other = fit_projection(vectors, weights, 3), fit_projection(changed, weights, 3)
    assert one.components.tobytes() == other.components.tobytes()


def test_the_largest_entry_of_each_component_is_positive():
    components = fit_projection(draw_rows()["product_vectors"], np.ones(N_PRODUCTS), 6).components
    assert (components[np.arange(6), np.abs(components).argmax(axis=1)] > 0).all()


def test_a_projection_comes_back_from_its_arrays():
    projection = fit_projection(draw_rows()["product_vectors"], np.ones(N_PRODUCTS), 3)
    back = Projection.from_arrays({name: array.tolist() for name, array in projection.to_arrays().items()})
    assert back.components.tobytes() == projection.components.tobytes()
    assert back.mean.tobytes() == projection.mean.tobytes()


@pytest.mark.parametrize(
    ("weights", "n_components", "message"),
    [
        (np.zeros(80), 2, "Got negative, infinite or only zero ones for weights"),
        (np.full(80, -1.0), 2, "Got negative, infinite or only zero ones for weights"),
        (np.ones(79), 2, r"Got shapes \(80, 16\) and \(79,\) for vectors and weights"),
        (np.ones(80), 17, "Got 17 for n_components but expected 1 to 16"),
    ],
)
def test_a_projection_that_cannot_be_fitted_is_refused(weights, n_components, message):
    with pytest.raises(ValueError, match=message):
        fit_projection(draw_rows()["product_vectors"], weights, n_components)


def test_shuffled_text_is_the_same_vectors_elsewhere():
    vectors = draw_rows()["product_vectors"]
    shuffled = shuffle_text(vectors, 7)
    assert not np.array_equal(shuffled, vectors)
    assert sorted(map(bytes, shuffled)) == sorted(map(bytes, vectors))
    assert shuffled.tobytes() == shuffle_text(vectors, 7).tobytes() != shuffle_text(vectors, 8).tobytes()
