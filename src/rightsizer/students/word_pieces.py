"""WordPiece as BERT's uncased models use it (Devlin et al. 2019), without the library of the tokenizer.

Words are lower-cased and stripped of accents, punctuation and CJK characters stand alone, and each word is
cut greedily into the longest known pieces.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

UNKNOWN = "[UNK]"
CONTINUED = "##"
MAX_WORD_CHARS = 100
REMOVED = ("Cc", "Cf", "Co", "Cs")  # control, format, private use, lone surrogates; what is unassigned stays
# What the general way comes to where every character is ASCII, at a tenth of its cost.
ASCII_WORD = re.compile(r"[a-z0-9]+|[!-/:-@\[-`{-~]")
ASCII_CONTROL = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127])
CJK_BLOCKS = (
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2CEAF),
    (0x2F800, 0x2FA1F),
)  # fmt: skip


def cut(text: str, vocabulary: Mapping[str, int], limit: int) -> list[int]:
    """Ids of the first `limit` pieces of `text`, without special tokens."""
    ids: list[int] = []
    plain = text.isascii()
    for word in ASCII_WORD.findall(text.translate(ASCII_CONTROL).lower()) if plain else _words(text):
        whole = vocabulary.get(word)
        ids += _pieces(word, vocabulary) if whole is None else (whole,)
        if len(ids) >= limit:
            return ids[:limit]
    return ids


def _words(text: str) -> Iterator[str]:
    word: list[str] = []
    for char in unicodedata.normalize("NFD", _spaced(text)).lower():
        kind = unicodedata.category(char)
        if kind == "Mn":
            continue
        alone = _is_punctuation(char, kind) or _is_cjk(char)
        if (char.isspace() or alone) and word:
            yield "".join(word)
            word = []
        if alone:
            yield char
        elif not char.isspace():
            word.append(char)
    if word:
        yield "".join(word)


def _spaced(text: str) -> str:
    """Control characters removed, white space of any kind as spaces."""
    kept = (c for c in text if c in "\t\n\r" or (c != "\ufffd" and unicodedata.category(c) not in REMOVED))
    return "".join(" " if c.isspace() else c for c in kept)


def _is_punctuation(char: str, kind: str) -> bool:
    # ASCII symbols such as $ and + count too, as in BERT.
    return kind[0] == "P" or (char < "\x7f" and not char.isalnum() and not char.isspace())


def _is_cjk(char: str) -> bool:
    return any(low <= ord(char) <= high for low, high in CJK_BLOCKS)


def _pieces(word: str, vocabulary: Mapping[str, int]) -> list[int]:
    if len(word) > MAX_WORD_CHARS:
        return [vocabulary[UNKNOWN]]
    ids: list[int] = []
    start = 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = (CONTINUED if start else "") + word[start:end]
            if piece in vocabulary:
                ids.append(vocabulary[piece])
                start = end
                break
        else:
            return [vocabulary[UNKNOWN]]
    return ids
