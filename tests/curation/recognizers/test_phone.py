"""Telephones are found as people write them; other long numbers are not."""

from __future__ import annotations

import pytest

from rightsizer.curation.pii import scan


def phones(text: str) -> list[str]:
    return [text[s.start : s.end] for s in scan(text) if s.type == "PHONE_NUMBER"]


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("call (555) 123-4567 x12 now", "(555) 123-4567 x12"),
        ("ring 555-123-2002.", "555-123-2002"),
        ("Desk: +41 (0)96 471 07 95", "+41 (0)96 471 07 95"),
        ("+44 20 7946 0958", "+44 20 7946 0958"),
        ("001-555-234-5678", "001-555-234-5678"),
        ("从国外打0049 30 901820", "0049 30 901820"),
        ("my number is +8613812345678", "+8613812345678"),
        ("我的手机13812345678请查收", "13812345678"),
        ("手机号是138 1234 5678", "138 1234 5678"),
        ("请拨打010-62345678转", "010-62345678"),
        ("座机：(0755)26712345", "(0755)26712345"),
        ("电话02162345678", "02162345678"),
        ("手机１３８１２３４５６７８。", "１３８１２３４５６７８"),
        ('{"phone_number": "5551232002"}', "5551232002"),
        ("Mobile: 0341 8387176", "0341 8387176"),
        ("Fax:\n01 23 45 67 89", "01 23 45 67 89"),
        ("reach me at 72 128 827", "72 128 827"),
        ("call me on 13800138000!", "13800138000"),
    ],
)
def test_found(text: str, phone: str) -> None:
    assert phones(text) == [phone]


@pytest.mark.parametrize(
    "text",
    [
        "product 9523456873 and item 1656367028",
        "order #W2378156 of 2024-05-15",
        "订单号13812345678",
        '{"Smartphone": "1801728040"}',
        "2024-05-15 10:30:00 to 05/15/2024",
        "1234567890123",
        "call 911 or 10086",
        "it costs 1 234 567 USD",
        "ZIP 06385-3823",
        "00 0c 29 84 86 5f 00 40 06 84 38 aa",
        "id 13812345678901",
        "ISBN 978-3-16-148410-0",
        "1700000000000",
        "192.168.221.128",
    ],
)
def test_left_alone(text: str) -> None:
    assert phones(text) == []
