"""What a value of a record is when its field says nothing: somebody's, unless its words are ordinary ones.

A recogniser that must know a value's kind misses what it has never seen. Here it is the other way round: a
short value of a tool's argument or result stays if it is made of ordinary words, counts or measures, or if
many sessions have it; anything else belongs to somebody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from rightsizer.curation.names.columns import word_hash
from rightsizer.curation.names.find import shipped
from rightsizer.curation.names.lexicon import CLASSES
from rightsizer.curation.names.tokens import tokens_of
from rightsizer.curation.pseudonyms import fields as f
from rightsizer.curation.pseudonyms import lexicon_zh as zh
from rightsizer.curation.pseudonyms.companies import has_form, is_somebodys
from rightsizer.curation.pseudonyms.dates import find_dates
from rightsizer.curation.pseudonyms.lexicon_en import ALSO_WORDS, GENERIC, TITLES
from rightsizer.curation.pseudonyms.people import is_chinese
from rightsizer.curation.pseudonyms.places import STREET, TOWN_STATE_ZIP, ZIP_END
from rightsizer.curation.pseudonyms.words import load_names

_PERSON_CLASSES = tuple(CLASSES.index(c) for c in ("given", "surname", "person"))
_GIVEN, _SURNAME, _PLACE, _WORD = (CLASSES.index(c) for c in ("given", "surname", "place", "word"))
_ORDINARY = tuple(CLASSES.index(c) for c in ("word", "organisation-word", "street-word", "organisation"))
_CODE = re.compile(
    r"[#\u2116]?[0-9A-Za-z]{1,32}(?:[\-/:._][0-9A-Za-z]{1,32}){0,8}"
    r"|[A-Z]{0,3}[0-9]{1,8}(?: [A-Z]{0,3}[0-9]{1,8}[A-Z]?){1,6}"
)
_MEASURE = re.compile(
    r"[0-9]{1,3}(?:[,. ][0-9]{3})*(?:[.,][0-9]+)?[ ]?(?:[A-Za-z%\u00b0]{1,4})?|[0-9]{1,5}[a-z]{1,4}"
    r"|[0-9]+(?:[.:x*][0-9]+)+[A-Za-z]{0,4}"
    r"|[vV]?[0-9]+(?:\.[0-9A-Za-z]+){1,4}|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:[ ]?[AaPp][Mm])?"
    r"|[0-9]{1,3}-[0-9]{1,3}|[0-9]{1,5}"
)
_HANDLE = re.compile(r"@?(?P<word>[a-z][a-z._\-]{2,30})[0-9]{1,8}|@(?P<bare>[A-Za-z][\w.\-]{2,30})")
_LATIN = re.compile(r"[^\W\d_]+(?:['\u2019\-][^\W\d_]+)*")
_NAMES_ALONE = re.compile(r"[^\W\d_][^\W\d_.,'\u2019\-/ ]*(?:[ ,/.'\u2019\-]{1,2}[^\W\d_]+){0,5}\.?")
_ZH_FORM = re.compile("(?:厂|店|中心|学校|医院|公司|事务所|大学|中学|小学|银行|合作社|诊所|药房|研究所)$")
Kinds = Iterator[tuple[str, str]]

_WIDE = load_names("wide.toml")
_REGIONS = frozenset(region.lower() for region in (*_WIDE["regions"], *_WIDE["regions_zh"]))
_WIDE_WORDS = frozenset(word.lower() for word in (*_WIDE["peoples"], *_WIDE["times"]))


@lru_cache(maxsize=65536)
def classes_of(words: str) -> tuple[frozenset[int], ...]:
    """The classes of the lexicon in which each token of `words` is listed."""
    tokens = tokens_of(words)
    hashes = np.array([word_hash(w) for w in tokens.words], np.uint32)
    states = shipped().lexicon.states(hashes)
    return tuple(frozenset(np.flatnonzero(row).tolist()) for row in states)


def is_ordinary(word: str) -> bool:
    """Whether a Latin word is one of the language, and not only a name."""
    low = word.lower()
    if len(low) < 3 or low in GENERIC or low in TITLES:
        return True
    if low in _WIDE_WORDS and not _names_people(low):
        return True
    tokens = zip(tokens_of(low).words, classes_of(low), strict=True)
    return all(len(word) < 3 or not classes.isdisjoint(_ORDINARY) for word, classes in tokens)


def _names_people(words: str) -> bool:
    """Whether all of `words` are listed as names of people: Jordan, April, Georgia."""
    return all(not classes.isdisjoint(_PERSON_CLASSES) for classes in classes_of(words))


def is_wide(value: str) -> bool:
    """Whether a value is a country or another wide region, and not also somebody's name."""
    low = value.lower()
    return low in _REGIONS and not _names_people(low)


def is_listed_name(word: str) -> bool:
    """Whether a Latin word is listed as somebody's name and as no word."""
    found = classes_of(word.lower())
    return len(found) == 1 and not found[0].isdisjoint(_PERSON_CLASSES) and not is_ordinary(word)


def is_given(word: str) -> bool:
    """Whether a Latin word is listed as a first name, and not as a word, a country or a people."""
    return (
        _GIVEN in (classes_of(word.lower()) or (frozenset(),))[0]
        and not is_ordinary(word)
        and not is_wide(word)
    )


