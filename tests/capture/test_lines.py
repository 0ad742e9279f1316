"""Splitting does not depend on where the chunks are cut."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rightsizer.capture import lines
from rightsizer.capture.lines import split_records

_objects = st.lists(
    st.dictionaries(st.text(max_size=4), st.text('{}[]",\\\n é退', max_size=8), min_size=1, max_size=3),
    min_size=1,
    max_size=5,
)


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@given(_objects, st.integers(1, 9), st.sampled_from([None, 1]))
def test_an_array_is_split_at_any_chunk_size(objects: list[Any], size: int, indent: int | None) -> None:
    data = json.dumps(objects, indent=indent, ensure_ascii=False).encode()
    scanner = lines._Scanner()
    found = [record for chunk in cut(data, size) for record in scanner.feed(chunk)]
    assert [json.loads(record.data) for record in found] == objects
    assert list(scanner.finish()) == []
    starts = [data[: data.index(found[0].data)].count(b"\n") + 1]
    assert found[0].line == starts[0]


@given(_objects, st.integers(1, 9))
def test_lines_are_split_at_any_chunk_size(objects: list[Any], size: int) -> None:
    data = "\n".join(json.dumps(item, ensure_ascii=False) for item in objects).encode()
    found = list(lines._split_lines(cut(data, size)))
    assert [json.loads(record.data) for record in found] == objects
    assert [record.line for record in found] == list(range(1, len(objects) + 1))


def test_a_record_beyond_the_limit_is_told_and_not_kept_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_RECORD_BYTES", 10_000)
    big = b'{"a": "' + b"x" * 50_000 + b'"}'
    for data in (b'{"b": 1}\n' + big + b'\n{"c": 2}', b'[{"b": 1},\n' + big + b',\n{"c": 2}]'):
        found = list(split_records(cut(data, 1000)))
        assert [bool(record.problem) for record in found] == [False, True, False]
        assert [record.line for record in found] == [1, 2, 3]
        assert len(found[1].data) < 10_000
        assert json.loads(found[2].data) == {"c": 2}
