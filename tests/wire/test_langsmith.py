"""LangSmith runs: alone, and as trees."""

from __future__ import annotations

from typing import Any

import pytest

from rightsizer.types import Call
from rightsizer.wire import call_from_record, record_from_call
from rightsizer.wire.formats import FORMATS, read_records
from rightsizer.wire.unread import Unread


def lc(kind: str, **fields: Any) -> dict[str, Any]:
    return {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", kind], "kwargs": fields}


ANSWER = lc(
    "AIMessage",
    content="",
    tool_calls=[{"name": "search", "args": {"q": "天气"}, "id": "c2", "type": "tool_call"}],
    response_metadata={"finish_reason": "tool_calls"},
    usage_metadata={"input_tokens": 9, "output_tokens": 3, "input_token_details": {"cache_read": 4}},
)
RUN: dict[str, Any] = {
    "id": "r1",
    "name": "ChatOpenAI",
    "run_type": "llm",
    "trace_id": "t1",
    "session_id": "the-project",
    "start_time": "2026-01-01T10:00:00.000000",
    "end_time": "2026-01-01T10:00:01.250000",
    "inputs": {
        "messages": [
            [
                lc("SystemMessage", content="Be brief."),
                lc("HumanMessage", content="天气?"),
                lc("AIMessage", content="", tool_calls=[{"name": "search", "args": {}, "id": "c1"}]),
                lc("ToolMessage", content="nothing", tool_call_id="c1"),
            ]
        ]
    },
    "outputs": {"generations": [[{"text": "", "message": ANSWER}]], "llm_output": None},
    "extra": {
        "metadata": {"thread_id": "th1", "ls_model_name": "gpt-4o"},
        "invocation_params": {
            "model": "gpt-4o",
            "temperature": 0,
            "tools": [{"type": "function", "function": {"name": "search"}}],
        },
        "runtime": {"sdk": "x"},
    },
    "total_cost": "0.25",
    "feedback_stats": {"correct": {"n": 1, "avg": 1.0}},
    "error": None,
}


def read(record: dict[str, Any]) -> tuple[list[Call], list[Unread]]:
    assert next(name for name, (sniff, _) in FORMATS.items() if sniff(record)) == "langsmith"
    found = list(read_records(record))
    calls = [item for item in found if isinstance(item, Call)]
    for call in calls:
        assert call_from_record(record_from_call(call)) == call, "export would not give the call back"
    return calls, [item for item in found if isinstance(item, Unread)]


def read_one(**changed: Any) -> Call:
    (call,), _ = read({**RUN, **changed})
    return call


def test_an_llm_run() -> None:
    call = read_one()
    assert (call.id, call.model, call.latency_s, call.cost_usd) == ("r1", "gpt-4o", 1.25, 0.25)
    assert [(m.role, m.text) for m in call.request.messages] == [
        ("system", "Be brief."),
        ("user", "天气?"),
        ("assistant", ""),
        ("tool", "nothing"),
    ]
    assert call.request.messages[2].tool_calls[0].id == "c1"
    assert call.request.tool_names == ("search",)
    assert call.request.params == {"temperature": 0}
    assert call.response is not None
    assert call.response.tool_calls[0].arguments == '{"q":"天气"}'
    assert call.finish_reason == "tool_calls"
    assert call.usage is not None
    assert (call.usage.input_tokens, call.usage.cached_input_tokens) == (9, 4)
    assert call.outcome == {"feedback": RUN["feedback_stats"]}


def test_the_session_is_the_thread_or_the_trace_never_the_project() -> None:
    assert read_one().session_id == "th1"
    assert read_one(extra={}).session_id == "t1"
    assert read_one().extra["langsmith"]["project_id"] == "the-project"


@pytest.mark.parametrize(
    "outputs",
    [
        {"choices": [{"message": {"role": "assistant", "content": "晴"}, "finish_reason": "stop"}]},
        {"output": "晴"},
        {"output": {"role": "assistant", "content": "晴"}},
        {"role": "assistant", "content": "晴"},
        {"message": {"role": "assistant", "content": "晴"}},
        {"messages": [{"role": "assistant", "content": "晴"}]},
        {"generations": [{"text": "晴"}]},
        {"type": "message", "content": [{"type": "text", "text": "晴"}], "stop_reason": "end_turn"},
    ],
)
def test_the_shapes_of_an_answer(outputs: dict[str, Any]) -> None:
    call = read_one(outputs=outputs, prompt_tokens=7, completion_tokens=1)
    assert call.response is not None
    assert (call.response.role, call.response.text) == ("assistant", "晴")
    assert call.usage is not None
    assert call.usage.input_tokens == 7


@pytest.mark.parametrize(
    "inputs",
    [
        {"messages": [{"role": "user", "content": "天气?"}]},
        {"messages": [{"type": "human", "content": "天气?"}]},
        {"messages": [{"type": "human", "data": {"content": "天气?"}}]},
        {"prompts": ["天气?"]},
        {"input": "天气?"},
    ],
)
def test_the_shapes_of_a_request(inputs: dict[str, Any]) -> None:
    (message,) = read_one(inputs=inputs).request.messages
    assert (message.role, message.text) == ("user", "天气?")


def test_the_calls_in_a_tree_of_runs() -> None:
    tree = {
        **RUN,
        "id": "r0",
        "run_type": "chain",
        "child_runs": [RUN, {**RUN, "id": "r2", "run_type": "tool"}],
    }
    calls, unread = read(tree)
    assert [call.id for call in calls] == ["r1"]
    assert [item.reason for item in unread] == ["not-an-llm-run"] * 2


def test_a_failed_run_is_a_failed_call() -> None:
    call = read_one(outputs=None, error="RateLimitError('too many')")
    assert call.response is None
    assert call.error is not None
    assert "too many" in call.error.message


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"inputs": {"question": "?"}}, "no-messages"),
        ({"inputs": {"prompts": ["a", "b"]}}, "no-messages"),
        (
            {"inputs": {"messages": [[lc("HumanMessage", content="a")], [lc("HumanMessage", content="b")]]}},
            "several-requests",
        ),
        ({"inputs": {"messages": [lc("RemoveMessage", content="")]}}, "invalid-message"),
        ({"outputs": {"generations": [[{"text": "a"}, {"text": "b"}]]}}, "several-answers"),
        ({"outputs": None}, "no-response"),
    ],
)
def test_what_nothing_can_be_learned_from_is_told(changed: dict[str, Any], reason: str) -> None:
    calls, unread = read({**RUN, **changed})
    assert (calls, [item.reason for item in unread]) == ([], [reason])
