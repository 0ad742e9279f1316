"""Exports as they are found: old versions, databases that write numbers as text, texts taken out."""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from rightsizer.errors import RecordError
from rightsizer.types import Call
from rightsizer.wire import call_from_record, read_record, record_from_call
from rightsizer.wire.numbers import read_number
from tests.wire.test_formats import COMPLETION, MESSAGES, SAMPLES

LITELLM, OTLP, GENERATION = SAMPLES["litellm"], SAMPLES["otlp"], SAMPLES["langfuse"]["observations"][0]
REDACTED = "redacted-by-litellm"


def read(record: dict[str, Any], format: str = "auto") -> Call:
    call = read_record(record, format)
    assert call_from_record(record_from_call(call)) == call
    return call


def as_text(record: dict[str, Any]) -> dict[str, Any]:
    """As a table holds it: what is no plain value is JSON text."""
    return {name: json.dumps(v) if isinstance(v, dict | list) else v for name, v in record.items()}


# ── LiteLLM ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "changed",
    [
        {"messages": REDACTED, "response": {"text": REDACTED}},
        {"messages": [{"role": "user", "content": REDACTED}]},
        {"response": {"choices": [{"message": {"role": "assistant", "content": REDACTED}}]}},
        {
            "response": {
                "output": [{"type": "message", "content": [{"type": "output_text", "text": REDACTED}]}]
            }
        },
        {"messages": json.dumps([{"role": "user", "content": REDACTED}])},
    ],
)
def test_what_litellm_has_taken_out_is_not_learned(changed: dict[str, Any]) -> None:
    with pytest.raises(RecordError) as caught:
        read({**LITELLM, **changed})
    assert caught.value.reason == "no-content"


def test_a_caller_who_speaks_of_redaction_is_read() -> None:
    asked = [{"role": "user", "content": f"what does {REDACTED} mean?"}]
    assert read({**LITELLM, "messages": asked}).request.messages[0].text == f"what does {REDACTED} mean?"


def test_a_failure_in_the_spend_log_keeps_its_status_and_words() -> None:
    about = {"status": "failure", "error_information": {"error_code": "429", "error_message": "slow down"}}
    row = {"request_id": "r", "call_type": "acompletion", "spend": 0, "messages": MESSAGES, "response": {}}
    for record in (
        as_text({**row, "metadata": about}),
        as_text({**row, "status": "failure", "metadata": about}),
    ):
        call = read(record)
        assert call.response is None
        assert call.error is not None
        assert (call.error.status, call.error.message) == (429, "slow down")


def test_an_empty_response_of_the_spend_log_is_no_answer() -> None:
    for response in ("{}", {}, "[]"):
        with pytest.raises(RecordError) as caught:
            read({**LITELLM, "response": response})
        assert caught.value.reason == "no-response"


def test_a_row_of_a_table_is_read_like_the_payload() -> None:
    call = read(as_text({**LITELLM, "response_cost": "0.25"}))
    assert (call.response and call.response.text, call.cost_usd) == ("B", 0.25)
    assert call.metadata == {"a": "b"}


# ── OpenPipe ────────────────────────────────────────────────────────────────────────────────


def test_a_failed_report_out_of_a_table_keeps_its_status() -> None:
    report = {**SAMPLES["openpipe"], "statusCode": "429", "errorMessage": "slow down", "respPayload": None}
    call = read(as_text(report))
    assert call.error is not None
    assert (call.error.status, call.error.message) == (429, "slow down")


# ── LangSmith ───────────────────────────────────────────────────────────────────────────────


def test_a_run_out_of_a_table_keeps_its_session_and_feedback() -> None:
    feedback = {"right": {"n": 1, "avg": 1.0}}
    call = read(as_text({**SAMPLES["langsmith"], "feedback_stats": feedback, "total_cost": "0.5"}))
    assert (call.session_id, call.outcome, call.cost_usd) == ("t", {"feedback": feedback}, 0.5)


