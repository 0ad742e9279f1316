"""`ReplayLLM`: an LLM that answers from a call log, with faults by script."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

import orjson

from rightsizer.errors import RecordError
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.types import Call, Message, Request
from rightsizer.wire.chat import message_to_chat
from rightsizer.wire.request import request_from_chat

Fault = Callable[[int, Reply], Reply]
_UNSEEN = b'{"error":{"message":"this request is not in the log","type":"replay","code":"unseen"}}'


class ReplayLLM(FakeLLM):
    """Answers ``/v1/chat/completions`` as the log did; a request that is not in it gets a 404.

    Requests are known by their messages and tools alone. Asked again, the answers of the log for equal
    requests come in turn. `fault` is given the number of the request, from 0, and the reply it would
    get, and may change it.
    """

    def __init__(self, calls: Iterable[Call], fault: Fault = lambda number, reply: reply) -> None:
        super().__init__(self._answer)
        self._answers: dict[str, list[Call]] = {}
        self._turn: dict[str, int] = {}
        self._fault = fault
        for call in calls:
            if call.response is not None:
                self._answers.setdefault(request_digest(call.request), []).append(call)

    def _answer(self, received: Received) -> Reply:
        return self._fault(len(self.received) - 1, self._reply_from_log(received))

    def _reply_from_log(self, received: Received) -> Reply:
        try:
            body: dict[str, Any] = orjson.loads(received.body)
            digest = request_digest(request_from_chat(body))
        except (orjson.JSONDecodeError, RecordError):
            return Reply((b'{"error":{"message":"not a chat request"}}',), status=400)
        known = self._answers.get(digest)
        if known is None:
            return Reply((_UNSEEN,), status=404)
        turn = self._turn.get(digest, 0)
        self._turn[digest] = turn + 1
        call = known[turn % len(known)]
        if body.get("stream"):
            events = tuple(b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in chunks_of(call))
            return Reply(
                (*events, b"data: [DONE]\n\n"),
                headers=(("content-type", "text/event-stream"),),
                framing="chunked",
            )
        return Reply((orjson.dumps(completion_of(call)),))


def request_digest(request: Request) -> str:
    """What makes two requests the same question: messages and tools."""
    plain = [message_to_chat(message) for message in request.messages]
    content = orjson.dumps([plain, list(request.tools)], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def completion_of(call: Call) -> dict[str, Any]:
    """The chat.completion of a logged call."""
    choice = {"index": 0, "message": _chat(call.response), "finish_reason": call.finish_reason or "stop"}
    return {"object": "chat.completion", **_head(call), "choices": [choice], "usage": _usage(call)}


def chunks_of(call: Call) -> list[dict[str, Any]]:
    """The same as chunks: text word by word, tool calls with their arguments in two pieces."""
    chat = _chat(call.response)
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    if isinstance(chat.get("content"), str):
        text = chat["content"]
        deltas += [{"content": text[at : at + 8]} for at in range(0, len(text), 8)]
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


def _chat(message: Message | None) -> dict[str, Any]:
    assert message is not None
    return message_to_chat(message)


def _head(call: Call) -> dict[str, Any]:
    return {"id": f"chatcmpl-{call.id}", "created": 0, "model": call.model}


def _usage(call: Call) -> dict[str, int]:
    usage = call.usage
    counts = (usage.input_tokens or 0, usage.output_tokens or 0) if usage is not None else (0, 0)
    return {"prompt_tokens": counts[0], "completion_tokens": counts[1], "total_tokens": sum(counts)}
