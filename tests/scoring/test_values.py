"""Canonical values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rightsizer.scoring.difference import first_difference, show_path
from rightsizer.scoring.values import (
    NotJSONError,
    canonical,
    dump,
    normal_text,
    parse_json,
    unfence,
    with_defaults,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_canonical_is_a_fixed_point_and_equal_to_itself(value):
    once = canonical(value)
    assert dump(canonical(once)) == dump(once)
    assert first_difference(once, canonical(value)) is None


@given(JSON, JSON)
def test_a_difference_is_found_if_and_only_if_the_canonical_texts_differ(one, other):
    a, b = canonical(one), canonical(other)
    assert (first_difference(a, b) is None) == (dump(a) == dump(b))


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("```json\n{}\n```", "{}"),
        ("  ```\n{}\n```  ", "{}"),
        ("```json\n{}", "```json\n{}"),
        ("see: ```json\n{}\n```", "see: ```json\n{}\n```"),
        ("{}", "{}"),
    ],
)
def test_only_a_fence_around_everything_is_taken_off(text, inner):
    assert unfence(text) == inner


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "{", "", "{'a': 1}"])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(NotJSONError):
        parse_json(text)


def test_relaxed_text_drops_what_bfcl_drops():
    assert normal_text("April 1, 2024 'A-b'", relaxed=True) == 'april12024"ab"'
    assert normal_text(" 上海 \n 北京 ") == "上海 北京"


def test_defaults_are_put_in_only_where_stated_and_absent():
    schema = {"properties": {"a": {"default": 1}, "b": {}, "c": {"properties": {"d": {"default": []}}}}}
    assert with_defaults({"c": {}}, schema) == {"a": 1, "c": {"d": []}}
    assert with_defaults({"a": None}, schema) == {"a": None}
    assert with_defaults({"x": 1}, True) == {"x": 1}
    assert with_defaults("text", schema) == "text"


def test_keys_that_are_data_are_not_shown():
    assert show_path(("by_user", "ann@example.com", "名称")) == "by_user.*.名称"
    assert show_path(("1234567890",)) == "*"
