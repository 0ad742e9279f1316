"""What a model answered, in any dialect, as a Chat message or a chat.completion."""

from __future__ import annotations

from typing import Any

from rightsizer.errors import RecordError
from rightsizer.wire.anthropic_messages import completion_from_anthropic, is_anthropic_response
from rightsizer.wire.dialects.gemini import completion_from_gemini, is_gemini_response
from rightsizer.wire.dialects.langchain import (
    finish_reason_from_langchain,
    is_langchain_message,
    usage_from_langchain,
)
from rightsizer.wire.dialects.names import chat_finish_reason
from rightsizer.wire.dialects.requests import read_messages, read_vercel_call, value_of_text
from rightsizer.wire.dialects.responses import completion_from_response, is_response_item
from rightsizer.wire.jsontext import dump_json


def read_response(value: Any) -> dict[str, Any]:
    """The message or chat.completion of a logged output.

    Known: a whole response of Chat, Responses, Anthropic or Gemini, a message in any dialect (or a list
    of choices), LangChain's result, OTel's choice event, and text. An object of another kind is a JSON
    answer that the tool has parsed: its text is the answer. Raises `RecordError` (no-response,
    several-answers, no-choices …).
    """
    given, value = value, value_of_text(value)
    if isinstance(value, dict) and value:
        found = _from_object(value)
        if found is not None:
            return found
    elif isinstance(value, list) and value:
        if all(isinstance(item, dict) and _is_message(item) for item in value):
            return _from_choices(value)
        if all(isinstance(item, dict) and "toolName" in item for item in value):
            return {"role": "assistant", "content": None, "tool_calls": [read_vercel_call(c) for c in value]}
        if all(is_response_item(item) for item in value):
            return completion_from_response({"output": value})
    if value is None or value == "":
        raise RecordError("no-response", "the output was not logged")
    text = given if isinstance(given, str) else dump_json(given).decode("utf-8")
    return {"role": "assistant", "content": text}


def _is_message(value: dict[str, Any]) -> bool:
    return (
        isinstance(value.get("role"), str)
        or isinstance(value.get("parts"), list)
        or is_langchain_message(value)
    )


def _from_object(value: dict[str, Any]) -> dict[str, Any] | None:
    if isinstance(value.get("choices"), list):
        return value
    if is_anthropic_response(value):
        return completion_from_anthropic(value)
    if value.get("object") == "response" and isinstance(value.get("output"), list):
        return completion_from_response(value)
    if is_gemini_response(value):
        return completion_from_gemini(value)
    if isinstance(value.get("generations"), list):
        return _from_generations(value)
    if _is_message(value):
        return _completion([value])
    if isinstance(value.get("message"), dict) and _is_message({"role": "assistant", **value["message"]}):
        message = {"role": "assistant", **value["message"]}
        return _completion([message], value.get("finish_reason"))
    if isinstance(value.get("messages"), list) and value["messages"]:
        return _completion(value["messages"][-1:])
    for name in ("completion", "tool_calls"):
        if name in value and set(value) <= {"completion", "tool_calls", "content", "reasoning"}:
            return _from_pieces(value)
    return None


def _from_pieces(value: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": value.get("completion", value.get("content"))}
    return {**message, **{n: value[n] for n in ("tool_calls", "reasoning") if value.get(n)}}


def _from_choices(items: list[Any]) -> dict[str, Any]:
    """A list of messages: OTel says these are choices; anyone else's may be anything."""
    if len(items) > 1 and not all("parts" in item for item in items):
        raise RecordError("several-answers", f"the output holds {len(items)} messages, not one")
    return _completion(items)


def _completion(items: list[dict[str, Any]], reason: Any = None) -> dict[str, Any]:
    choices = []
    for number, item in enumerate(items):
        read = read_messages([item])
        if len(read) != 1 or read[0]["role"] != "assistant":
            raise RecordError("no-response", "the output is not an answer of the assistant")
        message = read[0]
        said = reason or item.get("finish_reason") or finish_reason_from_langchain(item)
        message.pop("finish_reason", None)
        choices.append({"index": number, "message": message, "finish_reason": chat_finish_reason(said)})
    completion: dict[str, Any] = {"choices": choices}
    usage = usage_from_langchain(items[0])
    return completion if usage is None else {**completion, "usage": usage}


def _from_generations(value: dict[str, Any]) -> dict[str, Any]:
    """LangChain's LLMResult: a list of candidates for each prompt."""
    first: Any = value["generations"]
    while isinstance(first, list):
        if len(first) != 1:
            raise RecordError("several-answers", f"the result holds {len(first)} generations, not one")
        first = first[0]
    if not isinstance(first, dict):
        raise RecordError("no-response", "the generation is not an object")
    message = first.get("message")
    about = first.get("generation_info")
    reason = about.get("finish_reason") if isinstance(about, dict) else None
    if isinstance(message, dict) and is_langchain_message(message):
        completion = _completion([message], reason)
    else:
        text = {"role": "assistant", "content": first.get("text")}
        completion = {"choices": [{"index": 0, "message": text, "finish_reason": chat_finish_reason(reason)}]}
    output = value.get("llm_output")
    usage = output.get("token_usage") if isinstance(output, dict) else None
    return (
        {**completion, "usage": usage}
        if isinstance(usage, dict) and "usage" not in completion
        else completion
    )
