"""Addresses on networks: e-mail, IP, device ids, accounts of messengers."""

from __future__ import annotations

import ipaddress
import re

from rightsizer.curation.recognizers.check_digits import luhn
from rightsizer.curation.recognizers.pattern import B, Check, E, Pattern, holds, words


def _is_address(value: str) -> bool:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or value == "255.255.255.255")


def _reads_as_section(value: str) -> bool:
    """Numbers like 1.11.1.2 count chapters more often than hosts."""
    return all(int(n) < 25 for n in value.split(".")) and not value.startswith("10.")


_FILE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|ico|js|css|py|json|html?|ya?ml|txt|md)$", re.IGNORECASE)
_V4 = re.compile(r"(?<![0-9A-Za-z.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9A-Za-z]|\.[0-9])")
_VERSION = re.compile(r"(?:version|ver\.?|release|section|chapter|版本|第)[号 :：]{0,2}v?$", re.IGNORECASE)
_V6 = r"[0-9A-Fa-f]{1,4}"
_COLONS = re.compile(r":[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:")
_BYTES = re.compile(r"[:\-][0-9A-Fa-f]{2}[:\-]")
_V6_IS: Check = holds(lambda v: v.count(":") >= 3 and _is_address(v))

CONTACT: tuple[Pattern, ...] = (
    Pattern(
        "EMAIL_ADDRESS",
        re.compile(
            r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9_](?:[A-Za-z0-9._%+\-]{0,62}[A-Za-z0-9_\-])?(?:@|%40)"
            r"(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.){1,5}[A-Za-z]{2,24}" + E
        ),
        0.95,
        needs=("@", "%40"),
        check=holds(lambda v: _FILE.search(v) is None),
    ),
    Pattern(
        "IP_ADDRESS",
        _V4,
        0.85,
        digits=4,
        first="digit",
        check=holds(lambda v: _is_address(v) and not _reads_as_section(v)),
        never_after=_VERSION,
    ),
    Pattern(
        "IP_ADDRESS",
        _V4,
        0.7,
        needs=("ip", "host", "server", "dns", "ping", "地址", "服务器", "主机"),
        digits=4,
        first="digit",
        check=holds(_is_address),
        context=words("ip", "ips", "ipv4", "host", "server", "dns", "ping", "地址", "服务器", "主机"),
        never_after=_VERSION,
    ),
    Pattern(
        "IP_ADDRESS",
        re.compile(
            r"(?<![0-9A-Za-z.])(?<![0-9A-Fa-f:]:)"  # "来自：2001:…" begins after the colon
            rf"(?:(?:{_V6}:){{7}}{_V6}|(?:{_V6}(?::{_V6}){{0,6}})?::(?:{_V6}(?::{_V6}){{0,6}})?)(?![0-9A-Za-z:])"
        ),
        0.85,
        gate=_COLONS,
        check=_V6_IS,
    ),
    Pattern(
        "MAC_ADDRESS",
        re.compile(B + r"[0-9A-Fa-f]{2}(?:([:\-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}" + E),
        0.85,
        gate=_BYTES,
    ),
    Pattern(
        "IMEI",
        re.compile(B + r"[0-9]{2}[ \-]?[0-9]{6}[ \-]?[0-9]{6}[ \-]?[0-9]" + E),
        0.95,
        needs=("imei",),
        digits=15,
        first="digit",
        check=holds(luhn),
        context=words("imei"),
    ),
    Pattern(
        "IMEI",  # what it is and the number in one
        re.compile(B + r"(?:IMEI|imei)([0-9]{15})" + E),
        0.95,
        needs=("imei",),
        check=holds(luhn, 1),
    ),
    Pattern(
        "CN_SOCIAL_ACCOUNT",
        re.compile(
            r"(?<![A-Za-z0-9])(?:QQ|扣扣|企鹅)[^0-9A-Za-z,;.。!?\n]{0,8}([1-9][0-9]{4,10})(?![0-9A-Za-z]|[人个元条名次])",
            re.IGNORECASE,
        ),
        0.8,
        needs=("qq", "扣扣", "企鹅"),
        group=1,
    ),
    Pattern(
        "CN_SOCIAL_ACCOUNT",
        re.compile(
            r"(?:(?:微信|威信|薇信)[^0-9A-Za-z,;.。!?\n]{0,8}"
            r"|(?<![A-Za-z0-9])(?:wechat|weixin|vx)(?:[ ]?id)?(?:[ ]is[ ]|[ ]?[:：]))"
            r"[ ]?([A-Za-z][A-Za-z0-9_\-]{5,19})" + E,
            re.IGNORECASE,
        ),
        0.7,
        needs=("微信", "wechat", "weixin", "威信", "薇信", "vx"),
        group=1,
        check=holds(lambda v: any(c.isdigit() or c == "_" for c in v), 1),
    ),
    Pattern(
        "URL",
        re.compile(
            r"(?<![A-Za-z0-9])(?:https?://|www\.)[A-Za-z0-9\-._~:/?#\[\]@!$&*+,;=%]{3,2000}(?<![.,;:!?\])])"
        ),
        0.5,
        needs=("http", "www."),
    ),
)
