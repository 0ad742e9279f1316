"""Recognisers from outside give spans of our kind, and never take away what we found ourselves."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from rightsizer.curation.outside import gliner, presidio, spacy, together
from rightsizer.curation.pii import Span, scan
from rightsizer.errors import MissingExtra

TEXT = "write to ada@example.org about the Frobnicator 3000"


def frobnicator(text: str) -> list[Span]:
    at = text.index("Frobnicator")
    return [Span(at, at + 11, "PRODUCT", 0.9), Span(0, 20, "EVERYTHING", 0.99)]


def test_others_add_what_is_free_and_displace_nothing() -> None:
    found = together(TEXT, [frobnicator], names=False)
    assert [TEXT[s.start : s.end] for s in found if s.type == "EMAIL_ADDRESS"] == ["ada@example.org"]
    assert [s.type for s in found] == ["EMAIL_ADDRESS", "PRODUCT"]
    assert found == sorted(found)
    assert set(scan(TEXT)) <= set(found)


def test_a_spacy_pipeline_by_its_entities() -> None:
    entities = [
        SimpleNamespace(start_char=0, end_char=3, label_="PERSON"),
        SimpleNamespace(start_char=4, end_char=9, label_="CARDINAL"),
    ]
    find = spacy(lambda text: SimpleNamespace(ents=entities))
    assert find("Ada seven") == [Span(0, 3, "PERSON", 0.85)]


def test_a_gliner_model_is_asked_for_our_types() -> None:
    class Model:
        def predict_entities(self, text: str, labels: list[str], threshold: float) -> list[dict[str, object]]:
            assert "person" in labels
            return [{"start": 0, "end": 3, "label": "person", "score": 0.7}]

    assert gliner(Model())("Ada spoke") == [Span(0, 3, "PERSON", 0.7)]


def test_presidio_is_read_for_real() -> None:
    pytest.importorskip("presidio_analyzer")
    found = presidio()("call me, my card is 4111 1111 1111 1111")
    assert [(s.type, s.start, s.end) for s in found if s.type == "CREDIT_CARD"] == [("CREDIT_CARD", 20, 39)]


@pytest.mark.parametrize(
    ("library", "make"),
    [
        ("presidio_analyzer", lambda: presidio()),
        ("spacy", lambda: spacy("en_core_web_sm")),
        ("gliner", lambda: gliner("urchade/gliner")),
    ],
)
def test_a_missing_library_says_which_extra(
    library: str, make: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtra) as error:
        make()  # type: ignore[operator]
    assert "rightsizer[" in error.value.hint
