"""Chunks become the completion they are, also from servers that bend the rules."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from rightsizer.testing.llm_answers import chunks, text_stream, tool_stream
from rightsizer.wire.chat_stream import completion_from_chunks, without_indexes
from rightsizer.wire.sse import read_json_events


def whole(stream: bytes) -> dict[str, Any]:
    return without_indexes(completion_from_chunks(read_json_events(stream)[0]))


def calls(*deltas: dict[str, Any]) -> list[tuple[Any, str, str]]:
    stream = chunks([{"tool_calls": [delta]} for delta in deltas], "tool_calls")
    found = whole(stream)["choices"][0]["message"]["tool_calls"]
    return [(c["id"], c["function"]["name"], c["function"]["arguments"]) for c in found]


def function(name: str | None, arguments: str) -> dict[str, Any]:
    return {"function": {"arguments": arguments} | ({"name": name} if name else {})}


def test_text_and_usage() -> None:
    completion = whole(text_stream("它在路上"))
    choice = completion["choices"][0]
    assert choice["message"] == {"role": "assistant", "content": "它在路上"}
    assert choice["finish_reason"] == "stop"
    assert completion["usage"]["total_tokens"] == 9
    assert completion["object"] == "chat.completion"


def test_parallel_tool_calls() -> None:
    message = whole(tool_stream())["choices"][0]["message"]
    assert message["content"] is None
    assert message["tool_calls"] == [
        {
            "id": f"call_{n}",
            "type": "function",
            "function": {"name": "find_order", "arguments": f'{{"id":"{o}"}}'},
        }
        for n, o in enumerate(("A-1", "B-2"))
    ]


def test_a_missing_index_continues_the_last_call() -> None:
    assert calls({"id": "a", **function("f", "{")}, function(None, "}")) == [("a", "f", "{}")]


def test_ids_tell_calls_apart_where_every_index_is_0() -> None:
    first = {"index": 0, "id": "a", **function("f", "{}")}
    second = {"index": 0, "id": "b", **function("g", "[]")}
    assert calls(first, second) == [("a", "f", "{}"), ("b", "g", "[]")]


def test_repeated_id_and_name_are_not_doubled() -> None:
    one = {"index": 0, "id": "a", **function("f", "{")}
    assert calls(one, {"index": 0, "id": "a", **function("f", "}")}) == [("a", "f", "{}")]


def test_several_choices_are_kept_apart_and_in_order() -> None:
    def chunk(index: int, text: str) -> dict[str, Any]:
        return {"choices": [{"index": index, "delta": {"content": text}}]}

    completion = completion_from_chunks([chunk(1, "b"), chunk(0, "a"), chunk(1, "b")])
    assert [c["message"]["content"] for c in completion["choices"]] == ["a", "bb"]


def test_reasoning_and_logprobs() -> None:
    def chunk(text: str) -> dict[str, Any]:
        return {
            "choices": [{"delta": {"reasoning_content": text}, "logprobs": {"content": [{"token": text}]}}]
        }

    choice = completion_from_chunks([chunk("a"), chunk("b")])["choices"][0]
    assert choice["message"]["reasoning_content"] == "ab"
    assert [t["token"] for t in choice["logprobs"]["content"]] == ["a", "b"]


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "delta", "index", "tool_calls", "function", "id", "usage", "name"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.sampled_from(["choices", "usage", "id"]), JSON), max_size=4))
def test_any_json_is_put_together_without_harm(values: list[dict[str, Any]]) -> None:
    orjson.dumps(completion_from_chunks(values))
