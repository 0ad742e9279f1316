"""One call on its way: from the client's request to the last byte of its answer.

    start ─► begin recorded ─► student? ─► upstream ─► relay ─► end recorded ─► last byte

The exchange owns the order of things; the protocol owns the client's connection, the pool the LLM's, the
relay the form of the answer.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rightsizer.gateway.answer_head import AnswerHead, head_of_headers
from rightsizer.gateway.as_chat import CHAT, RECORDED, ROUTED
from rightsizer.gateway.asked import LARGE_BYTES
from rightsizer.gateway.headers import Headers, request_bytes, request_lines
from rightsizer.gateway.incoming import Incoming
from rightsizer.gateway.models import merged_models
from rightsizer.gateway.packed import unpack
from rightsizer.gateway.recorder import Entry
from rightsizer.gateway.relay import Relay
from rightsizer.gateway.routing import Decision
from rightsizer.gateway.spending import is_free
from rightsizer.gateway.stream_usage import UsageStripper, ask_for_usage
from rightsizer.gateway.student import student_answer
from rightsizer.gateway.upstream import Handle

if TYPE_CHECKING:
    from rightsizer.gateway.protocol import GatewayProtocol
    from rightsizer.gateway.worker import Worker

log = logging.getLogger("rightsizer.gateway")
_STATUS_OF = {"connect-timeout": 504, "first-byte-timeout": 504, "idle-timeout": 504}
_UNDECIDED = Decision()


class Exchange:
    """See the module. Implements `upstream.Listener`."""

    __slots__ = (
        "_client",
        "_decision",
        "_entry",
        "_first_byte_s",
        "_incoming",
        "_n_retries",
        "_over",
        "_recorded",
        "_relay",
        "_served_by",
        "_started",
        "_status",
        "_strip",
        "_task",
        "_upstream",
        "_upstream_name",
        "_worker",
        "id",
        "keep_alive",
    )

    def __init__(self, worker: Worker, client: GatewayProtocol, incoming: Incoming) -> None:
        self.id = worker.call_ids.new()
        self.keep_alive = incoming.keep_alive
        self._worker, self._client, self._incoming = worker, client, incoming
        self._started = time.monotonic()
        self._first_byte_s: float | None = None
        self._entry: Entry | None = None
        self._decision = _UNDECIDED
        self._served_by = "llm"
        self._upstream_name = ""
        self._upstream: Handle | None = None
        self._task: asyncio.Task[None] | None = None
        self._status = 0
        self._relay: Relay | None = None
        self._strip: UsageStripper | None = None
        self._n_retries = 0
        self._over = self._recorded = False

    def start(self) -> None:
        """Record the begin and send the call on its way."""
        self._worker.metrics.in_flight += 1
        if self._incoming.encoding or len(self._incoming.body) > LARGE_BYTES:
            self._beside(self._read(), self._start)
        else:
            self._start()

    async def _read(self) -> None:
        """What would take long is done beside the loop."""
        incoming, worker = self._incoming, self._worker
        if incoming.encoding:
            await unpack(incoming, worker.settings.max_request_bytes)
        if len(incoming.text) > LARGE_BYTES:
            await asyncio.to_thread(incoming.look_through, worker.callers.of_user)
        if not self._over:
            self._start()

    def _start(self) -> None:
        incoming, worker = self._incoming, self._worker
        if incoming.spender is not None:
            if is_free(incoming.method, incoming.path):
                incoming.spender = None
            elif not incoming.spender.start(incoming.text, incoming.asked):
                wait_s = incoming.spender.retry_after_s()
                self._refuse("the budget of this key is spent", "budget_spent", wait_s)
                return
        if incoming.method == b"POST" and incoming.path in RECORDED:
            self._entry = self._begin()
            if worker.routing.is_active and incoming.path in ROUTED:
                decision = None
                if incoming.path == CHAT:
                    decision = worker.routing.place(self.id, incoming.text, incoming.metadata)
                if decision is None:
                    self._beside(self._route(), self._ask_upstream)
                    return
                self._decide(decision)
        elif incoming.method == b"GET" and worker.upstreams.merges(incoming):
            self._beside(self._list_models(), self._ask_upstream)
            return
        self._ask_upstream()

    def _beside(self, work: Coroutine[Any, Any, None], instead: Callable[[], None]) -> None:
        """Go on in a task. If it fails before a byte is out, `instead`; after it the answer is cut."""

        def ended(task: asyncio.Task[None]) -> None:
            if task.cancelled() or self._over or (error := task.exception()) is None:
                return
            log.error("%s beside a call; it goes on without", type(error).__name__)
            self._worker.metrics.fallbacks["error"] += 1
            if self._relay is None:
                instead()
            else:
                self.on_failure("internal")

        self._task = self._worker.spawn(work)
        self._task.add_done_callback(ended)

    def attach(self, handle: Handle) -> None:
        self._upstream = handle

    def client_gone(self) -> None:
        """The client hung up: the LLM must stop, and what was said so far is recorded."""
        if self._over:
            return
        self._worker.metrics.disconnects += 1
        if self._upstream is not None:
            self._upstream.cancel()
        if self._task is not None:
            self._task.cancel()
        self._close_books("client-gone")

    def pause(self) -> None:
        if self._upstream is not None and not isinstance(self._upstream, asyncio.Task):
            self._upstream.pause()

    def resume(self) -> None:
        if self._upstream is not None and not isinstance(self._upstream, asyncio.Task):
            self._upstream.resume()

    # ── the student ─────────────────────────────────────────────────────────────────────────

    async def _route(self) -> None:
        worker, incoming = self._worker, self._incoming
        decision = await worker.routing.decide(self.id, incoming.text, incoming.metadata, incoming.path)
        self._decide(decision)
        if decision.message is not None:
            given = decision.message, self.id, incoming.text, incoming.path
            if len(incoming.text) > LARGE_BYTES:
                answer = await asyncio.to_thread(student_answer, *given)
            else:
                answer = student_answer(*given)
            if not isinstance(answer, str):
                self._served_by = f"student:{decision.student_id}"
                self._answer(*answer)
                return
            self._decide(replace(decision, message=None, fallback=answer))
        if decision.mode == "shadow" and self._entry is not None:
            worker.recorder.hold(self._entry)
            worker.spawn(self._shadow(self._entry, decision))
        self._ask_upstream()

    def _decide(self, decision: Decision) -> None:
        self._decision = decision
        if decision.fallback:
            self._worker.metrics.fallbacks[decision.fallback] += 1

    async def _shadow(self, entry: Entry, decision: Decision) -> None:
        said = await self._worker.routing.shadow(decision)
        answer = None if said.message is None else said.message.model_dump(mode="json")
        self._worker.recorder.shadow(entry, {**said.record(), "message": answer})

    async def _list_models(self) -> None:
        body = await merged_models(self._worker.upstreams, self._incoming)
        self._answer([(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))], body)

    def _answer(self, headers: Headers, body: bytes) -> None:
        """Give an answer of our own the way one of the LLM goes."""
        if self._over:
            return
        self.on_head(head_of_headers(200, b"OK", headers))
        self.on_body(body)
        self.on_end()

    # ── the LLM ─────────────────────────────────────────────────────────────────────────────

    def _ask_upstream(self) -> None:
        if self._over:
            return
        incoming, upstreams = self._incoming, self._worker.upstreams
        strips = self._worker.settings.stream_usage and incoming.path == CHAT and not incoming.encoding
        if not strips and not upstreams.named and (lines := incoming.sent_heads.get("")) is not None:
            request = request_bytes(lines, incoming.method, incoming.body)
            upstreams.default.request(request, self, incoming.method == b"HEAD")
            return
        way = upstreams.choose(incoming)
        self._upstream_name = way.name
        body = way.body
        if strips:
            asking = ask_for_usage(body, incoming.asked)
            if asking is not None:
                body, self._strip = asking, UsageStripper()
        lines = incoming.sent_heads.get(way.head_key)
        if lines is None:
            authority = way.pool.target.authority
            lines = request_lines(
                incoming.method, way.target, authority, incoming.headers, leave_out=way.withheld, add=way.add
            )
            incoming.sent_heads[way.head_key] = lines
        request = request_bytes(lines, incoming.method, body)
        way.pool.request(request, self, incoming.method == b"HEAD")

    def on_retry(self) -> None:
        self._n_retries += 1
        self._worker.metrics.retries += 1

    def on_head(self, head: AnswerHead) -> None:
        incoming = self._incoming
        self._first_byte_s = time.monotonic() - self._started
        self._status = head.status
        self._relay = Relay(
            head,
            self._our_lines(refused=head.status >= 400),
            is_head=incoming.method == b"HEAD",
            chunks=incoming.http_version != "1.0",
            keeps=self._worker.settings.max_recorded_bytes if self._is_kept() else 0,
            strip=self._strip,
        )
        if self._relay.ends_with_connection:
            self.keep_alive = False

    def on_whole(self, head: AnswerHead, body: bytes) -> None:
        """The same as `on_head`, `on_body` and `on_end`: for a 200 where nothing else is asked."""
        entry, worker = self._entry, self._worker
        settings = worker.settings
        plain = entry is not None and self._strip is None and self._incoming.spender is None
        if not plain or settings.sync or len(body) > settings.max_recorded_bytes or self._over:
            self.on_head(head)
            self.on_body(body)
            self.on_end()
            return
        assert entry is not None
        self._first_byte_s = took_s = time.monotonic() - self._started
        self._status = head.status
        self._recorded = True
        worker.recorder.end(entry, self._end_meta("", took_s, head.content_type, head.encoding), body)
        if worker.draining:
            self.keep_alive = False
        end = b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n"
        self._client.write(b"".join((head.lines, self._our_lines(), end, body)))
        self._over = True
        worker.metrics.took(took_s)
        self._client.exchange_done(self, close=not self.keep_alive)

    def on_body(self, data: bytes) -> None:
        if self._relay is not None:
            self._relay.add(data)

    def on_segment(self) -> None:
        if self._over or self._relay is None:
            return
        if self._entry is not None and self._relay.may_look_whole():
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
        if self._relay is not None and self._relay.head_sent:
            self._write(last=False)  # never fake an end: the client must see that its answer was cut
            self._close_books(reason)
            self._client.abort()
            return
        self._status = _STATUS_OF.get(reason, 502)
        self._close_books(reason)
        message = f"the LLM's server gave no answer ({reason})"
        self._client.answer_error(self._status, message, reason, self._our_lines(), self.keep_alive)
        self._client.exchange_done(self, close=not self.keep_alive)

    def _refuse(self, message: str, code: str, retry_after_s: int) -> None:
        """What was let in may no longer go on."""
        self._worker.metrics.refusals[code] += 1
        self._status = 429
        self._close_books(code)
        wait = b"retry-after: %d\r\n" % retry_after_s if retry_after_s else b""
        self._client.answer_error(429, message, code, wait + self._our_lines(), self.keep_alive)
        self._client.exchange_done(self, close=not self.keep_alive)

    # ── writing and recording ───────────────────────────────────────────────────────────────

    def _write(self, *, last: bool) -> None:
        assert self._relay is not None
        if self._worker.draining and not self._relay.head_sent:
            self.keep_alive = False
        out = self._relay.take(last=last, keep_alive=self.keep_alive)
        if out:
            self._client.write(out)

    def _our_lines(self, *, refused: bool = False) -> bytes:
        decision = self._decision
        ours = f"x-rightsizer-call-id: {self.id}\r\nx-rightsizer-served-by: {self._served_by}\r\n"
        if decision.task_id:
            ours += f"x-rightsizer-task: {decision.task_id}\r\n"
        if decision.fallback:
            ours += f"x-rightsizer-fallback: {decision.fallback}\r\n"
        if refused:
            ours += f"x-rightsizer-reason: upstream-{self._status}\r\n"
        return ours.encode()

    def _begin(self) -> Entry:
        incoming, recorder = self._incoming, self._worker.recorder
        if incoming.hidden is False:
            return recorder.begin(self.id, self._begin_meta(), incoming.body, incoming.plain)
        return recorder.begin_hidden(self.id, self._begin_meta(), incoming.body, incoming.hidden)

    def _begin_meta(self) -> dict[str, Any]:
        """What is recorded of the begin; the same for all requests with this head, but for the time."""
        incoming = self._incoming
        meta = incoming.begin_meta
        if not meta:
            meta["at"] = 0.0
            meta["path"] = incoming.path.decode("ascii", "replace")
            for name in ("session", "metadata", "origin", "key_id"):
                if value := getattr(incoming, name):
                    meta[name] = value
            if incoming.encoding:
                meta["encoding"] = incoming.encoding.decode("latin-1")
        meta["at"] = time.time()
        return meta

    def _is_kept(self) -> bool:
        return self._entry is not None or self._incoming.spender is not None

    def _record_end(self, failure: str) -> None:
        if self._recorded:
            return
        self._recorded = True
        entry, relay = self._entry, self._relay
        answer = b"" if relay is None else relay.kept()
        spender = self._incoming.spender
        if spender is not None:
            spender.settle(answer, status=self._status, by_student=self._served_by != "llm")
        if entry is not None:
            kind, encoding = (b"", b"") if relay is None else (relay.content_type, relay.encoding)
            meta = self._end_meta(failure, time.monotonic() - self._started, kind, encoding)
            if relay is not None and relay.truncated:
                meta["truncated"] = True
            self._worker.recorder.end(entry, meta, answer)

    def _end_meta(self, failure: str, took_s: float, kind: bytes, encoding: bytes) -> dict[str, Any]:
        first_byte_s = self._first_byte_s
        meta: dict[str, Any] = {
            "status": self._status,
            "type": kind.decode("latin-1"),
            "total_s": int(took_s * 1e6) / 1e6,  # `round` takes ten times as long
            "first_byte_s": None if first_byte_s is None else int(first_byte_s * 1e6) / 1e6,
            "served_by": self._served_by,
            "route": self._decision.record(),
        }
        if self._n_retries:
            meta["retries"] = self._n_retries
        if self._upstream_name:
            meta["upstream"] = self._upstream_name
        if failure:
            meta["failure"] = failure
        if encoding:
            meta["encoding"] = encoding.decode("latin-1")
        return meta

    def _close_books(self, failure: str) -> None:
        self._record_end(failure)
        self._over = True
        metrics = self._worker.metrics
        metrics.in_flight -= 1
        kind = "llm" if self._served_by == "llm" else "student"
        metrics.calls[kind, "499" if failure == "client-gone" else str(self._status)] += 1
        metrics.latency_s.add(time.monotonic() - self._started)
        if self._first_byte_s is not None:
            metrics.first_byte_s.add(self._first_byte_s)
