"""What the recogniser sees of a token: hashed features of itself, its neighbours and the lexicon.

The same functions serve training and use. Features of a word alone are hashed once a word; those of
several tokens are hashed elementwise over the whole text.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rightsizer.curation.names.hashing import OUTSIDE, Hashes, beside, hash_of, mix
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


_CASE = {"X": 1, "XX": 2, "XXX": 2, "Xx": 3, "xX": 3}


def case_of(word: str) -> int:
    """0 no upper case, 1 one letter, 2 capitals, 3 capitalised."""
    return _CASE.get(shape(word), 0)


def joint_columns(
    hashes: Hashes,
    states: NDArray[np.uint8],
    cases: NDArray[np.uint8],
    outside: NDArray[np.bool_] | None = None,
) -> Hashes:
    """(features, tokens): hashed features of several words, and of what is listed of them.

    Words: the pairs around a token, those beside it, and the three with it in the middle. Lexicon: all
    classes together, here and beside, their pairs and the three in coarse form, and each class alone.
    `outside` are tokens between texts.
    """
    near = [several_columns(hashes, states, cases, outside), listed_columns(states)]
    return np.concatenate(near)


def listed_columns(states: NDArray[np.uint8]) -> Hashes:
    """(classes, tokens): hashed features of each class of the lexicon alone."""
    return mix(states.T.astype(np.uint32), _SALTS[_SEVERAL:])


def several_columns(
    hashes: Hashes,
    states: NDArray[np.uint8],
    cases: NDArray[np.uint8],
    outside: NDArray[np.bool_] | None = None,
) -> Hashes:
    """The columns of `joint_columns` of more than one word or class."""
    n = len(hashes)
    near = beside(hashes, REACH)
    pairs = mix(near[_FIRST], near[_SECOND])
    alone = np.ascontiguousarray(states.T).astype(np.uint32)
    every, coarse = _POWERS @ alone, _COARSE @ np.minimum(alone, 2)
    case = cases.astype(np.uint32)
    every, coarse = mix(every, case), mix(coarse, case)
    if outside is not None:
        every[outside] = coarse[outside] = OUTSIDE
    here, sign = beside(every, 1), beside(coarse, 1)
    signs = mix(sign[:2], sign[1:])
    out = np.empty((_SEVERAL, n), np.uint32)
    out[:5] = pairs
    out[5] = mix(pairs[0], near[3])
    out[6:9] = here[_HERE]
    out[9:11] = signs
    out[11] = mix(signs[0], sign[2])
    return mix(out, _SALTS[:_SEVERAL])


# Rows of the neighbourhood, two before to two after: the pairs that are seen.
_FIRST, _SECOND = np.array([1, 2, 1, 0, 3]), np.array([2, 3, 3, 1, 4])
_HERE = np.array([1, 0, 2])
_POWERS = np.array([STATES**i for i in range(len(CLASSES))], np.uint32)
_COARSE = np.array([3**i for i in range(len(CLASSES))], np.uint32)
_SALTS = np.array(
    [11, 12, 13, 14, 15, 16, 21, 22, 23, 24, 25, 26, *range(100, 100 + len(CLASSES))], np.uint32
)[:, None]
_SEVERAL = len(_SALTS) - len(CLASSES)
