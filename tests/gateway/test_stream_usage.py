"""Token counts of streams: asked for where the policy says so, and never shown to who did not ask."""

from __future__ import annotations

import http.client
import itertools
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rightsizer.gateway.stream_usage import UsageStripper, ask_for_usage
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import SSE, chunks, in_pieces

ASK = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
DELTAS: list[dict[str, Any]] = [{"role": "assistant", "content": ""}, {"content": "路"}, {"content": "\n\n"}]
WITHOUT, WITH = chunks(DELTAS, "stop"), chunks(DELTAS, "stop", usage=True)


def llm_script(request: Received) -> Reply:
    """Counts come if they are asked for, as OpenAI does."""
    asked = orjson.loads(request.body)
    options = asked.get("stream_options") or {}
    stream = WITH if options.get("include_usage") else WITHOUT
    if request.header("x-length"):
        return Reply((stream,), headers=SSE)
    return in_pieces(stream, 11)


def post(gateway: Any, body: bytes, **headers: str) -> tuple[bytes, dict[str, str]]:
    connection = http.client.HTTPConnection(*gateway.address, timeout=20)
    connection.request("POST", "/v1/chat/completions", body, headers)
    answer = connection.getresponse()
    got = answer.read(), {name.lower(): value for name, value in answer.getheaders()}
    connection.close()
    return got


def test_counts_are_recorded_and_the_caller_sees_what_it_asked_for(start: Any, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "rightsizer.toml").write_text("[gateway]\nstream_usage = true\n")
    silent = orjson.dumps({**ASK, "stream": True})
    with FakeLLM(llm_script) as llm:
        gateway = start(llm.url)
        for _ in range(2):
            assert post(gateway, silent)[0] == WITHOUT
        got, headers = post(gateway, silent, **{"x-length": "1"})
        assert got == WITHOUT
        assert "content-length" not in headers, "it would be wrong"
        asking = orjson.dumps({**ASK, "stream": True, "stream_options": {"include_usage": True}})
        assert post(gateway, asking)[0] == WITH
        refusing = orjson.dumps({**ASK, "stream": True, "stream_options": {"include_usage": False}})
        assert post(gateway, refusing)[0] == WITHOUT
        assert [r.body for r in llm.received[3:]] == [asking, refusing], "what the caller says stays"
        gateway.stop()
    usages = [None if c.usage is None else c.usage.output_tokens for c in gateway.calls()]
    assert usages == [2, 2, 2, 2, None]
    assert all("stream_options" not in c.request.params for c in gateway.calls()[:3]), "recorded as it came"


def test_without_the_policy_nothing_is_asked(start: Any) -> None:
    silent = orjson.dumps({**ASK, "stream": True})
    with FakeLLM(llm_script) as llm:
        gateway = start(llm.url)
        assert post(gateway, silent)[0] == WITHOUT
        assert llm.received[0].body == silent


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"no json",
        b'{"stream":false}',
        b'{"stream":"true"}',
        b'{"stream":true,"stream_options":null}',
        b'{"stream":true,"stream_options":{"include_obfuscation":false}}',
        b'["stream"]',
    ],
)
def test_what_is_left_alone(body: bytes) -> None:
    assert ask_for_usage(body) is None


def test_the_rest_of_a_body_stays_byte_for_byte() -> None:
    body = b' { "stream" : true , "x": 1.0e2, "x": 2 } \n'
    asking = ask_for_usage(body)
    assert asking is not None
    assert asking.startswith(body.rstrip()[:-1])
    assert orjson.loads(asking)["stream_options"] == {"include_usage": True}


@given(
    texts=st.lists(st.text(max_size=8), max_size=5),
    cuts=st.lists(st.integers(0, 2000), max_size=6),
    end=st.sampled_from((b"\n", b"\r\n", b"\r")),
)
def test_however_a_stream_is_cut_only_the_counts_are_missing(
    texts: list[str], cuts: list[int], end: bytes
) -> None:
    deltas = [{"content": text} for text in texts]
    plain, counted = (chunks(deltas, "stop", usage=usage).replace(b"\n", end) for usage in (False, True))
    stripper, out = UsageStripper(), b""
    places = [0, *sorted(min(cut, len(counted)) for cut in cuts), len(counted)]
    for a, b in itertools.pairwise(places):
        out += stripper.feed(counted[a:b])
    assert out + stripper.rest() == plain


@given(data=st.binary(max_size=300))
def test_other_bytes_pass(data: bytes) -> None:
    stripper = UsageStripper()
    assert b"".join(stripper.feed(bytes([byte])) for byte in data) + stripper.rest() == data
