"""Hypothesis strategies for any value of our types: what a log may hold and what it should never.

Needs `hypothesis`, which is not a dependency of rightsizer: import this module in tests only.
"""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from rightsizer.types import (
    Call,
    CallError,
    ImagePart,
    Message,
    OtherPart,
    ReasoningPart,
    Request,
    TextPart,
    ToolCallPart,
    ToolCallResponsePart,
    Usage,
)

# Lone surrogates, NUL, U+2028, astral characters and Chinese included.
texts = st.text(st.characters(exclude_categories=()), max_size=12) | st.sampled_from(
    ["", "退款", "a\u2028b", "\x00", "\ud800", '{"a": 1}', "_form", "😀"]
)
names = texts | st.sampled_from(["id", "role", "content", "tools", "request", "extra", "_form", "functions"])
numbers = (
    st.integers()
    | st.sampled_from([0, 2**63, 2**64, -(10**40), 10**300])
    | st.floats(allow_nan=False)
    | st.sampled_from([-0.0, 5e-324, 1.7976931348623157e308])
)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
json_objects = st.dictionaries(names, json_values, max_size=3)

parts = st.one_of(
    st.builds(TextPart, content=texts),
    st.builds(ToolCallPart, id=st.none() | texts, name=texts, arguments=texts),
    st.builds(ToolCallResponsePart, id=st.none() | texts, response=texts),
    st.builds(ReasoningPart, content=texts),
    st.builds(ImagePart, url=texts, detail=st.none() | texts),
    st.builds(OtherPart, raw=json_objects),
)
messages = st.builds(
    Message,
    role=st.sampled_from(["system", "user", "assistant", "tool", "function", "developer"]) | texts,
    parts=st.lists(parts, max_size=3).map(tuple),
    name=st.none() | texts,
    extra=st.just({}) | json_objects,
)
requests = st.builds(
    Request,
    messages=st.lists(messages, max_size=3).map(tuple),
    tools=st.lists(json_objects, max_size=2).map(tuple),
    response_format=st.none() | json_objects,
    params=json_objects,
)
_counts = st.none() | st.integers(0, 10**12)
usages = st.builds(
    Usage, input_tokens=_counts, output_tokens=_counts, cached_input_tokens=_counts, extra=json_objects
)
# Fixed offsets only: Python never calls a moment inside a clock change equal to one of another zone
# (PEP 495), though they are the same instant; and pydantic reads whole minutes only.
_zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(timezones=_zones) | st.datetimes()
calls = st.builds(
    Call,
    id=texts.filter(bool),
    session_id=texts,
    timestamp=st.none() | moments,
    model=texts,
    request=requests,
    response=st.none() | messages,
    finish_reason=st.none() | texts,
    usage=st.none() | usages,
    latency_s=st.none() | st.floats(allow_nan=False),
    cost_usd=st.none() | st.floats(allow_nan=False),
    outcome=json_objects,
    error=st.none() | st.builds(CallError, status=st.none() | st.integers(0, 999), message=texts),
    metadata=json_objects,
    source=json_objects,
    extra=json_objects,
)
