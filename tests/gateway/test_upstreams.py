"""Several LLM servers behind one gateway."""

from __future__ import annotations

import asyncio
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import orjson
import pytest

from rightsizer.errors import ConfigError, MissingExtra
from rightsizer.gateway.asked import find_model
from rightsizer.gateway.incoming import Incoming
from rightsizer.gateway.settings import GatewaySettings, NamedUpstream, parse_upstream
from rightsizer.gateway.upstreams import Upstreams, Way, check_http2, check_upstreams
from rightsizer.pipeline.gateway import gateway_settings
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import completion

GROQ = NamedUpstream("groq", "https://api.groq.com/openai/v1", "gsk-own", models=("llama-*",))
CLAUDE = NamedUpstream(
    "claude", "https://api.anthropic.com/v1", "sk-ant-own", auth="x-api-key", paths=("/v1/messages*",)
)
OPEN = NamedUpstream("gemini", "https://generativelanguage.googleapis.com/v1beta/openai")


def choose(path: str, model: str | None = None, upstream: str = "", *, pretty: bool = False) -> Way:
    body = b"" if model is None else orjson.dumps({"messages": [{"model": "x"}], "model": model, "z": 1})
    if pretty:
        body = body.replace(b",", b" ,\n ").replace(b":", b" : ")
    incoming = Incoming(
        b"POST", path.encode(), path.encode() + b"?a=1", "1.1", [], True, upstream=upstream, body=body
    )

    async def inside() -> Way:
        settings = GatewaySettings(upstreams=(GROQ, CLAUDE, OPEN))
        return Upstreams(settings, asyncio.get_running_loop()).choose(incoming)

    return asyncio.run(inside())


def test_an_unknown_model_goes_to_the_default_upstream_byte_for_byte() -> None:
    way = choose("/v1/chat/completions", "meta/thing", pretty=True)
    assert (way.pool.target.host, way.name) == ("api.openai.com", "")
    assert b'"meta/thing"' in way.body
    assert way.target == b"/v1/chat/completions?a=1"


def test_a_prefix_names_the_upstream_and_is_taken_off_nothing_else_changes() -> None:
    for pretty in (False, True):
        way = choose("/v1/chat/completions", "gemini/gemini-2.5/pro", pretty=pretty)
        assert way.pool.target.host == "generativelanguage.googleapis.com"
        assert way.target == b"/v1beta/openai/chat/completions?a=1"
        assert orjson.loads(way.body) == {"messages": [{"model": "x"}], "model": "gemini-2.5/pro", "z": 1}
    assert b" ,\n " in way.body


def test_patterns_over_models_and_paths() -> None:
    assert choose("/v1/chat/completions", "llama-3.3-70b").name == "groq"
    assert choose("/v1/messages", "claude-x").name == "claude"
    assert choose("/v1/messages/count_tokens", "claude-x").name == "claude"
    assert choose("/v1/messages", "llama-3", upstream="gemini").name == "gemini", "the URL goes first"


def test_an_upstreams_own_key_replaces_the_callers_and_one_without_gets_the_callers() -> None:
    way = choose("/v1/chat/completions", "llama-3")
    assert (b"authorization", b"Bearer gsk-own") in way.add
    assert {b"authorization", b"x-api-key"} <= set(way.withheld)
    assert (b"x-api-key", b"sk-ant-own") in choose("/v1/messages", "x").add
    open_way = choose("/v1/chat/completions", "gemini/x")
    assert (list(open_way.add), open_way.withheld) == ([], ())


@pytest.mark.parametrize(
    ("body", "model"),
    [
        (b'{"a":{"model":"no"},"model":"yes"}', b'"yes"'),
        (b'{"a":"\\"model\\":\\"no\\"","model":"yes"}', b'"yes"'),
        (b'{"model":"first","model":"last"}', b'"last"'),
        (b'{"x":"model","y":["model"],"model" :\n "yes"}', b'"yes"'),
        (b'{"model":7}', None),
        (b'[{"model":"no"}]', None),
        (b'{"model', None),
    ],
)
def test_only_the_outermost_model_is_found(body: bytes, model: bytes | None) -> None:
    found = find_model(body)
    assert (None if found is None else body[slice(*found)]) == model


