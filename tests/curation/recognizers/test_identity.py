"""Identity numbers need their check digit or their context."""

from __future__ import annotations

import pytest

from rightsizer.curation.pii import scan


def found(text: str) -> list[tuple[str, str]]:
    return [(s.type, text[s.start : s.end]) for s in scan(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("身份证11010519491231002X的持有人", ("CN_ID_CARD", "11010519491231002X")),
        (
            "身份证号码：１１０１０５１９４９１２３１００２Ｘ",
            ("CN_ID_CARD", "１１０１０５１９４９１２３１００２Ｘ"),
        ),
        ("身份证110105 19491231 002X", ("CN_ID_CARD", "110105 19491231 002X")),
        ("老身份证号110105491231002", ("CN_ID_CARD", "110105491231002")),
        ("信用代码91350100M000100Y43，", ("CN_USCC", "91350100M000100Y43")),
        ("护照E12345678过期", ("CN_PASSPORT", "E12345678")),
        ("车牌京A12345停在", ("CN_LICENSE_PLATE", "京A12345")),
        ("新能源粤BD12345", ("CN_LICENSE_PLATE", "粤BD12345")),
        ("港澳通行证C12345678", ("CN_TRAVEL_PERMIT", "C12345678")),
        ("SSN: 536904399", ("US_SSN", "536904399")),
        ("passport number A12345678", ("US_PASSPORT", "A12345678")),
        ("driver's license D1234567", ("US_DRIVER_LICENSE", "D1234567")),
        ("NINO AB 12 34 56 C", ("UK_NINO", "AB 12 34 56 C")),
        ("my PAN is ABCPE1234F", ("IN_PAN", "ABCPE1234F")),
        ("born on May 4, 1985 in", ("DATE_OF_BIRTH", "May 4, 1985")),
        ('{"date_of_birth": "1985-06-15"}', ("DATE_OF_BIRTH", "1985-06-15")),
        ("出生日期：1985年6月15日", ("DATE_OF_BIRTH", "1985年6月15日")),
        ("1985年6月15日出生", ("DATE_OF_BIRTH", "1985年6月15日")),
        ("生于1985-04-05，", ("DATE_OF_BIRTH", "1985-04-05")),
        ("住院号A00123456", ("MEDICAL_RECORD", "A00123456")),
        ("MRN: 00123456", ("MEDICAL_RECORD", "00123456")),
        ("HKID A123456(3)", ("HK_ID", "A123456(3)")),
    ],
)
def test_found(text: str, expected: tuple[str, str]) -> None:
    assert expected in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "110105194912310021",
        "110105491231002",
        "2024年5月20日发货",
        "meeting on 2024-05-20",
        "ISO E12345678",
        "a 9 digit id 536904399",
        "passport required",
        "driver license required for pickup",
        "京东购物",
        "the part AB123456C",
        "model ABCPX1234Z",
        "driver license expires 2026-05-01",
        "1234567890ABCDEFGH",
    ],
)
def test_left_alone(text: str) -> None:
    assert found(text) == []
