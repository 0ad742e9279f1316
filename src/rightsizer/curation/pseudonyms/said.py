"""What people say about themselves in so many words: names, ids and postcodes beside a word that tells."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rightsizer.curation.pseudonyms import fields as f
from rightsizer.curation.pseudonyms import lexicon_zh as zh

# A part of a name: a capital, then letters, hyphens, apostrophes; and the small words between parts.
_PART = r"[A-Z\u00c0-\u00de\u0141\u015a\u0160\u017d][a-zA-Z'\u2019\u00c0-\u024f\-]{1,24}"
# 12 Elm Dr Apt 3
_NO_UNIT = r"(?!(?:Apt|Apartment|Suite|Ste|Unit|Floor|Fl|Room|Rm|Building|Bldg|Flat|Lot)(?![a-z]))"
_PARTICLE = r"(?:van|von|der|den|de|del|della|di|da|dos|du|la|le|el|al|bin|ibn|ter|ten|zu|y)"

UK_POSTCODE = "(?:GIR 0AA|[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2})"
# Who somebody is to the one who speaks.
_RELATION = (
    r"(?:flat|house|room|team|class)mate|husband|wife|partner|spouse|mother|father|mum|mom|dad|son|daughter|brother"
    r"|sister|uncle|aunt|cousin|grand(?:mother|father|son|daughter)|friend|neighbou?r|colleague|co-?worker|boss|manager"
    r"|supervisor|referee|landlord|landlady|tenant|doctor|dentist|lawyer|solicitor|assistant|carer|nanny|contact"
)
_KIN = r"aunt(?:ie|y)?|uncle|nan(?:a|ny)?|gran(?:ny|dma|dpa|dad)?|cousin|mum(?:my)?|mom(?:my)?|dad(?:dy)?"
_OFFICE = "Officer|Nurse|Captain|Capt|Sergeant|Sgt|Inspector|Constable|Detective|Coach|Pastor|Judge|Professor"
_WHOLE = rf"{_PART}(?:[ ](?:{_PARTICLE}|[A-Z]\.?))*(?:[ ]{_PART}){{1,2}}"
_UNITS = (
    "(?:USD|EUR|GBP|CNY|RMB|JPY|INR|CHF|AUD|CAD|ISO|RFC|PEP|DIN|IEC|UTF|CVE|HTTP"
    "|ID|NO|NR|SKU|REF|TEL|FAX|ZIP)[ ]"
)
_PARTY = (
    "原告|被告|第三人|申请人|被申请人|上诉人|被上诉人|委托人|代理人|法定代表人|甲方|乙方|丙方|监护人|学生|家长"
    "|患者|病人|承租人|出租人|借款人|担保人|收款人|付款人|当事人"
)
_SURNAME = "|".join((*zh.COMPOUND, *zh.SURNAMES))

_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        f.PERSON,
        re.compile(
            r"(?:(?i:my name is|your? name is|my name's|this is|i am|i'm|you are|you're|name:|on behalf of"
            rf"|mr\.?|mrs\.?|ms\.?|dr\.?)[ ]{{1,2}}){_NO_UNIT}"
            rf"(?P<v>{_PART}(?:[ ](?:{_PARTICLE}|[A-Z]\.?))*(?:[ ]{_PART}){{1,2}}"
            rf"|{_PART}[ ]{_PARTICLE}-[A-Za-z\-]{{2,24}})"
            r"(?![A-Za-z])"
        ),
    ),
    (
        f.PERSON,
        re.compile(rf"(?<![A-Za-z])(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof)\.?[ ]{_NO_UNIT}(?P<v>{_PART})(?![A-Za-z])"),
    ),
    (
        f.PERSON,  # MR K R NAIDU, as it stands on a card
        re.compile(
            r"(?<![A-Za-z])(?:MR|MRS|MS|DR)\.?[ ](?P<v>(?:[A-Z]{1,20}[ ]){0,3}[A-Z'\-]{3,24})(?![A-Za-z])"
        ),
    ),
    (
        f.PERSON,
        re.compile(
            r"(?<![A-Za-z])(?i:surname|(?:first|last|given|family|maiden)[ ]name)[ ](?:is[ ]|was[ ])?"
            rf"(?P<v>{_PART})(?![A-Za-z])"
        ),
    ),
    (f.PERSON, re.compile(rf"(?<![A-Za-z])(?i:{_OFFICE})\.?[ ]{_NO_UNIT}(?P<v>{_PART})(?![A-Za-z])")),
    (  # my daughter Ana, auntie Ana: one name is enough where a relation stands before it
        f.PERSON,
        re.compile(
            rf"(?<![A-Za-z])(?:(?i:my|our|his|her|their)[ ](?i:{_RELATION})(?:[ ]is|,|:)?|(?i:{_KIN}))[ ]"
            rf"(?P<v>{_PART})(?=[ ][a-z(&]|[,.;:!?)'\u2019\n]|$)"
        ),
    ),
    (
        f.PERSON,
        re.compile(
            rf"(?<![\u4e00-\u9fff])(?P<v>(?:{_SURNAME})(?:先生|女士|小姐))(?![\u4e00-\u9fff]{{0,1}}们)"
        ),
    ),
    (
        f.PERSON,
        re.compile(
            rf"(?:叫|联系人|收件人|收货人|司机|师傅|阿姨|护士|医生)(?:是|为|：)?(?P<v>(?:{_SURNAME})[\u4e00-\u9fff]{{1,2}}?)"
            r"(?=[，,。；;、！!（( \n]|$|师傅|女士|先生|1[3-9][0-9])"
        ),
    ),
    (
        f.PERSON,
        re.compile(
            r"(?:我叫|我是|姓名[:：是为]{0,2}|名叫|本人)[ ]?(?P<v>[\u4e00-\u9fff]{2,4}?)"
            r"(?=[,，。;；、 的!！]|$|今年|身份证|手机|电话)"
        ),
    ),
    (  # Ann Lee (ann@…), Ann Lee <ann@…>
        f.PERSON,
        re.compile(
            rf"(?<![A-Za-z])(?P<v>{_WHOLE})[ ]?[,(<\[][ ]{{0,2}}(?=[A-Za-z0-9._%+\-]{{1,64}}@[A-Za-z0-9])"
        ),
    ),
    (
        f.PERSON,
        re.compile(
            rf"(?<![A-Za-z])(?:(?i:my|our|his|her|their|the)[ ](?i:{_RELATION})(?:[ ]is|,|:)?|I,)[ ]"
            rf"(?P<v>{_WHOLE})(?![A-Za-z])"
        ),
    ),
    (
        f.PERSON,
        re.compile(
            rf"(?:{_PARTY})[：:是为]?[ ]?(?P<v>(?:{_SURNAME})[\u4e00-\u9fff]{{1,2}}?)"
            r"(?=[，,。；;、：:（( \n向诉与和同的于住]|$|[12][0-9]{3}年|身份证|电话|手机)"
        ),
    ),
    (  # where somebody works, or whom a bill is made out to
        f.ORGANIZATION,
        re.compile(
            r"(?:(?:工作)?单位(?:名称)?(?:[是为：:]|还是)|发票抬头(?:[是为：:]|开|写)?|就职于|任职于|在)"
            r"(?P<v>[\u4e00-\u9fff]{4,20}(?:厂|公司|中心|学校|医院|银行|集团|事务所|研究院|研究所|大学|店))"
        ),
    ),
    (
        f.ID,  # a case in a Chinese court
        re.compile(
            r"(?P<v>[（(〔\[](?:19|20)[0-9]{2}[）)〕\]][\u4e00-\u9fff]{1,2}[0-9]{0,5}"
            r"[\u4e00-\u9fff]{1,4}(?:字第)?[0-9]{1,6}号)"
        ),
    ),
    (
        f.HANDLE,
        re.compile(
            r"(?i:user(?:[ ]?(?:id|name))|login(?:[ ]name)?|screen[ ]name|handle|account)(?:[ ](?:is|was))?"
            r"(?:[ ]?[:=])?[ ][\"'`*]{0,2}"
            r"(?P<v>(?=[a-z._\-]{0,24}[0-9])[a-z][a-z0-9._\-]{2,30}[a-z0-9])(?![0-9A-Za-z_@])"
        ),
    ),
    (
        f.HANDLE,
        re.compile(
            r"(?:用户名|账户名|登录名|用户|账号|昵称)(?:[是为]|[:：])?[ ]?"
            r"(?P<v>(?=[a-z._\-]{0,24}[0-9])[a-z][a-z0-9._\-]{2,30}[a-z0-9])(?![0-9A-Za-z_@])"
        ),
    ),
    (f.HANDLE, re.compile(r"(?<![0-9A-Za-z_])(?P<v>[a-z]{2,20}_[a-z]{2,20}_[0-9]{3,8})(?![0-9A-Za-z_])")),
    (f.ID, re.compile(r"(?<![0-9A-Za-z_])(?P<v>[a-z]{3,20}_[0-9]{5,12})(?![0-9A-Za-z_])")),
    (f.ID, re.compile(r"(?<![0-9A-Za-z.,$€£¥_/\-])(?P<v>[0-9]{9,24})(?![0-9A-Za-z_]|[.,][0-9])")),
    (  # 99-9999999, 9-99-999: groups of digits that are no date and no range
        f.ID,
        re.compile(
            r"(?<![0-9A-Za-z.,$€£¥_/\-])(?!(?:19|20)[0-9]{2}-)(?P<v>(?=(?:[0-9]-?){7})[0-9]{1,8}(?:-[0-9]{2,8}){1,3})"
            r"(?![0-9A-Za-z_\-]|[.,][0-9])"
        ),
    ),
    (f.ID, re.compile(r"(?<![0-9A-Za-z&])(?P<v>#[A-Z]{0,4}-?[0-9]{4,16})(?![0-9A-Za-z])")),
    (
        f.ID,
        re.compile(
            r"(?i:order|account|invoice|ticket|case|claim|booking|reservation|confirmation|tracking|customer|member"
            r"|membership|policy|patient|reference|user|employee|contract|loyalty|license|passport)"
            r"(?:[ ](?i:number|no|nr|id|code|ref)(?![0-9A-Za-z]))?\.?(?:[ ](?i:is|was))?[ ]?[:#]?[ ]{0,2}"
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
        f.ID,  # any number that is no mere number: 取件码9-2-8814, 房号B1203
        re.compile(
            r"[号码卡][是为:：]{0,2}[ ]?(?P<v>(?=[0-9]{0,12}[A-Z\-])(?:[0-9A-Z]-?){4,24}[0-9A-Z])"
            r"(?![0-9A-Za-z\-])"
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
    (f.POSTCODE, re.compile(rf"(?<![0-9A-Za-z])(?P<v>{UK_POSTCODE})(?![0-9A-Za-z])")),
    (  # a National Insurance number
        f.ID,
        re.compile(r"(?<![0-9A-Za-z])(?P<v>[A-CEGHJ-PR-TW-Z]{2}(?:[ ]?[0-9]{2}){3}[ ]?[A-D])(?![0-9A-Za-z])"),
    ),
    (  # twelve to nineteen digits in fours, whatever their check digit says
        f.ID,
        re.compile(
            r"(?<![0-9A-Za-z.,\-])(?P<v>[0-9]{4}(?:[ \-][0-9]{4}){2,3}(?:[ \-][0-9]{1,3})?)(?![0-9A-Za-z,\-])"
        ),
    ),
    (  # RX 5520917, PN 448 120 93, QQ 12 34 56 C
        f.ID,
        re.compile(
            rf"(?<![0-9A-Za-z])(?!{_UNITS})(?P<v>[A-Z]{{2,3}}[ ]"
            r"(?:[0-9]{6,12}|[0-9]{2,4}(?:[ ][0-9]{2,4}){2,4})(?:[ ][A-Z])?)"
            r"(?![0-9A-Za-z]|[.,\-/][0-9])"
        ),
    ),
    (  # booking ZX8QPL
        f.ID,
        re.compile(
            r"(?i:booking|reservation|confirmation|locator|pnr|reference)(?:[ ](?i:code|number|no|ref))?"
            r"(?:[ ](?i:is))?[ ]?[:#]?[ ]?"
            r"(?P<v>(?=[A-Z]{1,5}[0-9]|[0-9]{1,5}[A-Z])[A-Z0-9]{6})(?![0-9A-Za-z\-])"
        ),
    ),
    (
        f.ID,
        re.compile(
            r"(?i:sort code)s?(?:[ ](?i:is|was))?[ ]?:?[ ]?(?P<v>[0-9]{2}(?:-?[0-9]{2}){2})(?![0-9\-])"
        ),
    ),
    (  # five digits right after a name or a place, and nothing behind them that they could count
        f.POSTCODE,
        re.compile(
            r"(?<![A-Za-z])(?!(?:In|On|By|At|For|Of|About|Total|Over|Under|Yes|No|Ok|Okay|Sure|Room|Year)(?![a-z]))"
            r"[A-Z][a-z'\-]{2,24}(?<!ary)(?<!ber),[ ](?P<v>[0-9]{5}(?:-[0-9]{4})?)"
            r"(?=[.,;)]?(?:\s+[A-Z\n]|\s*$)|[.;)\n]|,[ ][A-Z])"
        ),
    ),
    (f.POSTCODE, re.compile(r"(?<![A-Za-z])[A-Z]{2},?[ ](?P<v>[0-9]{5}(?:-[0-9]{4})?)(?![0-9A-Za-z])")),
)
_GATE = re.compile(
    r"[0-9#]|[Nn]ame|[Ii]'?[ ]?a?m|[A-Z][a-z]|[我姓名本告方者]|[\u4e00-\u9fff]人|学生|家长|先生|女士|小姐|@"
)


_CODE = re.compile(r"(?<![0-9A-Za-z#_./:@\-])[0-9A-Z]+(?:[-/:][0-9A-Z]+)*(?![0-9A-Za-z_@]|[-/:][0-9A-Za-z])")
_NO_ID = re.compile(
    r"(?:ISO|IEC|RFC|UTF|GPT|SHA|MD|CVE|IEEE|DIN|GB|GBT|ANSI|ASTM|HTTP|PEP|ASCII|BM|CP|USD|EUR|GBP|CNY|RMB|JPY|INR)"
    r"(?![A-Z])|[0-9]+[A-Z]{1,4}$|[0-9]+X[0-9]+$|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}T[0-9]+|[0-9]+:[0-9]+"
)
_FEWEST_OF_CODE = 4  # digits; of a code in three parts, one less
# What a longer number ends in: said to tell it without saying it.
_ENDING = re.compile(
    r"(?:(?i:end(?:s|ed|ing)(?:[ ](?:in|with|on))?"
    r"|last[ ](?:[3-6]|three|four|five|six)(?:[ ]digits?)?"
    r"(?:[ ](?:is|are|of|on|for|my|the|your|card|account|number|phone)){0,5})[ ]?:?[ ]?"
    r"|(?:尾号|末尾|(?:后|末)[三四五六]位)(?:数字?)?[是为：:]?[ ]?)"
    r"(?P<v>[0-9]{3,6})(?![0-9A-Za-z]|[.,:/\-][0-9])"
)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


def find_codes(text: str) -> Iterator[str]:
    """Words that can only be somebody's number: capitals and at least four digits, ``ADJ/35-7471``."""
    for match in _CODE.finditer(text):
        value = match[0]
        digits = sum("0" <= c <= "9" for c in value)
        letters = sum("A" <= c <= "Z" for c in value)
        fewest = _FEWEST_OF_CODE - (letters > 1 and len(re.findall("[-/:]", value)) > 1)
        if digits >= fewest and letters and 6 <= len(value) <= 40 and _NO_ID.match(value) is None:
            yield value


def find_endings(text: str) -> Iterator[str]:
    """Digits said to be the last ones of a longer number."""
    for match in _ENDING.finditer(text):
        if _YEAR.fullmatch(match["v"]) is None and not match["v"].endswith("00"):
            yield match["v"]


def find_said(text: str) -> Iterator[tuple[str, str]]:
    """(class, value) of what stands beside a word that tells what it is."""
    if _GATE.search(text) is None:
        return
    for kind, form in _FORMS:
        for match in form.finditer(text):
            if kind != f.ID or any(c.isdigit() for c in match["v"]):
                yield kind, match["v"]
    for value in find_codes(text):
        yield f.ID, value
