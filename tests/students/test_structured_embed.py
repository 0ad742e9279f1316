"""Word-piece states are brought onto tokens by their characters."""

from __future__ import annotations

import numpy as np
import pytest

from rightsizer.students.structured_embed import TokenEncoder, pooled, token_vectors
from rightsizer.students.structured_tokens import tokenise


class Pieces:
    """A stand-in that shows given pieces: piece i has the state [i + 1, 0]."""

    identity = "pieces"
    size = 2

    def __init__(self, ranges: list[tuple[int, int]]) -> None:
        self.ranges = ranges

    def token_states(self, text: str) -> tuple[list[tuple[int, int]], np.ndarray]:
        states = np.zeros((len(self.ranges), 2), np.float32)
        states[:, 0] = np.arange(1, len(self.ranges) + 1)
        return self.ranges, states


def test_pieces_of_one_token_are_averaged_and_special_ones_left_out() -> None:
    text = "playing 7pm"
    encoder = Pieces([(0, 0), (0, 4), (4, 7), (8, 11), (0, 0)])
    assert isinstance(encoder, TokenEncoder)
    vectors = token_vectors(encoder, text, tokenise(text))
    assert vectors[:, 0].tolist() == [2.5, 4.0, 4.0]  # "7" and "pm" share the piece "7pm"


def test_what_the_encoder_cut_off_is_zero() -> None:
    text = "one two three"
    vectors = token_vectors(Pieces([(0, 3)]), text, tokenise(text))
    assert vectors[:, 0].tolist() == [1.0, 0.0, 0.0]


def test_pooled_vectors_are_unit_and_nothing_pools_to_zero() -> None:
    found = pooled(np.array([[3.0, 0.0], [3.0, 8.0]], np.float32))
    assert found == pytest.approx([0.6, 0.8])
    assert pooled(np.zeros((0, 2), np.float32)) == pytest.approx([0.0, 0.0])
    assert pooled(None) is None
