"""Organisations: the industry and the legal form stay, place and brand do not (甲公司 → 某科技公司)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rightsizer.curation.pseudonyms import lexicon_en as en
from rightsizer.curation.pseudonyms import lexicon_zh as zh
from rightsizer.curation.pseudonyms.codes import like_case
from rightsizer.curation.pseudonyms.keys import Draw

_FORM_EN = re.compile(
    r"(?P<body>.+?)(?P<gap>,?[ ])(?P<form>inc|llc|ltd|limited|corp|corporation|company|co|gmbh|ag|plc"
    r"|s\.a\.|llp|group|holdings|bank|university|hospital|school|college|partners|associates|foundation|institute"
    r"|clinic)"
    r"(?P<dot>\.?)",
    re.I,
)
_PARTY = re.compile(
    r"(?<![\u4e00-\u9fffA-Za-z])?(?P<body>[甲乙丙丁戊己庚辛]|[A-Z])(?P<form>公司|银行|医院|集团)"
)
_FULL = re.compile(
    r"(?P<body>[\u4e00-\u9fffA-Za-z0-9]{2,24}(?:[（(][\u4e00-\u9fff]{2,6}[)）])?[\u4e00-\u9fffA-Za-z0-9]{0,12}?)"
    r"(?P<form>股份有限公司|有限责任公司|集团有限公司|控股有限公司|有限公司|律师事务所|会计师事务所|集团公司)"
)
_STOP = re.compile("|".join(sorted(map(re.escape, zh.STOPS), key=lambda s: (-len(s), s))))
_INDUSTRY = sorted(zh.INDUSTRIES, key=lambda s: (-len(s), s))


def find_chinese(text: str) -> Iterator[tuple[int, int]]:
    """Companies with a legal form, and parties like 甲公司, in running Chinese."""
    if "公司" not in text and "事务所" not in text and "银行" not in text and "医院" not in text:
        return
    taken = []
    for match in _FULL.finditer(text):
        start = match.start()
        head = text[start : match.start("form")]
        stops = [m.end() for m in _STOP.finditer(head) if len(head) - m.end() >= 2]
        start += max(stops, default=0)
        taken.append((start, match.end()))
        yield start, match.end()
    for match in _PARTY.finditer(text):
        if not any(a < match.end() and match.start() < b for a, b in taken):
            yield match.start(), match.end()


def surrogate_company(name: str, draw: Draw, context: str = "") -> str:
    """Another company of the same industry and form; `context` tells the industry where the name does not."""
    if any("\u3400" <= c <= "\u9fff" for c in name):
        return _chinese(name, draw, context)
    match = _FORM_EN.fullmatch(name)
    brand = draw.pick(en.BRANDS)
    if match is None:
        words = name.split()
        return like_case(words[0] if words else name, brand)
    kept = [w for w in match["body"].split()[1:] if w.lower() in _TRADES]
    body = " ".join([like_case(name.split(maxsplit=1)[0], brand), *kept])
    return f"{body}{match['gap']}{match['form']}{match['dot']}"


def has_form(name: str) -> bool:
    """Whether a name says by a legal form or an institution that it is an organisation's."""
    if any("\u3400" <= c <= "\u9fff" for c in name):
        return any(name.endswith(form) and len(name) > len(form) for form in (*zh.FORMS, *zh.INSTITUTIONS))
    return _FORM_EN.fullmatch(name) is not None and name[:1].isupper()


def is_somebodys(name: str) -> bool:
    """Whether a name says more than an industry and a form (管理有限公司, Software Foundation)."""
    if any("\u3400" <= c <= "\u9fff" for c in name):
        form = next((x for x in (*zh.FORMS, *zh.INSTITUTIONS) if name.endswith(x)), "")
        body = name[: len(name) - len(form)]
        return bool(body) and body not in zh.INDUSTRIES and body not in zh.PLACES
    match = _FORM_EN.fullmatch(name)
    return match is None or any(w.lower().strip(",.") not in _TRADES for w in match["body"].split())


def brand_of(name: str) -> str:
    """What a company is called for short: without its place, industry and form; empty for none."""
    if any("\u3400" <= c <= "\u9fff" for c in name):
        form = next((f for f in zh.FORMS if name.endswith(f)), "")
        body = name[: len(name) - len(form)]
        place = next((p for p in zh.PLACES if body.startswith(p)), "")
        body = body[len(place) :].removeprefix("市")
        industry = next((i for i in _INDUSTRY if body.endswith(i) and len(body) > len(i)), "")
        brand = body.removesuffix(industry)
        return brand if form and 2 <= len(brand) <= 6 and brand not in zh.INDUSTRIES else ""
    match = _FORM_EN.fullmatch(name)
    first = match["body"].split()[0] if match else ""
    return first if len(first) > 3 and first.lower() not in en.GENERIC | en.ALSO_WORDS | _TRADES else ""


_TRADES = frozenset(
    """
    software technology technologies tech systems solutions consulting logistics foods food pharma medical
    insurance financial capital energy motors automotive airlines media design construction trading
    services networks
    """.split()  # noqa: SIM905
)


def _chinese(name: str, draw: Draw, context: str) -> str:
    institution = next((i for i in zh.INSTITUTIONS if name.endswith(i)), "")
    form = next((f for f in zh.FORMS if name.endswith(f)), institution)
    body = name[: len(name) - len(form)] if form else name
    if institution and form == institution:
        return draw.pick(zh.BRANDS) + form
    place = next((p for p in zh.PLACES if body.startswith(p)), "")
    industry = next((i for i in _INDUSTRY if body.endswith(i) and len(body) > len(i)), "")
    if not form:  # a bare brand
        return draw.pick(zh.BRANDS) + (industry or "")
    if len(body) == 1 or set(body) <= {"某"}:
        return f"某{_industry_of(context, draw)}{form}"
    city = draw.pick(zh.CITIES)[:2] if place else ""
    return f"{city}{draw.pick(zh.BRANDS)}{industry}{form}"


def _industry_of(context: str, draw: Draw) -> str:
    told = [industry for word, industry in zh.CONTEXT.items() if word in context]
    if told and draw.below(4):
        return told[0]
    return draw.pick(("科技", "贸易", "制造", "服务", "实业", "网络", "商贸", "工程"))
