"""TensorZero's inferences: chat and JSON functions, from its tables or its API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rightsizer.errors import RecordError
from rightsizer.types import Call, ReasoningPart
from rightsizer.wire import call_from_record, read_record, record_from_call
from rightsizer.wire.formats import FORMATS

TOOL = {"name": "search", "description": "Searches", "parameters": {"type": "object"}, "strict": True}
CHAT: dict[str, Any] = {
    "id": "i1",
    "function_name": "support",
    "variant_name": "gpt4",
    "episode_id": "e1",
    "timestamp": "2025-04-14T23:07:50Z",
    "processing_time_ms": 850,
    "input": {
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "天气?"}]},
            {
                "role": "assistant",
                "content": [{"type": "tool_call", "id": "c1", "name": "search", "arguments": '{"q":"天气"}'}],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "id": "c1", "name": "search", "result": "晴"}],
            },
        ],
    },
    "output": [{"type": "thought", "text": "easy"}, {"type": "text", "text": "晴天"}],
    "inference_params": {"chat_completion": {"temperature": 0.5, "seed": None}},
    "tool_params": {"tools_available": [TOOL], "tool_choice": "auto", "parallel_tool_calls": None},
    "tags": {"customer": "c-1", "tensorzero::ui": "true"},
}
SCHEMA = {"type": "object", "properties": {"person": {"type": "array"}}}
JSON_FUNCTION: dict[str, Any] = {
    **{name: CHAT[name] for name in ("function_name", "variant_name", "episode_id", "timestamp")},
    "type": "json",
    "inference_id": "i2",
    "input": {"system": {"lang": "中文"}, "messages": [{"role": "user", "content": "Ada met Bob"}]},
    "output": {"raw": '{"person": ["Ada"]}', "parsed": {"person": ["Ada"]}},
    "output_schema": SCHEMA,
}


def read(record: dict[str, Any]) -> Call:
    assert next(name for name, (sniff, _) in FORMATS.items() if sniff(record)) == "tensorzero"
    call = read_record(record)
    assert call_from_record(record_from_call(call)) == call, "export would not give the call back"
    return call


def as_in_the_table(record: dict[str, Any]) -> dict[str, Any]:
    """ClickHouse's rows hold objects as JSON text."""
    text = {"input", "output", "output_schema", "tool_params", "inference_params"}
    return {k: json.dumps(v, ensure_ascii=False) if k in text else v for k, v in record.items()}


@pytest.mark.parametrize("form", [dict, as_in_the_table])
def test_a_chat_function(form: Any) -> None:
    call = read(form(CHAT))
    assert (call.id, call.session_id, call.latency_s) == ("i1", "e1", 0.85)
    assert [(m.role, m.text) for m in call.request.messages] == [
        ("system", "Be brief."),
        ("user", "天气?"),
        ("assistant", ""),
        ("tool", "晴"),
    ]
    assert call.request.messages[2].tool_calls[0].arguments == '{"q":"天气"}'
    assert call.request.tool_names == ("search",)
    assert call.request.tools[0]["function"]["strict"] is True
    assert call.request.params == {"temperature": 0.5, "tool_choice": "auto"}
    assert call.response is not None
    assert call.response.text == "晴天"
    assert [p.content for p in call.response.parts if isinstance(p, ReasoningPart)] == ["easy"]


@pytest.mark.parametrize("form", [dict, as_in_the_table])
def test_a_json_function(form: Any) -> None:
    call = read(form(JSON_FUNCTION))
    assert call.id == "i2"
    assert json.loads(call.request.messages[0].text) == {"lang": "中文"}, (
        "a template's arguments are what was sent"
    )
    assert call.request.messages[1].text == "Ada met Bob"
    assert call.request.response_format == {
        "type": "json_schema",
        "json_schema": {"name": "response", "schema": SCHEMA},
    }
    assert call.response is not None
    assert call.response.text == '{"person": ["Ada"]}', "the text as the model wrote it"


