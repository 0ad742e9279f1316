"""Where a person's money is: payment cards, bank accounts, wallets."""

from __future__ import annotations

import re

from rightsizer.curation.recognizers import check_digits as c
from rightsizer.curation.recognizers.pattern import LONG_TOKEN, B, E, Pattern, holds, words

# ISO 13616 registry: length of an IBAN by country.
_IBAN_LENGTH = {
    code: length
    for length, codes in {
        15: "NO", 16: "BE", 18: "DK FI FO GL NL", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA", 30: "JO KW MU", 31: "MT SC", 32: "LC", 33: "RU",
    }.items()
    for code in codes.split()
}  # fmt: skip
# Issuer ranges in use: Visa, Mastercard, Amex, Discover, Diners, JCB, UnionPay, Maestro, Mir, RuPay, old
# Chinese debit cards.
_ISSUER = re.compile(
    r"(?:4|5[0-9]|2[2-7][0-9]{2}|3[47]|6(?:011|2|4[4-9]|5|0|7|9)|3(?:0[0-59]|[689])|35(?:2[89]|[3-8])|"
    r"220[0-4]|8[12]|9[0-9]{5})"
)
_NOT_CARDS = re.compile(
    r"(?:order|invoice|tracking|ticket|product|item|sku|transaction|request|session|trace|user|account|message|"
    r"订单|单号|编号|流水|运单|商品)[ _]?(?:id|number|no|num|"
    r"号)?[\"'”]?\.?[ ]?[:：=#是为]{0,2}[ \"'“#]{0,3}$",
    re.IGNORECASE,
)
_CARD_WORDS = words(
    "card",
    "credit",
    "debit",
    "visa",
    "mastercard",
    "amex",
    "cc",
    "pan",
    "maestro",
    "卡号",
    "银行卡",
    "信用卡",
    "借记卡",
    "储蓄卡",
    "账号",
)


def _iban(match: re.Match[str]) -> tuple[int, int] | None:
    """The match is greedy; the country says how many characters are the account."""
    text, want = match[0], _IBAN_LENGTH.get(match[0][:2].upper(), 0)
    taken = ""
    for i, ch in enumerate(text):
        if ch != " " and ch != "-":
            taken += ch
        if len(taken) == want:
            ends = i + 1 == len(text) or not text[i + 1].isalnum()
            return (match.start(), match.start() + i + 1) if ends and c.mod97(taken.upper()) else None
    return None


def _card(value: str) -> bool:
    digits = c.digits_of(value)
    return len(set(digits)) > 1 and c.luhn(digits)


def _issued(value: str) -> bool:
    return _ISSUER.match(value) is not None and _card(value)


_CARD = (
    r"(?:[0-9]{4}([ \-])[0-9]{4}\1[0-9]{4}\1[0-9]{1,7}(?:\1[0-9]{1,3})?|"
    r"3[0-9]{3}([ \-])[0-9]{6}\2[0-9]{4,5}|[0-9]{12,19}|6[0-9]{5}[ ][0-9]{13})"
)
_CARD_END = r"(?![0-9A-Za-z]|[.\-][0-9])"

