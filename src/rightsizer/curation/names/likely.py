"""Chinese names that do not look like names must be surer than others.

Without spaces every pair of characters could be a name. What a dictionary knows, and how people are
called, says which are likely.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from rightsizer.curation.names.columns import word_hash
from rightsizer.curation.names.lexicon import CLASSES, Lexicon
from rightsizer.curation.names.tokens import HAN, Tokens
from rightsizer.curation.recognizers.pattern import Span

UNLIKELY = 0.9  # the score wanted of what no list and no form speaks for
_GIVEN, _SURNAME, _PLACE, _ORGANISATION, _WORD, _PERSON, _ORGANISATION_WORD = range(7)
_LISTED = {"PERSON": (_PERSON,), "LOCATION": (_PLACE,), "ORGANIZATION": (_ORGANISATION, _ORGANISATION_WORD)}
_ONLY_HAN = re.compile(f"[{HAN}]+")
_CALLED = re.compile("^[小阿老大].|^(.)\\1$|.[哥姐总爷叔妹导董少嫂姨伯婆]$|[先女老教医律经主部局院校].?$|·")
_PLACES = re.compile("[市县区镇省州岛山河湖江海国村乡桥港湾寺宫庙塔路街园关峡洲城站店楼院馆]$")
_TITLES = tuple(
    re.findall(
        r"\w+",
        """先生 女士 小姐 老师 教授 医生 大夫 律师 经理 总 董 局 处长 主任 主席 部长 市长 省长 书记 校长
        院长 所长 科长 厂长 队长 护士 工 导 教练 法官 警官 同学 师傅 阿姨 叔 哥 姐 某 老 博士 院士 同志""",
    )
)


def likely(spans: list[Span], tokens: Tokens, lexicon: Lexicon) -> list[Span]:
    """The spans without those in Chinese that are neither listed, nor formed like a name, nor sure."""
    hashes = np.array([word_hash(w) for w in tokens.words], np.uint32)
    states = lexicon.states(hashes)
    out = []
    for span in spans:
        first = int(np.searchsorted(tokens.starts, span.start))
        last = int(np.searchsorted(tokens.ends, span.end))
        if span.score >= UNLIKELY or _speaks_for_it(span.type, tokens.words, first, last, states):
            out.append(span)
    return out


def _speaks_for_it(kind: str, words: list[str], first: int, last: int, states: NDArray[np.uint8]) -> bool:
    text = "".join(words[first : last + 1])
    if _ONLY_HAN.fullmatch(text) is None or kind == "ADDRESS":
        return True
    if any(_is_whole(states, first, last, column) for column in _LISTED[kind]):
        return True
    if _is_whole(states, first, last, _WORD):
        return False
    if kind == "PERSON":
        if first == last:
            return "".join(words[last + 1 : last + 3]).startswith(_TITLES)
        return bool(states[first, _SURNAME]) or _CALLED.search(text) is not None
    if kind == "LOCATION":
        return _PLACES.search(text) is not None or bool(states[first : last + 1, _PLACE].any())
    return len(text) > 2 or bool(states[first : last + 1, _ORGANISATION].any())


def _is_whole(states: NDArray[np.uint8], first: int, last: int, column: int) -> bool:
    """Whether exactly these tokens are one listed run of a class."""
    if first == last:
        return bool(states[first, column] == 1)
    base = 2 + 3 * (min(last - first + 1, 4) - 2)
    return bool(states[first, column] == base and states[last, column] == base + 2)


assert CLASSES[:7] == ("given", "surname", "place", "organisation", "word", "person", "organisation-word")
