"""A whole ``chat.completion`` as the answer of a call: the message, and everything around it."""

from __future__ import annotations

from typing import Any

from rightsizer.errors import RecordError


def is_completion(response: dict[str, Any]) -> bool:
    """Whether this is a chat.completion and not a bare message."""
    return "choices" in response and "role" not in response


def split_completion(completion: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first choice's message, and the completion without it.

    Raises `RecordError` (no-choices) if there is none.
    """
    choices = completion["choices"]
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise RecordError("no-choices", "the completion has no choice")
    message = choices[0].get("message")
    if not isinstance(message, dict):
        raise RecordError("no-choices", "the first choice of the completion has no message")
    first = {name: value for name, value in choices[0].items() if name != "message"}
    return message, {**completion, "choices": [first, *choices[1:]]}


def join_completion(envelope: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    """Inverse of `split_completion`."""
    first, *others = envelope["choices"]
    return {**envelope, "choices": [{**first, "message": message}, *others]}
