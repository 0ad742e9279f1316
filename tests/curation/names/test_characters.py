"""The tagger of characters computes what its definition says, however many pieces it is given at once."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import ThreadpoolController

from rightsizer.curation.names.characters import KINDS, Characters, Layer, one_thread
from rightsizer.curation.names.packing import load_characters, save_characters
from rightsizer.curation.names.pooling import shipped_characters

SIZE, TAGS = 3, 4


def small(seed: int = 0) -> Characters:
    """A tagger of three characters, with a state of three numbers and four tags."""
    rng = np.random.default_rng(seed)

    def numbers(*shape: int) -> np.ndarray:  # type: ignore[type-arg]
        return rng.normal(size=shape).astype(np.float32)

    layers = [
        Layer(numbers(n, 6 * SIZE), numbers(6 * SIZE), numbers(2, SIZE, 2 * SIZE), numbers(2, SIZE, SIZE))
        for n in (5, 2 * SIZE)
    ]
    return Characters(
        points=np.array([ord(c) for c in "ab中"], np.uint32),
        rows=np.array([0, 1, 2], np.uint16),
        vectors=rng.integers(-127, 127, (4, 5)).astype(np.int8),
        sizes=np.full(4, 0.01, np.float32),
        layers=(layers[0], layers[1]),
        out=numbers(2 * SIZE, TAGS),
        bias=numbers(TAGS),
        steps=np.exp(numbers(TAGS, TAGS)),
        first=np.exp(numbers(TAGS)),
        last=np.exp(numbers(TAGS)),
        kinds=np.array([0, 1, 2, 3], np.uint8),
    )


def by_definition(model: Characters, piece: str) -> np.ndarray:  # type: ignore[type-arg]
    """One character after the other, and every sequence of tags (Cho et al. 2014; Lafferty et al. 2001)."""
    rows = [{"a": 0, "b": 1, "中": 2}.get(c, 3) for c in piece]
    x = model.vectors[rows].astype(float) * model.sizes[rows, None]
    for layer in model.layers:
        given = x @ layer.into + layer.bias
        states = np.zeros((2, len(piece), SIZE))
        for way, order in enumerate((range(len(piece)), range(len(piece) - 1, -1, -1))):
            h = np.zeros(SIZE)
            for t in order:
                g = given[t, way * 3 * SIZE : (way + 1) * 3 * SIZE]
                # Update and reset gates are kept at half their size: sigmoid(2 z) is (1 + tanh(z)) / 2.
                gates = 1 / (1 + np.exp(-2 * (g[: 2 * SIZE] + h @ layer.gates[way])))
                update, reset = gates[:SIZE], gates[SIZE:]
                new = np.tanh(g[2 * SIZE :] + (reset * h) @ layer.candidate[way])
                h = (1 - update) * h + update * new
                states[way, t] = h
        x = np.concatenate(states, axis=1)
    emit = np.exp(x @ model.out + model.bias)
    out = np.zeros((len(piece), 1 + 2 * len(KINDS)))
    for tags in itertools.product(range(TAGS), repeat=len(piece)):
        weight = model.first[tags[0]] * model.last[tags[-1]]
        weight *= np.prod([emit[t, k] for t, k in enumerate(tags)])
        weight *= np.prod([model.steps[a, b] for a, b in itertools.pairwise(tags)])
        for t, k in enumerate(tags):
            out[t, model.kinds[k]] += weight
    return out / out.sum(axis=1, keepdims=True)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text("ab中x", min_size=1, max_size=4), min_size=1, max_size=5), st.integers(0, 3))
def test_it_is_the_network_of_its_definition(pieces: list[str], seed: int) -> None:
    model = small(seed)
    for piece, found in zip(pieces, model.posteriors(pieces), strict=True):
        np.testing.assert_allclose(found, by_definition(model, piece), atol=1e-5)


def test_many_pieces_give_what_each_gives_alone() -> None:
    pieces = ["我叫王小明", "住在北京市朝阳区", "谢", "Peter和李娜去了万达广场", "\ud800𠀀"] * 30
    together = shipped_characters().posteriors(pieces)
    for piece, found in zip(pieces[:5], together, strict=False):
        np.testing.assert_allclose(found, shipped_characters().posteriors([piece])[0], atol=1e-4)
    assert shipped_characters().posteriors([]) == []


def test_the_one_that_ships_knows_a_name_and_a_place() -> None:
    (said,) = shipped_characters().posteriors(["王小明去了哈尔滨"])
    assert said[:3, 1:3].sum(axis=1).min() > 0.9
    assert said[-3:, 5:7].sum(axis=1).min() > 0.9
    assert said[3:5, 0].min() > 0.9


def test_traditional_characters_are_read_as_simplified_ones() -> None:
    one, other = shipped_characters().posteriors(["張偉住在臺灣", "张伟住在台湾"])
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_tagger_survives_its_file(tmp_path: Path) -> None:
    model = small()
    save_characters(tmp_path / "m", model)
    again = load_characters(tmp_path / "m")
    np.testing.assert_allclose(
        again.posteriors(["a中b"])[0], model.posteriors(["a中b"])[0], atol=0.1
    )  # kept as bytes
    np.testing.assert_array_equal(again.vectors, model.vectors)
    save_characters(tmp_path / "n", model)
    assert (tmp_path / "m").read_bytes() == (tmp_path / "n").read_bytes()


def test_linear_algebra_keeps_to_one_thread_inside() -> None:
    controller = ThreadpoolController().select(user_api="blas")
    if not controller.lib_controllers:
        pytest.skip("NumPy's linear algebra has no threads to limit here")

    def threads() -> list[int]:
        return [library["num_threads"] for library in controller.info()]

    before = threads()
    with one_thread():
        assert set(threads()) == {1}
    assert threads() == before
