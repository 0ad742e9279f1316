"""Token counts in OpenAI's, OTel's and Anthropic's names ⇄ `Usage`."""

from __future__ import annotations

from typing import Any

from rightsizer.types import Usage

FORM = "_form"
# Names for (input, output), the most specific first.
_NAMES = (("input_tokens", "output_tokens"), ("prompt_tokens", "completion_tokens"))


def usage_from_json(usage: dict[str, Any]) -> Usage:
    """Token counts; what has no name stays in `extra`, counts that are not whole numbers too."""
    extra = dict(usage)
    names = _NAMES[0] if any(name in usage for name in _NAMES[0]) else _NAMES[1]
    counts = [extra.pop(name) if _is_count(usage.get(name)) else None for name in names]
    cached = extra.pop("cached_input_tokens") if _is_count(usage.get("cached_input_tokens")) else None
    if names is _NAMES[1] and usage:
        extra[FORM] = "openai" if FORM not in usage else ["openai", usage[FORM]]
        if cached is not None:
            extra["cached_input_tokens"] = cached
    if cached is None:
        cached = _cached(usage)
        if cached is not None:
            extra.setdefault("cached_input_tokens", None)
    return Usage(input_tokens=counts[0], output_tokens=counts[1], cached_input_tokens=cached, extra=extra)


def usage_to_json(usage: Usage) -> dict[str, Any]:
    """Inverse of `usage_from_json`."""
    extra = dict(usage.extra)
    form = extra.pop(FORM, None)
    names = _NAMES[0]
    if form == "openai":
        names = _NAMES[1]
    elif isinstance(form, list) and len(form) == 2 and form[0] == "openai":
        names, extra[FORM] = _NAMES[1], form[1]
    elif form is not None:
        extra[FORM] = form
    result: dict[str, Any] = {}
    for name, count in zip(names, (usage.input_tokens, usage.output_tokens), strict=True):
        if count is not None:
            result[name] = count
    if "cached_input_tokens" in extra:  # it came in another name, which is in `extra`
        if extra["cached_input_tokens"] is None and usage.cached_input_tokens is not None:
            del extra["cached_input_tokens"]
    elif usage.cached_input_tokens is not None:
        result["cached_input_tokens"] = usage.cached_input_tokens
    return {**result, **extra}


def _cached(usage: dict[str, Any]) -> int | None:
    """Cached input tokens where OpenAI, DeepSeek, Moonshot or Fireworks put them."""
    for name in ("prompt_tokens_details", "input_tokens_details"):
        details = usage.get(name)
        if isinstance(details, dict) and _is_count(details.get("cached_tokens")):
            return int(details["cached_tokens"])
    for name in ("cached_tokens", "prompt_cache_hit_tokens", "num_cached_tokens"):
        if _is_count(usage.get(name)):
            return int(usage[name])
    return None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
