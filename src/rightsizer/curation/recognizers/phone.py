"""Telephone numbers as people write them, by the plan they belong to.

Digits without separators count only in plans with a fixed form (mainland China's mobiles) or where a
word says that a telephone follows: ids of ten digits are common in agents' logs and must stay.
"""

from __future__ import annotations

import re

from rightsizer.curation.recognizers.check_digits import digits_of
from rightsizer.curation.recognizers.pattern import Check, E, Pattern, holds, words

# What numbers that are no telephones are called right before them.
ORDER_WORDS = re.compile(
    r"(?:order|invoice|tracking|ticket|product|item|sku|transaction|reference|ref|version|isbn|zip|"
    r"订单|单号|编号|流水|运单|商品|货号|版本|邮编)"
    r"[ _]?(?:id|number|no|num|code|号|号码|编号)?[\"'”]?\.?[ ]?[:：=#是为]{0,2}[ \"'“#]{0,3}$",
    re.IGNORECASE,
)
_PHONE_WORDS = re.compile(
    r"(?:(?<![A-Za-z])(?:(?:home|work|cell|mobile|contact|primary|user|customer|office|day|emergency)[_ ]?)?"
    r"(?:(?:tele)?phone|mobile|cell|fax|whatsapp|msisdn|tel|desk|call(?: me)?|reach me|text me|dial|sms)"
    r"|电话|手机|座机|传真|電話|手機|联系方式|热线|致电|拨打|联系)"
    r"[_ ]?(?:numbers?|nos?|num|号码|号)?[\"'”]?\.?"
    r"[ ]?(?:is|was|at|on|to|:|：|=|是|为|\(|（)?[ \n\"'“]{0,3}$",
    re.IGNORECASE,
)
_NEAR = words(
    *(
        "(?:tele)?phone",
        "phone_?(?:number|no)",
        "tel",
        "mobile",
        "cell",
        "fax",
        "office",
        "desk",
        "call",
        "calling",
    ),
    *(
        "called",
        "dial",
        "text",
        "texted",
        "sms",
        "whatsapp",
        "messages?",
        "answering",
        "reach",
        "contact",
        "registered",
    ),
    *("电话", "手机", "座机", "传真", "電話", "手機", "联系", "致电", "拨打", "热线", "短信"),
)
# Literals one of which is in whatever the two expressions above match.
_SAID = (
    *("phone", "mobile", "cell", "fax", "whatsapp", "msisdn", "tel", "desk", "call", "reach", "text", "dial"),
    *("sms", "office", "message", "answering", "contact", "registered"),
    *("电话", "手机", "座机", "传真", "電話", "手機", "联系", "热线", "致电", "拨打", "短信"),
)
_DATE = re.compile(
    r"(?:19|20)[0-9]{2}[ ./\-][0-9]{1,2}[ ./\-][0-9]{1,2}"
    r"|[0-9]{1,2}[ ./\-][0-9]{1,2}[ ./\-](?:19|20)[0-9]{2}"
)
_ZIP_PLUS_4 = re.compile(r"[0-9]{5}-[0-9]{4}$")
_EXTENSION = r"(?:[ ]?(?:x|ext\.?|#)[ ]?[0-9]{1,6})?"
_SPLIT_EXTENSION = re.compile(r"[ ]?(?:x|ext|#)", re.IGNORECASE)


def _between(low: int, high: int) -> Check:
    """So many digits without the extension, not all the same, and neither a date nor a ZIP+4."""

    def fits(value: str) -> bool:
        digits = digits_of(_SPLIT_EXTENSION.split(value)[0])
        if not low <= len(digits) <= high or len(set(digits)) == 1:
            return False
        return _DATE.match(value) is None and _ZIP_PLUS_4.match(value) is None

    return holds(fits)


