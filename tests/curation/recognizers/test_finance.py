"""Cards and accounts: check digits, layouts, and the ids that only look like them."""

from __future__ import annotations

import pytest

from rightsizer.curation.pii import scan


def found(text: str) -> list[tuple[str, str]]:
    return [(s.type, text[s.start : s.end]) for s in scan(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("卡号4111111111111111已过期", "4111111111111111"),
        ("card 4111 1111 1111 1111 exp", "4111 1111 1111 1111"),
        ("5555-5555-5555-4444", "5555-5555-5555-4444"),
        ("amex 3782 822463 10005", "3782 822463 10005"),
        ("6222 0212 3456 7890 128卡", "6222 0212 3456 7890 128"),
        ("银行卡6222021234567890123", "6222021234567890123"),
    ],
)
def test_cards(text: str, expected: str) -> None:
    kinds = {kind for kind, value in found(text) if value == expected}
    assert kinds & {"CREDIT_CARD", "CN_BANK_CARD"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IBAN GB82 WEST 1234 5698 7654 32 please", ("IBAN_CODE", "GB82 WEST 1234 5698 7654 32")),
        ("账户DE89370400440532013000汇款", ("IBAN_CODE", "DE89370400440532013000")),
        ("routing number 011000015", ("ABA_ROUTING", "011000015")),
        ("SWIFT: DEUTDEFF500", ("SWIFT_CODE", "DEUTDEFF500")),
        (
            "to bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
            ("CRYPTO", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"),
        ),
        ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", ("CRYPTO", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2")),
        ("CVV is 123", ("CVV", "123")),
        ("安全码：987", ("CVV", "987")),
        ("bank account 12345678901", ("US_BANK_NUMBER", "12345678901")),
    ],
)
def test_accounts(text: str, expected: tuple[str, str]) -> None:
    assert expected in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "order id 4111111111111111",
        '{"transaction_id": "4111111111111111"}',
        "4111111111111112",
        "0000000000000000",
        "GB82 WEST 1234 5698 7654 33",
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3",
        "credit_card_4190576",
        "the SWIFT language",
        "订单编号：6222021234567890128",
    ],
)
def test_left_alone(text: str) -> None:
    assert found(text) == []
