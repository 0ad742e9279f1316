"""Answers for a scripted LLM, in the forms of the real APIs."""

from __future__ import annotations

from typing import Any

import orjson

from rightsizer.testing.fake_llm import Reply

SSE = (("content-type", "text/event-stream; charset=utf-8"),)
TOOL = {
    "type": "function",
    "function": {
        "name": "find_order",
        "parameters": {"type": "object", "properties": {"id": {"type": "string"}}},
    },
}


def completion(text: str | None, tool_calls: list[dict[str, Any]] | None = None) -> bytes:
    message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
    if tool_calls:
        message["tool_calls"] = tool_calls
    return orjson.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "big-1",
            "choices": [
                {
                    "index": 0,
                    "message": message,
                    "logprobs": None,
                    "finish_reason": "tool_calls" if tool_calls else "stop",
                }
            ],
            "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
        }
    )


def events(values: list[dict[str, Any]], *, named: bool = False, done: bool = False) -> bytes:
    out = b""
    for value in values:
        out += b"event: " + value["type"].encode() + b"\n" if named else b""
        out += b"data: " + orjson.dumps(value) + b"\n\n"
    return out + (b"data: [DONE]\n\n" if done else b"")


def chunks(deltas: list[dict[str, Any]], finish: str, *, usage: bool = False) -> bytes:
    head = {"id": "chatcmpl-2", "object": "chat.completion.chunk", "created": 1, "model": "big-1"}
    values: list[dict[str, Any]] = [
        {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas
    ]
    values.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    if usage:
        counts = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
        values.append({**head, "choices": [], "usage": counts})
    return events(values, done=True)


def text_stream(text: str) -> bytes:
    return chunks([{"role": "assistant", "content": ""}, *({"content": c} for c in text)], "stop", usage=True)


def tool_stream() -> bytes:
    """Two parallel calls whose arguments come in pieces."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": None}]
    for index, order in enumerate(("A-1", "B-2")):
        function = {"name": "find_order", "arguments": ""}
        call = {"index": index, "id": f"call_{index}", "type": "function", "function": function}
        deltas.append({"tool_calls": [call]})
        for piece in ('{"id"', ':"', f'{order}"}}'):
            deltas.append({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    return chunks(deltas, "tool_calls")


def in_pieces(stream: bytes, size: int, **more: Any) -> Reply:
    """A chunked stream cut every `size` bytes, wherever that is."""
    pieces = tuple(stream[at : at + size] for at in range(0, len(stream), size))
    return Reply(pieces, headers=SSE, framing="chunked", **more)


def response_object(text: str) -> dict[str, Any]:
    item = {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": text, "annotations": []}],
    }
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "model": "big-1",
        "output": [item],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 5,
            "output_tokens": 2,
            "total_tokens": 7,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        },
    }


def response_stream(text: str) -> bytes:
    whole = response_object(text)
    item = whole["output"][0]
    where = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    created = {**whole, "status": "in_progress", "output": [], "usage": None}
    values: list[dict[str, Any]] = [
        {"type": "response.created", "response": created},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "content": []}},
        {"type": "response.content_part.added", **where, "part": {**item["content"][0], "text": ""}},
        *({"type": "response.output_text.delta", **where, "delta": c, "logprobs": []} for c in text),
        {"type": "response.output_text.done", **where, "text": text, "logprobs": []},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": whole},
    ]
    return events([{**v, "sequence_number": n} for n, v in enumerate(values)], named=True)


def anthropic_message() -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-1",
        "content": [
            {"type": "text", "text": "看一下"},
            {"type": "tool_use", "id": "toolu_1", "name": "find_order", "input": {"id": "A-1"}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 20, "output_tokens": 9, "cache_read_input_tokens": 4},
    }


def anthropic_stream() -> bytes:
    whole = anthropic_message()
    start = {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 1}}
    tool = {**whole["content"][1], "input": {}}
    values: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": c}}
            for c in "看一下"
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": tool},
        *(
            {
                "type": "content_block_delta",
                "index": 1,
                "delta": {"type": "input_json_delta", "partial_json": p},
            }
            for p in ("", '{"id', '": "A-1"}')
        ),
        {"type": "content_block_stop", "index": 1},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use", "stop_sequence": None},
            "usage": {"output_tokens": 9},
        },
        {"type": "message_stop"},
    ]
    return events(values, named=True)
