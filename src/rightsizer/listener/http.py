"""Listening to an HTTP client of the httpx family, which the `openai` and `anthropic` clients use.

Its `send` is where requests leave, so that every way of calling is seen: create, parse, stream, raw. What
is recorded is bytes; the response handed on is the client's own.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from rightsizer.listener.guard import guarded
from rightsizer.listener.note import Note

_PATHS = ("/chat/completions", "/responses", "/messages", "/embeddings")
_LISTENER = "_rightsizer_listener"
NoteOf = Callable[[str, bytes], Note | None]


def api_path(path: str) -> str:
    """The path as the gateway knows it (``/v1/messages``), whatever base URL a provider has; else ``""``."""
    return next((f"/v1{known}" for known in _PATHS if path.rstrip("/").endswith(known)), "")


def listen_to(http: Any, note_of: NoteOf) -> Callable[[], None]:
    """Note what `http.send` sends and gets; gives the function that undoes it. Twice is as good as once.

    Raises `TypeError` if `http` has no such method.
    """
    original = getattr(http, "send", None)
    if not callable(original):
        raise TypeError(f"{type(http).__name__} is no HTTP client of the httpx family")

    def send(request: Any, *arguments: Any, **options: Any) -> Any:
        note = guarded(_begin, request, note_of)
        try:
            response = original(request, *arguments, **options)
        except BaseException as error:
            _failed(note, error)
            raise
        guarded(_watch, response, note)
        return response

    async def send_async(request: Any, *arguments: Any, **options: Any) -> Any:
        note = guarded(_begin, request, note_of)
        try:
            response = await original(request, *arguments, **options)
        except BaseException as error:
            _failed(note, error)
            raise
        guarded(_watch, response, note)
        return response

    if getattr(original, _LISTENER, None) == note_of:
        return lambda: None
    ours: Any = send_async if inspect.iscoroutinefunction(original) else send
    setattr(ours, _LISTENER, note_of)
    before = http.__dict__.get("send")
    http.send = ours

    def undo() -> None:
        if http.__dict__.get("send") is not ours:
            return  # another listener's is around it, and passes on what goes through this one
        del http.send
        if before is not None:
            http.send = before

    return undo


def _begin(request: Any, note_of: NoteOf) -> Note | None:
    path = api_path(request.url.path) if request.method == "POST" else ""
    return note_of(path, request.content) if path else None


def _failed(note: Note | None, error: BaseException) -> None:
    if note is not None:
        guarded(note.end, type(error).__name__)


def _watch(response: Any, note: Note | None) -> None:
    """Note the answer: at once if it has been read, else as the caller reads it."""
    if note is None:
        return
    headers = response.headers
    content_type = headers.get("content-type", "")
    if response.is_stream_consumed or response.is_closed:
        note.answers(response.status_code, content_type)
        note.add(response.content)
        note.end()
        return
    note.answers(response.status_code, content_type, headers.get("content-encoding", ""))
    response.stream = _tee(response.stream, note)


def _tee(stream: Any, note: Note) -> Any:
    """The same stream, noting each piece; of the class that httpx asks for."""
    kinds = {kind.__name__: kind for kind in type(stream).__mro__}
    if "AsyncByteStream" in kinds:
        return type("TeeAsync", (_TeeAsync, kinds["AsyncByteStream"]), {})(stream, note)
    return type("Tee", (_Tee, kinds["SyncByteStream"]), {})(stream, note)


class _Tee:
    def __init__(self, stream: Any, note: Note) -> None:
        self._stream, self._note = stream, note

    def __iter__(self) -> Iterator[bytes]:
        try:
            for piece in self._stream:
                guarded(self._note.add, piece)
                yield piece
        except GeneratorExit:
            guarded(self._note.end, "client-gone")
            raise
        except BaseException as error:
            guarded(self._note.end, type(error).__name__)
            raise
        guarded(self._note.end)

    def close(self) -> None:
        guarded(self._note.end, "client-gone")
        self._stream.close()


class _TeeAsync:
    def __init__(self, stream: Any, note: Note) -> None:
        self._stream, self._note = stream, note

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._stream:
                guarded(self._note.add, piece)
                yield piece
        except GeneratorExit:
            guarded(self._note.end, "client-gone")
            raise
        except BaseException as error:
            guarded(self._note.end, type(error).__name__)
            raise
        guarded(self._note.end)

    async def aclose(self) -> None:
        guarded(self._note.end, "client-gone")
        await self._stream.aclose()
