"""Which spans of a recogniser of names are believed: recall is its aim, here a wrong one costs meaning.

In an agent's log the structure tells most names. What is left is prose, where product names, colours and
measures look like companies and addresses to any recogniser.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rightsizer.curation.pii import Span
from rightsizer.curation.pseudonyms import fields as f
from rightsizer.curation.pseudonyms import lexicon_zh as zh
from rightsizer.curation.pseudonyms.companies import has_form, is_somebodys
from rightsizer.curation.pseudonyms.lexicon_en import ALSO_WORDS, GENERIC, OF_MEN, OF_WOMEN, TITLES
from rightsizer.curation.pseudonyms.people import is_chinese
from rightsizer.curation.pseudonyms.places import parts_of
from rightsizer.curation.pseudonyms.unnamed import is_given, is_listed_place, is_ordinary, is_place_only

_LIVES = re.compile(
    r"(?:live[sd]?|living|based|located|moved|born|reside[sd]?|staying) (?:in|at|to|near)[ ]$"
    r"|(?:from|ship(?:ped)? to)[ ]$"
    r"|(?:住在?|来自|位于|家在|寄到|老家|籍贯)[：:是]?$",
    re.I,
)
_CHINESE_ADDRESS = re.compile(r"[\u4e00-\u9fff]{1,8}(?:路|街|大道|巷|弄|胡同)[0-9]|[省市区县].{0,12}[0-9]+号")
_ENGLISH_ADDRESS = re.compile(r"[0-9]{1,6}[A-Za-z]?[ ]+[A-Z][a-z]")
_TITLE_ZH = re.compile(
    r"(?<=[\u4e00-\u9fff])(?:先生|女士|小姐|老师|教授|医生|大夫|律师|经理|主任|同学|师傅)$"
)
_WORD = r"[^\W\d_a-z][\w'\u2019\-]+"
_MORE = rf"(?:[ ](?:[A-Z]\.?|[a-z]{{1,3}}|[a-z]{{2,3}}-[\w\-]+|{_WORD}))"
_NAME = re.compile(rf"{_WORD}{_MORE}{{1,5}}|(?:[A-Z](?:\.[ ]?|[ ])){{1,2}}{_WORD}{_MORE}{{0,5}}")
_GREETED = re.compile(
    r"(?<![A-Za-z])(?:hi|hello|dear|hey|thanks|thank you|welcome(?: back)?|sorry|sure"
    r"|regards|cheers|sincerely|mr|mrs|ms|dr"
    r"|name is|name's|called|i am|i'm|this is|it's)[,.]?\s+$",
    re.I,
)
_GREETINGS = frozenset(
    """
    goodbye bye there everyone everybody all team folks world again sir madam dear friend buddy assistant
    claude     agent support okay yes no please thanks morning afternoon evening
    """.split()  # noqa: SIM905
)
_SURE = 0.7
_STATE = re.compile(r"[A-Z]{2}")  # names nobody
# A full name within what was taken for a place or a company: new Ann Lee; Ann Lee of Lee & Daughters.
_FULL = re.compile(
    r"(?:^|[ ])(?P<first>[A-Z][a-z\u00c0-\u024f'\u2019\-]+)[ ](?:[A-Z]\.?[ ])?"
    r"(?P<last>[A-Z][\w'\u2019\-]+)(?=$|[ ](?:of|from|at)[ ])"
)
# Short words that begin with a surname and are nobody; names of numbers that are people's in small letters.
NOBODY = frozenset("谢谢 谢谢你 谢谢您 谢谢啦 谢谢了 谢谢亲 和平 许可 雷雨 包邮 金黄 IBAN NINO".split())  # noqa: SIM905
# Names of fields that a recogniser takes for names of people.
FIELD_WORDS = frozenset(
    """
    车牌 邮编 电话 手机 地址 姓名 订单 单号 账号 卡号 密码 邮箱 余额 包裹 快递 护照 工号 生日 年龄 性别 学号
    公司 单位 保单 运单
    """.split()  # noqa: SIM905
)
_HALF_ADDRESS = re.compile(
    r",?[ ](?:suite|ste|apt|apartment|unit|room|rm|floor|fl|flat|building|bldg|#)\.?$", re.I
)


def believed(span: Span, text: str) -> Iterator[tuple[str, str]]:
    """(class, value) of what a span gives, nothing where it is not believed."""
    value = text[span.start : span.end].strip()
    if span.type in ("ADDRESS", "STREET_ADDRESS"):
        value = _HALF_ADDRESS.sub("", value)
    if _STATE.fullmatch(value):
        return
    if span.type != f.PERSON:
        yield from ((f.PERSON, name) for name in _full_names(value))
    if span.type == f.PERSON:
        bare = without_title(value)
        if len(bare) == 1 and bare != value and bare in zh.SURNAMES:
            yield f.PERSON, value  # 梁师傅: only a surname was said
            return
        value = bare
        if (
            _is_name(value)
            or (span.score >= _SURE and _is_strange(value))
            or (_GREETED.search(text[max(0, span.start - 24) : span.start]) and _is_single(value))
        ):
            yield f.PERSON, value
    elif span.type == f.ORGANIZATION:
        if has_form(value) and is_somebodys(value):
            yield f.ORGANIZATION, value
    elif span.type == "LOCATION":
        if _LIVES.search(text[max(0, span.start - 24) : span.start]) and (
            is_chinese(value) or value[:1].isupper()
        ):
            yield "LOCATION", value
    elif span.type in ("ADDRESS", "STREET_ADDRESS"):
        if is_chinese(value):
            if _CHINESE_ADDRESS.search(value):
                yield f.ADDRESS, value
        elif _ENGLISH_ADDRESS.match(value):
            yield from parts_of(value)
    else:
        yield span.type, value


def _is_strange(value: str) -> bool:
    """Whether a word with a capital is in no list: what else would it be, if a recogniser is sure?"""
    return _is_single(value) and value.isalpha() and not is_ordinary(value) and not is_listed_place(value)


def _full_names(value: str) -> Iterator[str]:
    for match in _FULL.finditer(value):
        first, last = match["first"], match["last"]
        strange = not any(is_ordinary(word) or is_place_only(word) for word in (first, last))
        if (
            (strange or is_given(first))
            and not is_place_only(last)
            and not {first.lower(), last.lower()} & GENERIC
        ):
            yield match[0].strip()


def joined(spans: Iterable[Span], text: str) -> Iterator[Span]:
    """Spans of people that only a space parts are one name: ``Ivana`` ``van-der-Berg``."""
    last: Span | None = None
    for span in spans:
        if last is not None:
            if span.type == last.type == f.PERSON and text[last.end : span.start] == " ":
                last = last._replace(end=span.end)
                continue
            yield last
        last = span
    if last is not None:
        yield last


def without_title(value: str) -> str:
    """A Chinese name without the title after it, which is no part of the person: 张三先生 → 张三."""
    return _TITLE_ZH.sub("", value) if is_chinese(value) else value


def looks_like_a_name(value: str) -> bool:
    """Whether a value of a field that may name anybody is a person's full name."""
    if is_chinese(value):
        return 2 <= len(value) <= 4 and any(value.startswith(s) for s in (*zh.SURNAMES, *zh.COMPOUND))
    return " " in value and not any(c.isdigit() for c in value) and _is_name(value)


def _is_single(value: str) -> bool:
    """Whether one word can be a name by itself, beside a greeting or a title."""
    low = value.lower()
    return (
        value[:1].isupper() and value[1:].islower() and low not in GENERIC | ALSO_WORDS | TITLES | _GREETINGS
    )


def _is_name(value: str) -> bool:
    if is_chinese(value):
        return 2 <= len(value) <= 6
    words = [w.lower().strip(".") for w in value.split()]
    if any(w in GENERIC for w in words) or all(w in ALSO_WORDS for w in words):
        return False
    if len(words) == 1:
        listed = words[0] in OF_WOMEN | OF_MEN or (words[0] not in ALSO_WORDS | TITLES and is_given(words[0]))
        return listed and value[:1].isupper()
    return _NAME.fullmatch(value) is not None
