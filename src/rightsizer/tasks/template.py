"""A task's prompt as people read it: the template, with what changes from call to call marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rightsizer.types import Frozen
from rightsizer.views.tokens import spans, words

WINDOW = 4  # tokens: as long as the shingles by which templates are found
FEWEST = 4  # distinct texts from which what they share is no chance
LONG = 60  # characters of template that are worth leaving out
SHARED = 0.7  # share of the prompts that carry what is template


class Piece(Frozen):
    """A stretch of a prompt: `fixed` is template, the rest differs from call to call."""

    text: str
    fixed: bool


def mark_template(texts: Sequence[str]) -> tuple[Piece, ...]:
    """The most typical of these prompts in pieces, in order; joined they are that prompt.

    A token is template where a window of tokens around it stands in most of the distinct prompts. With
    one distinct prompt everything is template.
    """
    distinct = list(dict.fromkeys(texts))
    if not distinct:
        return ()
    windows = [_windows(words(text)) for text in distinct]
    core = _core(windows)
    typical = max(range(len(distinct)), key=lambda i: (len(windows[i] & core), -len(distinct[i]), -i))
    return _pieces(distinct[typical], core)


def without_template(texts: Sequence[str]) -> list[str]:
    """Each text with its long stretches of template as ``…``: what is special about it."""
    distinct = list(dict.fromkeys(texts))
    core = _core([_windows(words(text)) for text in distinct]) if len(distinct) >= FEWEST else set()
    return [
        "".join("… " if p.fixed and len(p.text) > LONG else p.text for p in _pieces(t, core)) for t in texts
    ]


def _core(windows: Sequence[set[tuple[str, ...]]]) -> set[tuple[str, ...]]:
    """The windows that most texts have."""
    counts = Counter(w for each in windows for w in each)
    return {w for w, n in counts.items() if n >= SHARED * len(windows)}


def _windows(tokens: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(tokens[i : i + WINDOW]) for i in range(max(1, len(tokens) - WINDOW + 1))}


def _pieces(text: str, core: set[tuple[str, ...]]) -> tuple[Piece, ...]:
    tokens, places = words(text), spans(text)
    fixed = [False] * len(tokens)
    for i in range(max(1, len(tokens) - WINDOW + 1)):
        if tuple(tokens[i : i + WINDOW]) in core:
            for j in range(i, min(i + WINDOW, len(tokens))):
                fixed[j] = True
    pieces: list[Piece] = []
    start = 0
    for i in range(1, len(tokens) + 1):
        if i == len(tokens) or fixed[i] != fixed[i - 1]:
            end = len(text) if i == len(tokens) else places[i][0]
            if text[start:end]:
                pieces.append(Piece(text=text[start:end], fixed=fixed[i - 1]))
            start = end
    return tuple(pieces) if pieces else (Piece(text=text, fixed=True),)
