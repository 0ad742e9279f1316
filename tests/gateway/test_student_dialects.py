"""A student's answer in the other APIs' forms, as their own clients read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anthropic
import openai
import orjson
import pytest

from rightsizer.gateway.answers_anthropic import write_message, write_message_stream
from rightsizer.gateway.answers_responses import write_response, write_response_stream
from rightsizer.gateway.as_chat import CHAT, MESSAGES, RESPONSES, as_chat
from rightsizer.gateway.calls import Recorded, call_from_recorded
from rightsizer.gateway.student import student_answer
from rightsizer.testing.fake_llm import FakeLLM, Reply
from rightsizer.types import Message, TextPart, ToolCallPart
from rightsizer.wire.request import request_from_chat

TEXT = Message(role="assistant", parts=(TextPart(content="退款 ok"),))
CALLS = Message(
    role="assistant",
    parts=(
        ToolCallPart(name="find_order", arguments='{"id":"A-1"}'),
        ToolCallPart(name="find_order", arguments='{"id":"乙"}'),
    ),
)
SSE = (("content-type", "text/event-stream"),)
Given = Callable[[Message, dict[str, Any]], bytes]


def answered(message: Message, path: bytes) -> FakeLLM:
    """A server that answers as the gateway does when a student has spoken."""

    def script(request: Any) -> Reply:
        given = student_answer(message, "call_1", request.body, path)
        assert not isinstance(given, str), given
        return Reply((given[1],), headers=tuple((n.decode(), v.decode()) for n, v in given[0][:1]))

    return FakeLLM(script)


def test_openais_client_reads_a_response() -> None:
    with answered(TEXT, RESPONSES) as llm:
        client = openai.OpenAI(base_url=llm.url, api_key="k", max_retries=0)
        whole = client.responses.create(model="m", input="hi", store=False)
        assert (whole.output_text, whole.status, whole.usage.total_tokens) == ("退款 ok", "completed", 0)  # type: ignore[union-attr]
        with client.responses.stream(model="m", input="hi", store=False) as stream:
            kinds = [event.type for event in stream]
            assert stream.get_final_response().output_text == "退款 ok"
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")


def test_openais_client_reads_tool_calls_of_a_response() -> None:
    with answered(CALLS, RESPONSES) as llm:
        client = openai.OpenAI(base_url=llm.url, api_key="k", max_retries=0)
        whole = client.responses.create(model="m", input="hi", store=False)
        with client.responses.stream(model="m", input="hi", store=False) as stream:
            streamed = stream.get_final_response()
    for given in (whole, streamed):
        calls = [item for item in given.output if item.type == "function_call"]
        assert [call.arguments for call in calls] == ['{"id":"A-1"}', '{"id":"乙"}']
        assert len({call.call_id for call in calls}) == 2
        assert not [item for item in given.output if item.type == "message"]


def test_anthropics_client_reads_a_message() -> None:
    ask: Any = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    for message in (TEXT, CALLS):
        with answered(message, MESSAGES) as llm:
            base = llm.url.removesuffix("/v1")
            client = anthropic.Anthropic(base_url=base, api_key="k", max_retries=0)
            whole = client.messages.create(**ask)
            with client.messages.stream(**ask) as stream:
                streamed = stream.get_final_message()
        for given in (whole, streamed):
            if message is TEXT:
                assert (given.content[0].text, given.stop_reason) == ("退款 ok", "end_turn")
            else:
                assert [block.input for block in given.content] == [{"id": "A-1"}, {"id": "乙"}]
                assert given.stop_reason == "tool_use"


@pytest.mark.parametrize("message", [TEXT, CALLS])
@pytest.mark.parametrize(
    ("path", "write", "kind"),
    [
        ("/v1/responses", lambda m: write_response(m, call_id="c", body={}, created=1), "application/json"),
        (
            "/v1/responses",
            lambda m: write_response_stream(m, call_id="c", body={}, created=1),
            "text/event-stream",
        ),
        ("/v1/messages", lambda m: write_message(m, call_id="c", model="m"), "application/json"),
        ("/v1/messages", lambda m: write_message_stream(m, call_id="c", model="m"), "text/event-stream"),
    ],
)
def test_what_is_written_is_recorded_as_what_was_said(
    message: Message, path: str, write: Callable[[Message], bytes], kind: str
) -> None:
    body = {"model": "m", "input": "hi", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 9}
    begin = {"id": "call_1", "at": 1.0, "path": path}
    end = {"status": 200, "type": kind}
    call = call_from_recorded(Recorded(begin, orjson.dumps(body), end, write(message)))
    assert call.error is None
    assert call.response is not None
    assert call.response.text == message.text
    said = [(c.name, orjson.loads(c.arguments)) for c in call.response.tool_calls]
    assert said == [(c.name, orjson.loads(c.arguments)) for c in message.tool_calls]


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        (RESPONSES, {"input": "x"}, "unsupported: store"),
        (RESPONSES, {"store": False, "tools": [{"type": "web_search"}]}, "unsupported: tools"),
        (RESPONSES, {"store": False, "include": ["x"]}, "unsupported: include"),
        (MESSAGES, {"thinking": {"type": "enabled"}}, "unsupported: thinking"),
        (MESSAGES, {"tools": [{"type": "bash_20250124", "name": "bash"}]}, "unsupported: tools"),
        (CHAT, {"n": 2}, "unsupported: n"),
        (CHAT, [], "error"),
    ],
)
def test_what_a_student_cannot_give_is_the_llms(path: bytes, body: Any, reason: str) -> None:
    assert student_answer(TEXT, "c", orjson.dumps(body), path) == reason


def test_arguments_that_are_no_object_cannot_be_an_anthropic_call() -> None:
    odd = Message(role="assistant", parts=(ToolCallPart(name="f", arguments="[1]"),))
    assert student_answer(odd, "c", b"{}", MESSAGES) == "error"


def test_the_same_question_in_three_apis_is_the_same_request() -> None:
    tool = {"name": "f", "description": "d"}
    schema = {"type": "object", "properties": {}}
    question = [{"role": "user", "content": "订单在哪"}]
    chat = {
        "messages": [{"role": "system", "content": "be brief"}, *question],
        "tools": [{"type": "function", "function": {**tool, "parameters": schema}}],
    }
    responses = {
        "instructions": "be brief",
        "input": question,
        "tools": [{"type": "function", **tool, "parameters": schema}],
    }
    messages = {"system": "be brief", "messages": question, "tools": [{**tool, "input_schema": schema}]}
    read = []
    for path, body in ((CHAT, chat), (RESPONSES, responses), (MESSAGES, messages)):
        given = as_chat(path, orjson.dumps(body))
        assert given is not None
        request = request_from_chat(orjson.loads(given))
        read.append(([(m.role, m.text) for m in request.messages], request.tool_names))
    assert read[0] == read[1] == read[2]


@pytest.mark.parametrize(
    ("path", "body"),
    [(RESPONSES, b'{"previous_response_id":"r"}'), (MESSAGES, b"{}"), (MESSAGES, b"[]"), (RESPONSES, b"no")],
)
def test_what_has_no_chat_form_is_nobodys_but_the_llms(path: bytes, body: bytes) -> None:
    assert as_chat(path, body) is None
