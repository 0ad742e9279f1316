"""Calls of OpenAI's Embeddings API as Chat JSON: the texts are what was asked, vectors are only counted.

A vector says nothing a person reads or a student of ours could learn from, and is large; its text, which is
kept, gives it again.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from rightsizer.errors import RecordError

Json = dict[str, Any]
EMBEDDINGS = "/v1/embeddings"


def request_from_embeddings(body: Json) -> Json:
    """A user message a text; inputs given as tokens stay as they are in ``input``. Raises `RecordError`."""
    given = body.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts:
        raise RecordError("no-messages", "the request has no input")
    chat = {name: value for name, value in body.items() if name != "input"}
    if not all(isinstance(text, str) for text in texts):
        return {**chat, "input": given, "messages": [{"role": "user", "content": ""}]}
    return {**chat, "messages": [{"role": "user", "content": text} for text in texts]}


def completion_from_embeddings(answer: Json) -> Json:
    """A completion that says how many vectors came, and of how many dimensions. Raises `RecordError`."""
    rows = answer.get("data")
    if not isinstance(rows, list):
        raise RecordError("no-response", "the answer has no list of embeddings")
    vectors = [row.get("embedding") for row in rows if isinstance(row, dict)]
    about = {"count": len(vectors), "dimensions": _dimensions(vectors[0]) if vectors else 0}
    message = {"role": "assistant", "content": None, "embeddings": about}
    chat: Json = {name: answer[name] for name in ("model", "usage") if name in answer}
    return {**chat, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


def _dimensions(vector: Any) -> int:
    """Of a list of numbers, or of base64 of 32-bit floats."""
    if isinstance(vector, str):
        try:
            return len(base64.b64decode(vector, validate=True)) // 4
        except binascii.Error:
            return 0
    return len(vector) if isinstance(vector, list) else 0