# ── Langfuse ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "counts",
    [
        {"usageDetails": None, "usage": {"promptTokens": 3, "completionTokens": 4, "totalTokens": 7}},
        {"usageDetails": {}, "promptTokens": 3, "completionTokens": 4, "totalTokens": 7},
        {"usageDetails": None, "usage": {"input": 3, "output": 4, "total": 7, "unit": "TOKENS"}},
        {"usageDetails": {"input": "3", "output": "4", "total": "7"}},
        {"usageDetails": '{"input":"3","output":"4"}'},
    ],
)
def test_tokens_of_every_version_of_langfuse(counts: dict[str, Any]) -> None:
    usage = read({**GENERATION, **counts}).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == (3, 4)


def test_nobody_counted_is_not_none_used() -> None:
    given = {"usageDetails": {}, "promptTokens": 0, "completionTokens": 0, "totalTokens": 0}
    usage = read({**GENERATION, **given}).usage
    assert usage is None or usage.input_tokens is None


def test_a_price_that_is_text() -> None:
    assert read({**GENERATION, "costDetails": '{"total": "0.0125"}'}).cost_usd == 0.0125
    assert [read_number(v) for v in ("1e-3", "x", None, True, "inf", "1" * 400)] == [
        0.001,
        None,
        None,
        None,
        None,
        None,
    ]


# ── OTLP/JSON ───────────────────────────────────────────────────────────────────────────────


def snake(value: Any) -> Any:
    if isinstance(value, dict):
        return {re.sub("[A-Z]", lambda m: f"_{m[0].lower()}", name): snake(v) for name, v in value.items()}
    return [snake(item) for item in value] if isinstance(value, list) else value


def old_scopes(record: dict[str, Any]) -> dict[str, Any]:
    record = copy.deepcopy(record)
    for resource in record["resourceSpans"]:
        resource["instrumentationLibrarySpans"] = resource.pop("scopeSpans")
        for scope in resource["instrumentationLibrarySpans"]:
            scope["instrumentationLibrary"] = scope.pop("scope")
    return record


def with_scope() -> dict[str, Any]:
    record = copy.deepcopy(OTLP)
    (resource,) = record["resourceSpans"]
    resource["resource"] = {"attributes": [{"key": "service.name", "value": {"stringValue": "desk"}}]}
    resource["scopeSpans"][0]["scope"] = {"name": "own", "version": "1"}
    return record


@pytest.mark.parametrize(
    "form",
    [
        snake,
        old_scopes,
        lambda record: snake(old_scopes(record)),
        lambda record: {"batches": record["resourceSpans"]},
        lambda record: {"batches": old_scopes(record)["resourceSpans"]},
        lambda record: {"trace": record},
    ],
)
def test_every_form_of_otlp_gives_the_same_call(form: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    assert read(form(with_scope())) == read(with_scope())


def test_an_attribute_named_like_a_field_stays_what_it_is() -> None:
    record = with_scope()
    attributes = record["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"]
    attributes.append({"key": "trace_id", "value": {"stringValue": "mine"}})
    assert read(snake(record)).extra == read(record).extra
    assert "mine" in str(read(snake(record)).extra)


def test_ids_in_base64_and_times_as_numbers() -> None:
    record = with_scope()
    span = record["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    span["traceId"] = base64.b64encode(bytes(16)).decode()
    span |= {"startTimeUnixNano": 1544712660000000000, "endTimeUnixNano": "1544712661500000000"}
    call = read(record)
    assert (call.session_id, call.latency_s) == (span["traceId"], 1.5)
    assert call.timestamp is not None
    assert call.timestamp.year == 2018


# ── Anthropic's batches ─────────────────────────────────────────────────────────────────────


def test_a_batchs_result_with_its_request() -> None:
    given = SAMPLES["anthropic"]
    whole = {"custom_id": "row-7", "params": given["request"]}
    call = read({**whole, "result": {"type": "succeeded", "message": given["response"]}})
    plain = read(given)
    assert (call.request, call.response, call.usage) == (plain.request, plain.response, plain.usage)
    assert call.extra["custom_id"] == "row-7"
    failed = read({**whole, "result": {"type": "errored", "error": {"error": {"message": "overloaded"}}}})
    assert failed.error is not None
    assert failed.error.message == "overloaded"
    expired = read({**whole, "result": {"type": "expired"}})
    assert expired.error is not None
    assert expired.error.message == "expired"
    with pytest.raises(RecordError, match="join them by custom_id") as caught:
        read({"custom_id": "row-7", "result": {"type": "succeeded", "message": COMPLETION}})
    assert caught.value.reason == "no-request"
