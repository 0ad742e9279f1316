"""What prose alone tells: codes, user names, names of any script and titles; and what is none of that."""

from __future__ import annotations

import pytest

from rightsizer.curation.pseudonyms.said import find_codes, find_said


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("your reference with the adjuster is ADJ/35-7471.", "ID", "ADJ/35-7471"),
        ("保单BD-2024-715215不受影响", "ID", "BD-2024-715215"),
        ("运单SF4920011837465到哪了", "ID", "SF4920011837465"),
        ("back to paypal_5727330 please", "ID", "paypal_5727330"),
        ("cancel reservation NO6JO3 please", "ID", "NO6JO3"),
        ("order no. 77412-X", "ID", "77412-X"),
        ("张先生你好", "PERSON", "张先生"),
        ("好的，欧阳女士", "PERSON", "欧阳女士"),
        ("my user id is ada.b77, thanks", "HANDLE", "ada.b77"),
        ("Username: `kim_5993`", "HANDLE", "kim_5993"),
        ("用户名是xiaoming88，请查", "HANDLE", "xiaoming88"),
        ("my name is Ivana van-der-Berg.", "PERSON", "Ivana van-der-Berg"),
        ("My name is Łukasz O'Brien-Wójcik", "PERSON", "Łukasz O'Brien-Wójcik"),
        ("your name is José de la Cruz.", "PERSON", "José de la Cruz"),
        ("Dear Ms. Okonkwo, hello", "PERSON", "Okonkwo"),
    ],
)
def test_told(text: str, kind: str, value: str) -> None:
    assert (kind, value) in set(find_said(text))


@pytest.mark.parametrize(
    "text",
    [
        "ISO27001 and RFC-2606, UTF-8, GPT-4o", "a 5000MAH cell at 2560X1440", "on 2024-05-15T10:00",
        "20240515T101500", "CVE-2021-44228", "USD1234567",
        "see https://x.io/AB-123456/c", "H264", "route 66", "3:45", "ALPHA-BETA",
        "build abcDEF123456",
    ],
)  # fmt: skip
def test_no_code(text: str) -> None:
    assert not list(find_codes(text))


@pytest.mark.parametrize("text", ["5 Elm Dr Apt 501", "Mr. and Mrs.", "12 Oak Dr Suite 4"])
def test_a_unit_is_nobody(text: str) -> None:
    assert not [v for kind, v in find_said(text) if kind == "PERSON"]
