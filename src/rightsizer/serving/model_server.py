"""The reference server: a decoder student behind the OpenAI Chat protocol, by transformers or ONNX Runtime.

Slow and simple, one question at a time: it is what faster servers are compared with. The same template,
constraint and checks serve in process; a gateway reaches it as it reaches any other server.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from rightsizer.errors import RecordError
from rightsizer.students.decoder import DecoderStudent, Written
from rightsizer.students.decoder_constraint import grammar_for
from rightsizer.wire.chat import message_to_chat
from rightsizer.wire.request import request_from_chat

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
MOST_BYTES = 8_000_000


class Writer(Protocol):
    """Continues prompts, as a decoder student does."""

    def write(
        self,
        prompts: Sequence[str],
        grammars: Sequence[str | None],
        *,
        max_tokens: int | None = None,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> list[Written]: ...


@dataclass
class ModelServer:
    """An ASGI application: ``/v1/chat/completions``, ``/v1/models`` and ``/health``."""

    student: DecoderStudent
    name: str
    writer: Writer | None = None  # what answers in its place: the student exported to another form
    root: str = ""  # the folder of that, which a client may want to be told
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        route = (scope["method"], scope["path"])
        if route == ("GET", "/health"):
            await _answer(send, 200, {"status": "ok", "model": self.name})
        elif route == ("GET", "/v1/models"):
            listed = {"id": self.name, "object": "model", "created": 0, "owned_by": "rightsizer"}
            listed |= {"root": self.root} if self.root else {}
            await _answer(send, 200, {"object": "list", "data": [listed]})
        elif route == ("POST", "/v1/chat/completions"):
            await self._chat(receive, send)
        else:
            await _refuse(send, 404, f"there is no {scope['method']} {scope['path']}")

    async def _chat(self, receive: Receive, send: Send) -> None:
        raw = await _body(receive)
        if raw is None:
            await _refuse(send, 413, f"the body is larger than {MOST_BYTES:,} bytes")
            return
        try:
            body = json.loads(raw)
            request = request_from_chat(body)
            prompt = self.student.prompt(request)
        except (ValueError, TypeError, AttributeError, RecordError) as error:
            await _refuse(send, 400, f"the request cannot be read: {error}")
            return
        known = self.student.params.get("known")
        async with self._one_at_a_time:
            (written,) = await asyncio.to_thread(
                (self.writer or self.student).write,
                [prompt],
                [grammar_for(request, known)],
                max_tokens=body.get("max_tokens") or body.get("max_completion_tokens"),
                temperature=float(body.get("temperature") or 0.0),
                seed=int(body.get("seed") or 0),
            )
        completion = self._completion(written)
        if body.get("stream"):
            await _stream(send, completion)
        else:
            await _answer(send, 200, completion)

    def _completion(self, written: Written) -> dict[str, Any]:
        message = self.student.format.read(written.text)
        chat = {"role": "assistant", "content": written.text} if message is None else message_to_chat(message)
        for i, call in enumerate(chat.get("tool_calls") or ()):
            call.setdefault("id", f"call_{uuid.uuid4().hex[:24]}")
            call.setdefault("index", i)
        finish = "length" if not written.ended else "tool_calls" if chat.get("tool_calls") else "stop"
        # One entry for the whole answer: its probability is what a student's confidence is made of.
        logprob = {
            "token": written.text,
            "logprob": _log(written.probability),
            "bytes": None,
            "top_logprobs": [],
        }
        return {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": self.name,
            "choices": [
                {"index": 0, "message": chat, "finish_reason": finish, "logprobs": {"content": [logprob]}}
            ],
            "usage": {
                "prompt_tokens": written.prompt_tokens,
                "completion_tokens": written.tokens,
                "total_tokens": written.prompt_tokens + written.tokens,
            },
        }


def _log(probability: float) -> float:
    import math

    return math.log(probability) if probability > 0 else -1e3


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        event = await receive()
        await send({"type": f"{event['type']}.complete"})
        if event["type"] == "lifespan.shutdown":
            return


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None if it is too large."""
    raw: bytes = b""
    while True:
        event = await receive()
        raw += bytes(event.get("body", b""))
        if len(raw) > MOST_BYTES:
            return None
        if not event.get("more_body"):
            return raw


async def _answer(send: Send, status: int, document: Any) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(document, ensure_ascii=False).encode()})


async def _refuse(send: Send, status: int, message: str) -> None:
    await _answer(send, status, {"error": {"message": message, "type": "invalid_request_error"}})


async def _stream(send: Send, completion: dict[str, Any]) -> None:
    """The answer as a stream of two chunks: this server writes it whole before it says anything."""
    choice = completion["choices"][0]
    head = {k: completion[k] for k in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for delta, finish in ((choice["message"], None), ({}, choice["finish_reason"])):
        chunk = {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        if finish:
            chunk["usage"] = completion["usage"]
        event = f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"
        await send({"type": "http.response.body", "body": event.encode(), "more_body": True})
    await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})
