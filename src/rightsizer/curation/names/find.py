"""Names, organisations, places and addresses in a text, by the recogniser that ships with the package."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rightsizer.curation.names.field import FILE, NameField
from rightsizer.curation.names.pooling import pooled
from rightsizer.curation.names.tokens import HAN, Tokens, is_han, tokens_of
from rightsizer.curation.recognizers.pattern import Span

Language = Literal["auto", "en", "zh"]
# A token counts unless "no name" is at least this probable: recall before precision, as masking needs it.
# Words of letters inside Chinese text are mostly brands, handles and exclamations.
KEEP_OUT = {"latin": 0.9, "han": 0.6, "latin among han": 0.4}
WINDOW = 20_000  # code points analysed at once
TOGETHER = 2_000  # tokens of short texts analysed at once
_LETTER = re.compile(rf"[^\W\d_]|[{HAN}]")
_EDGE = frozenset("\n.,;:!?-–—…'\"()[]{}<>*/\\|=_+&~`，。；：！？、（）【】《》“”‘’·@#")
_HAN = re.compile(f"[{HAN}]")


def find_names(text: str, lang: Language = "auto") -> list[Span]:
    """Spans of type PERSON, ORGANIZATION, LOCATION and ADDRESS: sorted, disjoint, in code points.

    `lang`: ``en`` looks at words of letters only, ``zh`` at Chinese only, ``auto`` at both. `score` is
    the mean probability of the span's tokens being part of a name. Recognised by a conditional random
    field over hashed features, trained on the project's own templates (docs/decisions/0012).
    """
    return find_names_in([text], lang)[0]


def find_names_in(texts: Sequence[str], lang: Language = "auto") -> list[list[Span]]:
    """For every text what `find_names` finds in it; many short ones are quicker together."""
    found: list[list[Span]] = [[] for _ in texts]
    batch: list[tuple[int, int, str, Tokens]] = []
    size = 0
    for number, text in enumerate(texts):
        if len(text) < 2 or _LETTER.search(text) is None or (lang == "zh" and _HAN.search(text) is None):
            continue
        for start, part in _windows(text):
            tokens = tokens_of(part)
            if tokens.words:
                batch.append((number, start, part, tokens))
                size += len(tokens.words)
            if size > TOGETHER:
                _search(batch, lang, found)
                batch, size = [], 0
    if batch:
        _search(batch, lang, found)
    return found


def _search(batch: list[tuple[int, int, str, Tokens]], lang: Language, found: list[list[Span]]) -> None:
    recogniser = shipped()
    probabilities = recogniser.posteriors_of([tokens.words for _, _, _, tokens in batch])
    if lang != "en" and any(_HAN.search(part) is not None for _, _, part, _ in batch):
        parts, their = [part for _, _, part, _ in batch], [tokens for _, _, _, tokens in batch]
        probabilities = pooled(parts, their, probabilities, recogniser.labels)
    for (number, start, _, tokens), of in zip(batch, probabilities, strict=True):
        spans = spans_of(tokens, of, recogniser.labels, lang)
        if start:
            spans = [s._replace(start=s.start + start, end=s.end + start) for s in spans]
        found[number] += spans


@cache
def shipped() -> NameField:
    """The recogniser inside the package, loaded on first use."""
    from rightsizer.curation.names.packing import load

    return load(FILE)


def _windows(text: str) -> list[tuple[int, str]]:
    """The text in pieces that end at a line break where there is one."""
    out, at = [], 0
    while len(text) - at > WINDOW:
        cut = text.rfind("\n", at + WINDOW // 2, at + WINDOW)
        if cut < 0:
            cut = text.rfind(" ", at + WINDOW // 2, at + WINDOW)
        end = cut + 1 if cut >= 0 else at + WINDOW
        out.append((at, text[at:end]))
        at = end
    return [*out, (at, text[at:])]


def spans_of(
    tokens: Tokens, probabilities: NDArray[np.float32], labels: tuple[str, ...], lang: Language = "auto"
) -> list[Span]:
    """Runs of tokens that are probably part of one name each."""
    some = np.flatnonzero(probabilities[:, 0] < max(KEEP_OUT.values()))
    if not len(some):
        return []
    among = _HAN.search("".join(tokens.words)) is not None
    among = among and 2 * sum(map(is_han, tokens.words)) > len(tokens.words)
    latin = "latin among han" if among else "latin"
    spans: list[Span] = []
    kinds = [label[2:] for label in labels[1::2]]
    begin, inside = probabilities[:, 1::2], probabilities[:, 2::2]
    first = last = -1
    kind, scores = -1, [0.0]

    def close() -> None:
        span = _trimmed(tokens, first, last, kinds[kind], scores) if first >= 0 else None
        if span is not None:
            spans.append(span)

    for i in some.tolist():
        han = is_han(tokens.words[i])
        if (han and lang == "en") or (not han and lang == "zh" and tokens.words[i][0].isalpha()):
            continue
        if probabilities[i, 0] >= KEEP_OUT["han" if han else latin]:
            continue
        of = int((begin[i] + inside[i]).argmax())
        if i == last + 1 and of == kind and begin[i, of] <= inside[i, of]:
            last = i
            scores.append(1.0 - float(probabilities[i, 0]))
            continue
        close()
        first = last = i
        kind, scores = of, [1.0 - float(probabilities[i, 0])]
    close()
    return spans


def _trimmed(tokens: Tokens, first: int, last: int, kind: str, scores: list[float]) -> Span | None:
    """The span without signs at its ends; None where nothing with a letter is left (a house number is)."""
    words = tokens.words
    lead = first
    while first <= last and words[first] in _EDGE:
        first += 1
    while last >= first and words[last] in _EDGE and not _abbreviates(words, first, last):
        last -= 1
    if last < first or not any(w[0].isalpha() or kind == "ADDRESS" for w in words[first : last + 1]):
        return None
    inner = scores[first - lead : last - lead + 1]
    score = round(min(0.99, sum(inner) / len(inner)), 3)
    return Span(int(tokens.starts[first]), int(tokens.ends[last]), kind, score)


def _abbreviates(words: list[str], first: int, last: int) -> bool:
    """Whether a full stop belongs to the word before it: ``Inc.``, ``J.``"""
    return words[last] == "." and last > first and (len(words[last - 1]) == 1 or words[last - 1] in _SHORT)


_SHORT = frozenset({"Inc", "Ltd", "Co", "Corp", "Jr", "Sr", "St", "Ave", "Blvd", "Rd", "Dr"})
