"""The user's own model behind an OpenAI-compatible endpoint, asked for other words."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from typing import Any

from rightsizer.curation.paraphrase import INSTRUCTION, Ask
from rightsizer.curation.policy import Paraphrase
from rightsizer.errors import ConfigError


def asker(settings: Paraphrase) -> Ask | None:
    """A function that asks the model; None where the policy names none.

    It gives None for a text that the server did not answer: the text then stays as it is.

    Raises:
        ConfigError: the key's variable is not set, or the URL is none of http.
    """
    if not settings.model:
        return None
    url = settings.base_url.rstrip("/") + "/chat/completions"
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"policy: paraphrase.base_url: not an http URL: {settings.base_url}")
    headers = {"content-type": "application/json"}
    if settings.api_key_env:
        key = os.environ.get(settings.api_key_env)
        if not key:
            raise ConfigError(
                f"policy: paraphrase.api_key_env: the variable {settings.api_key_env} is not set",
                hint="export the key of your model server under that name",
            )
        headers["authorization"] = f"Bearer {key}"

    def ask(text: str) -> str | None:
        messages = [{"role": "system", "content": INSTRUCTION}, {"role": "user", "content": text}]
        body = json.dumps({"model": settings.model, "messages": messages, "temperature": 0}).encode()
        request = urllib.request.Request(url, data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=settings.timeout_s) as answer:
                return _content(json.load(answer))
        except (OSError, ValueError, urllib.error.URLError):
            return None

    return ask


def _content(completion: Any) -> str | None:
    try:
        content = completion["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        return None
    return content if isinstance(content, str) else None
