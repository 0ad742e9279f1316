"""Addresses on networks."""

from __future__ import annotations

import pytest

from rightsizer.curation.pii import scan


def found(text: str) -> list[tuple[str, str]]:
    return [(s.type, text[s.start : s.end]) for s in scan(text) if s.score >= 0.6]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("邮箱zhang.san@qq.com已发送", ("EMAIL_ADDRESS", "zhang.san@qq.com")),
        ("<mia+test@mail.example.co.uk>,", ("EMAIL_ADDRESS", "mia+test@mail.example.co.uk")),
        ("GET /u?mail=mia%40example.org&x=1", ("EMAIL_ADDRESS", "mia%40example.org")),
        ("ping 8.8.8.8", ("IP_ADDRESS", "8.8.8.8")),
        ("from 203.0.113.57:443", ("IP_ADDRESS", "203.0.113.57")),
        ("服务器10.1.2.3宕机", ("IP_ADDRESS", "10.1.2.3")),
        ("at 2001:db8:85a3::8a2e:370:7334.", ("IP_ADDRESS", "2001:db8:85a3::8a2e:370:7334")),
        ("网卡00:0c:29:84:86:5f的", ("MAC_ADDRESS", "00:0c:29:84:86:5f")),
        ("IMEI 490154203237518", ("IMEI", "490154203237518")),
        ("加我QQ：123456789吧", ("CN_SOCIAL_ACCOUNT", "123456789")),
        ("微信号wx_lihua88，谢谢", ("CN_SOCIAL_ACCOUNT", "wx_lihua88")),
    ],
)
def test_found(text: str, expected: tuple[str, str]) -> None:
    assert expected in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "@app.route('/x')",
        "user@localhost",
        "icon@2x.png",
        "127.0.0.1 and 0.0.0.0 and ::1",
        "version 10.2.3.4",
        "see 1.11.1.2",
        "300.1.2.3",
        "at 10:20:30:40",
        "std::vector::iterator",
        "IMEI 490154203237519",
        "MxVx11abcDEF9vx8AAAbbb",
    ],
)
def test_left_alone(text: str) -> None:
    assert found(text) == []


def test_urls_are_found_with_a_low_score() -> None:
    (span,) = scan("see https://example.org/a?b=1.")
    assert (span.type, span.start, span.end, span.score) == ("URL", 4, 29, 0.5)
