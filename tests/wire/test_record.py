"""Call records → Call → the same record, in all the ways logs write them."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings

from rightsizer.errors import RecordError
from rightsizer.testing.call_strategy import calls
from rightsizer.types import Call, CallError, Usage
from rightsizer.wire import call_from_record, record_from_call, request_from_chat, request_to_chat
from rightsizer.wire.jsontext import dump_json, parse_json
from rightsizer.wire.record import NATIVE

MESSAGES = [{"role": "system", "content": "Sort."}, {"role": "user", "content": "A?"}]
ANSWER = {"role": "assistant", "content": "B"}
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o-2024",
    "choices": [
        {"index": 0, "message": ANSWER, "finish_reason": "stop", "logprobs": None},
        {"index": 1, "message": {"role": "assistant", "content": "C"}, "finish_reason": "length"},
    ],
    "usage": {
        "prompt_tokens": 10,
        "completion_tokens": 2,
        "total_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 4},
    },
}


def record(**changed: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "id": "r1",
        "session_id": "s1",
        "timestamp": "2026-11-23T10:00:00Z",
        "model": "gpt-4o",
        "request": {"model": "gpt-4o", "messages": MESSAGES},
        "response": ANSWER,
    }
    return {name: value for name, value in (base | changed).items() if value is not ...}


WRITTEN: dict[str, dict[str, Any]] = {
    "plain": record(),
    "completion": record(response=COMPLETION),
    "own usage": record(
        response=COMPLETION, usage={"input_tokens": 9, "output_tokens": 1}, finish_reason="x"
    ),
    "openai usage": record(usage={"prompt_tokens": 9, "completion_tokens": 1, "cached_tokens": 2}),
    "cached": record(usage={"input_tokens": 9, "cached_input_tokens": None, "cache_creation": 3}),
    "odd usage": record(usage=[1], finish_reason=3),
    "null usage": record(usage=None, finish_reason=None, latency_s=None),
    "tools": record(
        request={
            "model": "gpt-4o",
            "messages": MESSAGES,
            "tools": [{"type": "function", "function": {"name": "f"}}],
            "response_format": {"type": "json_object"},
            "temperature": 0,
            "stream": True,
        }
    ),
    "functions": record(request={"model": "gpt-4o", "messages": MESSAGES, "functions": [{"name": "f"}]}),
    "null tools": record(
        request={"model": "gpt-4o", "messages": [], "tools": None, "response_format": None, "functions": []}
    ),
    "no model asked": record(request={"messages": MESSAGES}),
    "another model asked": record(request={"model": "alias", "messages": MESSAGES}),
    "null model asked": record(request={"model": None, "messages": MESSAGES}),
    "epoch": record(timestamp=1760831008),
    "epoch ms": record(timestamp=1760831008123),
    "offset": record(timestamp="2026-11-23T10:00:00+08:00"),
    "naive": record(timestamp="2026-11-23 10:00:00"),
    "nanoseconds": record(timestamp="2026-11-23T10:00:00.123456789Z"),
    "no time": record(timestamp="yesterday"),
    "null time": record(timestamp=None),
    "error": record(response=None, error={"status": 429, "message": "slow down"}),
    "error only": record(response=..., error={"status": None, "message": "x"}),
    "error body": record(response={"error": {"message": "no", "type": "t", "code": "bad"}}),
    "error in a completion": record(response={"choices": [], "error": {"message": "no", "code": 502}}),
    "just text": record(response="B"),
    "no role": record(response={"content": "B", "tool_calls": []}),
    "error text": record(response=None, error="timeout"),
    "error with more": record(response=None, error={"status": 500, "message": "x", "retry_after": 3}),
    "null error": record(error=None),
    "failed": record(response=None),
    "about": record(
        latency_s=1.5, cost_usd=0, outcome={"reward": 1.0}, metadata={"step": "a"}, source={"dataset": "d"}
    ),
    "empty about": record(outcome={}, metadata=None, source="file.log", cost_usd="free", latency_s=True),
    "more": record(meta={"domain": "x"}, tags=["a"], extra={"id": 1}, _form={"response": "absent"}),
}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN.keys())
def test_what_was_written_is_written_again(written: dict[str, Any]) -> None:
    before = copy.deepcopy(written)
    again = record_from_call(call_from_record(written))
    assert again == written
    assert NATIVE not in again
    assert written == before, "the input was changed"


def test_the_answer_is_found_in_a_completion() -> None:
    call = call_from_record(record(response=COMPLETION))
    assert call.response is not None
    assert call.response.text == "B"
    assert call.finish_reason == "stop"
    assert call.usage is not None
    assert (call.usage.input_tokens, call.usage.output_tokens, call.usage.cached_input_tokens) == (10, 2, 4)


def test_an_answer_without_a_role_is_the_assistants() -> None:
    for name in ("plain", "just text", "no role"):
        response = call_from_record(WRITTEN[name]).response
        assert response is not None
        assert (response.role, response.text) == ("assistant", "B")


def test_the_records_own_usage_goes_before_the_completions() -> None:
    call = call_from_record(WRITTEN["own usage"])
    assert call.usage == Usage(input_tokens=9, output_tokens=1)
    assert call.finish_reason == "x"


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-11-23T10:00:00Z", datetime(2026, 11, 23, 10, tzinfo=UTC)),
        ("2026-11-23T10:00:00+08:00", datetime(2026, 11, 23, 10, tzinfo=timezone(timedelta(hours=8)))),
        ("2026-11-23 10:00:00.5", datetime(2026, 11, 23, 10, 0, 0, 500_000, tzinfo=UTC)),
        (1760831008, datetime(2025, 10, 18, 23, 43, 28, tzinfo=UTC)),
        (1760831008.25, datetime(2025, 10, 18, 23, 43, 28, 250_000, tzinfo=UTC)),
        (1760831008250, datetime(2025, 10, 18, 23, 43, 28, 250_000, tzinfo=UTC)),
        ("1760831008250", datetime(2025, 10, 18, 23, 43, 28, 250_000, tzinfo=UTC)),
        (1760831008250_000, datetime(2025, 10, 18, 23, 43, 28, 250_000, tzinfo=UTC)),
        (1760831008250_000_000, datetime(2025, 10, 18, 23, 43, 28, 250_000, tzinfo=UTC)),
        (None, None),
        (True, None),
        ("", None),
        (1e300, None),
        (float("nan"), None),
        (10**40, None),
        ({"$date": 1}, None),
    ],
)
def test_moments_are_read_in_every_unit(value: Any, moment: datetime | None) -> None:
    assert call_from_record(record(timestamp=value)).timestamp == moment


def test_unknown_fields_are_kept_where_no_learner_looks() -> None:
    call = call_from_record(WRITTEN["more"])
    assert call.extra["meta"] == {"domain": "x"}
    assert call.metadata == {}


@pytest.mark.parametrize(
    ("changed", "session"),
    [
        ({}, "s1"),
        ({"session_id": ..., "episode_id": "e"}, "e"),
        ({"session_id": None, "metadata": {"trace_id": "t", "conversation_id": "c"}}, "c"),
        ({"session_id": "", "thread_id": 12}, "12"),
        ({"session_id": ...}, "r1"),
    ],
)
def test_the_session_is_found_or_the_call_is_its_own(changed: dict[str, Any], session: str) -> None:
    assert call_from_record(record(**changed)).session_id == session


def test_without_an_id_the_content_makes_one() -> None:
    one, other = record(id=...), record(id=..., response={"role": "assistant", "content": "C"})
    assert call_from_record(one).id == call_from_record(copy.deepcopy(one)).id
    assert call_from_record(one).id.startswith("call_")
    assert call_from_record(one).id != call_from_record(other).id
    assert call_from_record(record(id=17)).id == "17"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("error", CallError(status=429, message="slow down")),
        ("error body", CallError(message="no")),
        ("error in a completion", CallError(status=502, message="no")),
        ("error text", CallError(message="timeout")),
        ("error with more", CallError(status=500, message="x")),
        ("null error", None),
        ("failed", None),
    ],
)
def test_errors_are_read_in_every_form(name: str, error: CallError | None) -> None:
    assert call_from_record(WRITTEN[name]).error == error


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"request": ...}, "no-request"),
        ({"request": {}}, "no-messages"),
        ({"request": {"messages": "hi"}}, "no-messages"),
        ({"request": {"messages": ["hi"]}}, "invalid-message"),
        ({"request": {"messages": [], "tools": [1]}}, "invalid-tools"),
        ({"request": {"messages": [], "response_format": "json"}}, "invalid-response-format"),
        ({"response": ...}, "no-response"),
        ({"response": 17}, "no-response"),
        ({"request": "{}"}, "no-request"),
        ({"response": {"id": 1}}, "invalid-message"),
        ({"response": {"choices": []}}, "no-choices"),
        ({"response": {"choices": [{"index": 0}]}}, "no-choices"),
        ({NATIVE: {"id": 1}}, "invalid-record"),
    ],
)
def test_what_is_no_call_is_rejected_with_a_reason(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(RecordError) as error:
        call_from_record(record(**changed))
    assert error.value.reason == reason


@settings(max_examples=300, deadline=None)
@given(calls)
def test_any_call_survives_its_record(call: Call) -> None:
    assert call_from_record(parse_json(dump_json(record_from_call(call)))) == call


def test_a_request_body_has_the_model_it_is_given() -> None:
    body = {"model": "m", "messages": MESSAGES, "tool_choice": "auto"}
    request = request_from_chat(body)
    assert request.params == {"tool_choice": "auto"}
    assert request_to_chat(request, "m") == body
    assert "model" not in request_to_chat(request)


def test_old_functions_are_offered_as_tools() -> None:
    request = request_from_chat(WRITTEN["functions"]["request"])
    assert request.tool_names == ("f",)
