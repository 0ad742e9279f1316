"""A model server: what is asked, what is read, and what happens when it fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from rightsizer.errors import ConfigError, UpstreamError
from rightsizer.students.chat_server import ChatServer, Server
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import completion

BODY = {"messages": [{"role": "user", "content": "hi"}], "model": "teacher"}


@contextmanager
def served(script: Callable[[Received], Reply], **more: object) -> Iterator[tuple[ChatServer, FakeLLM]]:
    with FakeLLM(script) as llm:
        client = ChatServer(Server(base_url=llm.url, model="small", **more))
        yield client, llm
        client.close()


def test_the_model_is_the_servers_and_the_answer_is_read() -> None:
    with served(lambda _: Reply((completion("yes"),))) as (client, llm):
        answer = client.complete(BODY)
    assert answer.message.text == "yes"
    assert json.loads(llm.received[0].body)["model"] == "small"
    assert answer.seconds > 0
    assert answer.probability is None


def test_the_probability_is_that_of_the_whole_answer() -> None:
    choice = {
        "message": {"role": "assistant", "content": "ab"},
        "finish_reason": "stop",
        "logprobs": {"content": [{"token": "a", "logprob": 0.0}, {"token": "b", "logprob": -2.0}]},
    }
    body = json.dumps({"choices": [choice], "model": "m", "system_fingerprint": "fp_1"}).encode()
    with served(lambda _: Reply((body,))) as (client, _):
        answer = client.complete(BODY)
    assert answer.probability == pytest.approx(2.718281828**-2)
    assert answer.model == "m fp_1"


def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "s3cret")
    with served(lambda _: Reply((completion("x"),)), api_key_env="A_KEY") as (client, llm):
        client.complete(BODY)
        assert llm.received[0].header("authorization") == "Bearer s3cret"
        assert "s3cret" not in repr(client)
    monkeypatch.delenv("A_KEY")
    with pytest.raises(ConfigError, match="A_KEY"):
        ChatServer(Server(base_url="http://x/v1", model="small", api_key_env="A_KEY")).complete(BODY)


def test_a_busy_server_is_asked_again() -> None:
    replies = [
        Reply((b"{}",), status=503, headers=(("retry-after", "0"),)),
        Reply((completion("at last"),)),
    ]
    with served(lambda _: replies.pop(0)) as (client, llm):
        assert client.complete(BODY).message.text == "at last"
    assert len(llm.received) == 2


def test_an_answer_that_may_have_been_given_is_not_asked_for_twice() -> None:
    cut = Reply(raw=b"HTTP/1.1 200 OK\r\ncontent-le")
    with served(lambda _: cut) as (client, llm), pytest.raises(UpstreamError):
        client.complete(BODY)
    assert len(llm.received) == 1


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply((b"no",)), "not JSON"),
        (Reply((b"[]",)), "not an object"),
        (Reply((b'{"choices": []}',)), "cannot be read"),
        (Reply((b"{}",)), "cannot be read"),
        (Reply((b"{}",), status=404), "status 404"),
    ],
)
def test_what_is_no_completion_says_so(reply: Reply, says: str) -> None:
    with served(lambda _: reply) as (client, _), pytest.raises(UpstreamError, match=says):
        client.complete(BODY)


def test_nobody_listens() -> None:
    with pytest.raises(UpstreamError, match="failed: Connect"):
        ChatServer(Server(base_url="http://127.0.0.1:9/v1", model="small", timeout_s=1)).complete(BODY)


def test_the_models_it_serves() -> None:
    listed = json.dumps({"object": "list", "data": [{"id": "a"}, {"id": "b"}]}).encode()
    with served(lambda _: Reply((listed,))) as (client, llm):
        assert client.models() == ["a", "b"]
    assert llm.received[0].target.endswith("/models")
