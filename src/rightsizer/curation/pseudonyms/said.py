"""What people say about themselves in so many words: names, ids and postcodes beside a word that tells."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rightsizer.curation.pseudonyms import fields as f

_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        f.PERSON,
        re.compile(
            r"(?:(?i:my name is|your? name is|my name's|this is|i am|i'm|you are|you're|name:|on behalf of"
            r"|mr\.?|mrs\.?|ms\.?|dr\.?)[ ]{1,2})"
            r"(?P<v>[A-Z][a-z'\u00c0-\u024f]{1,20}"
            r"(?:[ ](?:[A-Z]\.?[ ])?[A-Z][A-Za-z'\u00c0-\u024f\-]{1,20}){1,2})(?![A-Za-z])"
        ),
    ),
    (
        f.PERSON,
        re.compile(
            r"(?:我叫|我是|姓名[:：是为]{0,2}|名叫|本人)[ ]?(?P<v>[\u4e00-\u9fff]{2,4}?)"
            r"(?=[,，。;；、 的!！]|$|今年|身份证|手机|电话)"
        ),
    ),
    (f.HANDLE, re.compile(r"(?<![0-9A-Za-z_])(?P<v>[a-z]{2,20}_[a-z]{2,20}_[0-9]{3,8})(?![0-9A-Za-z_])")),
    (f.ID, re.compile(r"(?<![0-9A-Za-z&])(?P<v>#[A-Z]{0,4}-?[0-9]{4,16})(?![0-9A-Za-z])")),
    (
        f.ID,
        re.compile(
            r"(?i:order|account|invoice|ticket|case|claim|booking|reservation|confirmation|tracking|customer|member"
            r"|membership|policy|patient|reference|user|employee|contract|loyalty|license|passport)"
            r"(?:[ ](?i:number|no|nr|id|code|ref))?\.?(?:[ ](?i:is|was))?[ ]?[:#]?[ ]{0,2}"
            r"(?P<v>(?=[A-Z\-]{0,8}[0-9])[A-Z0-9][A-Z0-9\-]{2,22}[0-9][0-9A-Z]?)(?![0-9A-Za-z,]|\.[0-9])"
        ),
    ),
    (
        f.ID,
        re.compile(
            r"(?:订单号?|单号|账号|编号|卡号|合同号|会员号|工号|保单号)[是为:：]{0,2}"
            r"[ ]?(?P<v>[A-Za-z0-9\-]{4,32})"
        ),
    ),
    (
        f.POSTCODE,
        re.compile(
            r"(?i:zip(?:[ ]?code)?s?|postal code|postcode|邮编|邮政编码)"
            r"(?:[ ](?i:is|was|of|in|to|for|as))?[ ]?[:：是为]?"
            r"[ ]{0,2}[\"'*(]{0,3}(?P<v>[0-9]{5,6}(?:-[0-9]{4})?|[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2})"
            r"(?![0-9A-Za-z])"
        ),
    ),
    (f.POSTCODE, re.compile(r"(?<![A-Za-z])[A-Z]{2},?[ ](?P<v>[0-9]{5}(?:-[0-9]{4})?)(?![0-9A-Za-z])")),
)
_GATE = re.compile(r"[0-9#]|[Nn]ame|[Ii]'?[ ]?a?m|[A-Z][a-z]|[我姓名本]")


def find_said(text: str) -> Iterator[tuple[str, str]]:
    """(class, value) of what stands beside a word that tells what it is."""
    if _GATE.search(text) is None:
        return
    for kind, form in _FORMS:
        for match in form.finditer(text):
            if kind != f.ID or any(c.isdigit() for c in match["v"]):
                yield kind, match["v"]
