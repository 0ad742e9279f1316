"""The small ASGI app beside the API: health, figures, feedback, spans, and what there is (OpenAPI)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from importlib import resources
from typing import TYPE_CHECKING, Any

import orjson

from rightsizer.errors import RecordError
from rightsizer.gateway import traces
from rightsizer.gateway.access import Doing, Refusal
from rightsizer.gateway.feedback import FeedbackError, append_feedback
from rightsizer.gateway.tls import expires_at_s
from rightsizer.types import new_id

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


# path → the method it takes, and what a key must allow; None: nobody is asked
ROUTES: dict[str, tuple[str, Doing | None]] = {
    "/healthz": ("GET", None),
    "/readyz": ("GET", None),
    "/metrics": ("GET", "read"),
    "/openapi.json": ("GET", "read"),
    "/feedback": ("POST", "feedback"),
    traces.PATH: ("POST", "feedback"),
}


class Admin:
    """What `ROUTES` names; anything else is 404."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path, method = scope["path"], scope["method"]
        allowed, doing = ROUTES.get(path, ("", None))
        more: list[tuple[bytes, bytes]] = []
        if not allowed:
            status, body, kind = _json(404, _error("no such path; the API is below /v1/", "not_found"))
        elif method != allowed and (method, allowed) != ("HEAD", "GET"):
            status, body, kind = _json(
                405, _error("this path does not take that method", "method_not_allowed")
            )
            more = [(b"allow", b"GET, HEAD" if allowed == "GET" else b"POST")]
        else:
            status, body, kind = await self._answer(path, doing, scope, receive)
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *_SECURITY, *more]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})

    async def _answer(
        self, path: str, doing: Doing | None, scope: Scope, receive: Receive
    ) -> tuple[int, bytes, bytes]:
        worker = self._worker
        grant = None if doing is None else worker.access.check(scope["headers"], doing)
        if isinstance(grant, Refusal):
            worker.metrics.refusals[grant.code] += 1
            return _json(grant.status, _error(grant.message, grant.code))
        if path == "/healthz":
            return _json(200, {"status": "ok"})
        if path == "/readyz":
            ready = worker.ready and not worker.draining
            state = {"routes": worker.routing.is_active, "records": worker.recorder.state}
            return _json(200 if ready else 503, {"ready": ready, **state})
        if path == "/openapi.json":
            return 200, description(), b"application/json"
        if path == "/feedback":
            return await self._feedback(receive)
        if path == traces.PATH:
            return await self._traces(scope, receive)
        gauges = {"segment_backlog_bytes": worker.recorder.backlog_bytes(), "ready": int(worker.ready)}
        if worker.settings.tls_cert:
            gauges["certificate_expires_timestamp_seconds"] = int(expires_at_s(worker.settings))
        return 200, worker.all_metrics().render(gauges).encode(), b"text/plain; version=0.0.4; charset=utf-8"

    async def _feedback(self, receive: Receive) -> tuple[int, bytes, bytes]:
        body = await _body(receive, _MAX_FEEDBACK_BYTES)
        if isinstance(body, int):
            return _json(body, _error("feedback is one small JSON object, sent whole", "no_body"))
        try:
            noted = append_feedback(self._worker.recorder, body)
        except FeedbackError as error:
            return _json(400, _error(str(error), "invalid_feedback"))
        except OSError:
            return _json(507, _error("the feedback could not be kept: no room on the disk", "disk"))
        return _json(200, {"id": noted})

    async def _traces(self, scope: Scope, receive: Receive) -> tuple[int, bytes, bytes]:
        limit = self._worker.settings.max_request_bytes
        body = await _body(receive, limit)
        if isinstance(body, int):
            return _json(body, _error(f"spans come whole, in at most {limit} bytes", "no_body"))
        headers, name_of = dict(scope["headers"]), self._worker.callers.of_user
        kind, encoding = (
            headers.get(name, b"").decode("latin-1") for name in (b"content-type", b"content-encoding")
        )
        try:
            plain = await asyncio.to_thread(traces.read_traces, body, kind, encoding, limit, name_of)
            self._worker.recorder.spans(new_id("spans"), plain)
        except RecordError as error:
            return _json(traces.status_of(error), _error(error.message, error.reason))
        except OSError:
            return _json(507, _error("the spans could not be kept: no room on the disk", "disk"))
        return 200, *traces.success(kind)


def description() -> bytes:
    """OpenAPI 3.1 of the gateway's own surface."""
    return (resources.files("rightsizer.gateway") / "openapi.json").read_bytes()


async def _body(receive: Receive, limit: int) -> bytes | int:
    """The body of a request, or the status that says why there is none."""
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return 400
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > limit:
            return 413
        if not message.get("more_body"):
            return b"".join(pieces)


def _json(status: int, value: Any) -> tuple[int, bytes, bytes]:
    return status, orjson.dumps(value), b"application/json"


def _error(message: str, code: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "rightsizer_gateway_error", "code": code}}
