"""Check digits of numbers that carry one. Each function takes the number and says whether it holds."""

from __future__ import annotations

import re
from datetime import date
from itertools import cycle

_DIGIT = re.compile(r"[0-9]")


def digits_of(text: str) -> str:
    """Only the ASCII digits of `text`."""
    return "".join(_DIGIT.findall(text))


def luhn(text: str) -> bool:
    """ISO/IEC 7812-1 annex B, over the digits of `text` (cards, IMEI, Canadian SIN)."""
    total = 0
    for i, c in enumerate(reversed(digits_of(text))):
        d = int(c) * (1 + i % 2)
        total += d - 9 if d > 9 else d
    return total % 10 == 0


def is_date(text: str) -> bool:
    """Whether ``YYYYMMDD`` is a day between 1900 and 2100."""
    try:
        return 1900 <= date(int(text[:4]), int(text[4:6]), int(text[6:8])).year < 2100
    except ValueError:
        return False


def cn_id(text: str) -> bool:
    """GB 11643-1999: 18 characters, valid birth date, check character by ISO 7064 MOD 11-2."""
    text = text.upper()
    if len(text) != 18 or not is_date(text[6:14]):
        return False
    total = sum(int(c) * pow(2, 17 - i, 11) for i, c in enumerate(text[:17]))
    return "10X98765432"[total % 11] == text[17]


_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def cn_uscc(text: str) -> bool:
    """GB 32100-2015, unified social credit code: weights 3^i, MOD 31."""
    text = text.upper()
    if len(text) != 18 or any(c not in _USCC for c in text):
        return False
    total = sum(_USCC.index(c) * pow(3, i, 31) for i, c in enumerate(text[:17]))
    return _USCC[(31 - total % 31) % 31] == text[17]


