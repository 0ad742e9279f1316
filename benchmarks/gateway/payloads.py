"""Requests and answers of the gateway benchmark: what an OpenAI client sends, and what comes back."""

from __future__ import annotations

from pathlib import Path

import orjson

MODEL = "bench"
N_EVENTS = 68
SYSTEM = (
    "You are the returns desk of Alder & Finch. Read the message of the customer and call the tool that "
    "fits it. Never promise a refund above 50 euros. Answer in the language of the customer."
)
_TOOL = {
    "type": "function",
    "function": {
        "name": "find_order",
        "description": "Look an order up",
        "parameters": {
            "type": "object",
            "properties": {"order": {"type": "string"}, "email": {"type": "string"}},
            "required": ["order"],
        },
    },
}


def body(size: int, *, stream: bool) -> bytes:
    """A Chat body of about `size` bytes: a system prompt, a tool, a long history."""
    value: dict[str, object] = {"model": MODEL, "temperature": 0, "tools": [_TOOL]}
    if stream:
        value |= {"stream": True, "stream_options": {"include_usage": True}}
    asked = "Where is my order A-1207? I wrote twice and nobody answered. "
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": asked}]
    missing = size - len(orjson.dumps({**value, "messages": messages}))
    for number in range(max(0, missing) // 4096):
        role = "assistant" if number % 2 == 0 else "user"
        messages.append({"role": role, "content": (f"{number} " + asked * 80)[:4050]})
    missing = size - len(orjson.dumps({**value, "messages": messages}))
    messages[1]["content"] = asked + "x" * max(0, missing)
    return orjson.dumps({**value, "messages": messages})


def request(content: bytes, headers: dict[str, str], path: str = "/v1/chat/completions") -> bytes:
    """The whole request, with the headers of the OpenAI client for Python."""
    named = {
        "Host": "127.0.0.1",
        "Accept-Encoding": "gzip, deflate",
        "Connection": "keep-alive",
        "Accept": "application/json",
        "Content-Type": "application/json",
        "User-Agent": "OpenAI/Python 2.8.1",
        "X-Stainless-Lang": "python",
        "X-Stainless-Package-Version": "2.8.1",
        "X-Stainless-OS": "Linux",
        "X-Stainless-Arch": "x64",
        "X-Stainless-Runtime": "CPython",
        "X-Stainless-Runtime-Version": "3.11.7",
        "X-Stainless-Async": "false",
        "x-stainless-retry-count": "0",
        "x-stainless-read-timeout": "600",
        "Authorization": "Bearer sk-0123456789abcdef0123456789abcdef",
        **headers,
        "Content-Length": str(len(content)),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + content


def write_answers(folder: Path) -> tuple[Path, Path]:
    """Files with the body of a whole answer (about 860 bytes) and of a stream of `N_EVENTS` events."""
    head = {
        "id": "chatcmpl-0123456789abcdef",
        "created": 1763892000,
        "model": MODEL,
        "service_tier": "default",
    }
    arguments = orjson.dumps({"order": "A-1207", "email": "ada@example.org"}).decode()
    call = {"id": "call_0123456789", "type": "function"}
    function = {"name": "find_order", "arguments": arguments}
    usage = {
        "prompt_tokens": 210,
        "completion_tokens": 24,
        "total_tokens": 234,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }
    message = {
        "role": "assistant",
        "content": "Let me look that up for you. " * 8,
        "refusal": None,
        "tool_calls": [{**call, "function": function}],
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "tool_calls"}
    whole = {**head, "object": "chat.completion", "choices": [choice], "usage": usage}
    chunk = {**head, "object": "chat.completion.chunk"}
    deltas = [{"role": "assistant", "content": ""}, *({"content": f" word{n}"} for n in range(N_EVENTS - 4))]
    chunks = [{**chunk, "choices": [{"index": 0, "delta": d, "finish_reason": None}]} for d in deltas]
    chunks.append({**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    chunks.append({**chunk, "choices": [], "usage": usage})
    events = b"".join(b"data: " + orjson.dumps(each) + b"\n\n" for each in chunks) + b"data: [DONE]\n\n"
    paths = folder / "answer.json", folder / "stream.txt"
    paths[0].write_bytes(orjson.dumps(whole))
    paths[1].write_bytes(events)
    return paths
