"""The answer of a logged call as three APIs would have given it, whole and streamed."""

from __future__ import annotations

from typing import Any

import orjson

from rightsizer.types import Call, ReasoningPart
from rightsizer.wire.chat import message_to_chat

Json = dict[str, Any]
_PIECE = 8


def completion_of(call: Call) -> Json:
    """The chat.completion of a logged call."""
    choice = {"index": 0, "message": _chat(call), "finish_reason": call.finish_reason or "stop"}
    return {"object": "chat.completion", **_head(call), "choices": [choice], "usage": _usage(call)}


def chunks_of(call: Call) -> list[Json]:
    """The same as chunks: text in pieces, tool calls with their arguments in two."""
    chat = _chat(call)
    deltas: list[Json] = [{"role": "assistant", "content": ""}]
    if isinstance(chat.get("content"), str):
        deltas += [{"content": piece} for piece in _pieces(chat["content"])]
    for index, one in enumerate(chat.get("tool_calls") or []):
        arguments = one["function"]["arguments"]
        half = len(arguments) // 2
        named = {**one, "index": index, "function": {**one["function"], "arguments": arguments[:half]}}
        rest = {"index": index, "function": {"arguments": arguments[half:]}}
        deltas += [{"tool_calls": [named]}, {"tool_calls": [rest]}]
    head = {"object": "chat.completion.chunk", **_head(call)}
    chunks = [{**head, "choices": [{"index": 0, "delta": d, "finish_reason": None}]} for d in deltas]
    last = {"index": 0, "delta": {}, "finish_reason": call.finish_reason or "stop"}
    return [*chunks, {**head, "choices": [last]}, {**head, "choices": [], "usage": _usage(call)}]


def completion_stream(call: Call) -> bytes:
    """These chunks, and the end."""
    return (
        b"".join(b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in chunks_of(call)) + b"data: [DONE]\n\n"
    )


def response_of(call: Call) -> Json:
    """The response object of OpenAI's Responses API."""
    assert call.response is not None
    items: list[Json] = []
    if call.response.text:
        part = {"type": "output_text", "text": call.response.text, "annotations": []}
        message = {"type": "message", "id": f"msg_{call.id}", "role": "assistant", "status": "completed"}
        items.append({**message, "content": [part]})
    for number, one in enumerate(call.response.tool_calls):
        item = {"type": "function_call", "id": f"fc_{call.id}_{number}", "status": "completed"}
        items.append(
            {**item, "call_id": one.id or f"call_{number}", "name": one.name, "arguments": one.arguments}
        )
    usage = _usage(call)
    return {
        "id": f"resp_{call.id}",
        "object": "response",
        "created_at": 0,
        "status": "completed",
        "model": call.model,
        "output": items,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "incomplete_details": None,
        "usage": {
            "input_tokens": usage["prompt_tokens"],
            "output_tokens": usage["completion_tokens"],
            "total_tokens": usage["total_tokens"],
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        },
    }


def response_stream(call: Call) -> bytes:
    """The same as named events, text and arguments in pieces."""
    whole = response_of(call)
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    events: list[Json] = [{"type": "response.created", "response": begun}]
    for index, item in enumerate(whole["output"]):
        events += _item_events(index, item)
    events.append({"type": "response.completed", "response": whole})
    return _named([{**event, "sequence_number": number} for number, event in enumerate(events)])


def _item_events(index: int, item: Json) -> list[Json]:
    where = {"item_id": item["id"], "output_index": index}
    done = {"type": "response.output_item.done", "output_index": index, "item": item}
    added = {"type": "response.output_item.added", "output_index": index}
    if item["type"] == "function_call":
        kind, text = "response.function_call_arguments", item["arguments"]
        deltas = [{"type": f"{kind}.delta", **where, "delta": piece} for piece in _pieces(text)]
        end = {"type": f"{kind}.done", **where, "name": item["name"], "arguments": text}
        return [{**added, "item": {**item, "arguments": "", "status": "in_progress"}}, *deltas, end, done]
    part = item["content"][0]
    where = {**where, "content_index": 0}
    kind, text = "response.output_text", part["text"]
    return [
        {**added, "item": {**item, "content": [], "status": "in_progress"}},
        {"type": "response.content_part.added", **where, "part": {**part, "text": ""}},
        *({"type": f"{kind}.delta", **where, "delta": piece, "logprobs": []} for piece in _pieces(text)),
        {"type": f"{kind}.done", **where, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **where, "part": part},
        done,
    ]


def message_of(call: Call) -> Json:
    """The message object of Anthropic's Messages API."""
    assert call.response is not None
    blocks: list[Json] = [
        {"type": "thinking", "thinking": part.content, "signature": "c2lnbmVk"}
        for part in call.response.parts
        if isinstance(part, ReasoningPart)
    ]
    if call.response.text:
        blocks.append({"type": "text", "text": call.response.text})
    for number, one in enumerate(call.response.tool_calls):
        named = {"type": "tool_use", "id": one.id or f"toolu_{number}", "name": one.name}
        blocks.append({**named, "input": orjson.loads(one.arguments or "{}")})
    usage = _usage(call)
    return {
        "id": f"msg_{call.id}",
        "type": "message",
        "role": "assistant",
        "model": call.model,
        "content": blocks,
        "stop_reason": "tool_use" if call.response.tool_calls else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]},
    }


def message_stream(call: Call) -> bytes:
    """The same as named events: blocks one by one, each in pieces, with a ping between."""
    whole = message_of(call)
    begun = {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 1}}
    events: list[Json] = [{"type": "message_start", "message": begun}, {"type": "ping"}]
    for index, block in enumerate(whole["content"]):
        empty, deltas = _block_deltas(block)
        events.append({"type": "content_block_start", "index": index, "content_block": empty})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    end = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    counts = {"output_tokens": whole["usage"]["output_tokens"]}
    events += [{"type": "message_delta", "delta": end, "usage": counts}, {"type": "message_stop"}]
    return _named(events)


def _block_deltas(block: Json) -> tuple[Json, list[Json]]:
    """How a block begins, and what is added to it."""
    if block["type"] == "text":
        return {"type": "text", "text": ""}, [
            {"type": "text_delta", "text": p} for p in _pieces(block["text"])
        ]
    if block["type"] == "thinking":
        said = [{"type": "thinking_delta", "thinking": piece} for piece in _pieces(block["thinking"])]
        signed = {"type": "signature_delta", "signature": block["signature"]}
        return {"type": "thinking", "thinking": "", "signature": ""}, [*said, signed]
    text = orjson.dumps(block["input"]).decode()
    return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": p} for p in _pieces(text)]


def _named(events: list[Json]) -> bytes:
    return b"".join(b"event: %s\ndata: %s\n\n" % (e["type"].encode(), orjson.dumps(e)) for e in events)


def _pieces(text: str) -> list[str]:
    return [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]


def _chat(call: Call) -> Json:
    assert call.response is not None
    return message_to_chat(call.response)


def _head(call: Call) -> Json:
    return {"id": f"chatcmpl-{call.id}", "created": 0, "model": call.model}


def _usage(call: Call) -> dict[str, int]:
    usage = call.usage
    counts = (usage.input_tokens or 0, usage.output_tokens or 0) if usage is not None else (0, 0)
    return {"prompt_tokens": counts[0], "completion_tokens": counts[1], "total_tokens": sum(counts)}
