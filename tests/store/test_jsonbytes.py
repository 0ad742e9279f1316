"""What goes in comes out, whatever JSON can hold."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from rightsizer.errors import InputError
from rightsizer.store.jsonbytes import dump, dump_both, load
from rightsizer.testing.call_strategy import json_values


@given(json_values)
def test_any_value_comes_back_equal(value: Any) -> None:
    assert load(dump(value)) == value
    assert repr(load(dump(value))) == repr(value)


@given(json_values)
def test_both_are_what_each_is_alone(value: Any) -> None:
    assert dump_both(value) == (dump(value), dump(value, canonical=True))


@pytest.mark.parametrize("value", [{"b": math.nan, "a": None}, {"b": None, "a": 10**30}])
def test_both_keep_what_orjson_would_lose(value: Any) -> None:
    plain, canonical = dump_both(value)
    assert repr(load(plain)) == repr(value)
    assert repr(load(canonical)) == repr(dict(sorted(value.items())))


@pytest.mark.parametrize("value", [math.nan, [None, math.inf], {"a": {"b": [-math.inf, None]}}])
def test_nan_and_infinity_are_not_turned_into_null(value: Any) -> None:
    assert repr(load(dump(value))) == repr(value)


def test_huge_integers_and_lone_surrogates_survive() -> None:
    value = {"n": [2**64, -(10**60)], "s": "a\ud800b", "\udfff": 1}
    assert load(dump(value)) == value


def test_canonical_bytes_do_not_depend_on_key_order() -> None:
    for extra in (1, 10**30):
        one, other = {"a": 1, "b": {"x": extra, "y": 2}}, {"b": {"y": 2, "x": extra}, "a": 1}
        assert dump(one, canonical=True) == dump(other, canonical=True)
        assert dump(one) != dump(other)


@pytest.mark.parametrize("value", [{"at": datetime.now(UTC)}, {1, 2}, b"bytes", object()])
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(InputError, match="cannot be kept"):
        dump(value)
