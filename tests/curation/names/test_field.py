"""The recogniser's own arithmetic against the definition of a linear-chain random field, by enumeration."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from rightsizer.curation.names import field
from rightsizer.curation.names.columns import word_hash
from rightsizer.curation.names.field import NameField
from rightsizer.curation.names.find import shipped
from rightsizer.curation.names.lexicon import CLASSES, Lexicon, run_hash
from rightsizer.curation.names.packing import load, save
from rightsizer.curation.names.tokens import tokens_of

WORDS = ["Peter", "lives", "in", "Berlin"]


def lexicon_of(rows: dict[tuple[str, ...], int]) -> Lexicon:
    keys = {run_hash(np.array([word_hash(w) for w in words], np.uint32)): c for words, c in rows.items()}
    ordered = sorted(keys)
    return Lexicon(np.array(ordered, np.uint32), np.array([keys[k] for k in ordered], np.uint8))


def test_posteriors_are_those_of_the_enumerated_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field, "SURE", 1e9)  # take nothing out
    model = shipped()
    scores = model.scores(WORDS).astype(float)
    steps = np.log(model._steps[: len(model.labels), : len(model.labels)])
    labels = range(scores.shape[1])
    expected = np.zeros_like(scores)
    for path in itertools.product(labels, repeat=len(WORDS)):
        logit = sum(scores[i, y] for i, y in enumerate(path))
        logit += sum(steps[a, b] for a, b in itertools.pairwise(path))
        for i, y in enumerate(path):
            expected[i, y] += np.exp(logit - 40)
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.posteriors(WORDS), expected, atol=1e-5)


def test_sure_tokens_change_little(monkeypatch: pytest.MonkeyPatch) -> None:
    words = tokens_of("Hello, my name is Peter Schneider and the keyboard that I bought is broken").words
    quick = shipped().posteriors(words)
    monkeypatch.setattr(field, "SURE", 1e9)
    np.testing.assert_allclose(quick, shipped().posteriors(words), atol=0.05)


def test_the_longest_listed_run_is_marked() -> None:
    place, word = CLASSES.index("place"), CLASSES.index("word")
    lexicon = lexicon_of({("new",): 1 << word, ("new", "york"): 1 << place, ("york",): 1 << place})
    hashes = np.array([word_hash(w) for w in ("in", "new", "york", "york")], np.uint32)
    states = lexicon.states(hashes)
    assert states[:, place].tolist() == [0, 2, 4, 1]
    assert states[:, word].tolist() == [0, 1, 0, 0]
    assert lexicon.states(hashes, allow=0).sum() == 0


def test_a_recogniser_survives_its_file(tmp_path: Path) -> None:
    weights = {5: np.array([0.5, -1.0, 0.0], np.float32), 2: np.array([0.0, 1.0, 1.0], np.float32)}
    lexicon = lexicon_of({("a",): 1})
    written = saved(tmp_path / "m", weights, lexicon)
    model = load(tmp_path / "m")
    assert isinstance(model, NameField)
    assert model.labels == ("O", "B-X", "I-X")
    assert model._rows(np.array([2, 5, 7], np.uint32)).tolist() == [0, 1, 2]
    np.testing.assert_allclose(model._weights[:2] * model._scale, [[0, 1, 1], [0.5, -1, 0]], atol=0.01)
    assert written == saved(tmp_path / "n", weights, lexicon)


def saved(path: Path, weights: dict[int, np.ndarray], lexicon: Lexicon) -> bytes:  # type: ignore[type-arg]
    labels = ["O", "B-X", "I-X"]
    save(path, labels, weights, np.zeros((3, 3), np.float32), lexicon, {"made": "here", "with": "care"})
    return path.read_bytes()