def mod97(text: str) -> bool:
    """ISO 13616 (IBAN): rotated by four, letters as numbers, remainder 1 modulo 97."""
    moved = text[4:] + text[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def _d5(i: int, j: int) -> int:
    """Product in the dihedral group D5."""
    if i < 5:
        return (i + j) % 5 if j < 5 else (i + j - 5) % 5 + 5
    return (i - 5 - j) % 5 + 5 if j < 5 else (i - j) % 5


_P = [list(range(10)), [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]]
for _ in range(6):
    _P.append([_P[-1][_P[1][k]] for k in range(10)])


def verhoeff(text: str) -> bool:
    """Verhoeff 1969, over the dihedral group D5 (Indian Aadhaar)."""
    c = 0
    for i, d in enumerate(reversed(digits_of(text))):
        c = _d5(c, _P[i % 8][int(d)])
    return c == 0


def weighted(text: str, weights: tuple[int, ...], modulus: int, remainder: int = 0) -> bool:
    """Sum of digit × weight ≡ remainder (UK NHS, Australian TFN, routing numbers …)."""
    digits = digits_of(text)
    if len(digits) != len(weights):
        return False
    return sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % modulus == remainder


def aba_routing(text: str) -> bool:
    """US bank routing number: weights 3-7-1, sum divisible by ten."""
    return digits_of(text) != "0" * 9 and weighted(text, (3, 7, 1, 3, 7, 1, 3, 7, 1), 10)


def cpf(text: str) -> bool:
    """Brazilian CPF: two check digits modulo 11."""
    n = digits_of(text)
    if len(n) != 11 or len(set(n)) == 1:
        return False
    for k in (9, 10):
        rest = sum(int(d) * (k + 1 - i) for i, d in enumerate(n[:k])) * 10 % 11 % 10
        if rest != int(n[k]):
            return False
    return True


def kr_rrn(text: str) -> bool:
    """South Korean resident number: birth date and century digit (the check digit ended in 2020)."""
    n = digits_of(text)
    century = {"1": "19", "2": "19", "5": "19", "6": "19", "3": "20", "4": "20", "7": "20", "8": "20"}
    return len(n) == 13 and n[6] in century and is_date(century[n[6]] + n[:6])


def es_nif(text: str) -> bool:
    """Spanish DNI/NIE: letter by the number modulo 23."""
    text = text.upper().replace("-", "")
    number = {"X": "0", "Y": "1", "Z": "2"}.get(text[0], text[0]) + text[1:-1]
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == text[-1]


def sg_nric(text: str) -> bool:
    """Singapore NRIC/FIN: weighted sum and a letter table by prefix."""
    text = text.upper()
    total = sum(int(d) * w for d, w in zip(text[1:8], (2, 7, 6, 5, 4, 3, 2), strict=True))
    total += {"S": 0, "T": 4, "F": 0, "G": 4, "M": 3}[text[0]]
    table = {
        "S": "JZIHGFEDCBA",
        "T": "JZIHGFEDCBA",
        "F": "XWUTRQPNMLK",
        "G": "XWUTRQPNMLK",
        "M": "KLJNPQRTUWX",
    }
    at = 10 - total % 11 if text[0] == "M" else total % 11
    return table[text[0]][at] == text[8]


def hk_id(text: str) -> bool:
    """Hong Kong identity card: letters as 10–35, blank 36, weights 9…1, MOD 11."""
    body = re.sub(r"[^A-Z0-9]", "", text.upper())
    letters, last = body[:-7], body[-1]
    values = [36] * (2 - len(letters)) + [ord(c) - 55 for c in letters] + [int(d) for d in body[-7:-1]]
    total = sum(v * w for v, w in zip(values, range(9, 1, -1), strict=True))
    return (total + (10 if last == "A" else int(last))) % 11 == 0


def tw_id(text: str) -> bool:
    """Taiwanese national id: letter as two digits, weights 1,9,8…1,1, MOD 10."""
    code = "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(text[0].upper()) + 10
    weights = (8, 7, 6, 5, 4, 3, 2, 1, 1)
    total = code // 10 + code % 10 * 9 + sum(int(d) * w for d, w in zip(text[1:], weights, strict=True))
    return total % 10 == 0


def vin(text: str) -> bool:
    """Vehicle identification number: ISO 3779 with the North American check digit."""
    values = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", [*_VIN_LETTERS, *range(10)], strict=True))
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    total = sum(values[c] * w for c, w in zip(text.upper(), weights, strict=True)) % 11
    return text[8].upper() == ("X" if total == 10 else str(total))


_VIN_LETTERS = (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9)

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58(payload: bytes) -> str:
    """Version and payload in Bitcoin base58, with their checksum."""
    from hashlib import sha256

    raw = payload + sha256(sha256(payload).digest()).digest()[:4]
    number, text = int.from_bytes(raw, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text


def base58check(text: str) -> bool:
    """Bitcoin base58 with the four-byte double SHA-256 checksum."""
    from hashlib import sha256

    number = 0
    for c in text:
        at = _BASE58.find(c)
        if at < 0:
            return False
        number = number * 58 + at
    raw = number.to_bytes(25, "big") if number < 1 << 200 else b""
    return len(raw) == 25 and sha256(sha256(raw[:21]).digest()).digest()[:4] == raw[21:]


def us_ssn(text: str) -> bool:
    """US social security number: no area 000, 666 or 9xx, no group 00, no serial 0000."""
    n = digits_of(text)
    if len(n) != 9 or len(set(n)) == 1 or n in ("123456789", "078051120", "219099999"):
        return False
    return n[:3] not in ("000", "666") and n[0] != "9" and n[3:5] != "00" and n[5:] != "0000"


def codice_fiscale(text: str) -> bool:
    """Italian fiscal code: odd and even tables, letter modulo 26."""
    text = text.upper()
    odd = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", [*_CF_ODD[:10], *_CF_ODD], strict=True))
    total = 0
    for c, first in zip(text[:15], cycle((True, False)), strict=False):
        total += odd[c] if first else (int(c) if c.isdigit() else ord(c) - 65)
    return chr(total % 26 + 65) == text[15]


_CF_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