@pytest.mark.parametrize(
    "bad",
    [
        NamedUpstream("v1", "https://x/v1"),
        NamedUpstream("a/b", "https://x/v1"),
        NamedUpstream("a", "ftp://x/v1"),
        NamedUpstream("a", "https://x:99999/v1"),
        NamedUpstream("a", "https://x/v1", key="k\r\nx-evil: 1"),
        NamedUpstream("a", "https://x/v1", headers=(("x\r\ny", "1"),)),
    ],
)
def test_an_upstream_that_cannot_be_used_is_refused(bad: NamedUpstream) -> None:
    with pytest.raises(ConfigError):
        check_upstreams((bad,))


def test_settings_file_and_environment(tmp_path: Path) -> None:
    (tmp_path / "rightsizer.toml").write_text(
        '[gateway]\nidle_timeout_s = 7\n[gateway.upstreams.groq]\nurl = "https://api.groq.com/openai/v1"\n'
        'key_env = "GROQ_API_KEY"\nmodels = ["llama-*"]\n'
    )
    settings = gateway_settings(tmp_path, environment={"GROQ_API_KEY": "gsk"})
    assert settings.idle_timeout_s == 7
    assert settings.upstreams == (
        NamedUpstream("groq", "https://api.groq.com/openai/v1", "gsk", models=("llama-*",)),
    )
    assert "gsk" not in repr(settings).replace("gsk-own", "").replace("GROQ", "")
    with pytest.raises(ConfigError, match="GROQ_API_KEY"):
        gateway_settings(tmp_path, environment={})
    text = {"RIGHTSIZER_GATEWAY_UPSTREAMS": '{"a": {"url": "http://x/v1"}}'}
    assert [u.name for u in gateway_settings(tmp_path / "other", environment=text).upstreams] == ["a"]


def test_a_base_path_without_v1_is_kept() -> None:
    assert parse_upstream("http://h:1/v1beta/openai/").base == b"/v1beta/openai"


def test_two_servers_behind_one_gateway(start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def models(name: str) -> Any:
        rows = [{"id": f"{name}-1", "object": "model"}]

        def script(request: Received) -> Reply:
            if request.method == "GET":
                return Reply((orjson.dumps({"object": "list", "data": rows}),))
            return Reply((completion(f"I am {name}"),))

        return script

    monkeypatch.setenv("SECOND_KEY", "sk-second")
    with FakeLLM(models("first")) as first, FakeLLM(models("second")) as second:
        home = tmp_path / "home"
        home.mkdir()
        (home / "rightsizer.toml").write_text(
            f'[gateway.upstreams.two]\nurl = "{second.url}"\nkey_env = "SECOND_KEY"\nmodels = ["big-*"]\n'
        )
        gateway = start(first.url)

        def send(path: str, model: str | None) -> Any:
            body = None if model is None else orjson.dumps({"model": model, "messages": [{"role": "user"}]})
            request = urllib.request.Request(gateway.url + path, body, {"authorization": "Bearer sk-first"})
            with urllib.request.urlopen(request) as answer:
                return orjson.loads(answer.read())

        said = [
            send(path, model)["choices"][0]["message"]["content"]
            for path, model in (
                ("/v1/chat/completions", "small"),
                ("/v1/chat/completions", "two/small"),
                ("/v1/chat/completions", "big-7"),
                ("/session/s/two/v1/chat/completions", "small"),
            )
        ]
        assert said == ["I am first", "I am second", "I am second", "I am second"]
        assert {r.header("authorization") for r in first.received} == {"Bearer sk-first"}
        assert {r.header("authorization") for r in second.received} == {"Bearer sk-second"}
        assert [orjson.loads(r.body)["model"] for r in second.received] == ["small", "big-7", "small"]
        assert [m["id"] for m in send("/v1/models", None)["data"]] == ["first-1", "two/second-1"]
        assert [m["id"] for m in send("/two/v1/models", None)["data"]] == ["second-1"]
        with pytest.raises(urllib.error.HTTPError, match="404"):
            send("/three/v1/models", None)
        gateway.stop()
    calls = gateway.calls()
    assert [c.source.get("upstream") for c in calls] == [None, "two", "two", "two"]
    assert [c.model for c in calls][1] == "two/small"
    assert calls[3].session_id == "s"


def test_http2_without_its_library_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h2", None)
    check_http2(GatewaySettings())
    with pytest.raises(MissingExtra, match="http2"):
        check_http2(GatewaySettings(http2=True))