def test_the_callers_tags_are_metadata_and_the_variant_is_not() -> None:
    call = read(CHAT)
    assert call.metadata == {"customer": "c-1", "function_name": "support"}
    assert call.extra["tensorzero"]["variant_name"] == "gpt4"
    assert call.extra["tensorzero"]["tags"]["tensorzero::ui"] == "true"


def test_a_tool_call_that_did_not_parse_is_as_the_model_wrote_it() -> None:
    block = {
        "type": "tool_call",
        "id": "c",
        "name": None,
        "raw_name": "serach",
        "arguments": None,
        "raw_arguments": "{",
    }
    call = read({**CHAT, "output": [block]})
    assert call.response is not None
    assert [(c.name, c.arguments) for c in call.response.tool_calls] == [("serach", "{")]


def test_feedback_exported_with_the_inference_is_the_outcome() -> None:
    rows = [{"metric_name": "exact_match", "value": True}, {"type": "comment", "value": "good"}]
    call = read({**CHAT, "feedback": rows, "episode_feedback": {"solved": 1.0}})
    assert call.outcome == {
        "inference_feedback": {"exact_match": True, "comment": "good"},
        "episode_feedback": {"solved": 1.0},
    }


def test_text_given_as_arguments_of_a_template() -> None:
    content = [{"type": "template", "name": "ask", "arguments": {"city": "北京"}}]
    call = read({**CHAT, "input": {"messages": [{"role": "user", "content": content}]}})
    assert call.request.messages[0].text == '{"city":"北京"}'


MODEL: dict[str, Any] = {
    "id": "m1",
    "inference_id": "i1",
    "model_name": "gpt-4o-mini",
    "model_provider_name": "openai",
    "input_tokens": 5,
    "output_tokens": 1,
    "response_time_ms": 500,
    "finish_reason": "stop",
    "raw_request": json.dumps(
        {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "天气?"}], "seed": 1}
    ),
    "raw_response": json.dumps(
        {"choices": [{"message": {"role": "assistant", "content": "晴"}, "finish_reason": "stop"}]}
    ),
    "system": "Be brief.",
    "input_messages": json.dumps([{"role": "user", "content": [{"type": "text", "text": "天气?"}]}]),
    "output": json.dumps([{"type": "text", "text": "晴"}]),
}


def test_a_model_inference_has_the_providers_own_bodies() -> None:
    call = read(MODEL)
    assert (call.id, call.session_id, call.model, call.latency_s) == ("m1", "i1", "gpt-4o-mini", 0.5)
    assert [m.text for m in call.request.messages] == ["天气?"]
    assert call.request.params == {"seed": 1}
    assert call.response is not None
    assert (call.response.text, call.finish_reason) == ("晴", "stop")
    assert call.usage is not None
    assert (call.usage.input_tokens, call.usage.output_tokens) == (5, 1)
    assert call.extra["tensorzero"]["model_provider_name"] == "openai"


def test_a_streamed_model_inference_is_as_tensorzero_has_read_it() -> None:
    call = read({**MODEL, "raw_response": 'data: {"choices": []}\n\ndata: [DONE]'})
    assert [m.text for m in call.request.messages] == ["Be brief.", "天气?"]
    assert call.response is not None
    assert (call.response.text, call.finish_reason) == ("晴", "stop")


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"id": "f", "target_id": "i1", "metric_name": "m", "value": True}, "feedback-alone"),
        ({**CHAT, "output": None}, "no-response"),
        ({**CHAT, "output": "[]"}, "no-response"),
        ({**CHAT, "input": "hello"}, "no-messages"),
        ({**CHAT, "input": {"messages": ["hello"]}}, "invalid-message"),
        ({**CHAT, "output": [{"type": "tool_call", "name": "f"}]}, "invalid-message"),
    ],
)
def test_what_is_no_inference_is_told(record: dict[str, Any], reason: str) -> None:
    with pytest.raises(RecordError) as error:
        read(record)
    assert error.value.reason == reason
