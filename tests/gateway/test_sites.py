"""No web site may use a gateway that needs no key by way of somebody's browser."""

from __future__ import annotations

import http.client
from pathlib import Path
from typing import Any

import pytest

from rightsizer.gateway.answer_head import head_of_lines
from rightsizer.gateway.headers import response_head
from rightsizer.gateway.keys import create_key
from rightsizer.gateway.sites import foreign_site
from rightsizer.testing.fake_llm import FakeLLM, Reply
from rightsizer.testing.llm_answers import completion

BODY = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'
ALLOW = (
    ("content-type", "application/json"),
    ("Access-Control-Allow-Origin", "*"),
    ("access-control-expose-headers", "x-request-id"),
)


@pytest.mark.parametrize(
    ("headers", "site"),
    [
        ({}, ""),
        ({"host": "127.0.0.1:8787"}, ""),
        ({"host": "localhost:8787"}, ""),
        ({"host": "[::1]:8787"}, ""),
        ({"host": "[::1]"}, ""),
        ({"host": "gateway"}, ""),
        ({"host": "10.0.0.7:80"}, ""),
        ({"host": "app.localhost"}, ""),
        ({"host": "host.docker.internal:8787"}, ""),
        ({"host": "evil.example:8787"}, "evil.example:8787"),
        ({"host": "evil.example."}, "evil.example."),
        ({"host": "127.0.0.1.evil.example"}, "127.0.0.1.evil.example"),
        ({"host": "127.0.0.1:8787", "origin": "http://localhost:3000"}, ""),
        ({"host": "127.0.0.1:8787", "origin": "http://127.0.0.1:3000"}, ""),
        ({"host": "127.0.0.1:8787", "origin": "vscode-webview://1a"}, ""),
        ({"host": "127.0.0.1:8787", "origin": "https://evil.example"}, "https://evil.example"),
        (
            {"host": "127.0.0.1:8787", "origin": "http://localhost.evil.example"},
            "http://localhost.evil.example",
        ),
        (
            {"host": "127.0.0.1:8787", "origin": "http://localhost@evil.example"},
            "http://localhost@evil.example",
        ),
        ({"host": "127.0.0.1:8787", "origin": "http://["}, "http://["),
        ({"host": "127.0.0.1:8787", "origin": "null"}, "null"),
    ],
)
def test_which_requests_come_from_a_site(headers: dict[str, str], site: str) -> None:
    assert foreign_site([(name.encode(), value.encode()) for name, value in headers.items()]) == site


def test_a_site_uses_nothing_and_a_key_opens_it(start: Any, tmp_path: Path) -> None:
    secret, _ = create_key(tmp_path / "home", "page")
    with FakeLLM(lambda r: Reply((completion("ok"),), headers=ALLOW)) as llm:
        gateway = start(llm.url)

        def ask(method: str, path: str, **headers: str) -> http.client.HTTPResponse:
            connection = http.client.HTTPConnection(*gateway.address, timeout=20)
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, BODY if method == "POST" else None, named)
            answer = connection.getresponse()
            answer.read()
            return answer

        for sent in ({"origin": "https://evil.example"}, {"origin": "null"}, {"host": "evil.example:8787"}):
            for method, path in (
                ("POST", "/v1/chat/completions"),
                ("OPTIONS", "/v1/chat/completions"),
                ("GET", "/v1/models"),
                ("GET", "/metrics"),
                ("POST", "/feedback"),
                ("POST", "/v1/traces"),
            ):
                answer = ask(method, path, content_type="text/plain", **sent)
                assert answer.status == 403, (method, path, sent)
                assert answer.getheader("x-content-type-options") == "nosniff"
        for path in ("/healthz", "/metrics", "/nothing"):
            shown = ask("GET", path)
            assert shown.getheader("content-security-policy") == "default-src 'none'"
            assert (shown.getheader("cache-control"), shown.getheader("server")) == ("no-store", None)
        assert llm.received == []
        assert (
            ask("POST", "/v1/chat/completions", origin="https://a.example", x_rightsizer_key=secret).status
            == 200
        )
        for origin in ({}, {"origin": "http://localhost:3000"}):
            answer = ask("POST", "/v1/chat/completions", **origin)
            assert answer.status == 200
            assert [
                name for name, _ in answer.getheaders() if name.lower().startswith("access-control")
            ] == []
        gateway.stop()


def test_what_the_llms_server_allows_to_sites_is_not_allowed_here() -> None:
    lines = b"HTTP/1.1 200 OK\r\na: 1\r\nAccess-Control-Allow-Origin: *\r\n"
    assert head_of_lines(200, lines) is None, "looked at one by one"
    headers = [(b"a", b"1"), (b"access-control-allow-origin", b"*"), (b"access-control-max-age", b"9")]
    assert response_head(200, b"OK", headers) == b"HTTP/1.1 200 OK\r\na: 1\r\n"
