"""Surrogate ids and numbers look like the original, and their check digits hold."""

from __future__ import annotations

from datetime import date

import pytest

from rightsizer.curation.canaries import canary
from rightsizer.curation.pii import scan
from rightsizer.curation.pseudonyms.codes import near_birthday, surrogate_code, surrogate_number
from rightsizer.curation.pseudonyms.keys import Draw
from rightsizer.curation.pseudonyms.shapes import shape
from rightsizer.curation.recognizers import check_digits as c

CHECKS = {
    "CREDIT_CARD": c.luhn,
    "CN_ID_CARD": c.cn_id,
    "CN_USCC": c.cn_uscc,
    "IBAN_CODE": c.mod97,
    "IN_AADHAAR": c.verhoeff,
    "BR_CPF": c.cpf,
    "TW_ID": c.tw_id,
    "ES_NIF": c.es_nif,
    "SG_NRIC": c.sg_nric,
    "VIN": c.vin,
    "US_SSN": c.us_ssn,
}


@pytest.mark.parametrize("kind", CHECKS)
@pytest.mark.parametrize("seed", range(3))
def test_check_digits_hold(kind: str, seed: int) -> None:
    value = canary(kind, seed)
    new = surrogate_number(kind, value, Draw(b"key", value))
    assert new != value
    assert CHECKS[kind](new)
    assert shape(new).replace("A", "9") == shape(value).replace("A", "9") or kind in (
        "CN_ID_CARD",
        "CN_USCC",
        "VIN",
    )
    assert len(new) == len(value)


@pytest.mark.parametrize(
    "kind", ["PHONE_NUMBER", "IP_ADDRESS", "MAC_ADDRESS", "CN_LICENSE_PLATE", "CREDIT_CARD"]
)
def test_the_surrogate_is_recognised_as_the_same_kind(kind: str) -> None:
    value = canary(kind)
    new = surrogate_number(kind, value, Draw(b"key", value))
    told = {"PHONE_NUMBER": "phone ", "CN_LICENSE_PLATE": "车牌", "IP_ADDRESS": "ip "}.get(kind, "it is ")
    assert [s.type for s in scan(told + new)] == [s.type for s in scan(told + value)]


@pytest.mark.parametrize(
    "value",
    ["#W2378156", "credit_card_1955700", "NO6JO3", "C1001", "1008292230", "INV-2024-00017", "ab12cd34-x"],
)
def test_ids_keep_their_shape_and_their_prefix(value: str) -> None:
    new = surrogate_code(value, Draw(b"key", value), {})
    assert new != value
    assert shape(new) == shape(value)
    assert new[:1] == value[:1] or value[:1].isdigit() or value in ("NO6JO3", "ab12cd34-x")


def test_names_inside_an_id_change_as_they_do_elsewhere() -> None:
    assert surrogate_code("mia_card_77", Draw(b"key"), {"mia": "Thea"}).startswith("thea_card_")


def test_a_uuid_stays_hexadecimal() -> None:
    value = "550e8400-e29b-41d4-a716-446655440000"
    new = surrogate_code(value, Draw(b"key"), {})
    assert shape(new) == shape(value) == "~hex"


def test_chinese_ids_keep_sex_and_the_year_of_birth() -> None:
    value = canary("CN_ID_CARD")
    new = surrogate_number("CN_ID_CARD", value, Draw(b"key"))
    assert new[6:10] == value[6:10]
    assert int(new[16]) % 2 == int(value[16]) % 2


@pytest.mark.parametrize("born", [date(1985, 6, 15), date(2000, 1, 1), date(1996, 2, 29), date(1999, 12, 31)])
def test_birthdays_move_within_their_year(born: date) -> None:
    new = near_birthday(born, Draw(b"key", born.isoformat()))
    assert new != born
    assert new.year == born.year
