"""Static embeddings: weighted means of pieces, the same after a trip through an artifact."""

from __future__ import annotations

import numpy as np

from rightsizer.students.static_encoder import StaticEncoder, quantise_rows

PIECES = ("[UNK]", "where", "parcel", "包")


def made(weights: list[float]) -> StaticEncoder:
    vectors = np.array([[0, 0], [3, 0], [0, 2], [-1, -1]], np.float32)
    return StaticEncoder(PIECES, *quantise_rows(vectors, np.array(weights, np.float32)))


def test_a_text_is_the_weighted_mean_of_its_pieces() -> None:
    (vector,) = made([0, 1, 3, 1]).encode(["Where parcel"])
    assert np.allclose(vector, np.array([3, 6]) / 45**0.5, atol=0.01)
    assert np.isclose(np.linalg.norm(vector), 1)


def test_texts_of_nothing_known_have_no_direction() -> None:
    assert not made([0, 1, 1, 1]).encode(["", "zebra"]).any()


def test_chinese_characters_are_pieces() -> None:
    (vector,) = made([0, 1, 1, 1]).encode(["包"])
    assert vector @ np.array([-1, -1]) > 1.4


def test_identity_follows_the_content() -> None:
    one = made([0, 1, 3, 1])
    again = StaticEncoder.from_arrays(PIECES, one.arrays())
    assert again.identity == one.identity
    assert np.array_equal(again.encode(["where 包"]), one.encode(["where 包"]))
    assert made([0, 1, 2, 1]).identity != one.identity
