"""`ReplayLLM`: an LLM that answers from a call log, with faults by script."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from rightsizer.errors import RecordError
from rightsizer.testing import replay_answers as answers
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.types import Call, Request
from rightsizer.wire.anthropic_messages import request_from_anthropic
from rightsizer.wire.chat import message_to_chat
from rightsizer.wire.dialects.responses import request_from_responses
from rightsizer.wire.request import request_from_chat

Fault = Callable[[int, Reply], Reply]
Json = dict[str, Any]
_UNSEEN = b'{"error":{"message":"this request is not in the log","type":"replay","code":"unseen"}}'


@dataclass(frozen=True)
class _Api:
    """How one API asks, and how it answers: whole, and as a stream."""

    as_chat: Callable[[Json], Json]
    whole: Callable[[Call], Json]
    stream: Callable[[Call], bytes]


_APIS = {
    "/chat/completions": _Api(lambda body: body, answers.completion_of, answers.completion_stream),
    "/responses": _Api(request_from_responses, answers.response_of, answers.response_stream),
    "/messages": _Api(request_from_anthropic, answers.message_of, answers.message_stream),
}


class ReplayLLM(FakeLLM):
    """Answers ``/chat/completions``, ``/responses`` and ``/messages`` as the log did, streamed or not.

    A request that is not in the log gets a 404. `same` says what makes two requests one question:
    `request_digest` (messages and tools) or `words_digest` (what was said). Asked again, the answers of the
    log for equal requests come in turn. ``/models`` lists the models of the log. `fault` is given the number
    of the request, from 0, and the reply it would get, and may change it. `reply_to` is the script, for
    `rightsizer.testing.asgi.asgi_app`.
    """

    def __init__(
        self,
        calls: Iterable[Call],
        fault: Fault = lambda number, reply: reply,
        *,
        same: Callable[[Request], str] | None = None,
    ) -> None:
        super().__init__(self.reply_to)
        self._same = same or request_digest
        self._answers: dict[str, list[Call]] = {}
        self._turn: dict[str, int] = {}
        self._fault = fault
        self._numbers = itertools.count()
        self._models: dict[str, None] = {}
        for call in calls:
            self._models[call.model] = None
            if call.response is not None:
                self._answers.setdefault(self._same(call.request), []).append(call)

    def reply_to(self, received: Received) -> Reply:
        """What is answered, faults and all."""
        return self._fault(next(self._numbers), self._reply_from_log(received))

    def _reply_from_log(self, received: Received) -> Reply:
        path = received.target.partition("?")[0]
        if path.endswith("/models"):
            rows = [{"id": m, "object": "model", "created": 0, "owned_by": "log"} for m in self._models if m]
            return Reply((orjson.dumps({"object": "list", "data": rows}),))
        api = next((api for end, api in _APIS.items() if path.endswith(end)), None)
        if api is None:
            return Reply((_UNSEEN,), status=404)
        try:
            body: Json = orjson.loads(received.body)
            digest = self._same(request_from_chat(api.as_chat(body)))
        except (orjson.JSONDecodeError, RecordError):
            return Reply((b'{"error":{"message":"not a request of this API"}}',), status=400)
        known = self._answers.get(digest)
        if known is None:
            return Reply((_UNSEEN,), status=404)
        turn = self._turn.get(digest, 0)
        self._turn[digest] = turn + 1
        call = known[turn % len(known)]
        if not body.get("stream"):
            return Reply((orjson.dumps(api.whole(call)),))
        return Reply(
            tuple(piece + b"\n\n" for piece in api.stream(call).removesuffix(b"\n\n").split(b"\n\n")),
            headers=(("content-type", "text/event-stream"),),
            framing="chunked",
        )


def request_digest(request: Request) -> str:
    """What makes two requests the same question: messages and tools."""
    plain = [message_to_chat(message) for message in request.messages]
    return _digest([plain, list(request.tools)])


def words_digest(request: Request) -> str:
    """The same question to any API and framework: roles, texts, and the tools that were called."""
    said = [
        (m.role, m.text, [(c.name, orjson.loads(c.arguments or "{}")) for c in m.tool_calls])
        for m in request.messages
    ]
    return _digest(said)


def _digest(value: Any) -> str:
    return hashlib.blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
