"""What a gateway is started with."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from rightsizer.errors import ConfigError

UPSTREAM_KEY_VARIABLE = "RIGHTSIZER_UPSTREAM_KEY"
INDEXER_CACHE_BYTES = 2 << 20  # of the store's pages: appending looks few of them up twice


@dataclass(frozen=True)
class GatewaySettings:
    """Address, upstream, limits. Times in seconds, sizes in bytes.

    `upstream` is the base URL of the LLM's API and ends in ``/v1``; `upstreams` are further ones, by name.
    `tls_cert` and `tls_key` are PEM files: with them the gateway itself speaks HTTPS.
    `first_byte_timeout_s` is long: a reasoning model may be silent for minutes. `sync`: every record is
    on the disk (``fdatasync``) before the last byte of its answer; without it the operating system has
    it, which outlives the process but not a power cut of the last `sync_every_s` seconds.
    `student_timeout_s`: longer than that, and the LLM answers. `http2`: upstreams behind TLS may be spoken
    to in HTTP/2, where they offer it. `stream_usage`: Chat streams are asked for their token counts, which
    the caller does not see unless it asked too. `spill`: a folder on another disk for the records of calls
    that begin while the disk of the home takes none.
    """

    host: str = "127.0.0.1"
    port: int = 8787
    upstream: str = "https://api.openai.com/v1"
    upstreams: tuple[NamedUpstream, ...] = ()
    tls_cert: str = ""
    tls_key: str = ""
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
    http2: bool = False
    stream_usage: bool = False
    routes_reload_s: float = 2.0
    sync: bool = False
    sync_every_s: float = 0.05
    segment_bytes: int = 2 << 20  # or `MOST_FRAMES` of them, whichever comes first
    segment_age_s: float = 5.0
    max_backlog_bytes: int = 8 << 30
    max_waiting_bytes: int = 32 << 20
    spill: str = ""
    log_format: str = "text"
    otlp_endpoint: str = ""
    otlp_content: bool = False

    def target(self) -> Upstream:
        """The default upstream, taken apart. Raises `ConfigError` if the URL cannot be used."""
        target = parse_upstream(self.upstream)
        if not target.base.endswith(b"/v1"):
            raise ConfigError(
                f"the upstream '{self.upstream}' does not end in /v1", hint=f"{self.upstream.rstrip('/')}/v1"
            )
        return target

    def is_loopback(self) -> bool:
        """Whether only programs of this machine can connect."""
        return self.host in ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class NamedUpstream:
    """One more LLM server, and which calls are its own (shell patterns over models and API paths).

    `key`: sent in place of whatever key the caller sent; empty: the caller's goes on. `auth` is how it
    is sent: ``bearer`` (Authorization), or the name of the header that holds the bare key.
    """

    name: str
    url: str
    key: str = field(default="", repr=False)
    auth: str = "bearer"
    models: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Upstream:
    """Where an LLM is: `base` is the path that stands for ``/v1``; `authority` is the Host header."""

    host: str
    port: int
    tls: bool
    authority: bytes
    base: bytes

    @property
    def prefix(self) -> bytes:
        """What stands before ``/v1``."""
        return self.base.removesuffix(b"/v1")


def parse_upstream(text: str) -> Upstream:
    """A base URL, taken apart. Raises `ConfigError` if it is none."""
    url = urlsplit(text)
    try:
        number = url.port
    except ValueError:
        number = -1
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment or number == -1:
        raise ConfigError(
            f"'{text}' is not the base URL of an API", hint="give one like https://api.openai.com/v1"
        )
    tls = url.scheme == "https"
    port = number or (443 if tls else 80)
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    authority = host if port == (443 if tls else 80) else f"{host}:{port}"
    base = url.path.rstrip("/").encode("ascii", "replace")
    return Upstream(url.hostname, port, tls, authority.encode("ascii", "replace"), base)
