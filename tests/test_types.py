"""The types: ids that sort by birth, values that cannot change, JSON that reads back equal."""

from __future__ import annotations

import inspect
import re
import time
import typing
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from rightsizer import types
from rightsizer.types import (
    Call,
    Dataset,
    DatasetRow,
    Frozen,
    Message,
    OtherPart,
    Request,
    TextPart,
    ToolCallPart,
    ToolCallResponsePart,
    new_id,
)

ALL = [
    c
    for _, c in inspect.getmembers(types, inspect.isclass)
    if issubclass(c, Frozen) and c is not Frozen and c.__module__ == types.__name__
]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def values(hint: Any) -> st.SearchStrategy[Any]:
    """A strategy for a field by its annotation: enough of typing for the types of this project."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return values(args[0])
    if origin is typing.Literal:
        return st.sampled_from(args)
    if origin is dict:
        text_to_any = args[1] is Any
        return st.dictionaries(st.text(max_size=5), JSON if text_to_any else values(args[1]), max_size=3)
    if origin is tuple:
        if args[-1] is Ellipsis:
            return st.lists(values(args[0]), max_size=3).map(tuple)
        return st.tuples(*(values(a) for a in args))
    if args:  # a union
        return st.one_of(*(values(a) for a in args))
    plain: dict[Any, st.SearchStrategy[Any]] = {
        str: st.text(max_size=20),
        int: st.integers(-(2**53), 2**53),
        float: st.floats(-1e9, 1e9, allow_nan=False),
        bool: st.booleans(),
        type(None): st.none(),
        datetime: st.datetimes(timezones=st.just(UTC)),
        Any: JSON,
    }
    return plain[hint] if hint in plain else instances(hint)


def instances(cls: type[Frozen]) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(cls, include_extras=True)
    return st.fixed_dictionaries({name: values(hints[name]) for name in cls.model_fields}).map(
        lambda fields: cls(**fields)
    )


@pytest.mark.parametrize("cls", ALL, ids=lambda c: c.__name__)
def test_json_reads_back_equal(cls: type[Frozen]) -> None:
    @settings(max_examples=25, deadline=None)
    @given(instances(cls))
    def check(value: Frozen) -> None:
        assert cls.model_validate_json(value.model_dump_json()) == value

    check()


@pytest.mark.parametrize("cls", ALL, ids=lambda c: c.__name__)
def test_values_are_frozen_and_know_their_fields(cls: type[Frozen]) -> None:
    @settings(max_examples=1, deadline=None)
    @given(instances(cls))
    def check(value: Frozen) -> None:
        name = next(iter(cls.model_fields))
        with pytest.raises(ValidationError):
            setattr(value, name, getattr(value, name))
        with pytest.raises(ValidationError):
            cls.model_validate({**value.model_dump(), "surprise": 1})

    check()


@pytest.mark.parametrize("cls", ALL, ids=lambda c: c.__name__)
def test_every_type_says_what_it_is(cls: type[Frozen]) -> None:
    assert cls.__doc__
    assert cls.__doc__ != Frozen.__doc__


def test_ids_are_version_7_and_carry_their_prefix() -> None:
    prefix, _, rest = new_id("task").partition("_")
    value = uuid.UUID(rest)
    assert prefix == "task"
    assert value.version == 7
    assert value.variant == uuid.RFC_4122


def test_ids_sort_by_birth_and_do_not_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    start = time.time_ns()
    made = []
    for ms in (0, 1, 2, 1_000, 86_400_000, 10**11):
        monkeypatch.setattr(time, "time_ns", lambda ms=ms: start + ms * 1_000_000)
        made.append(new_id("call"))
    assert made == sorted(made)
    assert len({new_id("call") for _ in range(2_000)}) == 2_000


def test_an_id_tells_when_it_was_made() -> None:
    before = time.time_ns() // 1_000_000
    ms = uuid.UUID(new_id("x").split("_")[1]).int >> 80
    assert before <= ms <= time.time_ns() // 1_000_000


def test_parts_are_told_apart_by_their_type() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(types.Part)
    assert isinstance(adapter.validate_python({"type": "text", "content": "a"}), TextPart)
    assert isinstance(adapter.validate_python({"type": "tool_call", "name": "f"}), ToolCallPart)
    with pytest.raises(ValidationError):
        adapter.validate_python({"type": "video", "content": "a"})


def test_the_text_of_a_message_is_its_text_and_what_tools_returned() -> None:
    parts = (
        TextPart(content="a"),
        ToolCallPart(name="f", arguments='{"x": 1}'),
        OtherPart(raw={"type": "audio"}),
        ToolCallResponsePart(response="b"),
    )
    message = Message(role="tool", parts=parts)
    assert set(message.text.split("\n")) == {"a", "b"}
    assert [c.name for c in message.tool_calls] == ["f"]
    assert Message(role="user").text == ""


def test_tool_names_are_read_from_both_shapes_of_tools() -> None:
    tools = ({"type": "function", "function": {"name": "a"}}, {"name": "b"}, {"type": "web_search"})
    assert Request(messages=(), tools=tools).tool_names == ("a", "b")


def test_a_dataset_counts_its_parts() -> None:
    rows = tuple(
        DatasetRow(call_id=str(i), group=str(i), split=split, digest="")
        for i, split in enumerate(("train", "train", "calibration", "test"))
    )
    dataset = Dataset(id="d", task_id="t", content_hash="", rows=rows)
    assert [dataset.count(s) for s in ("train", "calibration", "test")] == [2, 1, 1]  # type: ignore[arg-type]


def test_arguments_stay_the_text_that_the_model_wrote() -> None:
    odd = '{"a" : 1.0,\n "b":"\\u00e9"}'
    call = Call(
        id="c",
        session_id="s",
        request=Request(messages=()),
        response=Message(role="assistant", parts=(ToolCallPart(name="f", arguments=odd),)),
    )
    again = Call.model_validate_json(call.model_dump_json())
    assert again.response is not None
    assert again.response.tool_calls[0].arguments == odd


def test_the_drawing_on_top_names_real_types() -> None:
    drawn = re.findall(r"\b[A-Z][a-z]\w+", (types.__doc__ or "").split("\n\n")[1])
    known = {c.__name__ for c in ALL} | {"Verdict"}
    assert drawn
    assert set(drawn) <= known
