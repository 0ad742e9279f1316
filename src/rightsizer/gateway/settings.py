"""What a gateway is started with."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from rightsizer.errors import ConfigError


@dataclass(frozen=True)
class GatewaySettings:
    """Address, upstream, limits. Times in seconds, sizes in bytes.

    `upstream` is the base URL of the LLM's API and ends in ``/v1``. `first_byte_timeout_s` is long: a
    reasoning model may be silent for minutes. `sync`: every record is on the disk (``fdatasync``) before
    the last byte of its answer; without it the operating system has it, which outlives the process but
    not a power cut of the last `sync_every_s` seconds. `student_timeout_s`: longer than that, and the
    LLM answers.
    """

    host: str = "127.0.0.1"
    port: int = 8787
    upstream: str = "https://api.openai.com/v1"
    workers: int = 1
    max_request_bytes: int = 64 << 20
    max_header_bytes: int = 64 << 10
    max_recorded_bytes: int = 64 << 20
    max_connections: int = 1024
    request_timeout_s: float = 60.0
    connect_timeout_s: float = 10.0
    first_byte_timeout_s: float = 900.0
    idle_timeout_s: float = 300.0
    upstream_keep_alive_s: float = 50.0
    drain_timeout_s: float = 30.0
    student_timeout_s: float = 2.0
    routes_reload_s: float = 2.0
    sync: bool = False
    sync_every_s: float = 0.05
    segment_bytes: int = 64 << 20
    segment_age_s: float = 5.0
    max_backlog_bytes: int = 8 << 30

    def target(self) -> Upstream:
        """The upstream, taken apart. Raises `ConfigError` if the URL cannot be used."""
        url = urlsplit(self.upstream)
        if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment:
            raise ConfigError(
                f"'{self.upstream}' is not the base URL of an API",
                hint="give one like https://api.openai.com/v1",
            )
        path = url.path.rstrip("/")
        if not path.endswith("/v1"):
            raise ConfigError(
                f"the upstream '{self.upstream}' does not end in /v1", hint=f"{self.upstream}/v1"
            )
        tls = url.scheme == "https"
        port = url.port or (443 if tls else 80)
        host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
        authority = host if port == (443 if tls else 80) else f"{host}:{port}"
        return Upstream(
            url.hostname, port, tls, authority.encode("ascii"), path[: -len("/v1")].encode("ascii")
        )

    def is_loopback(self) -> bool:
        """Whether only programs of this machine can connect."""
        return self.host in ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Upstream:
    """Where the LLM is: `prefix` stands before ``/v1``; `authority` is the Host header."""

    host: str
    port: int
    tls: bool
    authority: bytes
    prefix: bytes
