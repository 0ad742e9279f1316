"""A scripted LLM as an ASGI app: for servers and test clients that take one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from rightsizer.testing.fake_llm import Received, Script

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def asgi_app(script: Script) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The app. Faults of the bytes (`Reply.raw`, `Reply.cut`) have no form in ASGI: `cut` raises."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = tuple((n.decode("latin-1").lower(), v.decode("latin-1")) for n, v in scope["headers"])
        query = b"?" + scope["query_string"] if scope.get("query_string") else b""
        target = (scope.get("raw_path") or scope["path"].encode()) + query
        reply = script(Received(scope["method"], target.decode("latin-1"), headers, body))
        await asyncio.sleep(reply.delay_s)
        sent = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
        if reply.framing == "length":
            sent.append((b"content-length", b"%d" % sum(map(len, reply.pieces))))
        await send({"type": "http.response.start", "status": reply.status, "headers": sent})
        for number, piece in enumerate(reply.pieces):
            await asyncio.sleep(reply.pause_s if number else 0)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        if reply.cut:
            raise ConnectionResetError("cut, as the script says")
        await send({"type": "http.response.body", "body": b""})

    return app
