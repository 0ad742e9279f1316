"""Surrogates of ids and numbers: as long as the original, the same classes of signs, check digits that hold.

What carries meaning stays: a constant prefix (``#W``, ``credit_card_``), separators, the country of an
IBAN, the network of a card, the region class and sex of a Chinese identity number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache

from rightsizer.curation.pii import PATTERNS
from rightsizer.curation.pseudonyms.keys import Draw
from rightsizer.curation.pseudonyms.lexicon_en import GENERIC
from rightsizer.curation.recognizers.check_digits import base58, base58check
from rightsizer.curation.recognizers.pattern import Pattern

_RUN = re.compile(r"[0-9]+|[A-Za-z]+|[^0-9A-Za-z]+")
_HEX = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}|[0-9a-f]{16,64}|[0-9A-F]{16,64}")
TRIES = 4000
FORMS = frozenset(p.type for p in PATTERNS)  # classes that a pattern recognises
_LEADING = re.compile(r"[A-Za-z]{0,4}(?![A-Za-z])")

# How many leading letters and digits of a recognised number stay as they are.
_KEPT = {
    "CREDIT_CARD": 1,
    "CN_BANK_CARD": 2,
    "IBAN_CODE": 2,
    "CN_USCC": 2,
    "PHONE_NUMBER": 3,
    "IP_ADDRESS": 0,
    "MAC_ADDRESS": 6,
    "CN_LICENSE_PLATE": 2,
    "CRYPTO": 3,
    "VIN": 3,
    "SG_NRIC": 1,
    "TW_ID": 2,
    "IMEI": 2,
    "SWIFT_CODE": 0,
}


def surrogate_code(value: str, draw: Draw, words: Mapping[str, str]) -> str:
    """Another id of the same shape. `words` are the session's names: they change as they do elsewhere."""
    if _HEX.fullmatch(value):
        return _random_like(value, draw, hexadecimal=True)
    digits = sum(c.isdigit() for c in value)
    runs = _RUN.findall(value)
    out = []
    for at, run in enumerate(runs):
        if run[0].isdigit() and run.isascii():
            out.append(_digits(run, draw))
        elif run[0].isalpha() and run.isascii():
            out.append(_letters(run, draw, words, is_prefix=at <= 1 and len(run) <= 4, digits=digits))
        else:
            out.append(run)
    return "".join(out)


def _letters(run: str, draw: Draw, words: Mapping[str, str], *, is_prefix: bool, digits: int) -> str:
    low = run.lower()
    if low in words:
        return like_case(run, words[low])
    if low in GENERIC or (is_prefix and run.isupper() and digits >= 3) or (len(run) == 1 and digits >= 3):
        return run
    return _random_like(run, draw)


def like_case(model: str, word: str) -> str:
    """`word` written in the letter case of `model`."""
    if model.islower():
        return word.lower()
    if model.isupper() and len(model) > 1:
        return word.upper()
    return word[:1].upper() + word[1:] if model[:1].isupper() else word


def _digits(run: str, draw: Draw) -> str:
    first = "0" if run[0] == "0" and len(run) > 1 else str(1 + draw.below(9))
    return first + "".join(str(draw.below(10)) for _ in run[1:])


def _random_like(value: str, draw: Draw, *, hexadecimal: bool = False, keep: int = 0) -> str:
    out = []
    for c in value:
        is_sign = c.isascii() and c.isalnum()
        if not is_sign or keep > 0:
            out.append(c)
            keep -= is_sign
        elif hexadecimal:
            chosen = draw.pick("0123456789abcdef")
            out.append(chosen.upper() if value.isupper() else chosen)
        elif c.isdigit():
            leads = c != "0" and not any(o.isdigit() for o in out)  # begins with no nought if it had none
            out.append(str(1 + draw.below(9) if leads else draw.below(10)))
        else:
            letter = draw.pick("ABCDEFGHJKLMNPQRSTUVWXYZ")
            out.append(letter if c.isupper() else letter.lower())
    return "".join(out)