def is_place_only(word: str) -> bool:
    """Whether a Latin word is listed as a place and as nobody's name."""
    return is_listed_place(word) and not _names_people(word.lower())


def is_listed_place(words: str) -> bool:
    """Whether every token is part of a listed place."""
    found = classes_of(words.lower())
    return bool(found) and all(_PLACE in classes for classes in found)


def kinds_in(value: str, key: str = "", *, varied: bool = False) -> Kinds:
    """(class, part) of what is somebody's in one short value; nothing for ordinary words and measures.

    Nothing either under a field that says nobody's (`fields.says_nobody`), and of countries and wide regions.
    `varied`: whether its field has another value in nearly every session.
    """
    value = value.strip()
    if f.names_place(key) and is_listed_place(value):
        yield f.CITY, value
        return
    if f.says_nobody(key) or is_wide(value):
        return
    if not 2 <= len(value) <= 80 or value[0] == "<":
        return
    if is_chinese(value):
        yield from _chinese(value, varied)
    elif any(c.isdigit() for c in value):
        yield from _numbered(value)
    else:
        yield from _worded(value)


def _chinese(value: str, varied: bool) -> Kinds:
    if not re.fullmatch(r"[\u3400-\u9fff\u00b7]{2,24}", value):
        return
    if _ZH_FORM.search(value) and len(value) > 4:
        if is_somebodys(value):
            yield f.ORGANIZATION, value
        return
    if value.endswith(zh.HONORIFICS):
        return
    surname = next((s for s in zh.COMPOUND if value.startswith(s)), "")
    if not surname and (value[0] in zh.SURNAMES or _SURNAME in classes_of(value[0])[0]):
        surname = value[0]
    given = value[len(surname) :]
    if not surname or not 1 <= len(given) <= 2 or value[-1] in "省市区县镇村路街号" or _is_word(value):
        return
    if varied or (not _is_word(given) and _reads_as_name(value)):
        yield f.PERSON, value


def _is_word(value: str) -> bool:
    """Whether Chinese signs are one listed word together."""
    found = classes_of(value)
    return len(value) > 1 and all(_WORD in c or _PLACE in c for c in found)


def _reads_as_name(value: str) -> bool:
    first, *rest = classes_of(value)
    return not first.isdisjoint(_PERSON_CLASSES) and not any(_PLACE in c for c in (first, *rest))


def _numbered(value: str) -> Kinds:
    if _MEASURE.fullmatch(value) or "://" in value:
        return
    dates = find_dates(value, 2024)
    if dates and sum(d.end - d.start for d in dates) * 2 >= len(value):
        return
    handle = _HANDLE.fullmatch(value)
    if handle:
        if not is_ordinary((handle["word"] or handle["bare"]).strip("._-")):
            yield f.HANDLE, value.lstrip("@")
        return
    street = STREET.match(value)
    if street:
        yield f.ADDRESS, street[0]
        yield from _after_street(value[street.end() :])
        return
    digits = sum(c.isdigit() for c in value)
    words = [w for w in re.findall("[A-Za-z]{3,}", value) if not w.isupper()]
    placed = TOWN_STATE_ZIP.fullmatch(value)
    if placed:
        yield f.POSTCODE, placed["zip"]
        yield f.CITY, placed["city"]
        return
    letters = sum(c.isalpha() for c in value)
    enough = digits >= (6 if not letters else 2 if letters >= 2 else 3)
    if _CODE.fullmatch(value) and not words and enough and digits + letters >= 5:
        yield f.ID, value


def _after_street(rest: str) -> Kinds:
    """Town and postcode behind a street line; a unit between them goes with the street."""
    end = ZIP_END.search(rest)
    if end:
        yield f.POSTCODE, end["zip"]
        rest = rest[: end.start()]
    towns = [w for w in _LATIN.findall(rest) if len(w) > 2 and not is_ordinary(w)]
    if towns:
        yield f.CITY, " ".join(towns) if " ".join(towns) in rest else towns[0]


def _worded(value: str) -> Kinds:
    if value[0] == "@" and _HANDLE.fullmatch(value):
        if not is_ordinary(value[1:]):
            yield f.HANDLE, value[1:]
        return
    if has_form(value) and is_somebodys(value):
        yield f.ORGANIZATION, value
        return
    if _NAMES_ALONE.fullmatch(value) is None:
        return
    words = [w for w in _LATIN.findall(value) if len(w) > 2]
    strange = [w for w in words if not is_ordinary(w) and (w[:1].isupper() or is_listed_name(w))]
    if not strange or len(words) > 5:
        return
    if is_listed_place(value) and not any(is_listed_name(w) for w in words):
        yield f.CITY, value
    elif len(strange) == len(words) or all(_may_name(w) for w in words if w not in strange):
        yield f.PERSON, value
    else:
        yield from ((f.PERSON, w) for w in strange if len(w) > 2)


def _may_name(word: str) -> bool:
    """Whether an ordinary word is also somebody's name: Bell, Cooper."""
    low = word.lower()
    return (
        low in ALSO_WORDS or low in TITLES or any(not c.isdisjoint(_PERSON_CLASSES) for c in classes_of(low))
    )