PHONES: tuple[Pattern, ...] = (
    Pattern(
        "PHONE_NUMBER",  # +CC: every group starts with a separator or a bracket, so it cannot backtrack
        re.compile(
            r"(?<![0-9A-Za-z+])\+[0-9]{1,15}"
            r"(?:[ .\-/]?\([0-9]{1,5}\)[ .\-]?[0-9]{1,12}|[ .\-/][0-9]{1,12}){0,6}" + _EXTENSION + E
        ),
        0.9,
        needs=("+",),
        check=_between(8, 16),
    ),
    Pattern(
        "PHONE_NUMBER",  # 00 in place of the plus sign: only in groups
        re.compile(
            r"(?<![0-9A-Za-z+.,/_:\-])00[1-9][0-9]{0,2}(?:[ \-]\(?[0-9]{1,8}\)?){2,6}(?![.,:/\-]?[0-9])" + E
        ),
        0.7,
        digits=10,
        first="digit",
        check=_between(10, 17),
        never_after=ORDER_WORDS,
    ),
    Pattern(
        "PHONE_NUMBER",  # North American plan, with separators
        re.compile(
            r"(?<![0-9A-Za-z+./#_])(?<![0-9]-)(?:(?:00)?1[ .\-])?"
            r"(?:\([2-9][0-9]{2}\)[ .\-]?|[2-9][0-9]{2}[ .\-])[0-9]{3}[ .\-][0-9]{4}(?![0-9]|[.\-][0-9])"
            + _EXTENSION
            + E
        ),
        0.85,
        digits=10,
        first="digit",
        check=_between(10, 14),
        never_after=ORDER_WORDS,
    ),
    Pattern(
        "PHONE_NUMBER",  # mainland China, mobile
        re.compile(
            r"(?<![0-9A-Za-z.+_\-])(?:(?:00)?86[ \-]?)?1[3-9][0-9]"
            r"(?:(?:[ \-]?[0-9]{4}){2}|[ \-][0-9]{3}[ \-][0-9]{5})" + E
        ),
        0.85,
        digits=11,
        first="digit",
        check=_between(11, 15),
        never_after=ORDER_WORDS,
    ),
    Pattern(
        "PHONE_NUMBER",  # mainland China, landline with area code
        re.compile(
            r"(?<![0-9A-Za-z.+_\-])(?:[(（]0[1-9][0-9]{1,2}[)）][ \-]?|0[1-9][0-9]{1,2}[ \-])"
            r"[2-9][0-9]{2,3}[ \-]?[0-9]{4}(?:(?:-|[ ]?转[ ]?)[0-9]{1,5})?" + E
        ),
        0.75,
        digits=10,
        first="digit",
        check=_between(10, 17),
        never_after=ORDER_WORDS,
    ),
    Pattern(
        "PHONE_NUMBER",  # national form elsewhere: trunk 0 and more groups; a row of hex bytes is none
        re.compile(
            r"(?<![0-9A-Za-z.+/_:\-])(?<![0-9A-Fa-f]{2}[ ])(?:\(0[1-9][0-9]{0,3}\)|0[1-9][0-9]{0,4})"
            r"(?:[ .\-/][0-9]{2,8}){1,5}(?![ ][0-9A-Fa-f]{2}(?![0-9A-Za-z]))" + E
        ),
        0.65,
        digits=9,
        first="digit",
        check=_between(9, 12),
        never_after=ORDER_WORDS,
    ),
    Pattern(
        "PHONE_NUMBER",  # groups of digits, where a word is near
        re.compile(
            r"(?<![0-9A-Za-z.,$€£¥#_/\-])(?<![0-9][ ])(?:\([0-9]{2,4}\)[ ]?|[0-9]{2,4}[ .\-])[0-9]{2,4}"
            r"(?:[ .\-][0-9]{2,4}){0,3}(?![0-9A-Za-z$€£¥]|[.\-/][0-9])|"
            r"(?<![0-9A-Za-z.,$€£¥#_/\-])(?<![0-9][ ])[0-9]{2,3}[ ][0-9]{5,7}(?![0-9A-Za-z])"
        ),
        0.65,
        needs=_SAID,
        digits=7,
        first="digit",
        check=_between(7, 12),
        context=_NEAR,
        never_after=ORDER_WORDS,
    ),
    Pattern(
        "PHONE_NUMBER",  # digits alone, right after a word that says so
        re.compile(r"(?<![0-9A-Za-z.,$€£¥#_\-])[0-9]{7,12}(?![0-9A-Za-z]|[.\-][0-9])"),
        0.65,
        needs=_SAID,
        digits=7,
        first="digit",
        check=_between(7, 12),
        after=_PHONE_WORDS,
    ),
    Pattern(
        "PHONE_NUMBER",  # digits alone, right before a word that says so
        re.compile(
            r"(?<![0-9A-Za-z.,$€£¥#_\-])[0-9]{7,12}"
            r"(?=[ \-](?:\(?(?:office|fax|mobile|cell|home|desk)(?![A-Za-z])))",
            re.I,
        ),
        0.65,
        needs=("office", "fax", "mobile", "cell", "home", "desk"),
        digits=7,
        first="digit",
        check=_between(7, 12),
    ),
)
