"""Values that stand under a name in text that is no JSON: XML, columns of tables, ``name: value``.

Tools answer in all of these. What they name is read as a field of JSON would be, so that one list of names of
fields serves them all; what has no name that tells stays prose.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

from rightsizer.curation.pseudonyms.tree import Leaf

_LONGEST_VALUE = 200
_MOST_COLUMNS = 60
_NAME = r"[A-Za-z_\u4e00-\u9fff][\w.\-\u4e00-\u9fff]{0,40}"
_ELEMENT = re.compile(rf"<({_NAME})(?:[ ][^<>]{{0,300}})?>([^<>]{{1,{_LONGEST_VALUE}}})</\1>")
_TAG = re.compile(rf"<({_NAME})[ ]([^<>]{{1,600}})>")
_ATTRIBUTE = re.compile(rf"({_NAME})=\"([^\"<>]{{1,{_LONGEST_VALUE}}})\"")
# "Name: value", perhaps an item of a list, the name perhaps in bold
_PAIR = re.compile(
    r"^[ \t]{0,8}(?:[-*•>][ ])?\*{0,2}(?P<key>[A-Za-z\u4e00-\u9fff][\w \-/()\u4e00-\u9fff]{0,38}?)\*{0,2}[ ]?"
    rf"(?:[:：]\*{{0,2}}|=)[ ]?(?P<value>[^\s:：=][^\n]{{0,{_LONGEST_VALUE}}})$",
    re.MULTILINE,
)
_CLAUSE = re.compile("[，。；;]")  # more may be told on the same line
_RULE = re.compile(r"[ \t|]*[:\-=+|][\-:=+| \t]*")
_WORDS = re.compile(r"[^\W_]+")
_SIGNS = (",", ";", "\t", "|")


def told_in(text: str) -> Iterator[Leaf]:
    """Every value with the name it stands under, and the names beside it."""
    if ("<" in text and "</" in text) or '="' in text:
        yield from _of_xml(text)
    if "\n" in text:
        lines = text.splitlines()
        yield from _of_tables(lines)
    if ":" in text or "：" in text or "=" in text:
        pairs = [(m["key"], _CLAUSE.split(m["value"])[0].strip(" *`|")) for m in _PAIR.finditer(text)]
        yield from _named([(k, v) for k, v in pairs if len(_WORDS.findall(k)) <= 4], "")


def _of_xml(text: str) -> Iterator[Leaf]:
    elements = [(m[1], m[2].strip()) for m in _ELEMENT.finditer(text)]
    yield from _named(elements, "")
    for tag in _TAG.finditer(text):
        yield from _named([(a[1], a[2]) for a in _ATTRIBUTE.finditer(tag[2])], tag[1])


def _of_tables(lines: Sequence[str]) -> Iterator[Leaf]:
    """Rows below a line of names: separated by commas, semicolons, tabs or bars (Markdown, psql)."""
    at = 0
    while at < len(lines) - 1:
        sign = next((s for s in _SIGNS if lines[at].count(s) and lines[at + 1].count(s)), None)
        if sign is None and not (lines[at].count("|") and _RULE.fullmatch(lines[at + 1])):
            at += 1
            continue
        sign = sign or "|"
        end = at + 1
        while end < len(lines) and (lines[end].count(sign) or _RULE.fullmatch(lines[end])):
            end += 1
        names, *rows = _cells([x for x in lines[at:end] if not _RULE.fullmatch(x)], sign) or [[]]
        if _is_heading(names):
            for row in rows:
                if len(row) == len(names):
                    yield from _named(list(zip(names, row, strict=True)), "")
        at = end


def _cells(lines: Iterable[str], sign: str) -> list[list[str]]:
    if sign == "|":
        return [[c.strip(" *`") for c in line.strip().strip("|").split("|")] for line in lines]
    try:
        return [[c.strip() for c in row] for row in csv.reader(lines, delimiter=sign, skipinitialspace=True)]
    except csv.Error:  # a quotation that never ends
        return []


def _is_heading(names: Sequence[str]) -> bool:
    """Whether a line can be the names of columns: short, and none of them a number or a sentence."""
    return 2 <= len(names) <= _MOST_COLUMNS and all(
        len(n) <= 40
        and len(_WORDS.findall(n)) <= 3
        and n[-1:] not in ".?!"
        and not any(c.isdigit() for c in n[:1])
        for n in names
    )


def _named(pairs: Sequence[tuple[str, str]], parent: str) -> Iterator[Leaf]:
    beside = tuple(dict.fromkeys(name for name, _ in pairs))
    for name, value in pairs:
        if name and value and len(value) <= _LONGEST_VALUE:
            yield Leaf(value, name, parent, name, beside)
