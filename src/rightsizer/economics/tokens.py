"""Tokens and cost of a call: what the log says, or an estimate that says it is one.

Without a tokenizer the number of tokens follows from the characters. The rates below are tokens per
character for today's byte-pair vocabularies (o200k, Llama 3, Qwen and Claude class); `benchmarks/
token_estimate.py` compares the estimate with the usage that providers reported.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

from rightsizer.economics.prices import Price, PriceTable, price_of
from rightsizer.types import (
    Call,
    Frozen,
    Message,
    OtherPart,
    ReasoningPart,
    Request,
    TextPart,
    ToolCallPart,
    ToolCallResponsePart,
)

LATIN_TOKENS_PER_CHAR = 1 / 4.6
CJK_TOKENS_PER_CHAR = 0.8
OTHER_TOKENS_PER_CHAR = 1 / 2.8  # Cyrillic, Arabic, Devanagari, emoji …
MESSAGE_TOKENS = 4  # role and separators of one message
IMAGE_TOKENS = 765  # one picture of ordinary size; providers differ by a factor of three
THINKING = 6.0  # a model that always thinks bills up to so many times the tokens that one sees
SPREAD = 0.25  # ± share of an estimate; see the benchmark named above

_CJK = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\u3000-\u303f]"
)
_NOT_ASCII = re.compile(r"[^\x00-\u024f]")


class TokenCount(Frozen):
    """Tokens of one call. Where `estimated`, the truth is expected within ± `SPREAD`."""

    input_tokens: float
    output_tokens: float
    cached_input_tokens: float = 0.0
    estimated: bool = False


class Cost(Frozen):
    """What a call cost, in USD. `usd` is None when the model has no known price: never read it as 0."""

    usd: float | None
    low: float = 0.0
    high: float = 0.0
    estimated: bool = False
    tokens: TokenCount
    price: Price | None = None


def estimate_tokens(text: str) -> float:
    """Tokens of a text, from its characters (Chinese, Japanese and Korean counted apart)."""
    n = len(text)
    if text.isascii():
        return n * LATIN_TOKENS_PER_CHAR
    cjk = len(_CJK.findall(text))
    other = len(_NOT_ASCII.findall(text)) - cjk
    return (
        cjk * CJK_TOKENS_PER_CHAR + other * OTHER_TOKENS_PER_CHAR + (n - cjk - other) * LATIN_TOKENS_PER_CHAR
    )


def count_tokens(call: Call) -> TokenCount:
    """Tokens as the log gives them; a side that it does not give is estimated."""
    usage = call.usage
    given_in = usage.input_tokens if usage else None
    given_out = usage.output_tokens if usage else None
    cached = (usage.cached_input_tokens if usage else None) or 0
    input_tokens = request_tokens(call.request) if given_in is None else float(given_in)
    output_tokens = float(given_out or 0)
    if given_out is None and call.response is not None:
        output_tokens = message_tokens(call.response)
    return TokenCount(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cached_input_tokens=min(float(cached), input_tokens),
        estimated=given_in is None or given_out is None,
    )


def request_tokens(request: Request) -> float:
    """Estimated tokens of everything that is sent: messages, tools and response format."""
    total = sum(map(message_tokens, request.messages)) + 3
    if request.tools:
        total += estimate_tokens(json.dumps(request.tools, ensure_ascii=False))
    if request.response_format:
        total += estimate_tokens(json.dumps(request.response_format, ensure_ascii=False))
    return total


def message_tokens(message: Message) -> float:
    """Estimated tokens of one message."""
    total = float(MESSAGE_TOKENS)
    for part in message.parts:
        match part:
            case TextPart() | ReasoningPart():
                total += _text_tokens(part.content)
            case ToolCallPart():
                total += 6 + _text_tokens(part.name) + _text_tokens(part.arguments)
            case ToolCallResponsePart():
                total += _text_tokens(part.response)
            case OtherPart():
                total += estimate_tokens(json.dumps(part.raw, ensure_ascii=False, default=str))
            case _:
                total += IMAGE_TOKENS
    return total


@lru_cache(maxsize=8192)
def _text_tokens(text: str) -> float:
    return estimate_tokens(text)


def cost_of(call: Call, table: PriceTable) -> Cost:
    """What the call cost: as logged, else tokens × list price, with the range of what is not known.

    The range comes from estimated tokens (± `SPREAD`) and, for open weights without a named host,
    from the cheapest and the dearest host. Hidden thinking that the log does not count is in `high`.
    """
    tokens = count_tokens(call)
    price = price_of(call.model, table) if call.model else None
    if call.cost_usd is not None:
        usd = call.cost_usd
        return Cost(usd=usd, low=usd, high=usd, tokens=tokens, price=price)
    if price is None:
        return Cost(usd=None, estimated=True, tokens=tokens)
    counts = (tokens.input_tokens, tokens.output_tokens, tokens.cached_input_tokens)
    spread = SPREAD if tokens.estimated else 0.0
    most_output = tokens.output_tokens * (THINKING if tokens.estimated and price.row.reasons else 1.0)
    return Cost(
        usd=price.row.usd(*counts),
        low=(price.low or price.row).usd(*counts) * (1 - spread),
        high=(price.high or price.row).usd(counts[0], most_output, counts[2]) * (1 + spread),
        estimated=tokens.estimated or price.match == "approximate" or price.low is not None,
        tokens=tokens,
        price=price,
    )
