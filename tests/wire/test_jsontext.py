"""JSON text is read and written without rounding, refusing or inventing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from rightsizer.errors import RecordError
from rightsizer.testing.call_strategy import json_values
from rightsizer.wire.jsontext import dump_json, parse_json, parse_json_telling
from rightsizer.wire.shared import Shared


@given(json_values)
def test_any_value_comes_back_equal_and_on_one_line(value: Any) -> None:
    line = dump_json(value)
    assert b"\n" not in line
    assert repr(parse_json(line)) == repr(value)


@pytest.mark.parametrize(
    "text", [b"123456789012345678901234567890", b"-9223372036854775809", b"[18446744073709551616]"]
)
def test_huge_integers_are_not_rounded(text: bytes) -> None:
    assert dump_json(parse_json(text)) == text


def test_nan_and_lone_surrogates_are_read() -> None:
    assert repr(parse_json(b'[NaN, -Infinity, 1e999, "\\ud83d"]')) == repr(
        [float("nan"), -float("inf"), float("inf"), "\ud83d"]
    )
    assert dump_json([float("nan"), None]) == b"[NaN,null]"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"a": 1', "invalid-json"),
        (b"\xff\xfe", "invalid-utf8"),
        (b"[" * 100_000, "invalid-json"),
        (b"", "invalid-json"),
    ],
)
def test_what_is_not_json_is_rejected_with_a_reason(text: bytes, reason: str) -> None:
    with pytest.raises(RecordError) as error:
        parse_json(text)
    assert error.value.reason == reason


def test_a_set_is_not_json() -> None:
    with pytest.raises(RecordError) as error:
        dump_json({1})
    assert error.value.reason == "not-json"


def test_equal_messages_become_one_object() -> None:
    shared = Shared()
    chat = {"role": "user", "content": "x"}
    assert shared.message(dict(chat)) is shared.message(dict(chat))
    assert shared.message(chat) is not shared.message({"role": "user", "content": "y"})
    tools = [{"name": "f"}]
    assert shared.tools(list(tools)) is shared.tools(list(tools))


def test_what_is_shared_is_forgotten_when_it_is_too_much() -> None:
    shared = Shared(capacity_bytes=200)
    chat = {"role": "user", "content": "x" * 90}
    first = shared.message(chat)
    assert shared.message(chat) is first
    shared.message({"role": "user", "content": "y" * 90})
    again = shared.message(chat)
    assert again == first
    assert again is not first


def test_values_that_cannot_be_shared_exactly_are_told() -> None:
    assert parse_json_telling(b'{"a": 1}') == ({"a": 1}, True)
    assert parse_json_telling(b'{"a": NaN}')[1] is False
