"""HTTPS on the callers' side."""

from __future__ import annotations

import ssl
import urllib.request
from pathlib import Path
from typing import Any

import orjson
import pytest

from rightsizer.errors import ConfigError
from rightsizer.gateway.settings import GatewaySettings
from rightsizer.gateway.tls import tls_files
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import completion, in_pieces, text_stream


def test_calls_over_https_whole_and_streamed(start: Any, pem: tuple[Path, Path]) -> None:
    def script(request: Received) -> Reply:
        if orjson.loads(request.body).get("stream"):
            return in_pieces(text_stream("它在路上 ok"), 7)
        return Reply((completion("x" * 300_000),))

    with FakeLLM(script) as llm:
        gateway = start(llm.url, "--tls-cert", str(pem[0]), "--tls-key", str(pem[1]))
        assert gateway.url.startswith("https://127.0.0.1:")
        trust = ssl.create_default_context(cafile=str(pem[0]))

        def ask(**more: Any) -> bytes:
            body = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}], **more})
            with urllib.request.urlopen(f"{gateway.url}/v1/chat/completions", body, context=trust) as answer:
                whole: bytes = answer.read()
                return whole

        assert b"x" * 300_000 in ask()
        assert ask(stream=True).endswith(b"data: [DONE]\n\n")
        refused = urllib.request.Request(
            f"{gateway.url}/v1/chat/completions", b"{}", {"x-rightsizer-key": "rz-no"}
        )
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(refused, context=trust)
        gateway.stop()
    assert len(gateway.calls()) == 2


def test_files_that_do_not_fit_are_refused_at_the_start(pem: tuple[Path, Path], tmp_path: Path) -> None:
    cert, key = map(str, pem)
    assert tls_files(GatewaySettings(tls_cert=cert, tls_key=key))["ssl_certfile"] == cert
    for settings in (
        GatewaySettings(tls_cert=cert),
        GatewaySettings(tls_key=key),
        GatewaySettings(tls_cert=key, tls_key=cert),
        GatewaySettings(tls_cert=str(tmp_path / "none"), tls_key=key),
    ):
        with pytest.raises(ConfigError):
            tls_files(settings)
