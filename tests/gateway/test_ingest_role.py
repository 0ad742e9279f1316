"""A gateway with an ingest key records everything and can read nothing; maintenance runs beside."""

from __future__ import annotations

import http.client
from pathlib import Path
from typing import Any

import orjson
import pytest

from rightsizer.gateway.indexer import index_segments, watch
from rightsizer.gateway.segments import segments_folder
from rightsizer.store.keys import key_path
from rightsizer.store.sqlite import open_store
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import completion


def answer(request: Received) -> Reply:
    return Reply((completion("yes"),))


def test_an_ingest_gateway_records_without_any_key_that_reads(
    start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    with open_store(home) as store:
        monkeypatch.setenv("RIGHTSIZER_ROLE_KEY", store.add_role_key("ingest", "edge")[0])
    key_path(home).rename(tmp_path / "away")
    with FakeLLM(answer) as llm:
        gateway = start(llm.url)
        connection = http.client.HTTPConnection(*gateway.address, timeout=20)
        body = {"model": "m", "messages": [{"role": "user", "content": "is 张琳 there?"}]}
        connection.request("POST", "/v1/chat/completions", orjson.dumps(body))
        answered = connection.getresponse()
        answered.read()
        assert answered.status == 200
        assert gateway.stop() == 0
    data = b"".join(path.read_bytes() for path in segments_folder(home).iterdir())
    assert data
    assert "张琳".encode() not in data
    monkeypatch.delenv("RIGHTSIZER_ROLE_KEY")
    (tmp_path / "away").rename(key_path(home))
    with open_store(home) as store:
        assert index_segments(store, home).calls == 1
        (call,) = store.calls.scan()
    assert call.request.messages[0].text == "is 张琳 there?"


def test_the_indexer_maintains_at_its_start_and_not_at_every_round(tmp_path: Path) -> None:
    done: list[int] = []
    rounds = iter([False, False, True])
    watch(
        lambda: open_store(tmp_path),
        tmp_path,
        b"k" * 32,
        lambda: next(rounds, True),
        0.2,
        lambda: done.append(1),
    )
    assert done == [1]
