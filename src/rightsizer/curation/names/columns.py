"""What the recogniser sees of a token: hashed features of itself, its neighbours and the lexicon.

The same functions serve training and use. Features of a word alone are hashed once a word; those of
several tokens are hashed elementwise over the whole text.
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rightsizer.curation.names.hashing import Hashes, hash_of, mix, shifted
from rightsizer.curation.names.lexicon import CLASSES, STATES
from rightsizer.curation.names.tokens import is_han

REACH = 2  # how far the features of one word are seen


@lru_cache(maxsize=100_000)
def word_hash(word: str) -> int:
    """Of the lower-case form; digits all alike."""
    if word[0].isdigit():
        return hash_of("0" * min(len(word), 7))
    return hash_of(word.lower())


def features_of_word(word: str) -> tuple[list[int], list[int], list[int]]:
    """Hashes of the features a word has for itself, for its neighbours, and for the tokens two away."""
    low, form = word.lower(), shape(word)
    far = [hash_of("w=" + low if not word[0].isdigit() else "n=" + form)]
    near = [*far, hash_of("f=" + form)]
    own = list(near)
    if word[0].isdigit():
        own.append(hash_of("d=" + word[:2] + str(len(word))))
    elif len(low) > 2 and low.isalpha():
        own += [hash_of(f"p{k}={low[:k]}") for k in (1, 2, 3) if len(low) > k]
        own += [hash_of(f"s{k}={low[-k:]}") for k in (2, 3, 4) if len(low) > k]
        own.append(hash_of(f"fs={form}{low[-2:]}"))
    return own, near, far


def shape(word: str) -> str:
    """What kind of token it is: case, script, number of digits."""
    if word[0].isdigit():
        return "d" + str(min(len(word), 7))
    if is_han(word):
        return "h"
    if not word.isalpha():
        return "p"
    if word.isupper():
        return "X" if len(word) == 1 else "XX" if len(word) < 4 else "XXX"
    if word.islower():
        return "x" if len(word) < 3 else "xx"
    return "Xx" if word[0].isupper() and word[1:].islower() else "xX"


_UPPER = re.compile(r"[A-Z]")
_CASE = {"X": 1, "XX": 2, "XXX": 2, "Xx": 3, "xX": 3}


def case_of(word: str) -> int:
    """0 no upper case, 1 one letter, 2 capitals, 3 capitalised."""
    return _CASE.get(shape(word), 0)


def pair_columns(hashes: Hashes) -> list[Hashes]:
    """Hashed features of words together: pairs around a token and the three with it in the middle."""
    b2, b1, a1, a2 = (shifted(hashes, by) for by in (-2, -1, 1, 2))
    before, after = mix(b1, hashes), mix(hashes, a1)
    return [
        mix(before, np.uint32(11)),
        mix(after, np.uint32(12)),
        mix(mix(b1, a1), np.uint32(13)),
        mix(mix(b2, b1), np.uint32(14)),
        mix(mix(a1, a2), np.uint32(15)),
        mix(mix(before, a1), np.uint32(16)),
    ]


def lexicon_columns(states: NDArray[np.uint8], cases: NDArray[np.uint8]) -> list[Hashes]:
    """Hashed features of what is listed: each class alone, all together, and with the neighbours."""
    weights = np.array([STATES**i for i in range(len(CLASSES))], np.uint32)
    listed = states.astype(np.uint32) @ weights
    signature = mix(listed.astype(np.uint32), cases.astype(np.uint32))
    coarse = np.minimum(states, 2).astype(np.uint32) @ np.array(
        [3**i for i in range(len(CLASSES))], np.uint32
    )
    sign = mix(coarse.astype(np.uint32), cases.astype(np.uint32))
    before, after = shifted(sign, -1), shifted(sign, 1)
    out = [
        mix(signature, np.uint32(21)),
        mix(shifted(signature, -1), np.uint32(22)),
        mix(shifted(signature, 1), np.uint32(23)),
        mix(mix(before, sign), np.uint32(24)),
        mix(mix(sign, after), np.uint32(25)),
        mix(mix(mix(before, sign), after), np.uint32(26)),
    ]
    return out + [mix(states[:, k].astype(np.uint32), np.uint32(100 + k)) for k in range(len(CLASSES))]
