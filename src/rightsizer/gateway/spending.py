"""What a call costs its key: reserved when it starts, settled when its answer has ended.

The provider's own counts are used where the answer has them. Where it has none (a stream without usage, a
client that hung up) the tokens are estimated, and charged all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, isinf

import orjson

from rightsizer.gateway.asked import Asked, read_asked
from rightsizer.gateway.counts import Counts, window_end, window_number
from rightsizer.gateway.keys import VirtualKey

PriceOf = Callable[[str, int, int, int], float | None]
BYTES_PER_TOKEN = 4  # a rule of thumb; Chinese in UTF-8 has about 4 bytes a token too
_USAGE = re.compile(rb'"usage"\s*:\s*(?=\{)')
_MAX_USAGE_BYTES = 4096
_FREE = frozenset((b"GET", b"HEAD", b"OPTIONS", b"DELETE"))
_INPUT, _OUTPUT = ("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens")
# Anthropic counts these beside the input tokens, OpenAI among them.
_BESIDE = ("cache_read_input_tokens", "cache_creation_input_tokens")


@dataclass(frozen=True)
class Spent:
    """Tokens of one answer; `cached` are part of `input`. `estimated`: the provider did not say."""

    input: int = 0
    output: int = 0
    cached: int = 0
    estimated: bool = False


def is_free(method: bytes, path: bytes) -> bool:
    """Whether no provider charges for this: lists, stored answers, and counting."""
    return method in _FREE or path.endswith(b"/count_tokens")


class Spender:
    """Takes note of one call for its key. `start` and then `settle`, once each."""

    def __init__(
        self, counts: Counts, key: VirtualKey, price: PriceOf | None, now: Callable[[], float]
    ) -> None:
        self._counts, self._key, self._price, self._now = counts, key, price, now
        self._model = ""
        self._request_tokens = 0
        self._reserved = (0, 0)

    def start(self, body: bytes, asked: Asked | None = None) -> bool:
        """Reserve what the request alone will cost, and the answer's limit where it names one.

        `asked`: what is in the body, if that is read already.

        False, and nothing reserved, if others have spent the budget since this call was let in: that was when
        its head had come, and its body may have come much later.
        """
        if self._is_spent():
            return False
        asked = asked or read_asked(body)
        self._request_tokens = len(body) // BYTES_PER_TOKEN
        self._model = asked.model
        spent = Spent(self._request_tokens, asked.output_tokens)
        self._reserved = (spent.input + spent.output, self._micro_usd(spent))
        self._add(*self._reserved)
        return True

    def settle(self, answer: bytes, *, status: int, by_student: bool) -> None:
        """Put what the call did cost in place of what was reserved. A student's answer costs nothing."""
        spent = Spent() if by_student else self._spent(answer, status)
        tokens, micro_usd = spent.input + spent.output, self._micro_usd(spent)
        self._add(tokens - self._reserved[0], micro_usd - self._reserved[1])
        self._reserved = (tokens, micro_usd)

    def retry_after_s(self) -> int:
        """In how many seconds there is a new budget; 0 = never."""
        now = self._now()
        left = window_end(self._key.limits.window, now) - now
        return 0 if isinf(left) else max(1, ceil(left))

    def _is_spent(self) -> bool:
        limits, now = self._key.limits, self._now()
        used = self._counts.used(self._key.slot, int(now // 60), window_number(limits.window, now))
        return bool(limits.tokens and used.tokens >= limits.tokens) or bool(
            limits.usd and used.micro_usd >= limits.usd * 1e6
        )

    def _spent(self, answer: bytes, status: int) -> Spent:
        found = spent_in(answer)
        if found is not None:
            return found
        if status >= 400 or not status:  # refused, or never reached: nobody charges for that
            return Spent()
        n_events = answer.count(b"data:")
        output = n_events or len(answer) // BYTES_PER_TOKEN
        return Spent(self._request_tokens, output, estimated=True)

    def _micro_usd(self, spent: Spent) -> int:
        if self._price is None or not (spent.input or spent.output):
            return 0
        usd = self._price(self._model, spent.input, spent.output, spent.cached)
        return 0 if usd is None else round(usd * 1e6)

    def _add(self, tokens: int, micro_usd: int) -> None:
        now, key = self._now(), self._key
        window = window_number(key.limits.window, now)
        self._counts.add(key.slot, int(now // 60), window, tokens=tokens, micro_usd=micro_usd)


def spent_in(answer: bytes) -> Spent | None:
    """The tokens that an answer of any of the APIs says were used, streamed or not; None if it does not.

    Looks for ``usage`` objects in the bytes. Inside a JSON string its quotes would be escaped, so what
    a model writes is never taken for one. Of several (streams tell the running count) the largest counts.
    """
    given = output = cached = 0
    for match in _USAGE.finditer(answer):
        usage = _object_at(answer, match.end())
        if usage is None:
            continue
        beside = sum(_count(usage, name) for name in _BESIDE)
        details = usage.get("prompt_tokens_details") or usage.get("input_tokens_details")
        from_cache = _count(details, "cached_tokens") if isinstance(details, dict) else 0
        given = max(given, max(_count(usage, name) for name in _INPUT) + beside)
        output = max(output, *(_count(usage, name) for name in _OUTPUT))
        cached = max(cached, from_cache or _count(usage, _BESIDE[0]))
    return Spent(given, output, cached) if given or output else None


def _object_at(text: bytes, start: int) -> dict[str, object] | None:
    """The JSON object that begins at `start`; None if it is none, or a very large one."""
    depth = 0
    for at in range(start, min(len(text), start + _MAX_USAGE_BYTES)):
        if text[at] == 0x7B:
            depth += 1
        elif text[at] == 0x7D:
            depth -= 1
            if not depth:
                try:
                    value = orjson.loads(text[start : at + 1])
                except orjson.JSONDecodeError:
                    return None
                return value if isinstance(value, dict) else None
    return None


def _count(usage: dict[str, object], name: str) -> int:
    value = usage.get(name)
    return value if isinstance(value, int) and 0 <= value < 2**40 else 0
