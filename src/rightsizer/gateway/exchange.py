"""One call on its way: from the client's request to the last byte of its answer.

    start ─► begin recorded ─► student? ─► upstream ─► relay ─► end recorded ─► last byte

The exchange owns the order of things; the protocol owns the client's connection, the pool the LLM's.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from rightsizer.gateway.answers import unserved_reason, write_completion, write_stream
from rightsizer.gateway.headers import Headers, header, request_head, response_head
from rightsizer.gateway.incoming import Incoming
from rightsizer.gateway.models import merged_models
from rightsizer.gateway.recorder import Entry
from rightsizer.gateway.routing import Decision, attempt
from rightsizer.gateway.upstream import Connection
from rightsizer.types import Message, new_id

if TYPE_CHECKING:
    from rightsizer.gateway.protocol import GatewayProtocol
    from rightsizer.gateway.worker import Worker

_RECORDED = (b"/v1/chat/completions", b"/v1/responses", b"/v1/messages")
_NO_BODY = (204, 304)
_STATUS_OF = {"connect-timeout": 504, "first-byte-timeout": 504, "idle-timeout": 504}
# After these a client may take the answer for whole, although the connection's last byte is to come.
_LAST_EVENT = re.compile(rb"(data: ?\[DONE\]|event: ?message_stop)[^\r\n]*(\r?\n[^\r\n]+)*\r?\n\r?\n")


class Exchange:
    """See the module. Implements `upstream.Listener`."""

    def __init__(self, worker: Worker, client: GatewayProtocol, incoming: Incoming) -> None:
        self.id = new_id("call")
        self.keep_alive = incoming.keep_alive
        self._worker, self._client, self._incoming = worker, client, incoming
        self._started = time.monotonic()
        self._first_byte_s: float | None = None
        self._entry: Entry | None = None
        self._decision = Decision()
        self._served_by = "llm"
        self._upstream_name = ""
        self._upstream: Connection | asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._status = 0
        self._content_type = b""
        self._encoding = b""
        self._head: list[bytes] = []
        self._head_sent = False
        self._chunked = False
        self._has_body = True
        self._pending: list[bytes] = []
        self._kept: list[bytes] = []
        self._kept_bytes = 0
        self._truncated = False
        self._window = b""
        self._n_retries = 0
        self._over = False

    def start(self) -> None:
        """Record the begin and send the call on its way."""
        incoming, worker = self._incoming, self._worker
        worker.metrics.in_flight += 1
        if incoming.spender is not None:
            incoming.spender.start(incoming.body)
        path = incoming.path
        if incoming.method == b"POST" and path in _RECORDED:
            self._entry = worker.recorder.begin(self.id, self._begin_meta(), incoming.body)
        routable = path == b"/v1/chat/completions" and incoming.method == b"POST"
        if routable and worker.routing.is_active:
            self._task = worker.spawn(self._route())
        elif worker.upstreams.merges(incoming) and incoming.method == b"GET":
            self._task = worker.spawn(self._list_models())
        else:
            self._ask_upstream()

    def attach(self, handle: Connection | asyncio.Task[None]) -> None:
        self._upstream = handle

    def client_gone(self) -> None:
        """The client hung up: the LLM must stop, and what was said so far is recorded."""
        if self._over:
            return
        self._worker.metrics.disconnects += 1
        if isinstance(self._upstream, Connection | asyncio.Task):
            self._upstream.cancel()
        if self._task is not None:
            self._task.cancel()
        self._close_books("client-gone")

    def pause(self) -> None:
        if isinstance(self._upstream, Connection):
            self._upstream.pause()

    def resume(self) -> None:
        if isinstance(self._upstream, Connection):
            self._upstream.resume()

    # ── the student ─────────────────────────────────────────────────────────────────────────

    async def _route(self) -> None:
        worker, incoming = self._worker, self._incoming
        decision = await worker.routing.decide(self.id, incoming.body, incoming.metadata)
        self._decision = decision
        if decision.fallback:
            worker.metrics.fallbacks[decision.fallback] += 1
        if decision.message is not None:
            answer = self._student_answer(decision)
            if answer is not None:
                await self._serve_student(*answer)
                return
        if decision.mode == "shadow" and self._entry is not None:
            worker.recorder.hold(self._entry)
            worker.spawn(self._shadow(self._entry, decision))
        self._ask_upstream()

    def _student_answer(self, decision: Decision) -> tuple[bytes, bytes] | None:
        """(content type, body) of the student's answer; None, the reason noted, if it cannot be given."""
        assert decision.message is not None
        body, _ = attempt(orjson.loads, self._incoming.body)
        reason = unserved_reason(body) if isinstance(body, dict) else "error"
        if not reason:
            answer, failed = attempt(self._written, decision.message, body)
            if not failed:
                return answer
            reason = "error"
        self._worker.metrics.fallbacks[reason] += 1
        self._decision = replace(decision, message=None, fallback=reason)
        return None

    def _written(self, message: Message, body: dict[str, Any]) -> tuple[bytes, bytes]:
        model, created = str(body.get("model", "")), int(time.time())
        if not body.get("stream"):
            whole = write_completion(message, call_id=self.id, model=model, created=created)
            return b"application/json", whole
        options = body.get("stream_options")
        with_usage = bool(isinstance(options, dict) and options.get("include_usage"))
        events = write_stream(message, call_id=self.id, model=model, created=created, with_usage=with_usage)
        return b"text/event-stream; charset=utf-8", events

    async def _serve_student(self, content_type: bytes, body: bytes) -> None:
        self._served_by = f"student:{self._decision.student_id}"
        headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
        if content_type.startswith(b"text/event-stream"):
            headers.append((b"cache-control", b"no-cache"))
        self.on_head(200, b"OK", headers)
        self.on_body(body)
        self.on_end()

    async def _shadow(self, entry: Entry, decision: Decision) -> None:
        said = await self._worker.routing.shadow(decision)
        answer = None if said.message is None else said.message.model_dump(mode="json")
        self._worker.recorder.shadow(entry, {**said.record(), "message": answer})

    async def _list_models(self) -> None:
        body = await merged_models(self._worker.upstreams, self._incoming)
        length = (b"content-length", str(len(body)).encode())
        self.on_head(200, b"OK", [(b"content-type", b"application/json"), length])
        self.on_body(body)
        self.on_end()

    # ── the LLM ─────────────────────────────────────────────────────────────────────────────

    def _ask_upstream(self) -> None:
        if self._over:
            return
        incoming = self._incoming
        way = self._worker.upstreams.choose(incoming)
        self._upstream_name = way.name
        head = request_head(
            incoming.method,
            way.target,
            way.pool.target.authority,
            incoming.headers,
            len(way.body),
            leave_out=way.withheld,
            add=way.add,
        )
        way.pool.request(head + way.body, self, incoming.method == b"HEAD")

    def on_retry(self) -> None:
        self._n_retries += 1
        self._worker.metrics.retries += 1

    def on_head(self, status: int, reason: bytes, headers: Headers) -> None:
        self._first_byte_s = time.monotonic() - self._started
        self._status = status
        self._content_type = header(headers, b"content-type") or b""
        self._encoding = header(headers, b"content-encoding") or b""
        self._has_body = status not in _NO_BODY and self._incoming.method != b"HEAD"
        ours = self._our_headers()
        if self._has_body and header(headers, b"content-length") is None:
            self._chunked = self._incoming.http_version != "1.0"
            if self._chunked:
                ours.append((b"transfer-encoding", b"chunked"))
            else:
                self.keep_alive = False
        self._head = response_head(status, reason, headers, ours)

    def on_body(self, data: bytes) -> None:
        self._pending.append(data)
        if self._entry is None and self._incoming.spender is None:
            return
        if self._kept_bytes + len(data) > self._worker.settings.max_recorded_bytes:
            self._truncated = True
        if not self._truncated:
            self._kept.append(data)
            self._kept_bytes += len(data)

    def on_segment(self) -> None:
        if self._over:
            return
        if self._entry is not None and b"event-stream" in self._content_type:
            self._window = (self._window + b"".join(self._pending))[-512:]
            if _LAST_EVENT.search(self._window):
                if self._worker.settings.sync:
                    return  # held until the end, which follows at once
                self._record_end("")
        self._write(last=False)

    def on_end(self) -> None:
        if self._over:
            return
        self._record_end("")
        if self._worker.settings.sync and self._entry is not None:
            self._task = self._worker.spawn(self._end_synced())
        else:
            self._end()

    async def _end_synced(self) -> None:
        await self._worker.recorder.synced()
        self._end()

    def _end(self) -> None:
        if self._over:
            return
        self._write(last=True)
        self._close_books("")
        self._client.exchange_done(self, close=not self.keep_alive)

    def on_failure(self, reason: str) -> None:
        """The LLM could not be reached, or stopped in the middle."""
        if self._over:
            return
        self._worker.metrics.fallbacks[f"upstream-{reason}"] += 1
        if self._head_sent:  # never fake an end: the client must see that its answer was cut
            self._write(last=False)
            self._close_books(reason)
            self._client.abort()
            return
        self._pending.clear()
        self._status = _STATUS_OF.get(reason, 502)
        self._head = []
        self._close_books(reason)
        self._client.answer_error(
            self._status,
            f"the LLM's server gave no answer ({reason})",
            reason,
            self._our_headers(),
            self.keep_alive,
        )
        self._client.exchange_done(self, close=not self.keep_alive)

    # ── writing and recording ───────────────────────────────────────────────────────────────

    def _write(self, *, last: bool) -> None:
        out: list[bytes] = []
        if not self._head_sent and self._head:
            self._head_sent = True
            if self._worker.draining:
                self.keep_alive = False
            connection = b"" if self.keep_alive else b"connection: close\r\n"
            out += [*self._head, connection, b"\r\n"]
        if self._has_body and self._pending:
            if self._chunked:
                size = sum(map(len, self._pending))
                out += [b"%x\r\n" % size, *self._pending, b"\r\n"]
            else:
                out += self._pending
        self._pending = []
        if last and self._chunked:
            out.append(b"0\r\n\r\n")
        if out:
            self._client.write(b"".join(out))

    def _our_headers(self) -> list[tuple[bytes, bytes]]:
        ours = [
            (b"x-rightsizer-call-id", self.id.encode()),
            (b"x-rightsizer-served-by", self._served_by.encode()),
        ]
        if self._decision.task_id:
            ours.append((b"x-rightsizer-task", self._decision.task_id.encode()))
        if self._decision.fallback:
            ours.append((b"x-rightsizer-fallback", self._decision.fallback.encode()))
        return ours

    def _begin_meta(self) -> dict[str, Any]:
        incoming = self._incoming
        meta: dict[str, Any] = {"at": time.time(), "path": incoming.path.decode("ascii", "replace")}
        for name in ("session", "metadata", "origin", "key_id"):
            value = getattr(incoming, name)
            if value:
                meta[name] = value
        return meta

    def _settle(self) -> None:
        spender, self._incoming.spender = self._incoming.spender, None
        if spender is not None:
            spender.settle(b"".join(self._kept), status=self._status, by_student=self._served_by != "llm")

    def _record_end(self, failure: str) -> None:
        self._settle()
        if self._entry is None or self._entry.ended:
            return
        meta: dict[str, Any] = {
            "status": self._status,
            "type": self._content_type.decode("latin-1"),
            "total_s": round(time.monotonic() - self._started, 6),
            "first_byte_s": None if self._first_byte_s is None else round(self._first_byte_s, 6),
            "served_by": self._served_by,
            "route": self._decision.record(),
        }
        if self._n_retries:
            meta["retries"] = self._n_retries
        if self._encoding:
            meta["encoding"] = self._encoding.decode("latin-1")
        if self._upstream_name:
            meta["upstream"] = self._upstream_name
        if failure:
            meta["failure"] = failure
        if self._truncated:
            meta["truncated"] = True
        self._worker.recorder.end(self._entry, meta, b"".join(self._kept))
        self._kept = []

    def _close_books(self, failure: str) -> None:
        self._record_end(failure)
        self._over = True
        metrics = self._worker.metrics
        metrics.in_flight -= 1
        kind = "student" if self._served_by != "llm" else "llm"
        metrics.calls[kind, "499" if failure == "client-gone" else str(self._status)] += 1
        metrics.latency_s.add(time.monotonic() - self._started)
        if self._first_byte_s is not None:
            metrics.first_byte_s.add(self._first_byte_s)