def surrogate_number(kind: str, value: str, draw: Draw) -> str:
    """Another value of a recognised kind: form and check digits hold, as the recogniser itself sees them.

    Tries are drawn until one passes; where none does, only the end of the number is drawn anew.
    """
    if kind == "CN_ID_CARD" and len(value) == 18:
        return _chinese_id(value, draw)
    if kind == "IP_ADDRESS" and value.count(".") == 3:
        head = value.split(".", maxsplit=1)[0]
        return ".".join([head, *(str(1 + draw.below(254)) for _ in range(3))])
    if kind == "CRYPTO" and base58check(value):
        return _wallet(value, draw)
    keep = _KEPT.get(kind, 0)
    if kind == "PHONE_NUMBER":
        keep = _phone_prefix(value)
    elif kind == "MEDICAL_RECORD":
        leading = _LEADING.match(value)
        keep = len(leading[0]) if leading is not None else 0
    elif kind == "URL":
        keep = sum(c.isalnum() for c in value.partition("://")[0])
    signs = sum(c.isascii() and c.isalnum() for c in value)
    valid = _validity(kind)
    candidate = value
    hexadecimal = kind in ("MAC_ADDRESS", "CRYPTO") and re.search(r"[a-fA-F]", value) is not None
    for attempt in range(TRIES):
        kept = keep if attempt < TRIES // 2 else max(keep, signs * 2 // 3)
        candidate = _random_like(value, draw, keep=kept, hexadecimal=hexadecimal)
        if candidate != value and (not valid or any(_holds(p, candidate) for p in valid)):
            return candidate
        if attempt == 0 and valid and not any(_holds(p, value) for p in valid):
            return candidate  # the original does not hold by itself either (context made it one)
    return candidate


def _wallet(value: str, draw: Draw) -> str:
    """A Bitcoin address of the same kind, its checksum made anew."""
    version = bytes([0 if value[0] == "1" else 5])
    return base58(version + bytes(draw.below(256) for _ in range(20)))


def _phone_prefix(value: str) -> int:
    """Country and area or carrier digits that stay."""
    digits = sum(c.isdigit() for c in value)
    if value.startswith(("+", "00")):
        return max(0, digits - 8)
    return 3 if digits >= 10 else 1 if digits >= 7 else 0


@lru_cache(maxsize=256)
def _validity(kind: str) -> tuple[Pattern, ...]:
    return tuple(p for p in PATTERNS if p.type == kind)


def _holds(pattern: Pattern, value: str) -> bool:
    for match in pattern.regex.finditer(value):
        at = pattern.check(match) if pattern.check else match.span(pattern.group)
        if at is not None and at[1] - at[0] >= len(value):
            return True
    return False


_WEIGHTS = tuple(pow(2, 17 - i, 11) for i in range(17))
_REGIONS = (
    "110101",
    "120103",
    "310104",
    "320102",
    "330106",
    "340111",
    "350206",
    "370202",
    "420106",
    "430102",
    "440305",
    "500105",
    "510104",
    "610113",
)


def _chinese_id(value: str, draw: Draw) -> str:
    """GB 11643: another region, a birthday within half a year on the same side of majority, the same sex."""
    born = date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    born = near_birthday(born, draw)
    order = draw.below(500) * 2 + int(value[16]) % 2
    body = f"{draw.pick(_REGIONS)}{born:%Y%m%d}{order:03}"
    total = sum(int(c) * w for c, w in zip(body, _WEIGHTS, strict=True))
    last = "10X98765432"[total % 11]
    return body + (last.lower() if value[-1] == "x" else last)


def near_birthday(born: date, draw: Draw) -> date:
    """A birthday at most 180 days away in the same year, so that ages in years stay."""
    start = date(born.year, 1, 1)
    length = (date(born.year + 1, 1, 1) - start).days
    day = (born - start).days
    low, high = max(0, day - 180), min(length - 1, day + 180)
    new = low + draw.below(high - low + 1)
    return start + timedelta(days=new if new != day else (day + 7 if day + 7 < length else day - 7))
