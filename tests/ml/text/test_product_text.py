"""What a product's text is, and when two are the same."""

from __future__ import annotations

from nightmarket.text.hashing import hash_text, normalise_text
from nightmarket.text.product_text import product_text, product_texts


def test_a_product_says_what_is_known_of_it():
    assert product_text(["Milk 1%", "MILK", "Dairy", "National", "1 GAL"]) == "Milk 1% MILK Dairy National 1 GAL"


def test_what_is_empty_or_blank_is_left_out():
    assert product_text(["Milk", None, "", " \t", "1 GAL"]) == "Milk 1 GAL"
    assert product_text([None, "", None, None, None]) == ""


def test_texts_that_differ_in_blanks_or_in_unicode_form_are_one():
    assert normalise_text("  cafe\u0301\n au  lait ") == "café au lait"
    assert hash_text(normalise_text("cafe\u0301")) == hash_text(normalise_text("café"))


def test_case_and_punctuation_count():
    assert len({hash_text(normalise_text(text)) for text in ("Milk", "milk", "milk!", "milk,")}) == 4


def test_rows_that_are_alike_get_the_same_text():
    assert product_texts([("a", None), ("b", "c"), ("a", None)]) == ["a", "b c", "a"]