FINANCE: tuple[Pattern, ...] = (
    Pattern(
        "CREDIT_CARD",
        re.compile(r"(?<![0-9A-Za-z#_])(?<![0-9][.\-])" + _CARD + _CARD_END),
        0.9,
        digits=12,
        first="digit",
        check=holds(lambda v: len(c.digits_of(v)) >= 13 and _issued(v)),
        never_after=_NOT_CARDS,
    ),
    Pattern(
        "CREDIT_CARD",
        re.compile(r"(?<![0-9A-Za-z#_])(?<![0-9][.\-])" + _CARD + _CARD_END),
        0.85,
        digits=12,
        first="digit",
        check=holds(_card),
        needs=("card", "credit", "debit", "visa", "amex", "cc", "pan", "maestro", "卡", "账号"),
        context=_CARD_WORDS,
        never_after=_NOT_CARDS,
    ),
    Pattern(
        "CN_BANK_CARD",  # some issuers' numbers fail Luhn; a word must say what it is
        re.compile(
            r"(?<![0-9A-Za-z])(?:62|60|95|10|40|41|42|43|44|45|51|52|53|54|55|65|68|"
            r"90)[0-9]{2}(?:[ \-]?[0-9]{4}){2,3}[ \-]?[0-9]{1,4}" + E
        ),
        0.8,
        needs=("卡", "账", "帐", "户", "card", "unionpay"),
        digits=13,
        first="digit",
        check=holds(lambda v: 15 <= len(c.digits_of(v)) <= 19),
        context=words(
            *("卡号", "银行卡", "信用卡", "借记卡", "储蓄卡", "账号", "帐号", "账户", "开户行"),
            *("(?:bank|debit|credit) card", "card (?:number|no)", "unionpay"),
        ),
        never_after=_NOT_CARDS,
    ),
    Pattern(
        "CN_BANK_CARD",  # an account that is no card: of any length
        re.compile(B + r"[0-9]{4}(?:[ \-]?[0-9]{4}){1,4}[ \-]?[0-9]{0,3}" + E),
        0.75,
        needs=("账", "帐", "賬"),
        digits=8,
        first="digit",
        after=re.compile(
            r"(?:银行|銀行|对公|收款|付款|汇款|转账|开户|储蓄|结算)(?:账|帐|賬)(?:号|户|號|戶)(?:号|号码)?"
            r"[ ]?[:：=是为]{0,2}[ \"'“]{0,3}$"
        ),
    ),
    Pattern(
        "IBAN_CODE",
        re.compile(B + r"[A-Za-z]{2}[0-9]{2}(?:[ \-]?[A-Za-z0-9]){11,30}" + E),
        0.95,
        digits=4,
        first="letter",
        check=_iban,
    ),
    Pattern(
        "US_BANK_NUMBER",
        re.compile(B + r"[0-9]{8,17}" + E),
        0.65,
        needs=("account", "acct"),
        digits=8,
        first="digit",
        context=words(
            "bank account",
            "account n(?:umber|o|um)\\.?",
            "account_number",
            "acct",
            "checking account",
            "savings account",
        ),
    ),
    Pattern(
        "ABA_ROUTING",
        re.compile(B + r"[0-9]{9}" + E),
        0.8,
        needs=("routing", "aba", "路由号", "汇款路线"),
        digits=9,
        first="digit",
        check=holds(c.aba_routing),
        context=words("routing", "aba", "routing_number", "路由号", "汇款路线"),
    ),
    Pattern(
        "SWIFT_CODE",
        re.compile(B + r"[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?" + E),
        0.75,
        needs=("swift", "bic"),
        context=words("swift", "bic"),
        check=holds(lambda v: v not in ("ACCOUNT", "TRANSFER", "PAYMENTS", "BUSINESS", "CUSTOMER")),
    ),
    Pattern(
        "CRYPTO",
        re.compile(B + r"(?:bc1[ac-hj-np-z02-9]{25,59}|0x[0-9A-Fa-f]{40})" + E),
        0.9,
        needs=("bc1", "0x"),
        gate=LONG_TOKEN,
    ),
    Pattern(
        "CRYPTO",
        re.compile(B + r"[13][1-9A-HJ-NP-Za-km-z]{25,34}" + E),
        0.9,
        gate=LONG_TOKEN,
        check=holds(c.base58check),
    ),
    Pattern(
        "CVV",
        re.compile(
            r"(?<![A-Za-z])(?:cvv2?|cvc2?|security code|安全码)[\"'”]?[ ]?(?:is|number|code|:|：|=|是|"
            r"为)?[ \"'“:]{0,3}([0-9]{3,4})" + E,
            re.IGNORECASE,
        ),
        0.8,
        needs=("cvv", "cvc", "security code", "安全码"),
        group=1,
    ),
)
