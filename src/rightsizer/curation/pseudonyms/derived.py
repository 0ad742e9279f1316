"""What is somebody's because of what else was found: user names and addresses made of a known name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rightsizer.curation.pseudonyms import fields as f
from rightsizer.curation.pseudonyms.lexicon_en import ALSO_WORDS, GENERIC
from rightsizer.curation.pseudonyms.people import fold, is_chinese, name_parts

_TOKEN = re.compile(r"(?<![0-9A-Za-z_@.\-])[a-z]{3,}[0-9A-Za-z._\-]*[0-9A-Za-z](?![0-9A-Za-z_@])", re.I)
_SHORTEST = 4  # letters of a part of a name that tells by itself


def handles_of(names: Iterable[str], texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(class, value) of words in `texts` that are a known name with more: ``fatimamoore4630``, ``moore_4630``.

    A name alone is no handle (it is replaced as a name); a word needs digits, or two parts of names.
    """
    parts = {fold(part) for name in names if not is_chinese(name) for part, _ in name_parts(name)}
    telling = {p for p in parts if len(p) >= _SHORTEST and p not in ALSO_WORDS | GENERIC}
    if not telling:
        return
    found = re.compile("|".join(sorted(map(re.escape, telling), key=lambda p: (-len(p), p))))
    for text in texts:
        low = text.lower()
        if found.search(low) is None:
            continue
        for match in _TOKEN.finditer(text):
            word = match[0].lower()
            inside = found.findall(word)
            if not inside or word in telling:
                continue
            rest = len(re.sub("[^a-z]", "", word)) - sum(map(len, inside))
            digits = any(c.isdigit() for c in word)
            if (digits and rest <= 12) or (len(inside) >= 2 and rest == 0):
                yield f.HANDLE, match[0]
