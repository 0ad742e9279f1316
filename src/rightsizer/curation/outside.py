"""Recognisers from outside, by one small protocol: a text in, spans out. Adapters for three libraries.

An adapter imports its library when it is made and raises `MissingExtra` without it. What it finds is
joined with `pii.scan`'s own findings by `together`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from rightsizer.curation.pii import is_free, resolve, scan
from rightsizer.curation.recognizers.pattern import Span
from rightsizer.errors import MissingExtra

# spaCy's labels (OntoNotes 5) by our types.
SPACY_TYPES = {
    "PERSON": "PERSON",
    "PER": "PERSON",
    "ORG": "ORGANIZATION",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "FAC": "LOCATION",
    "NORP": "NRP",
    "DATE": "DATE_TIME",
    "TIME": "DATE_TIME",
}
GLINER_LABELS = {
    "person": "PERSON",
    "organization": "ORGANIZATION",
    "location": "LOCATION",
    "address": "ADDRESS",
    "medical condition": "MEDICAL_CONDITION",
    "medication": "MEDICATION",
}


class Recogniser(Protocol):
    """Anything that finds sensitive values."""

    def __call__(self, text: str) -> Sequence[Span]:
        """Spans in code points, in any order; they may overlap."""
        ...


def presidio(*, language: str = "en", analyzer: Any = None, score: float = 0.4) -> Recogniser:
    """Presidio's analyzer; `analyzer` is an AnalyzerEngine of your own, or its patterns without a model.

    Raises MissingExtra without presidio-analyzer.
    """
    engine = analyzer if analyzer is not None else _pattern_engine(language)

    def find(text: str) -> list[Span]:
        found = engine.analyze(text, language=language, score_threshold=score)
        return sorted(Span(r.start, r.end, r.entity_type, float(r.score)) for r in found)

    return find


def _pattern_engine(language: str) -> Any:
    try:
        from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
        from presidio_analyzer.nlp_engine import NlpEngineProvider
    except ImportError:
        raise MissingExtra("presidio", "the recogniser of Presidio") from None
    configuration = {
        "nlp_engine_name": "no_op",
        "models": [{"lang_code": language, "model_name": "none"}],
    }
    known = RecognizerRegistry(supported_languages=[language])
    known.load_predefined_recognizers(languages=[language])
    known.remove_recognizer("SpacyRecognizer")
    provider = NlpEngineProvider(nlp_configuration=configuration)
    return AnalyzerEngine(registry=known, nlp_engine=provider.create_engine(), supported_languages=[language])


def spacy(model: Any, *, types: Mapping[str, str] = SPACY_TYPES, score: float = 0.85) -> Recogniser:
    """A spaCy pipeline with a named-entity component: its name or path, or the loaded object.

    `score` is given to every span: spaCy has none. Raises MissingExtra without spaCy.
    """
    pipeline = model
    if isinstance(model, str):
        try:
            import spacy as library
        except ImportError:
            raise MissingExtra("spacy", "a recogniser of spaCy") from None
        pipeline = library.load(model)

    def find(text: str) -> list[Span]:
        entities = pipeline(text).ents
        return [Span(e.start_char, e.end_char, types[e.label_], score) for e in entities if e.label_ in types]

    return find


def gliner(model: Any, *, labels: Mapping[str, str] = GLINER_LABELS, score: float = 0.5) -> Recogniser:
    """A GLiNER model: its name or path, or the loaded object; `labels` are asked for, by our types.

    Raises MissingExtra without gliner (which brings PyTorch).
    """
    loaded = model
    if isinstance(model, str):
        try:
            from gliner import GLiNER
        except ImportError:
            raise MissingExtra("gliner", "a recogniser of GLiNER") from None
        loaded = GLiNER.from_pretrained(model)

    def find(text: str) -> list[Span]:
        found = loaded.predict_entities(text, list(labels), threshold=score)
        return [Span(e["start"], e["end"], labels[e["label"]], float(e["score"])) for e in found]

    return find


def together(
    text: str, others: Sequence[Recogniser], lang: str = "auto", *, names: bool = True
) -> list[Span]:
    """Our own findings, and what `others` find where we found nothing: sorted, disjoint."""
    own = scan(text, lang, names=names)
    more = resolve(span for other in others for span in other(text))
    return sorted([*own, *(s for s in more if is_free(own, s.start, s.end))])
