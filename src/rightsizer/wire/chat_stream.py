"""The chunks of a streamed chat.completion, put together to the completion they are."""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T", list[Any], dict[str, Any])
_LISTED = ("tool_calls",)


def completion_from_chunks(chunks: list[dict[str, Any]]) -> dict[str, Any]:
    """One chat.completion. Chunks that are no chunks (errors, pings) are left out.

    Tool calls are told apart by their `index`; a delta without one continues the last call, or begins
    one where it carries a new id. What has no rule (reasoning text, vendor fields): strings are joined,
    anything else is replaced by the later value. Groq's counts stand in a field of their own.
    """
    completion: dict[str, Any] = {"object": "chat.completion"}
    choices: dict[int, dict[str, Any]] = {}
    for chunk in chunks:
        for name, value in chunk.items():
            if name == "usage" and isinstance(value, dict):
                completion["usage"] = value
            elif name not in ("choices", "object", "usage", "type") and value is not None:
                completion.setdefault(name, value)
        own = chunk.get("x_groq")
        if isinstance(own, dict) and isinstance(own.get("usage"), dict):
            completion.setdefault("usage", own["usage"])
        given = chunk.get("choices")
        for choice in given if isinstance(given, list) else []:
            if isinstance(choice, dict):
                _add_choice(choices, choice)
    completion["choices"] = [choices[index] for index in sorted(choices)]
    return completion


def _add_choice(choices: dict[int, dict[str, Any]], choice: dict[str, Any]) -> None:
    index = choice.get("index")
    index = index if isinstance(index, int) else 0
    empty = {"index": index, "message": {"role": "assistant", "content": None}, "finish_reason": None}
    whole = choices.setdefault(index, empty)
    for name, value in choice.items():
        if name in ("index", "delta") or value is None or (name == "message" and not isinstance(value, dict)):
            continue
        if name == "logprobs" and isinstance(value, dict):
            _add_logprobs(whole, value)
        else:
            whole[name] = value
    delta = choice.get("delta")
    if isinstance(delta, dict):
        _add_delta(whole["message"], delta)


def _add_delta(message: dict[str, Any], delta: dict[str, Any]) -> None:
    for name, value in delta.items():
        if value is None:
            continue
        if name == "role":
            message["role"] = value if isinstance(value, str) and value else message.get("role")
        elif name in _LISTED and isinstance(value, list):
            for call in value:
                if isinstance(call, dict):
                    _add_call(_inside(message, name, list), call)
        elif name == "function_call" and isinstance(value, dict):
            _merge(_inside(message, name, dict), value)
        elif isinstance(value, str) and isinstance(message.get(name), str):
            message[name] += value
        else:
            message[name] = value


def _add_call(calls: list[dict[str, Any]], delta: dict[str, Any]) -> None:
    place = _place(calls, delta)
    if place is None:
        calls.append({"id": None, "type": "function", "function": {"name": "", "arguments": ""}})
        place = calls[-1]
        place["index"] = delta.get("index", len(calls) - 1)
    for name, value in delta.items():
        if name == "function" and isinstance(value, dict):
            _merge(_inside(place, name, dict), value)
        elif name != "index" and value:
            place[name] = value


def _inside(whole: dict[str, Any], name: str, kind: type[T]) -> T:
    """The list or object under this name; a new one where something else was said before."""
    inside = whole.get(name)
    if not isinstance(inside, kind):
        inside = whole[name] = kind()
    return inside


def _place(calls: list[dict[str, Any]], delta: dict[str, Any]) -> dict[str, Any] | None:
    """The call this delta continues. Some servers give every call the index 0 and tell them by id."""
    index, call_id = delta.get("index"), delta.get("id")
    same = calls if index is None else [call for call in calls if call.get("index") == index]
    candidates = same[-1:]
    if not candidates:
        return None
    last = candidates[0]
    starts = bool(isinstance(delta.get("function"), dict) and delta["function"].get("name"))
    if call_id and last.get("id") and call_id != last["id"] and (starts or index is None):
        return None
    return last


def _merge(function: dict[str, Any], delta: dict[str, Any]) -> None:
    for name, value in delta.items():
        if value is None:
            continue
        if name == "name" and function.get("name") == value:
            continue  # some servers repeat the name in every delta
        if isinstance(value, str) and isinstance(function.get(name), str):
            function[name] += value
        else:
            function[name] = value


def _add_logprobs(choice: dict[str, Any], value: dict[str, Any]) -> None:
    whole = _inside(choice, "logprobs", dict)
    for name, tokens in value.items():
        if isinstance(tokens, list) and isinstance(whole.get(name), list):
            whole[name] = [*whole[name], *tokens]
        else:
            whole[name] = tokens


def without_indexes(completion: dict[str, Any]) -> dict[str, Any]:
    """The completion as the API would have given it unstreamed: tool calls carry no `index`."""
    for choice in completion["choices"]:
        calls = choice["message"].get("tool_calls")
        for call in calls if isinstance(calls, list) else []:
            if isinstance(call, dict):
                call.pop("index", None)
    return completion
