"""What is somebody's because of what else was found: user names and addresses made of a known name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from rightsizer.curation.pseudonyms import fields as f
from rightsizer.curation.pseudonyms.lexicon_en import ALSO_WORDS, GENERIC
from rightsizer.curation.pseudonyms.people import fold, is_chinese, name_parts

_TOKEN = re.compile(r"(?<![0-9A-Za-z_@.\-])[a-z][0-9A-Za-z._\-]{2,}[0-9A-Za-z](?![0-9A-Za-z_@])", re.I)
_LONGEST = 256  # signs of a word that may be somebody's
_SHORTEST = 4  # letters of a part of a name that tells by itself


def handles_of(names: Iterable[str], texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(class, value) of words in `texts` that are a known name with more: ``fatimamoore4630``.

    A name alone is no handle (it is replaced as a name); a word needs digits, or two parts of names.
    """
    every = {fold(part) for name in names if not is_chinese(name) for part, _ in name_parts(name)}
    parts = every - GENERIC
    telling = {p for p in parts if len(p) >= _SHORTEST and p not in ALSO_WORDS}
    if not parts:
        return
    few = len(parts) <= _FEW
    any_part = (
        re.compile("|".join(sorted(map(re.escape, parts), key=lambda p: (-len(p), p)))) if few else None
    )
    sizes = sorted({len(p) for p in telling})
    for text in texts:
        if any_part is not None and any_part.search(text.lower()) is None:
            continue
        for match in _TOKEN.finditer(text):
            word = match[0].lower()
            if len(word) > _LONGEST or word in telling:
                continue
            if _is_made_of(word, parts, telling, sizes) or _is_whole(word, every, telling):
                yield f.HANDLE, match[0]


def _is_made_of(word: str, parts: set[str], telling: set[str], sizes: Sequence[int]) -> bool:
    """Whether a user name is a known name with digits, or two names together.

    Short names, and those that are ordinary words, count only where signs set them off: ``kim_5993``.
    """
    pieces = re.findall("[a-z]+", word)
    if any(c.isdigit() for c in word):
        if any(piece in parts for piece in pieces):
            return True
        rest = sum(map(len, pieces))
        near = [n for n in sizes if rest - n <= _MORE]
        return any(word[i : i + n] in telling for n in near for i in range(len(word) - n + 1))
    whole = "".join(pieces)
    return any(whole[:n] in telling and whole[n:] in telling for n in sizes)


def _is_whole(word: str, every: set[str], telling: set[str]) -> bool:
    """Whether it is a name set off by signs, a word that is also an ordinary one included: ``otto-hill``."""
    pieces = re.findall("[a-z]+", word)
    return len(pieces) > 1 and every.issuperset(pieces) and not telling.isdisjoint(pieces)


_FEW = 64  # names that are worth one expression to skip texts with
_MORE = 12  # letters besides the name
