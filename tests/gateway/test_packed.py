"""Compressed requests travel as they came, and are read, routed, charged and recorded as what is in them."""

from __future__ import annotations

import gzip
import http.client
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard

from rightsizer.store.sqlite import open_store
from rightsizer.testing.fake_llm import FakeLLM, Reply
from rightsizer.testing.llm_answers import completion

PLAIN = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "在哪里?"}]})


def brotli(data: bytes) -> bytes:
    return bytes(pytest.importorskip("brotli").compress(data))


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "deflate": zlib.compress,
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
    "br": brotli,
}


def post(gateway: Any, body: bytes, encoding: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(*gateway.address, timeout=20)
    try:
        headers = {"content-type": "application/json", "content-encoding": encoding}
        connection.request("POST", "/v1/chat/completions", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_packed_request_passes_as_it_came_and_is_recorded(start: Any, encoding: str) -> None:
    packed = PACKERS[encoding](PLAIN)
    with FakeLLM(lambda r: Reply((completion("ok"),))) as llm:
        gateway = start(llm.url)
        for _ in range(2):  # the second time its head is known
            assert post(gateway, packed, encoding)[0] == 200
        assert [r.body for r in llm.received] == [packed] * 2
        assert llm.received[0].header("content-encoding") == encoding
        gateway.stop()
    assert [call.request.messages[0].text for call in gateway.calls()] == ["在哪里?"] * 2


def test_the_model_in_it_chooses_the_upstream(start: Any, tmp_path: Path) -> None:
    """A pattern sends it on as it is; a prefix has to be taken off, so it goes unpacked."""
    with FakeLLM(lambda r: Reply((completion("other"),))) as other, FakeLLM(lambda r: Reply()) as llm:
        home = tmp_path / "home"
        home.mkdir()
        table = f'[gateway.upstreams.other]\nurl = "{other.url}"\nmodels = ["own-*"]\n'
        (home / "rightsizer.toml").write_text(table)
        gateway = start(llm.url)
        for model in ("own-1", "other/small", "own-1"):
            body = orjson.dumps({"model": model, "messages": []})
            assert post(gateway, gzip.compress(body, mtime=0), "gzip")[0] == 200
        first, second, third = other.received
        assert orjson.loads(second.body)["model"] == "small"
        assert second.header("content-encoding") is None
        for packed in (first, third):
            assert orjson.loads(gzip.decompress(packed.body))["model"] == "own-1"
            assert packed.header("content-encoding") == "gzip"
        assert llm.received == []


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", b"no gzip at all"), ("snappy", PLAIN), ("gzip", gzip.compress(b" " * (4 << 20), mtime=0))],
)
def test_what_cannot_be_unpacked_is_the_llms_to_refuse_and_kept(
    start: Any, tmp_path: Path, encoding: str, body: bytes
) -> None:
    """Damaged, unknown, or a small body that unfolds beyond `gateway.max_request_bytes`."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "rightsizer.toml").write_text(f"[gateway]\nmax_request_bytes = {1 << 20}\n")
    with FakeLLM(lambda r: Reply((b'{"error":{"message":"what?"}}',), status=415)) as llm:
        gateway = start(llm.url)
        assert post(gateway, body, encoding)[0] == 415
        assert llm.received[0].body == body
        gateway.stop()
    assert gateway.calls() == []
    with open_store(gateway.home) as store:
        (rejected,) = store.calls.rejected()
    assert body in rejected.raw
