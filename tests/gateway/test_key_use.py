"""Keys on a running gateway: roles, changes while it answers, budgets over workers and restarts."""

from __future__ import annotations

import asyncio
import http.client
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import anthropic
import openai
import orjson
import pytest

from rightsizer.errors import ConfigError, InputError
from rightsizer.gateway.access import Access, Grant, Refusal
from rightsizer.gateway.counts import Counts
from rightsizer.gateway.keys import MAX_KEYS, Limits, Role, create_key, keys_path, read_keys, revoke_key
from rightsizer.gateway.settings import GatewaySettings
from rightsizer.gateway.worker import Worker
from rightsizer.pipeline.gateway import run_gateway
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import SSE, anthropic_message, completion, text_stream
from rightsizer.wire.otlp_write import spans_from_calls

BODY = b'{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}'
NOTE = b'{"call_id":"call_1","metric_name":"solved","value":true}'
SPANS = orjson.dumps(spans_from_calls([], content=False))


def send(
    connection: http.client.HTTPConnection, path: str, secret: str, body: bytes | None = BODY, **more: str
) -> tuple[int, bytes]:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    if secret:
        named["x-rightsizer-key"] = secret
    connection.request("GET" if body is None else "POST", path, body, named)
    answer = connection.getresponse()
    return answer.status, answer.read()


def connect(gateway: Any) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", gateway.address[1], timeout=20)


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_what_each_role_may_over_http(start: Any, tmp_path: Path) -> None:
    """The table of docs/how-to/gateway.md, path by path."""
    keys = {role: create_key(tmp_path / "home", role, role=role)[0] for role in get_args(Role)}
    calls, reads, notes = (
        {"agent", "admin"},
        {"reader", "curator", "approver", "admin"},
        set(keys) - {"reader"},
    )
    asks: list[tuple[str, bytes | None, set[str]]] = [
        ("/v1/chat/completions", BODY, calls),
        ("/v1/messages", BODY, calls),
        ("/v1/responses", BODY, calls),
        ("/v1/embeddings", BODY, calls),
        ("/v1/models", None, calls),
        ("/v1/unknown/path", BODY, calls),
        ("/session/s/v1/chat/completions", BODY, calls),
        ("/metrics", None, reads),
        ("/openapi.json", None, reads),
        ("/feedback", NOTE, notes),
        ("/v1/traces", SPANS, notes),
        ("/healthz", None, {*keys, "nobody"}),
        ("/readyz", None, {*keys, "nobody"}),
    ]
    with FakeLLM(lambda r: Reply((completion("x"),))) as llm:
        gateway = start(llm.url, "--host", "0.0.0.0")
        for path, body, allowed in asks:
            for role, secret in {**keys, "nobody": "", "stranger": "rz-made-up"}.items():
                status, _ = send(connect(gateway), path, secret, body, content_type="application/json")
                expected = 200 if role in allowed else (403 if role in keys else 401)
                if path in ("/healthz", "/readyz"):
                    expected = 200
                assert status == expected, (path, role)
        scrape = send(connect(gateway), "/metrics", keys["reader"], None)[1]
        gateway.stop()
    assert b'rightsizer_refused_total{reason="forbidden"}' in scrape
    assert b'rightsizer_refused_total{reason="invalid_key"} 11' in scrape, "those of /metrics count, too"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "127.0.0.2", "gateway.example", ""])
@pytest.mark.parametrize("keys", ["none", "expired", "revoked"])
def test_no_address_but_loopback_opens_without_a_key_that_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, keys: str
) -> None:
    if keys != "none":
        create_key(tmp_path, "gone", days=1e-9 if keys == "expired" else 0)
    if keys == "revoked":
        revoke_key(tmp_path, "gone")
    monkeypatch.setattr("rightsizer.gateway.serve._bind", lambda settings: pytest.fail("it listens"))
    with pytest.raises(ConfigError, match="no key protects it"):
        run_gateway(GatewaySettings(host=host, port=0), home=tmp_path)


def test_a_key_of_the_llm_that_would_break_a_header_is_told_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIGHTSIZER_UPSTREAM_KEY", "sk-real\n")
    with pytest.raises(ConfigError, match="RIGHTSIZER_UPSTREAM_KEY"):
        run_gateway(GatewaySettings(port=0), home=tmp_path)


