"""Listening to a function that asks a model: plain, async, and both as generators of chunks."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import orjson

from rightsizer.listener.guard import guarded
from rightsizer.listener.http import NoteOf
from rightsizer.listener.note import Note

_JSON, _EVENTS = "application/json", "text/event-stream"


def listen_to_function(function: Callable[..., Any], note_of: NoteOf) -> Callable[..., Any]:
    """The same function, noting what it is asked and what it gives."""
    signature = guarded(inspect.signature, function)

    def begin(arguments: tuple[Any, ...], options: dict[str, Any]) -> Note | None:
        return guarded(_begin, signature, arguments, options, note_of)

    if inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        async def stream(*arguments: Any, **options: Any) -> AsyncIterator[Any]:
            async for chunk in _tee_async(function(*arguments, **options), begin(arguments, options)):
                yield chunk

        return stream
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def asked(*arguments: Any, **options: Any) -> Any:
            note = begin(arguments, options)
            try:
                given = await function(*arguments, **options)
            except BaseException as error:
                _failed(note, error)
                raise
            return _noted(given, note)

        return asked

    @functools.wraps(function)
    def ask(*arguments: Any, **options: Any) -> Any:
        note = begin(arguments, options)
        try:
            given = function(*arguments, **options)
        except BaseException as error:
            _failed(note, error)
            raise
        return _noted(given, note)

    return ask


def _begin(
    signature: inspect.Signature | None,
    arguments: tuple[Any, ...],
    options: dict[str, Any],
    note_of: NoteOf,
) -> Note | None:
    asked = dict(options)
    if signature is not None:
        bound = signature.bind(*arguments, **options)
        bound.apply_defaults()
        for name, value in bound.arguments.items():
            kind = signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_KEYWORD:
                asked |= value
            elif kind is not inspect.Parameter.VAR_POSITIONAL and value is not None:
                asked[name] = value
    asked.pop("self", None)
    body = guarded(_json, asked)
    if body is None:  # a client or a callback among the arguments: keep what can be kept
        plain = {name: value for name, value in asked.items() if _try_json(value) is not None}
        body = _json(plain)
        asked = plain
    if "messages" in asked:
        return note_of("/v1/chat/completions", body)
    return note_of("/v1/responses", body) if "input" in asked else None


def _noted(given: Any, note: Note | None) -> Any:
    """What the function gave; a stream of chunks is noted while it is read."""
    if note is None:
        return given
    if isinstance(given, Iterator):
        return _tee(given, note) if inspect.isgenerator(given) else Chunks(given, _tee(given, note))
    if isinstance(given, AsyncIterator):
        noted = _tee_async(given, note)
        return noted if inspect.isasyncgen(given) else AsyncChunks(given, noted)
    guarded(_whole, given, note)
    return given


class Chunks:
    """A library's own stream object, with all it can do; its chunks are noted."""

    def __init__(self, stream: Any, noted: Iterator[Any]) -> None:
        self._stream, self._noted = stream, noted

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._noted)

    def __enter__(self) -> Chunks:
        return self

    def __exit__(self, *raised: object) -> None:
        if callable(leave := getattr(self._stream, "__exit__", None)):
            leave(*raised)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class AsyncChunks:
    """The same of an asynchronous stream."""

    def __init__(self, stream: Any, noted: AsyncIterator[Any]) -> None:
        self._stream, self._noted = stream, noted

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        return await anext(self._noted)

    async def __aenter__(self) -> AsyncChunks:
        return self

    async def __aexit__(self, *raised: object) -> None:
        if callable(leave := getattr(self._stream, "__aexit__", None)):
            await leave(*raised)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _whole(given: Any, note: Note) -> None:
    if isinstance(given, str):
        given = {"choices": [{"index": 0, "message": {"role": "assistant", "content": given}}]}
    note.answers(200, _JSON)
    note.add(_json(given))
    note.end()


def _tee(chunks: Iterator[Any], note: Note) -> Iterator[Any]:
    note.answers(200, _EVENTS)
    try:
        for chunk in chunks:
            guarded(_event, chunk, note)
            yield chunk
    except GeneratorExit:
        guarded(note.end, "client-gone")
        raise
    except BaseException as error:
        _failed(note, error)
        raise
    guarded(note.add, b"data: [DONE]\n\n")
    guarded(note.end)


async def _tee_async(chunks: AsyncIterator[Any], note: Note | None) -> AsyncIterator[Any]:
    if note is None:
        async for chunk in chunks:
            yield chunk
        return
    note.answers(200, _EVENTS)
    try:
        async for chunk in chunks:
            guarded(_event, chunk, note)
            yield chunk
    except GeneratorExit:
        guarded(note.end, "client-gone")
        raise
    except BaseException as error:
        _failed(note, error)
        raise
    guarded(note.add, b"data: [DONE]\n\n")
    guarded(note.end)


def _event(chunk: Any, note: Note) -> None:
    if isinstance(chunk, str):
        chunk = {"choices": [{"index": 0, "delta": {"content": chunk}}]}
    note.add(b"data: " + _json(chunk) + b"\n\n")


def _failed(note: Note | None, error: BaseException) -> None:
    if note is not None:
        guarded(note.end, type(error).__name__)


def _json(value: Any) -> bytes:
    return orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS)


def _try_json(value: Any) -> bytes | None:
    try:
        return _json(value)
    except (TypeError, orjson.JSONEncodeError):
        return None


def _plain(value: Any) -> Any:
    """pydantic models, and tuples and sets, as JSON."""
    if callable(dump := getattr(value, "model_dump", None)):
        return dump(mode="json", exclude_unset=True)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError
