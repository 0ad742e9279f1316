"""Who may use the gateway."""

from __future__ import annotations

import os
import stat
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import orjson
import pytest

from rightsizer.errors import ConfigError, NotFound
from rightsizer.gateway.access import Access, Grant, Refusal
from rightsizer.gateway.keys import create_key, keys_path, read_keys, revoke_key
from rightsizer.gateway.serve import serve
from rightsizer.gateway.settings import GatewaySettings
from rightsizer.testing.fake_llm import FakeLLM, Reply
from rightsizer.testing.llm_answers import completion


def test_loopback_needs_no_key_and_keeps_the_callers_own(tmp_path: Path) -> None:
    assert Access(tmp_path, needs_key=False).check([(b"authorization", b"Bearer sk-own")]) == Grant()


def test_keys_are_stored_hashed_and_private(tmp_path: Path) -> None:
    secret, _ = create_key(tmp_path, "laptop")
    assert secret not in keys_path(tmp_path).read_text()
    assert stat.S_IMODE(keys_path(tmp_path).stat().st_mode) == 0o600


@pytest.mark.parametrize("place", [b"x-rightsizer-key", b"authorization", b"x-api-key"])
def test_a_key_is_taken_in_each_place_and_never_forwarded(tmp_path: Path, place: bytes) -> None:
    secret, key = create_key(tmp_path, "laptop")
    value = secret.encode() if place != b"authorization" else b"Bearer " + secret.encode()
    grant = Access(tmp_path, needs_key=True).check([(place, value)])
    assert isinstance(grant, Grant)
    assert (grant.key_id, grant.withheld) == (key.id, (place,))


@pytest.mark.parametrize(
    "headers", [[], [(b"authorization", b"Bearer sk-own")], [(b"x-rightsizer-key", b"rz-wrong")]]
)
def test_without_a_good_key_401(tmp_path: Path, headers: Any) -> None:
    create_key(tmp_path, "laptop")
    refusal = Access(tmp_path, needs_key=True).check(headers)
    assert isinstance(refusal, Refusal)
    assert refusal.status == 401


def test_roles(tmp_path: Path) -> None:
    headers = {
        role: [(b"x-rightsizer-key", create_key(tmp_path, role, role=role)[0].encode())]
        for role in ("agent", "reader", "admin")
    }
    access = Access(tmp_path, needs_key=True)
    may_call = {r for r, h in headers.items() if isinstance(access.check(h), Grant)}
    may_read = {r for r, h in headers.items() if isinstance(access.check(h, "read"), Grant)}
    assert may_call == {"agent", "admin"}
    assert may_read == {"reader", "admin"}


def test_revoking_works_on_a_running_gateway(tmp_path: Path) -> None:
    secret, key = create_key(tmp_path, "laptop")
    access = Access(tmp_path, needs_key=True)
    revoke_key(tmp_path, "laptop")
    os.utime(keys_path(tmp_path), ns=(1, 1))  # the clock of a file system may be coarse
    access.reload()
    assert isinstance(access.check([(b"x-rightsizer-key", secret.encode())]), Refusal)
    assert [k.revoked for k in read_keys(tmp_path)] == [True]
    with pytest.raises(NotFound):
        revoke_key(tmp_path, key.id)


def test_an_open_address_without_keys_does_not_start(tmp_path: Path) -> None:
    settings = GatewaySettings(host="0.0.0.0", port=0)
    with pytest.raises(ConfigError, match="no key protects it"):
        serve(
            settings,
            home=tmp_path,
            kek=bytes(32),
            open_store=lambda: pytest.fail("opened"),
            route_source=lambda: None,
        )


@pytest.mark.parametrize("upstream", ["ftp://x/v1", "https://x", "nonsense", "https://x/v1?y=1"])
def test_an_unusable_upstream_is_refused(upstream: str) -> None:
    with pytest.raises(ConfigError):
        GatewaySettings(upstream=upstream).target()


def test_upstream_taken_apart() -> None:
    target = GatewaySettings(upstream="https://api.x.com/openai/v1/").target()
    assert (target.host, target.port, target.tls) == ("api.x.com", 443, True)
    assert (target.prefix, target.authority) == (b"/openai", b"api.x.com")
    assert GatewaySettings(upstream="http://[::1]:8000/v1").target().authority == b"[::1]:8000"


def test_admin_paths_feedback_and_key_swap(
    start: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RIGHTSIZER_UPSTREAM_KEY", "sk-real")
    secret, _ = create_key(tmp_path / "home", "agent")
    with FakeLLM(lambda r: Reply((completion("x"),))) as llm:
        gateway = start(llm.url, "--host", "0.0.0.0")

        def send(path: str, body: Any = None, key: str = secret) -> tuple[int, Any]:
            url = gateway.url.replace("0.0.0.0", "127.0.0.1") + path
            data = None if body is None else orjson.dumps(body)
            request = urllib.request.Request(url, data, {"authorization": f"Bearer {key}"})
            try:
                with urllib.request.urlopen(request) as answer:
                    return answer.status, answer
            except urllib.error.HTTPError as error:
                return error.code, error

        ask = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
        status, answer = send("/v1/chat/completions", ask)
        assert status == 200
        assert llm.received[0].header("authorization") == "Bearer sk-real"
        assert send("/v1/chat/completions", ask, key="sk-stranger")[0] == 401
        told = {"call_id": answer.headers["x-rightsizer-call-id"], "metric_name": "solved", "value": True}
        assert send("/feedback", told)[0] == 200
        assert send("/feedback", {"metric_name": "solved", "value": True})[0] == 400
        assert send("/metrics")[0] == 403, "an agent's key may not read figures"
        assert send("/healthz", key="")[0] == 200
        gateway.stop()
    (call,) = gateway.calls()
    assert call.outcome == {"solved": True}
    assert call.source["key_id"].startswith("key_")