def test_real_clients_with_a_virtual_key_where_they_put_their_own(
    start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The LLM's server gets its own key in the same place, and nothing of ours."""
    monkeypatch.setenv("RIGHTSIZER_UPSTREAM_KEY", "sk-real")
    secret, _ = create_key(tmp_path / "home", "agent")

    def script(request: Received) -> Reply:
        claude = request.target.endswith("/messages")
        return Reply((orjson.dumps(anthropic_message()) if claude else completion("x"),))

    with FakeLLM(script) as llm:
        gateway = start(llm.url, "--host", "0.0.0.0")
        url = f"http://127.0.0.1:{gateway.address[1]}"
        said: Any = [{"role": "user", "content": "hi"}]
        chat = openai.OpenAI(base_url=f"{url}/v1", api_key=secret, max_retries=0)
        assert chat.chat.completions.create(model="m", messages=said).choices[0].message.content == "x"
        claude = anthropic.Anthropic(base_url=url, api_key=secret, max_retries=0)
        assert claude.messages.create(model="m", max_tokens=9, messages=said).content[0].type == "text"
        stranger = openai.OpenAI(base_url=f"{url}/v1", api_key="rz-made-up", max_retries=0)
        with pytest.raises(openai.AuthenticationError, match="not known here"):
            stranger.chat.completions.create(model="m", messages=said)
        with pytest.raises(anthropic.AuthenticationError, match="not known here"):
            claude.with_options(api_key="rz-made-up").messages.create(model="m", max_tokens=9, messages=said)
        gateway.stop()
    assert len(llm.received) == 2
    for request in llm.received:
        assert "sk-real" in (request.header("authorization") or "") + (request.header("x-api-key") or "")
        assert secret not in str(request.headers)


@pytest.mark.parametrize(
    "places",
    [("authorization", "x-api-key"), ("x-rightsizer-key", "authorization"), ("api-key", "x-goog-api-key")],
)
def test_a_key_sent_in_two_places_reaches_no_llm_in_any(
    start: Any, tmp_path: Path, places: tuple[str, str]
) -> None:
    secret, _ = create_key(tmp_path / "home", "twice")
    forms = {"authorization": f"Bearer {secret}"}
    with FakeLLM(lambda r: Reply((completion("x"),))) as llm:
        gateway = start(llm.url)
        connection = connect(gateway)
        for _ in range(2):  # the second head is known
            connection.request(
                "POST", "/v1/chat/completions", BODY, {p: forms.get(p, secret) for p in places}
            )
            answer = connection.getresponse()
            assert (answer.status, bool(answer.read())) == (200, True)
        gateway.stop()
    assert len(llm.received) == 2
    assert secret not in str(llm.received)


def test_a_key_revoked_while_its_stream_runs(start: Any, tmp_path: Path) -> None:
    """What was let in ends whole; the next call on the very connection is refused."""
    secret, _ = create_key(tmp_path / "home", "old")
    other, _ = create_key(tmp_path / "home", "new")
    text = text_stream("slow")

    def script(request: Received) -> Reply:
        if b'"stream"' not in request.body:
            return Reply((completion("x"),))
        return Reply((text[:60], text[60:]), headers=SSE, framing="chunked", pause_s=4.0)

    with FakeLLM(script) as llm:
        gateway = start(llm.url, "--host", "0.0.0.0")
        connection, second = connect(gateway), connect(gateway)
        assert send(connection, "/v1/chat/completions", secret)[0] == 200
        headers = {"x-rightsizer-key": secret}
        connection.request("POST", "/v1/chat/completions", BODY[:-1] + b',"stream":true}', headers)
        answer = connection.getresponse()
        assert answer.read1(20)
        revoke_key(tmp_path / "home", "old")
        until(lambda: send(connect(gateway), "/v1/chat/completions", secret)[0] == 401)
        assert answer.read().endswith(b"data: [DONE]\n\n"), "it was let in"
        assert send(connection, "/v1/chat/completions", secret)[0] == 401
        assert send(second, "/v1/chat/completions", other)[0] == 200, "the key in its place goes on"
        gateway.stop()


def test_a_damaged_key_file_changes_nothing_until_it_is_mended(start: Any, tmp_path: Path) -> None:
    home = tmp_path / "home"
    secret, _ = create_key(home, "laptop")
    good = keys_path(home).read_bytes()
    with FakeLLM(lambda r: Reply((completion("x"),))) as llm:
        gateway = start(llm.url, "--host", "0.0.0.0")
        assert send(connect(gateway), "/v1/chat/completions", secret)[0] == 200
        keys_path(home).write_bytes(good[:-20])
        until(lambda: "no change of them is seen" in (tmp_path / "gateway.log").read_text())
        assert send(connect(gateway), "/v1/chat/completions", secret)[0] == 200
        keys_path(home).write_bytes(good)
        late, _ = create_key(home, "late")
        until(lambda: send(connect(gateway), "/v1/chat/completions", late)[0] == 200)
        revoke_key(home, "laptop")
        until(lambda: send(connect(gateway), "/v1/chat/completions", secret)[0] == 401)
        gateway.stop()
    keys_path(home).write_bytes(b"[{")
    with pytest.raises(InputError, match="damaged"):
        run_gateway(GatewaySettings(port=0, upstream="http://127.0.0.1:1/v1"), home=home)


def test_routes_that_are_slow_to_load_keep_no_revoked_key_alive(tmp_path: Path) -> None:
    secret, _ = create_key(tmp_path, "laptop")
    loading = threading.Event()

    class Slow:
        loads = 0

        def load(self) -> None:
            self.loads += 1
            if self.loads > 1:
                loading.wait(30)

    async def test() -> Grant | Refusal:
        settings = GatewaySettings(upstream="http://llm.example/v1", routes_reload_s=0.01)
        source = Slow()
        worker = Worker(settings, tmp_path, bytes(32), source)
        await worker.start()
        while source.loads < 2:
            await asyncio.sleep(0.01)
        revoke_key(tmp_path, "laptop")
        for _ in range(200):
            found = worker.access.check([(b"x-rightsizer-key", secret.encode())])
            if isinstance(found, Refusal):
                break
            await asyncio.sleep(0.05)
        loading.set()
        await worker.stop()
        return found

    found = asyncio.run(test())
    assert isinstance(found, Refusal)
    assert found.status == 401


def test_a_change_within_one_tick_of_the_clock_is_seen(tmp_path: Path) -> None:
    secret, _ = create_key(tmp_path, "laptop")
    access = Access(tmp_path, needs_key=True)
    before = keys_path(tmp_path).stat()
    revoke_key(tmp_path, "laptop")
    os.utime(keys_path(tmp_path), ns=(before.st_atime_ns, before.st_mtime_ns))
    access.reload()
    assert isinstance(access.check([(b"x-rightsizer-key", secret.encode())]), Refusal)


def test_dollars_at_list_prices_over_two_workers_and_a_restart(start: Any, tmp_path: Path) -> None:
    """12 + 3 tokens of gpt-4o are 60 millionths of a dollar: four calls use 200 up, whoever answers them."""
    home = tmp_path / "home"
    secret, _ = create_key(home, "poor", limits=Limits(usd=0.0002, window="total"))
    with FakeLLM(lambda r: Reply((completion("x"),))) as llm:
        gateway = start(llm.url, "--workers", "2")
        statuses = [send(connect(gateway), "/v1/chat/completions", secret)[0] for _ in range(8)]
        assert statuses == [200] * 4 + [429] * 4
        gateway.kill_everything()
        gateway = start(llm.url, "--workers", "2")
        assert {send(connect(gateway), "/v1/chat/completions", secret)[0] for _ in range(4)} == {429}
        gateway.stop()
    assert len(llm.received) == 4


@pytest.mark.parametrize("limits", [Limits(requests=10, window="total"), Limits(tokens=2000, window="total")])
def test_a_rush_on_three_workers_overshoots_by_no_more_than_one_call_each(
    start: Any, tmp_path: Path, limits: Limits
) -> None:
    """Ten calls, or ten that reserve 200 tokens and more, are what there is; 40 come at once."""
    secret, _ = create_key(tmp_path / "home", "rush", limits=limits)
    body = BODY[:-1] + b',"max_tokens":200}'
    with FakeLLM(lambda r: Reply((completion("x"),), delay_s=3.0)) as llm:
        gateway = start(llm.url, "--workers", "3")
        for _ in range(9):  # every worker is up, and answers
            assert send(connect(gateway), "/healthz", secret, None)[0] == 200
        statuses: list[int] = []

        def ask() -> None:
            statuses.append(send(connect(gateway), "/v1/chat/completions", secret, body)[0])

        threads = [threading.Thread(target=ask) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        gateway.stop()
    assert sorted(set(statuses)) == [200, 429]
    assert 9 <= statuses.count(200) <= 12
    assert len(llm.received) == statuses.count(200)


def test_asking_what_there_is_and_counting_uses_no_budget(start: Any, tmp_path: Path) -> None:
    secret, _ = create_key(tmp_path / "home", "reader of lists", limits=Limits(tokens=100, window="total"))
    models = orjson.dumps({"object": "list", "data": [{"id": f"model-{n}"} for n in range(500)]})

    def script(request: Received) -> Reply:
        counts = request.target.endswith("/count_tokens")
        return Reply(
            (models if request.method == "GET" else b'{"input_tokens": 4000}' if counts else completion("x"),)
        )

    with FakeLLM(script) as llm:
        gateway = start(llm.url)
        for _ in range(3):
            assert send(connect(gateway), "/v1/models", secret, None)[0] == 200
            assert send(connect(gateway), "/v1/messages/count_tokens", secret, BODY * 20)[0] == 200
        assert send(connect(gateway), "/v1/chat/completions", secret)[0] == 200
        gateway.stop()


def test_more_keys_than_rows_of_counts_in_the_life_of_a_home(tmp_path: Path) -> None:
    """The row of a key that was removed is used again, and what was used with it is forgotten."""
    create_key(tmp_path, "first")
    rows = orjson.loads(keys_path(tmp_path).read_bytes())
    rows[0]["slot"] = MAX_KEYS - 1
    keys_path(tmp_path).write_bytes(orjson.dumps(rows))
    counts = Counts(tmp_path)
    counts.add(0, 1, 1, requests=5, tokens=5)
    counts.add(MAX_KEYS - 1, 1, 1, requests=7)
    _, key = create_key(tmp_path, "second", limits=Limits(requests=1, window="total"))
    assert key.slot == 0
    assert counts.used(0, 1, 1).requests == 0
    assert counts.used(MAX_KEYS - 1, 1, 1).requests == 7
    counts.close()
    assert sorted(each.slot for each in read_keys(tmp_path)) == [0, MAX_KEYS - 1]
