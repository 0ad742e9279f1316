"""What still hits after rewriting: such a call is quarantined, with the reason and never the value."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

from rightsizer.curation.mask_cache import MaskCache
from rightsizer.curation.policy import Policy
from rightsizer.curation.pseudonyms.session import SessionRewriter
from rightsizer.curation.pseudonyms.tree import Leaf, texts_of_message, walk
from rightsizer.curation.sensitive import PLACEHOLDER
from rightsizer.types import Call, Message


def texts_of_call(call: Call) -> Iterator[str]:
    """Every text of a call that a reader of an export sees, schemas left out."""
    messages: list[Message] = list(call.request.messages)
    if call.response is not None:
        messages.append(call.response)
    for message in messages:
        yield from texts_of_message(message)
    for nested in (call.request.params, call.metadata, call.extra, call.outcome, call.source):
        yield from (
            leaf.value for leaf in walk(nested) if isinstance(leaf.value, str) and not _is_field(leaf)
        )
    if call.error is not None:
        yield call.error.message


def _is_field(leaf: Leaf) -> bool:
    return leaf.is_key and str(leaf.value).isidentifier() and not any(c.isdigit() for c in str(leaf.value))


class ResidualScan:
    """Looks at rewritten calls of one session; each text once."""

    def __init__(self, rewriter: SessionRewriter, policy: Policy, cache: MaskCache) -> None:
        self._rewriter = rewriter
        self._policy = policy
        self._cache = cache
        self._seen: dict[bytes, str | None] = {}  # by digest: a session's texts are many

    def refusal(self, original: Call) -> str | None:
        """The class for which the policy drops this call, or None."""
        found = (self._rewriter.forbidden(text) for text in texts_of_call(original))
        return next((kind for kind in found if kind is not None), None)

    def hit(self, rewritten: Call) -> str | None:
        """What still hits, as ``survivor`` or the class found, or None."""
        for text in texts_of_call(rewritten):
            mark = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
            if mark not in self._seen:
                self._seen[mark] = self._look(text)
            if self._seen[mark] is not None:
                return self._seen[mark]
        return None

    def still_hits(self, text: str) -> bool:
        """Whether one rewritten text still holds something."""
        return self._look(text) is not None

    def _look(self, text: str) -> str | None:
        if self._rewriter.survivors(text):
            return "survivor"
        for value, kind, _ in self._cache.find(text).values:
            kept = self._policy.action(kind) == "keep" or value in self._policy.keep
            if not kept and not PLACEHOLDER.search(value) and not self._rewriter.is_known(value):
                return kind
        return None
