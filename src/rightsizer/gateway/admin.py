"""The small ASGI app beside the API: health, figures, feedback."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import orjson

from rightsizer.gateway.access import Refusal
from rightsizer.gateway.feedback import FeedbackError, append_feedback

if TYPE_CHECKING:
    from rightsizer.gateway.worker import Worker

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
_MAX_FEEDBACK_BYTES = 1 << 20
_SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'"),
    (b"cache-control", b"no-store"),
]


class Admin:
    """``GET /healthz /readyz /metrics`` and ``POST /feedback``; anything else is 404."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        status, body, kind = await self._answer(scope, receive)
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), *_SECURITY]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes, bytes]:
        path, method, worker = scope["path"], scope["method"], self._worker
        if path == "/healthz":
            return _json(200, {"status": "ok"})
        if path == "/readyz":
            ready = worker.ready and not worker.draining
            return _json(200 if ready else 503, {"ready": ready, "routes": worker.routing.is_active})
        if path not in ("/metrics", "/feedback"):
            return _json(404, _error("no such path; the API is below /v1/", "not_found"))
        if method != ("POST" if path == "/feedback" else "GET"):
            return _json(405, _error("this path does not take that method", "method_not_allowed"))
        grant = worker.access.check(scope["headers"], "read" if path == "/metrics" else "feedback")
        if isinstance(grant, Refusal):
            return _json(grant.status, _error(grant.message, grant.code))
        if path == "/feedback":
            return await self._feedback(receive)
        gauges = {"segment_backlog_bytes": worker.recorder.backlog_bytes(), "ready": int(worker.ready)}
        return 200, worker.metrics.render(gauges).encode(), b"text/plain; version=0.0.4; charset=utf-8"

    async def _feedback(self, receive: Receive) -> tuple[int, bytes, bytes]:
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return _json(400, _error("the request was cut", "cut"))
            body += message.get("body", b"")
            if len(body) > _MAX_FEEDBACK_BYTES:
                return _json(413, _error("feedback is one small JSON object", "request_too_large"))
            if not message.get("more_body"):
                break
        try:
            noted = append_feedback(self._worker.recorder, body)
        except FeedbackError as error:
            return _json(400, _error(str(error), "invalid_feedback"))
        except OSError:
            return _json(507, _error("the feedback could not be kept: no room on the disk", "disk"))
        return _json(200, {"id": noted})


def _json(status: int, value: Any) -> tuple[int, bytes, bytes]:
    return status, orjson.dumps(value), b"application/json"


def _error(message: str, code: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "rightsizer_gateway_error", "code": code}}
