"""A model behind any server that speaks OpenAI Chat: vLLM, llama.cpp, Ollama, SGLang, or a hosted one.

The caller says what to do with a failure: every one is an `UpstreamError`, after as many tries as are safe
(the server was busy, or the connection failed before an answer).
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rightsizer.errors import ConfigError, MissingExtra, UpstreamError
from rightsizer.types import Frozen, Message
from rightsizer.wire.chat import message_from_chat
from rightsizer.wire.completion import split_completion

if TYPE_CHECKING:
    import httpx2

BUSY = (429, 502, 503, 504)
TRIES = 3
LONGEST_WAIT_S = 10.0


class Server(Frozen):
    """Where a model is served. The key is never kept: `api_key_env` names the variable that holds it."""

    base_url: str
    model: str
    api_key_env: str = ""
    timeout_s: float = 30.0


@dataclass(frozen=True)
class Completion:
    """One answer. `logprobs` are those of its tokens, empty where the server gives none; `model` is the name
    by which the server calls what answered (with its fingerprint, where it tells one)."""

    message: Message
    finish_reason: str | None
    logprobs: tuple[float, ...] = ()
    input_tokens: int = 0
    output_tokens: int = 0
    model: str = ""
    seconds: float = 0.0

    @property
    def probability(self) -> float | None:
        """Probability of the whole answer, the product over its tokens; None without logprobs.

        Where most tokens of an answer follow from the others (JSON, a label), this orders answers better
        than a mean over tokens, which the sure ones dilute.
        """
        return math.exp(sum(self.logprobs)) if self.logprobs else None


@dataclass
class ChatServer:
    """A pool of connections to one server; safe to use from several threads."""

    server: Server
    _client: httpx2.Client | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def complete(self, body: Mapping[str, Any]) -> Completion:
        """The answer to a Chat body; its `model` is replaced by the server's.

        Raises:
            UpstreamError: no answer, an error, or something that is not a completion.
            MissingExtra: httpx2 is not installed.
        """
        began = time.perf_counter()
        document = self._post("/chat/completions", {**body, "model": self.server.model})
        return _completion(document, time.perf_counter() - began)

    def models(self) -> list[str]:
        """Names of the models the server offers.

        Raises:
            UpstreamError: it cannot be reached or does not tell.
        """
        import httpx2

        try:
            answer = self._open().get("/models")
            answer.raise_for_status()
            return [str(m["id"]) for m in answer.json()["data"]]
        except (httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
            raise self._failed(type(error).__name__) from error

    def document(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What the server says of itself at a path from its root (not below ``/v1``), asked once.

        Raises:
            UpstreamError: it cannot be reached, has no such path, or answers no JSON object.
        """
        import httpx2

        root = self.server.base_url.rstrip("/").removesuffix("/v1")
        try:
            return self._document(self._open().request(method, root + path, json=body))
        except httpx2.HTTPError as error:
            raise self._failed(type(error).__name__) from error

    def close(self) -> None:
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        import httpx2

        for attempt in range(1, TRIES + 1):
            try:
                answer = self._open().post(path, json=body)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                if attempt == TRIES:
                    raise self._failed(type(error).__name__) from error
                time.sleep(0.1 * 2**attempt)
                continue
            except httpx2.HTTPError as error:  # it may have been answered: asking twice is not safe
                raise self._failed(type(error).__name__) from error
            if answer.status_code in BUSY and attempt < TRIES:
                time.sleep(_wait_s(answer.headers.get("retry-after"), attempt))
                continue
            return self._document(answer)
        raise self._failed("busy")

    def _document(self, answer: httpx2.Response) -> dict[str, Any]:
        if answer.status_code != 200:
            raise self._failed(f"status {answer.status_code}")
        try:
            document = answer.json()
        except ValueError as error:
            raise self._failed("an answer that is not JSON") from error
        if not isinstance(document, dict):
            raise self._failed("an answer that is not an object")
        return document

    def _open(self) -> httpx2.Client:
        with self._lock:
            if self._client is None:
                self._client = _client(self.server)
            return self._client

    def _failed(self, what: str) -> UpstreamError:
        return UpstreamError(
            f"the model server at {self.server.base_url} failed: {what}",
            hint=f"is it running, and does it serve {self.server.model}?",
        )


def _client(server: Server) -> httpx2.Client:
    try:
        import httpx2
    except ImportError:
        raise MissingExtra("servers", "a student behind a model server") from None
    headers = {}
    if server.api_key_env:
        key = os.environ.get(server.api_key_env)
        if not key:
            raise ConfigError(
                f"the variable {server.api_key_env} holds no key for {server.base_url}",
                hint=f"export {server.api_key_env}=…",
            )
        headers["authorization"] = f"Bearer {key}"
    timeout = httpx2.Timeout(server.timeout_s, connect=min(5.0, server.timeout_s))
    return httpx2.Client(base_url=server.base_url.rstrip("/"), headers=headers, timeout=timeout)


def _wait_s(retry_after: str | None, attempt: int) -> float:
    try:
        return min(LONGEST_WAIT_S, max(0.0, float(retry_after or "")))
    except ValueError:
        return min(LONGEST_WAIT_S, 0.25 * 2.0**attempt)


def _completion(document: dict[str, Any], seconds: float) -> Completion:
    from rightsizer.errors import RecordError

    try:
        chat, envelope = split_completion({"choices": None, **document})
        message = message_from_chat({"role": "assistant", **chat})
    except RecordError as error:
        raise UpstreamError(f"the model server's answer cannot be read: {error}") from error
    first = envelope["choices"][0]
    usage = document.get("usage") if isinstance(document.get("usage"), dict) else {}
    named = [str(document.get(k)) for k in ("model", "system_fingerprint") if document.get(k)]
    return Completion(
        message=message,
        finish_reason=first.get("finish_reason"),
        logprobs=tuple(_logprobs(first.get("logprobs"))),
        input_tokens=_count(usage, "prompt_tokens"),
        output_tokens=_count(usage, "completion_tokens"),
        model=" ".join(named),
        seconds=seconds,
    )


def _count(usage: Any, name: str) -> int:
    value = usage.get(name)
    return value if isinstance(value, int) else 0


def _logprobs(given: Any) -> list[float]:
    content = given.get("content") if isinstance(given, dict) else None
    if not isinstance(content, list):
        return []
    found = [t.get("logprob") for t in content if isinstance(t, dict)]
    return [float(v) for v in found if isinstance(v, int | float) and math.isfinite(v)]
