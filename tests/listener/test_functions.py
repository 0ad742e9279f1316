"""The decorator: any function that asks a model."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from rightsizer.listener import Listener
from rightsizer.store.sqlite import open_store
from rightsizer.types import Call

ASK: Any = [{"role": "user", "content": "hi 你好"}]


def stored(home: Path) -> list[Call]:
    with open_store(home, create=False) as store:
        return list(store.calls.scan())


def completion(text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"model": "m-2", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


def test_functions_that_give_text_or_a_completion(tmp_path: Path) -> None:
    with Listener(tmp_path) as listener:

        @listener.recorded
        def ask(messages: Any, model: str = "m-1", *, temperature: float = 0.5, client: Any = None) -> Any:
            return completion("whole") if model == "m-2" else "text"

        assert ask.__name__ == "ask"
        assert ask(ASK) == "text"
        assert ask(messages=ASK, model="m-2", client=object()) == completion("whole")
    first, second = stored(tmp_path)
    assert (first.response.text if first.response else None, first.model) == ("text", "m-1")
    assert first.request.messages[0].text == "hi 你好"
    assert first.request.params["temperature"] == 0.5
    assert (second.response.text if second.response else None, second.model) == ("whole", "m-2")
    assert "client" not in second.request.params


def test_generators_and_streams_keep_their_kind(tmp_path: Path) -> None:
    class Stream:
        response_ms = 7

        def __init__(self) -> None:
            self.left = ["a", "b"]

        def __iter__(self) -> Stream:
            return self

        def __next__(self) -> str:
            if not self.left:
                raise StopIteration
            return self.left.pop(0)

    with Listener(tmp_path) as listener:

        @listener.recorded
        def words(messages: Any, model: str) -> Iterator[str]:
            yield from ("one ", "two")

        @listener.recorded
        def library(messages: Any, model: str) -> Stream:
            return Stream()

        @listener.recorded
        async def chunks(messages: Any, model: str) -> AsyncIterator[dict[str, Any]]:
            for text in ("三", "四"):
                yield {"choices": [{"index": 0, "delta": {"content": text}}]}
            yield {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}

        async def later() -> list[Any]:
            return [chunk async for chunk in chunks(messages=ASK, model="m")]

        assert list(words(ASK, "m")) == ["one ", "two"]
        stream = library(ASK, "m")
        assert stream.response_ms == 7
        assert list(stream) == ["a", "b"]
        assert len(asyncio.run(later())) == 3
    assert [c.response.text if c.response else c.error for c in stored(tmp_path)] == ["one two", "ab", "三四"]


def test_an_exception_is_the_functions_own_and_recorded(tmp_path: Path) -> None:
    with Listener(tmp_path) as listener:

        @listener.recorded
        async def ask(messages: Any, model: str) -> str:
            raise KeyError("broken")

        with pytest.raises(KeyError, match="broken"):
            asyncio.run(ask(ASK, "m"))
        with pytest.raises(TypeError, match="missing"):
            asyncio.run(ask())  # type: ignore[call-arg]
    (call,) = stored(tmp_path)
    assert call.error is not None
    assert call.error.message == "KeyError"


def test_a_function_that_asks_no_model_is_left_alone(tmp_path: Path) -> None:
    with Listener(tmp_path) as listener:

        @listener.recorded
        def add(a: int, b: int) -> int:
            return a + b

        assert add(1, 2) == 3
    assert stored(tmp_path) == []


def test_a_forked_child_writes_a_file_of_its_own(tmp_path: Path) -> None:
    """The parent's file would be written with the same nonces twice."""
    listener = Listener(tmp_path)
    ask = listener.recorded(lambda messages, model: model)
    ask(messages=ASK, model="before")
    child = os.fork()
    if not child:
        ask(messages=ASK, model="child")
        os._exit(0)
    os.waitpid(child, 0)
    ask(messages=ASK, model="after")
    listener.close()
    assert sorted(c.model for c in stored(tmp_path)) == ["after", "before", "child"]


def test_the_journal_lets_go_of_old_files_so_that_they_are_indexed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rightsizer.pipeline.gateway import index_gateway

    monkeypatch.setattr("rightsizer.listener.journal.AGE_S", 0.0)
    with Listener(tmp_path) as listener:
        ask = listener.recorded(lambda messages, model: model)
        ask(messages=ASK, model="m")
        assert listener._journal is not None
        listener._journal.tick()
        assert index_gateway(tmp_path).calls == 1
        ask(messages=ASK, model="m")
    assert len(stored(tmp_path)) == 2
