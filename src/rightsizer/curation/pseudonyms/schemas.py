"""What tools and response formats say in their own words: real contacts and secrets in it are blanked.

A schema is the developer's text and the same in every session, so nothing in it gets a surrogate of a
session: a description, example or default that holds somebody's address or a key gets a placeholder,
equal everywhere.
"""

from __future__ import annotations

from rightsizer.curation.mask_cache import MaskCache
from rightsizer.curation.policy import Policy
from rightsizer.curation.pseudonyms import fields as f
from rightsizer.curation.pseudonyms.people import RESERVED
from rightsizer.curation.recognizers.secrets import SECRET_TYPES
from rightsizer.curation.schema_texts import SAID, rewrite_said
from rightsizer.curation.sensitive import placeholder_name
from rightsizer.types import Request

_MADE_UP = (*(f"@{domain}" for domain in RESERVED), ".example", ".test", ".invalid", ".localhost")


class SchemaBlanker:
    """Blanks the schemas of requests; the same schema always the same way."""

    def __init__(self, cache: MaskCache, policy: Policy) -> None:
        self._cache = cache
        self._policy = policy

    def request(self, request: Request) -> Request:
        """The request with its tools and response format blanked; itself where there is nothing to blank."""
        names: dict[str, str] = {}

        def blank(text: str) -> str:
            return self._blank(text, names)

        tools = tuple(rewrite_said(t, blank, SAID) for t in request.tools)
        form = rewrite_said(request.response_format, blank, SAID)
        return request.model_copy(update={"tools": tools, "response_format": form}) if names else request

    def _blank(self, text: str, names: dict[str, str]) -> str:
        for value, kind, _ in sorted(self._cache.find(text).values, key=lambda row: -len(row[0])):
            if not self._is_real(value, kind):
                continue
            if value not in names:
                name = placeholder_name(kind)
                n = 1 + sum(known.startswith(f"<{name}_") for known in names.values())
                names[value] = f"<SECRET:{kind}>" if kind in SECRET_TYPES else f"<{name}_{n}>"
            text = text.replace(value, names[value])
        return text

    def _is_real(self, value: str, kind: str) -> bool:
        if self._policy.action(kind) == "keep" or value in self._policy.keep or kind == f.BIRTH:
            return False
        return not (kind == f.EMAIL and value.lower().endswith(_MADE_UP))
