"""``GET /v1/models`` over several upstreams: one list, each model named as a caller has to name it."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from rightsizer.gateway.answer_head import AnswerHead
from rightsizer.gateway.headers import Headers, request_head
from rightsizer.gateway.incoming import Incoming
from rightsizer.gateway.upstream import Handle, UpstreamPool
from rightsizer.gateway.upstreams import CREDENTIALS, Upstreams

_MAX_BYTES = 16 << 20
_WAIT_S = 10.0


class Answer:
    """Collects one small answer. Implements `upstream.Listener`."""

    def __init__(self) -> None:
        self.done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._status = 0
        self._body: list[bytes] = []
        self._bytes = 0
        self._handle: Handle | None = None

    def on_head(self, head: AnswerHead) -> None:
        self._status = head.status

    def on_body(self, data: bytes) -> None:
        self._bytes += len(data)
        if self._bytes <= _MAX_BYTES:
            self._body.append(data)

    def on_whole(self, head: AnswerHead, body: bytes) -> None:
        self.on_head(head)
        self.on_body(body)
        self.on_end()

    def on_segment(self) -> None:
        return None

    def on_end(self) -> None:
        if not self.done.done():
            whole = self._status == 200 and self._bytes <= _MAX_BYTES
            self.done.set_result(b"".join(self._body) if whole else b"")

    def on_failure(self, reason: str) -> None:
        if not self.done.done():
            self.done.set_result(b"")

    def on_retry(self) -> None:
        return None

    def attach(self, handle: Handle) -> None:
        self._handle = handle

    def cancel(self) -> None:
        """Nobody waits any more."""
        if self._handle is not None:
            self._handle.cancel()


async def merged_models(upstreams: Upstreams, incoming: Incoming) -> bytes:
    """The models of the default upstream, as it names them, and those of all others as ``name/model``.

    An upstream that does not answer within 10 s, or not with a list, is left out.
    """
    default = upstreams.default
    asks = [
        _ask(
            default,
            default.target.prefix + b"/v1/models",
            incoming,
            incoming.withheld,
            incoming.extra_headers,
        )
    ]
    for one in upstreams.named.values():
        withheld, add = one.credentials(incoming)
        if not one.has_key:  # the caller's key is for one provider, and this list is not worth telling others
            withheld = (*withheld, *CREDENTIALS)
        asks.append(_ask(one.pool, one.pool.target.base + b"/models", incoming, withheld, add))
    lists = await asyncio.gather(*asks)
    names = ["", *(f"{name}/" for name in upstreams.named)]
    data = [
        {**model, "id": name + model["id"]}
        for name, models in zip(names, lists, strict=True)
        for model in models
    ]
    return orjson.dumps({"object": "list", "data": data})


async def _ask(
    pool: UpstreamPool, target: bytes, incoming: Incoming, leave_out: tuple[bytes, ...], add: Headers
) -> list[dict[str, Any]]:
    answer = Answer()
    head = request_head(
        b"GET", target, pool.target.authority, incoming.headers, 0, leave_out=leave_out, add=add
    )
    pool.request(head, answer)
    try:
        body = await asyncio.wait_for(answer.done, _WAIT_S)
        value = orjson.loads(body)
    except (TimeoutError, orjson.JSONDecodeError):
        answer.cancel()
        return []
    except asyncio.CancelledError:
        answer.cancel()
        raise
    rows = value.get("data") if isinstance(value, dict) else None
    found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [row for row in found if isinstance(row.get("id"), str)]
