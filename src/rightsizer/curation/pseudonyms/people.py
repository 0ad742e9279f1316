"""Names of people by their parts: first names, surnames, handles and e-mail addresses agree."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from rightsizer.curation.pseudonyms import lexicon_en as en
from rightsizer.curation.pseudonyms import lexicon_zh as zh
from rightsizer.curation.pseudonyms.codes import like_case
from rightsizer.curation.pseudonyms.keys import Draw

_PART = re.compile(r"[^\W\d_]+", re.UNICODE)
_CHINESE_NAME = re.compile(r"[\u3400-\u9fff·]{2,6}")
_LONGEST = 64  # letters of a name within a handle
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+")


def is_chinese(text: str) -> bool:
    """Whether the text has Chinese characters."""
    return any("\u3400" <= c <= "\u9fff" for c in text)


def name_parts(name: str) -> list[tuple[str, bool]]:
    """Parts of a Latin name that are somebody's, with whether each is a surname (the last of several)."""
    parts = [p for p in _PART.findall(name.split("@", maxsplit=1)[0]) if p.lower() not in en.TITLES]
    many = len(parts) > 1
    return [(p, many and at == len(parts) - 1) for at, p in enumerate(parts) if len(p) > 1]


def fold(part: str) -> str:
    """A part of a name as it stands in addresses: small letters without accents."""
    plain = unicodedata.normalize("NFKD", part.lower())
    return "".join(c for c in plain if not unicodedata.combining(c)).translate(_FOLDED)


_FOLDED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i"})


def handle_parts(handle: str) -> list[str]:
    """Words of a handle or the local part of an e-mail address that may be names."""
    local = handle.split("@", maxsplit=1)[0]
    words = [w for w in re.findall(r"[A-Za-z]+", local) if len(w) > 1]
    return [w for w in words if w.lower() not in en.GENERIC]


def latin_part(part: str, *, surname: bool, draw: Draw) -> str:
    """A surrogate for one part of a name; first names keep the gender that theirs has among people."""
    low = part.lower()
    if surname:
        return draw.pick(en.SURNAMES)
    if low in en.OF_WOMEN:
        return draw.pick(en.FEMALE)
    if low in en.OF_MEN:
        return draw.pick(en.MALE)
    return draw.pick(en.FEMALE + en.MALE + en.SURNAMES)


def invented_part(draw: Draw) -> str:
    """A name made of syllables, for when the lists have no free one left."""
    syllables = (
        "bar",
        "del",
        "fen",
        "gor",
        "hal",
        "jen",
        "kel",
        "lor",
        "mar",
        "nev",
        "or",
        "pel",
        "ran",
        "sel",
        "tor",
        "ven",
        "wil",
    )
    return "".join(draw.pick(syllables) for _ in range(3)).title()


def chinese_name(name: str) -> tuple[str, str]:
    """(surname, given name) of a Chinese name; compound surnames are two characters."""
    for compound in zh.COMPOUND:
        if name.startswith(compound) and len(name) > 2:
            return compound, name[2:]
    return name[:1], name[1:]


def chinese_surname(surname: str, draw: Draw) -> str:
    """Another surname, compound where the original is."""
    return draw.pick(zh.COMPOUND) if len(surname) == 2 else draw.pick(zh.SURNAMES)


def chinese_given(given: str, draw: Draw) -> str:
    """Another given name of the same length; 某 stays (王某 → 李某)."""
    if set(given) <= {"某"}:
        return given
    return "".join(draw.pick(zh.GIVEN) for _ in given)


def rewrite_handle(handle: str, words: Mapping[str, str], draw: Draw) -> str:
    """A handle with its names replaced as elsewhere, other words by names, digits by digits."""

    def letters(match: re.Match[str]) -> str:
        return "".join(_letters(match[0], words, draw))

    out = re.sub(r"[A-Za-z]+", letters, handle)
    return re.sub(
        r"[0-9]+", lambda m: str(1 + draw.below(9)) + "".join(str(draw.below(10)) for _ in m[0][1:]), out
    )


def _letters(run: str, words: Mapping[str, str], draw: Draw) -> Iterator[str]:
    while run:
        low = run.lower()
        if low in words:
            yield like_case(run, words[low])
            return
        if low in en.GENERIC or len(run) == 1:
            yield run
            return
        sizes = range(min(len(low), _LONGEST), 2, -1)
        inner = next((low[:n] for n in sizes if low[:n] in words), None)
        ends = next((low[-n:] for n in sizes if low[-n:] in words), None)
        if inner is None and ends is not None and len(run) - len(ends) <= 2:  # an initial before a surname
            initials = "".join(draw.pick("abcdefghjklmnprstvw") for _ in run[: -len(ends)])
            yield like_case(run[: -len(ends)], initials)
            yield like_case(run[-len(ends) :], words[ends])
            return
        if inner is None:
            yield like_case(run, draw.pick(en.FEMALE + en.MALE + en.SURNAMES))
            return
        yield like_case(run[: len(inner)], words[inner])
        run = run[len(inner) :]


RESERVED = ("example.com", "example.org", "example.net", "example.edu")


def mail_domain(draw: Draw) -> str:
    """A domain that nobody can own (RFC 2606)."""
    return f"{draw.pick(en.BRANDS).lower()}.example"
