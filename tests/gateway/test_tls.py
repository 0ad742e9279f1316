"""HTTPS on the callers' side."""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import time
import urllib.request
from pathlib import Path
from typing import Any

import orjson
import pytest

from rightsizer.errors import ConfigError
from rightsizer.gateway.settings import GatewaySettings
from rightsizer.gateway.tls import complaints, load_certificate
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import completion, in_pieces, text_stream
from tests.gateway.certificate import make_pem


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
    assert load_certificate(GatewaySettings()) is None
    assert load_certificate(GatewaySettings(tls_cert=cert, tls_key=key)) is not None
    for settings in (
        GatewaySettings(tls_cert=cert),
        GatewaySettings(tls_key=key),
        GatewaySettings(tls_cert=key, tls_key=cert),
        GatewaySettings(tls_cert=str(tmp_path / "none"), tls_key=key),
    ):
        with pytest.raises(ConfigError):
            load_certificate(settings)


def test_a_key_under_a_passphrase_is_refused_and_nobody_is_asked(tmp_path: Path) -> None:
    cert, key = make_pem(tmp_path, passphrase=b"secret")
    with pytest.raises(ConfigError, match="cannot be used"):
        load_certificate(GatewaySettings(tls_cert=str(cert), tls_key=str(key)))


@pytest.mark.parametrize(
    ("begins_days", "ends_days", "mode", "said"),
    [
        (-1, 90, 0o600, ""),
        (-1, 90, 0o640, ""),
        (-9, -1, 0o600, "has expired"),
        (-9, 3, 0o600, "expires in 3.0 days"),
        (2, 90, 0o600, "not valid yet"),
        (-1, 90, 0o644, "may read the key"),
    ],
)
def test_files_that_can_be_used_and_should_not_be(
    tmp_path: Path, begins_days: int, ends_days: int, mode: int, said: str
) -> None:
    cert, key = make_pem(tmp_path, begins_days=begins_days, ends_days=ends_days)
    key.chmod(mode)
    found = complaints(GatewaySettings(tls_cert=str(cert), tls_key=str(key)))
    assert [said in complaint for complaint in found] == ([True] if said else [])


def workers(gateway: Any) -> list[int]:
    """The processes that answer; the indexer is the first of the children."""
    pid = gateway.process.pid
    return sorted(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))[1:]


def test_a_renewed_certificate_is_taken_and_a_broken_one_is_not(start: Any, tmp_path: Path) -> None:
    """Connections to come get it, one that is there goes on; the figures say when it ends."""
    cert, key = make_pem(tmp_path, ends_days=5)
    any_of_them = ssl.create_default_context()
    any_of_them.check_hostname, any_of_them.verify_mode = False, ssl.CERT_NONE

    def connect() -> ssl.SSLSocket:
        raw = socket.create_connection(("127.0.0.1", int(gateway.url.rpartition(":")[2])), timeout=20)
        return any_of_them.wrap_socket(raw)

    def shown() -> bytes:
        with connect() as connection:
            return connection.getpeercert(binary_form=True) or b""

    def until(condition: Any) -> None:
        give_up = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < give_up, "it did not happen in time"
            time.sleep(0.1)

    def log() -> str:
        return (tmp_path / "gateway.log").read_text()

    gateway = start("http://127.0.0.1:1/v1", "--tls-cert", str(cert), "--tls-key", str(key), "--workers", "2")
    first, old = shown(), connect()
    until(lambda: "expires in 5.0 days" in log())
    good = cert.read_bytes()
    cert.write_bytes(b"no certificate")
    until(lambda: "the certificate stays as it was" in log())
    assert shown() == first
    cert.write_bytes(good)
    (tmp_path / "new").mkdir()
    for renewed, place in zip(make_pem(tmp_path / "new", ends_days=90, serial=2), (cert, key), strict=True):
        os.replace(renewed, place)
    until(lambda: first not in {shown() for _ in range(8)})
    old.sendall(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n")
    text = b""
    while b"rightsizer_time_to_first_byte_seconds_count" not in text:
        text += old.recv(65536)
    ends = re.search(rb"rightsizer_certificate_expires_timestamp_seconds (\d+)", text)
    assert ends is not None
    assert 89 < (int(ends[1]) - time.time()) / 86_400 < 91
    old.close()
    cert.write_bytes(b"no certificate")
    for worker in workers(gateway):  # one that is replaced just now has what the supervisor read
        os.kill(worker, signal.SIGKILL)
    assert shown() == first
    assert gateway.stop() == 0
