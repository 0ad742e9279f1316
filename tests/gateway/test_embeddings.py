"""Embeddings pass unchanged and are recorded; nothing is learned from them."""

from __future__ import annotations

import base64
import struct
from typing import Any

import openai
import orjson
import pytest

from rightsizer.curation.filters import RULES
from rightsizer.errors import RecordError
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.wire.embeddings import completion_from_embeddings, request_from_embeddings
from rightsizer.wire.otlp_write import spans_from_calls


def script(request: Received) -> Reply:
    """As OpenAI: base64 if it is asked for, and its client does."""
    body = orjson.loads(request.body)
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    vector: Any = [0.5, 0.25, -1.0]
    if body.get("encoding_format") == "base64":
        vector = base64.b64encode(struct.pack("<3f", *vector)).decode()
    rows = [{"object": "embedding", "index": n, "embedding": vector} for n, _ in enumerate(texts)]
    usage = {"prompt_tokens": 7, "total_tokens": 7}
    return Reply((orjson.dumps({"object": "list", "data": rows, "model": "e-1", "usage": usage}),))


def test_openais_client_gets_its_vectors_and_the_call_is_recorded(start: Any) -> None:
    with FakeLLM(script) as llm:
        gateway = start(llm.url)
        direct, ours = (
            openai.OpenAI(base_url=url, api_key="k", max_retries=0) for url in (llm.url, f"{gateway.url}/v1")
        )
        for ask in (
            {"input": "在哪里?"},
            {"input": ["a", "b"]},
            {"input": [[1, 2]], "encoding_format": "float"},
        ):
            given: Any = {"model": "text-embedding-3-small", **ask}
            assert ours.embeddings.create(**given) == direct.embeddings.create(**given)
        gateway.stop()
    calls = gateway.calls()
    assert [[m.text for m in c.request.messages] for c in calls] == [["在哪里?"], ["a", "b"], [""]]
    assert calls[2].request.params["input"] == [[1, 2]]
    for call, count in zip(calls, (1, 2, 1), strict=True):
        assert call.error is None
        assert call.response is not None
        assert call.response.extra["embeddings"] == {"count": count, "dimensions": 3}
        assert call.usage is not None
        assert call.usage.input_tokens == 7
        assert call.cost_usd == pytest.approx(7 * 0.02e-6), "the list price of what went in"
        assert call.source["path"] == "/v1/embeddings"
        reasons = [reason for reason, rule, _ in RULES if rule(call) is not None]
        assert reasons == ["embedding"], "set aside, and for this reason"
    (resource,) = spans_from_calls(calls[:1])["resourceSpans"]
    assert resource["scopeSpans"][0]["spans"][0]["name"] == "embeddings text-embedding-3-small"


@pytest.mark.parametrize("body", [{}, {"input": []}, {"input": 3}])
def test_a_request_without_input_is_told(body: Any) -> None:
    with pytest.raises(RecordError):
        request_from_embeddings(body)


@pytest.mark.parametrize(
    ("rows", "about"),
    [
        ([], {"count": 0, "dimensions": 0}),
        ([{"embedding": "?"}], {"count": 1, "dimensions": 0}),
        ([{}, 3], {"count": 1, "dimensions": 0}),
    ],
)
def test_strange_vectors_are_counted(rows: Any, about: dict[str, int]) -> None:
    assert completion_from_embeddings({"data": rows})["choices"][0]["message"]["embeddings"] == about
