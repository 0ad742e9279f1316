"""JSON inside strings is rewritten token by token."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rightsizer.curation.json_text import Leaf, is_json, leaves, rewrite_strings

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


def test_only_objects_and_arrays_count_as_json() -> None:
    assert is_json(' {"a": 1}')
    assert is_json("[1]")
    assert not is_json("12")
    assert not is_json('"text"')
    assert not is_json("{broken")
    assert not is_json("")


def test_leaves_know_their_key() -> None:
    found = list(leaves('{"a": ["x", 1.5], "b" : {"c": "y"}}'))
    assert [leaf for leaf in found if not leaf.is_key] == [
        Leaf("a", "x"),
        Leaf("a", "1.5", is_number=True),
        Leaf("c", "y"),
    ]
    assert [leaf.text for leaf in found if leaf.is_key] == ["a", "b", "c"]


def test_what_does_not_change_keeps_its_bytes() -> None:
    text = '{ "n": 1.0e3,\t"n": "a\\u0041", "k":"x" }'
    assert rewrite_strings(text, lambda leaf: leaf.text) == text
    assert rewrite_strings(text, lambda leaf: "Z" if leaf.text == "x" else leaf.text) == text.replace(
        '"x"', '"Z"'
    )


def test_as_number_writes_a_bare_number() -> None:
    assert (
        rewrite_strings('{"a": "N"}', lambda leaf: leaf.text, lambda leaf: "42" if leaf.text == "N" else None)
        == '{"a": 42}'
    )


@given(json_values, st.booleans())
def test_stays_valid_and_equal_but_for_the_rewritten(value: object, ascii_only: bool) -> None:
    text = json.dumps([value], ensure_ascii=ascii_only)
    marked = rewrite_strings(text, lambda leaf: leaf.text if leaf.is_number else leaf.text + "é")
    back = rewrite_strings(marked, lambda leaf: leaf.text if leaf.is_number else leaf.text.removesuffix("é"))
    assert json.loads(back) == json.loads(text)


@pytest.mark.parametrize("text", ['["a\\"b", "c\\\\"]', '{"a": "\\n\\u4e2d"}', "[[], {}, null, true]"])
def test_escapes(text: str) -> None:
    assert json.loads(rewrite_strings(text, lambda leaf: leaf.text.upper())) is not None
    assert [x.text for x in leaves('["a\\"b"]')] == ['a"b']
