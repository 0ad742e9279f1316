"""Values in texts that are laid out and no JSON: XML, tables, CSV, lists of fields, SQL, lines of a terminal.

What a tool says is a record whatever its notation. Each value comes with its key where the layout has one;
the keys beside it are its siblings. Expressions are linear in the text; long texts are read line by line.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from rightsizer.curation.json_text import is_json
from rightsizer.curation.pseudonyms.tree import Leaf, walk

_LONGEST_LINE = 2000
_LONGEST = 200  # of a value
_NAME = r"[A-Za-z_\u4e00-\u9fff][\w.:\-]{0,40}"
_TAG = re.compile(rf"<({_NAME})([^<>]{{0,400}})>([^<>]{{0,300}})")
_ATTRIBUTE = re.compile(rf"({_NAME})=(?:\"([^\"<>]{{1,200}})\"|'([^'<>]{{1,200}})')")
_FIELD = re.compile(
    r"[ \t>*#|\-\u2022]{0,12}(?P<key>[A-Za-z_\u4e00-\u9fff][\w ./'\-]{0,30}?)\*{0,2}[ \t]{0,3}"
    r"[:\uff1a=][ \t*]{0,6}(?P<v>\S.{0,200})"
)
_WORD_FIELD = re.compile(r"(?P<key>[A-Z]{2,9})[ \t]{1,8}(?P<v>\S.{1,200})")
_PAIR = re.compile(rf"(?P<key>{_NAME})=(?P<v>[^=;&\"'<>\n]{{1,200}})(?:[;&]|$)")
_SQL = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE)\b", re.I)
_LITERAL = re.compile(
    r"(?:(?P<key>[A-Za-z_][\w.]{0,40})[ ]?(?:=|<>|!=|(?i:i?like))[ ]?)?'%?(?P<v>[^'\n%]{1,200})%?'"
)
_COLUMNS = re.compile(r"\(([\w ,`\"]{1,400})\)\s{0,8}VALUES", re.I)
_HEADING = re.compile(r"[A-Za-z_\u4e00-\u9fff][\w .#/\-]{0,40}")
_RULE = re.compile(r"[\s|:\-+=]{3,400}")
_GAP = re.compile(r"(?:\t|[ ]{2,40})")
_SPLIT = re.compile(
    r"[\uff08\uff09()\[\]{}<>\uff0c\u3001\uff1b;|^\"*`]|,[ ]|[ ]/[ ]|[ ]-[ ]|[ ](?=[\w.+\-]{1,64}@)"
)


def leaves_in(text: str) -> Iterator[Leaf]:
    """Values of a laid-out text, with their keys; nothing for ordinary prose."""
    if "<" in text and ">" in text:
        yield from _tags(text)
    if _SQL.search(text[:200]) is not None and "'" in text:
        yield from _literals(text)
    lines = [line for line in text.split("\n") if line.strip() and len(line) <= _LONGEST_LINE]
    if len(lines) > 1:
        yield from _rows(lines)
    words = [m for line in lines if (m := _WORD_FIELD.fullmatch(line.strip()))]
    if len(words) >= 3:
        keys = tuple(m["key"] for m in words)
        yield from (Leaf(m["v"].strip(), m["key"], siblings=keys) for m in words)
    fields = [m for line in lines if (m := _FIELD.fullmatch(line.rstrip()))]
    keys = tuple(m["key"].strip() for m in fields)
    yield from (Leaf(m["v"].strip(), m["key"].strip(), siblings=keys) for m in fields)
    for line in lines:
        if line.count("=") > 1 or ("=" in line and len(line) <= 80):
            yield from (Leaf(m["v"].strip(), m["key"]) for m in _PAIR.finditer(line))
        if line[:1] == "{" and len(lines) > 1 and is_json(line):
            yield from walk(json.loads(line))
        if line.count("|") > 1:
            yield from _bars(line)


def pieces(value: str) -> list[str]:
    """Parts of a value that holds several: ``Ann Lee (E12) / 555 1234``; itself where it is one."""
    parts = [p.strip(" .:\uff1a#'\u3002\uff01") for p in _SPLIT.split(value[: _LONGEST * 4])]
    return [p for p in parts if len(p) > 1]


def columns_of(value: Any) -> Iterator[Leaf]:
    """Cells of rows that stand without keys beside a list of the columns' names, anywhere in a value."""
    if isinstance(value, dict):
        lists = [v for v in value.values() if isinstance(v, list) and v]
        for names in lists:
            if not all(isinstance(n, str) for n in names):
                continue
            for rows in lists:
                if all(isinstance(row, list) and len(row) == len(names) for row in rows):
                    yield from _cells(names, rows)
        for inner in value.values():
            yield from columns_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from columns_of(inner)


def _cells(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[Leaf]:
    keys = tuple(n.strip() for n in names)
    for row in rows:
        for key, cell in zip(keys, row, strict=True):
            if isinstance(cell, str) and cell.strip() and len(cell) <= _LONGEST:
                yield Leaf(cell.strip(), key, siblings=keys)


def _tags(text: str) -> Iterator[Leaf]:
    tags = list(_TAG.finditer(text))
    keys = tuple(dict.fromkeys(m[1] for m in tags))[:40]
    for match in tags:
        for attribute in _ATTRIBUTE.finditer(match[2]):
            yield Leaf((attribute[2] or attribute[3]).strip(), attribute[1], match[1], siblings=keys)
        if match[3].strip():
            yield Leaf(match[3].strip(), match[1], siblings=keys)


def _literals(text: str) -> Iterator[Leaf]:
    columns = _COLUMNS.search(text)
    names = [n.strip(' `"') for n in columns[1].split(",")] if columns else []
    found = list(_LITERAL.finditer(text, columns.end() if columns else 0))
    if columns and len(names) == len(found):
        yield from _cells(names, [[m["v"] for m in found]])
        return
    yield from (Leaf(m["v"].strip(), m["key"] or "") for m in found if m["v"].strip())


def _rows(lines: list[str]) -> Iterator[Leaf]:
    """Tables: a first line of names, then lines with as many cells."""
    for split in (_by_bar, _by_comma, _by_semicolon, _by_gap):
        names: list[str] = []
        for line in lines:
            cells = split(line)
            if len(cells) < (2 if split is _by_bar else 3) or _RULE.fullmatch(line):
                names = names if _RULE.fullmatch(line) else []
                continue
            if len(cells) == len(names):
                yield from _cells(names, [cells])
            elif all(_HEADING.fullmatch(c) for c in cells):
                names = cells
        if names:
            return


def _by_bar(line: str) -> list[str]:
    return [c.strip() for c in line.strip().strip("|").split("|")] if "|" in line else []


def _by_comma(line: str) -> list[str]:
    return _separated(line, ",")


def _by_semicolon(line: str) -> list[str]:
    return _separated(line, ";")


def _separated(line: str, sign: str) -> list[str]:
    if sign not in line:
        return []
    try:
        return [c.strip() for c in next(csv.reader([line], delimiter=sign))]
    except (csv.Error, StopIteration):
        return []


def _by_gap(line: str) -> list[str]:
    return [c.strip() for c in _GAP.split(line.strip()) if c.strip()]


def _bars(line: str) -> Iterator[Leaf]:
    cells = _by_bar(line)
    if len(cells) == 2 and _HEADING.fullmatch(cells[0]):
        yield Leaf(cells[1], cells[0])
    elif len(cells) > 2:
        for cell in cells:
            yield from (Leaf(part, "") for part in cell.split("^") if len(part) > 1)
