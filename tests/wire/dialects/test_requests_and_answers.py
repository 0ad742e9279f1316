"""Which dialect a value is in is seen by itself; what is in none is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rightsizer.errors import RecordError
from rightsizer.wire.dialects.answers import read_response
from rightsizer.wire.dialects.names import chat_finish_reason, chat_role
from rightsizer.wire.dialects.requests import read_request
from rightsizer.wire.dialects.tools import read_tools

USER = {"role": "user", "content": "你好"}
LC_USER = {"lc": 1, "type": "constructor", "id": ["langchain", "HumanMessage"], "kwargs": {"content": "你好"}}
REQUESTS: dict[str, Any] = {
    "text": "你好",
    "message": USER,
    "messages": [USER],
    "messages as text": json.dumps([USER]),
    "body": {"messages": [USER]},
    "nested": {"messages": [[LC_USER]]},
    "LangChain": [{"type": "human", "content": "你好", "additional_kwargs": {}}],
    "LangChain wrapped": [{"type": "human", "data": {"content": "你好"}}],
    "LangChain serialised": [LC_USER],
    "prompts": {"prompts": ["你好"]},
    "prompt": {"prompt": "你好"},
    "argument": {"args": ["你好"], "kwargs": {}},
    "OTel": [{"role": "user", "parts": [{"type": "text", "content": "你好"}]}],
    "Gemini": {"contents": "你好"},
    "Gemini parts": {"contents": [{"role": "user", "parts": [{"text": "你好"}]}]},
    "Responses": {"input": [{"role": "user", "content": "你好"}]},
    "Responses text": {"input": "你好"},
    "Anthropic": {
        "messages": [{"role": "user", "content": [{"type": "text", "text": "你好"}]}],
        "system": "",
    },
    "OTel event": [
        {"role": "user", "content": "你好", "event.name": "gen_ai.user.message", "gen_ai.system": "openai"}
    ],
}
ASSISTANT = {"role": "assistant", "content": "好"}
ANSWERS: dict[str, Any] = {
    "text": "好",
    "message": ASSISTANT,
    "message as text": json.dumps(ASSISTANT),
    "messages": [ASSISTANT],
    "completion": {"choices": [{"message": ASSISTANT}]},
    "LangChain": {"type": "ai", "content": "好", "additional_kwargs": {"refusal": None}},
    "LangChain result": {"generations": [[{"text": "好"}]]},
    "state": {"messages": [USER, ASSISTANT]},
    "OTel": [{"role": "assistant", "parts": [{"type": "text", "content": "好"}], "finish_reason": "stop"}],
    "OTel event": {"index": 0, "message": ASSISTANT, "event.name": "gen_ai.choice"},
    "Gemini": {"candidates": [{"content": {"role": "model", "parts": [{"text": "好"}]}}]},
    "Gemini candidate": {"content": {"role": "model", "parts": [{"text": "好"}]}, "finish_reason": "STOP"},
    "Anthropic": {"type": "message", "content": [{"type": "text", "text": "好"}]},
    "Responses": {
        "object": "response",
        "output": [
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "好"}]}
        ],
    },
}
SCHEMA = {"type": "object"}
TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": SCHEMA}}


@pytest.mark.parametrize("dialect", REQUESTS)
def test_a_request_in_every_dialect(dialect: str) -> None:
    assert read_request(REQUESTS[dialect])["messages"] == [USER]


@pytest.mark.parametrize("dialect", ANSWERS)
def test_an_answer_in_every_dialect(dialect: str) -> None:
    read = read_response(ANSWERS[dialect])
    message = read["choices"][0]["message"] if "choices" in read else read
    assert (message["role"], message["content"]) == ("assistant", "好")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "no-messages"),
        ("", "no-messages"),
        ([], "no-messages"),
        ({}, "no-messages"),
        ({"question": "x"}, "no-messages"),
        (["x"], "invalid-message"),
        ([{"content": "x"}], "invalid-message"),
        ([[USER], [USER]], "several-requests"),
        ({"contents": [3]}, "invalid-message"),
    ],
)
def test_what_is_no_request_is_never_guessed(value: Any, reason: str) -> None:
    with pytest.raises(RecordError) as error:
        read_request(value)
    assert error.value.reason == reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "no-response"),
        ("", "no-response"),
        (USER, "no-response"),
        ([ASSISTANT, ASSISTANT], "several-answers"),
        ({"generations": [[{"text": "a"}], [{"text": "b"}]]}, "several-answers"),
        ({"candidates": []}, "no-choices"),
    ],
)
def test_what_is_no_answer_is_never_guessed(value: Any, reason: str) -> None:
    with pytest.raises(RecordError) as error:
        read_response(value)
    assert error.value.reason == reason


def test_json_that_is_the_answer_stays_as_the_model_wrote_it() -> None:
    assert read_response('{"label":  "好"}')["content"] == '{"label":  "好"}'
    assert json.loads(read_response({"label": "好"})["content"]) == {"label": "好"}
    assert read_response(["a", "b"])["content"] == '["a","b"]'


def test_otels_list_of_answers_is_a_list_of_choices() -> None:
    parts = [{"role": "assistant", "parts": [{"type": "text", "content": text}]} for text in ("a", "b")]
    assert [c["message"]["content"] for c in read_response(parts)["choices"]] == ["a", "b"]


def test_a_request_of_gemini() -> None:
    body = read_request(
        {
            "model": "gemini-2.5-flash",
            "contents": [
                {
                    "role": "user",
                    "parts": [{"text": "天气?"}, {"inlineData": {"mimeType": "image/png", "data": "QQ"}}],
                },
                {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"a": 1}}}]},
                {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"b": 2}}}]},
            ],
            "config": {
                "system_instruction": "Be brief.",
                "tools": [{"function_declarations": [{"name": "f", "parameters": SCHEMA}]}],
                "temperature": 0,
            },
        }
    )
    assert [m["role"] for m in body["messages"]] == ["system", "user", "assistant", "tool"]
    assert body["messages"][1]["content"][1]["image_url"]["url"] == "data:image/png;base64,QQ"
    assert body["messages"][2]["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"a":1}'}
    assert body["messages"][3] == {"role": "tool", "content": '{"b":2}', "name": "f"}
    assert body["tools"] == [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}]
    assert body["config"] == {"temperature": 0}


def test_thinking_and_tokens_of_gemini() -> None:
    parts = [{"text": "hm", "thought": True}, {"text": "好"}]
    usage = {
        "promptTokenCount": 5,
        "cachedContentTokenCount": 2,
        "candidatesTokenCount": 3,
        "thoughtsTokenCount": 4,
    }
    candidate = {"content": {"parts": parts}, "finishReason": "MAX_TOKENS"}
    read = read_response({"candidates": [candidate], "usageMetadata": usage, "modelVersion": "g"})
    assert read["choices"][0]["message"] == {"role": "assistant", "content": "好", "reasoning_content": "hm"}
    assert (read["choices"][0]["finish_reason"], read["model"]) == ("length", "g")
    counts = {name: read["usage"][name] for name in ("input_tokens", "cached_input_tokens", "output_tokens")}
    assert counts == {"input_tokens": 5, "cached_input_tokens": 2, "output_tokens": 7}


def test_langchain_keeps_the_providers_own_arguments() -> None:
    written = [{"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":  1}'}}]
    calls = [{"name": "f", "args": {"a": 1}, "id": "c"}]
    message = {"type": "ai", "content": "", "tool_calls": calls, "additional_kwargs": {"tool_calls": written}}
    assert read_response(message)["choices"][0]["message"]["tool_calls"] == written


def test_a_tool_named_as_the_role_of_its_answer() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    answered = {"role": "weather", "content": "晴", "additional_kwargs": {}}
    body = read_request([USER, {"role": "assistant", "content": "", "tool_calls": [call]}, answered])
    last = body["messages"][-1]
    assert (last["role"], last["tool_call_id"], last["content"]) == ("tool", "c1", "晴")
    with pytest.raises(RecordError):
        read_request([USER, answered])


def test_tools_bound_as_messages_are_tools() -> None:
    body = read_request([USER, {"role": "tool", "content": TOOL}])
    assert (body["messages"], body["tools"]) == ([USER], [TOOL])


def test_calls_written_as_content_are_calls() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    body = read_request([USER, {"role": "assistant", "content": json.dumps([call])}])
    assert body["messages"][1] == {"role": "assistant", "content": None, "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": "c1", "content": json.dumps([call])}
    assert read_request([result])["messages"] == [result], "a tool's answer may hold anything"


@pytest.mark.parametrize(
    "given",
    [
        TOOL,
        json.dumps(TOOL),
        {"type": "function", "name": "f", "description": "d", "parameters": SCHEMA},
        {"name": "f", "description": "d", "input_schema": SCHEMA},
        {"function_declarations": [{"name": "f", "description": "d", "parameters": SCHEMA}]},
        {"functionDeclarations": [{"name": "f", "description": "d", "parametersJsonSchema": SCHEMA}]},
        {"type": "function", "name": "f", "description": "d", "inputSchema": SCHEMA},
    ],
)
def test_a_tool_in_every_dialect(given: Any) -> None:
    assert read_tools([given]) == [TOOL]


def test_a_tool_of_the_server_stays_as_it_came() -> None:
    tools = [{"type": "web_search_20250305", "name": "web_search", "max_uses": 5}, {"google_search": {}}]
    assert read_tools(tools) == tools


@pytest.mark.parametrize("tools", [3, [3], "x", ["{"]])
def test_what_is_no_tool_is_told(tools: Any) -> None:
    with pytest.raises(RecordError):
        read_tools(tools)


def test_names() -> None:
    assert [chat_role(r) for r in ("human", "ai", "model", "developer")] == [
        "user",
        "assistant",
        "assistant",
        "developer",
    ]
    reasons = ("end_turn", "STOP", "tool_use", "MAX_TOKENS", "SAFETY", "length", "", None)
    assert [chat_finish_reason(r) for r in reasons] == [
        "stop", "stop", "tool_calls", "length", "content_filter", "length", None, None,
    ]  # fmt: skip
