"""Two opinions on Chinese as one: the recogniser's, and the tagger's of characters where it is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from rightsizer.curation.names.characters import KINDS, LONGEST, Characters, Floats, Ints
from rightsizer.curation.names.field import FILE as RECOGNISER
from rightsizer.curation.names.tokens import HAN, Tokens

CHARACTERS = RECOGNISER.with_name("characters.safetensors")
OWN = 0.35  # the weight of the recogniser's log-odds; the rest is the tagger's
LEAST = 0.01  # a clause is not asked about where the recogniser sees no name at all
_NEAR = 1e-4  # from certainty: nobody is surer than this
_CLAUSE = re.compile(r"[^，。！？；,!?;\n]+")
_HAN = re.compile(f"[{HAN}]")


@cache
def shipped_characters() -> Characters:
    """The tagger inside the package, loaded on first use."""
    from rightsizer.curation.names.packing import load_characters

    return load_characters(CHARACTERS)


def pooled(
    texts: Sequence[str], tokens: Sequence[Tokens], own: Sequence[Floats], labels: tuple[str, ...]
) -> list[Floats]:
    """(tokens, labels) of each text: `own`, and in Chinese the weighted mean of both log-odds of a name.

    Addresses that the recogniser is sure of stay its own: the tagger knows none.
    """
    asked = [_asked(*of) for of in zip(texts, tokens, own, strict=True)]
    pieces = [text[a:b] for text, places in zip(texts, asked, strict=True) for a, b in places]
    said = iter(shipped_characters().posteriors(pieces) if pieces else ())
    return [
        _with(mine, *_opinions(text, its, places, said), labels) if places else mine
        for text, its, mine, places in zip(texts, tokens, own, asked, strict=True)
    ]


def _with(own: Floats, theirs: Floats, seen: NDArray[np.bool_], labels: tuple[str, ...]) -> Floats:
    addresses = own[:, [i for i, label in enumerate(labels) if label.endswith("-ADDRESS")]].sum(axis=1)
    at = np.flatnonzero(seen & (addresses < 0.5))
    mine, other = own[at], np.zeros((len(at), len(labels)), np.float32)
    other[:, [labels.index("O"), *(labels.index(f"{b}-{kind}") for kind in KINDS for b in "BI")]] = theirs[at]
    name, also = 1.0 - mine[:, :1], 1.0 - other[:, :1]
    odds = OWN * _log_odds(name) + (1.0 - OWN) * _log_odds(also)
    both = 1.0 / (1.0 + np.exp(-odds))
    shares = OWN * mine[:, 1:] / np.maximum(name, _NEAR)
    shares += (1.0 - OWN) * other[:, 1:] / np.maximum(also, _NEAR)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), _NEAR)
    out = own.copy()
    out[at] = np.concatenate([1.0 - both, both * shares], axis=1)
    return out


def _log_odds(p: Floats) -> Floats:
    out: Floats = np.log((p + _NEAR) / (1.0 - p + _NEAR))
    return out


def _asked(text: str, tokens: Tokens, own: Floats) -> list[tuple[int, int]]:
    """The clauses with Chinese in them in which a name is possible, in pieces the tagger can take."""
    out = []
    name = 1.0 - own[:, 0]
    clauses = [m.span() for m in _CLAUSE.finditer(text) if _HAN.search(text, *m.span()) is not None]
    if not clauses:
        return []
    places = np.searchsorted(tokens.starts, np.array(clauses)).tolist()
    for (start, end), (first, last) in zip(clauses, places, strict=True):
        if first < last and name[first:last].max() >= LEAST:
            out += [(a, min(a + LONGEST, end)) for a in range(start, end, LONGEST)]
    return out


def _opinions(
    text: str, tokens: Tokens, pieces: list[tuple[int, int]], said: Iterator[Floats]
) -> tuple[Floats, NDArray[np.bool_]]:
    """(tokens, 1 + 2 · kinds) of the tagger, a word being the mean of its characters; which ones it saw."""
    at: Ints = np.concatenate([np.arange(a, b) for a, b in pieces])
    of_characters = np.zeros((len(text) + 1, 1 + 2 * len(KINDS)), np.float32)
    of_characters[at + 1] = np.concatenate([next(said) for _ in pieces])
    begins = of_characters[tokens.starts + 1, 1::2]
    sums = np.cumsum(of_characters, axis=0, dtype=np.float64)
    mean = (sums[tokens.ends] - sums[tokens.starts]) / (tokens.ends - tokens.starts)[:, None]
    out: Floats = np.empty((len(mean), mean.shape[1]), np.float32)
    kinds = mean[:, 1::2] + mean[:, 2::2]
    out[:, 1::2] = np.minimum(begins, kinds)
    out[:, 2::2] = kinds - out[:, 1::2]
    out[:, 0] = 1.0 - kinds.sum(axis=1)
    return out, mean.sum(axis=1) > 0.5
