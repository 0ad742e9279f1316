"""Recorded calls as OTLP/JSON spans to a collector, from the indexer: never in the way of a call."""

from __future__ import annotations

import gzip
import http.client
import logging
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import unquote, urlsplit

import orjson

from rightsizer.errors import ConfigError
from rightsizer.types import Call
from rightsizer.wire.otlp_write import spans_from_calls

log = logging.getLogger("rightsizer.gateway.otlp")
HEADERS_VARIABLE = "OTEL_EXPORTER_OTLP_HEADERS"
_BATCH = 200
_TIMEOUT_S = 10.0
_TRIES = 2
_PAUSE_S = 60.0


class SpanExporter:
    """Sends spans to `endpoint`; a URL without a path gets ``/v1/traces``, as OpenTelemetry's exporters do.

    Headers (a key, a tenant) come from ``OTEL_EXPORTER_OTLP_HEADERS``. Calls stay in the store whatever
    happens here: a batch that a collector does not take at the second try is counted in `lost`, and so is
    what comes within the next minute. A collector that never answers must not hold up the store.
    Raises `ConfigError` if the URL cannot be used.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        content: bool = False,
        environment: Mapping[str, str] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        url = urlsplit(endpoint)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ConfigError(
                f"'{endpoint}' is not the URL of a collector", hint="give one like http://localhost:4318"
            )
        self._url = endpoint if url.path.strip("/") else f"{endpoint.rstrip('/')}/v1/traces"
        self._content = content
        variables = os.environ if environment is None else environment
        self._headers = read_headers(variables.get(HEADERS_VARIABLE, ""))
        self.lost = 0
        self._now = now
        self._paused_until = -_PAUSE_S

    def __call__(self, calls: Sequence[Call]) -> None:
        """Send these calls. Never raises for what the collector or the network does."""
        for at in range(0, len(calls), _BATCH):
            batch = calls[at : at + _BATCH]
            if self._now() < self._paused_until:
                self.lost += len(batch)
                continue
            body = gzip.compress(orjson.dumps(spans_from_calls(batch, content=self._content)), 5)
            if not any(self._send(body) for _ in range(_TRIES)):
                self.lost += len(batch)
                self._paused_until = self._now() + _PAUSE_S
                said = "spans are not sent for a minute: %d calls so far are in the store alone"
                log.error(said, self.lost)

    def _send(self, body: bytes) -> bool:
        headers = {"content-type": "application/json", "content-encoding": "gzip", **self._headers}
        request = urllib.request.Request(self._url, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
                answer.read()
            return True
        except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
            log.warning("the collector does not take spans: %s", error)
            return False


def read_headers(text: str) -> dict[str, str]:
    """``key=value,key2=value2`` with values percent-encoded (OpenTelemetry's W3C Baggage form)."""
    pairs = (pair.partition("=") for pair in text.split(",") if "=" in pair)
    return {name.strip(): unquote(value.strip()) for name, _, value in pairs if name.strip()}
