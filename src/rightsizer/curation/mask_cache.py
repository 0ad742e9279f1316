"""What was found in a text, remembered: agents resend their whole history with every call."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

import orjson

from rightsizer.curation.recognizers.pattern import Span
from rightsizer.curation.schema_texts import ALLOWED, SAID, said_in
from rightsizer.curation.sensitive import MASKED_TYPES, Finding, find, leaf_spans
from rightsizer.types import Request


class MaskCache:
    """Least-recently-used results by text, shared by all maskers of a process. Thread-safe.

    Held in memory only. `max_chars` bounds the text kept as keys; `masked` are the classes looked for.
    """

    def __init__(self, max_chars: int = 32_000_000, masked: frozenset[str] = MASKED_TYPES) -> None:
        self.masked = masked
        self.max_chars = max_chars
        self.chars = 0
        self._found: OrderedDict[str, Finding] = OrderedDict()
        self._leaves: OrderedDict[tuple[str, str], tuple[Span, ...]] = OrderedDict()
        self._schemas: OrderedDict[bytes, tuple[str, ...]] = OrderedDict()
        self._named: OrderedDict[str, Sequence[Span]] = OrderedDict()
        self._named_chars = 0
        self._lock = threading.Lock()

    def find(self, text: str) -> Finding:
        """What is sensitive in `text`."""
        with self._lock:
            known = self._found.get(text)
            if known is not None:
                self._found.move_to_end(text)
                return known
        found = find(text, self.masked)
        with self._lock:
            if text not in self._found:
                self._found[text] = found
                self.chars += len(text)
            while self.chars > self.max_chars and len(self._found) > 1:
                self.chars -= len(self._found.popitem(last=False)[0])
        return found

    def find_leaf(self, key: str, text: str) -> tuple[Span, ...]:
        """Sensitive spans of a JSON string under `key`."""
        with self._lock:
            known = self._leaves.get((key, text))
        if known is not None:
            return known
        found = leaf_spans(key, text, self.masked)
        with self._lock:
            self._leaves[key, text] = found
            while len(self._leaves) > 20_000:
                self._leaves.popitem(last=False)
        return found

    def names_in(
        self, texts: Sequence[str], find: Callable[[Sequence[str]], Sequence[Sequence[Span]]]
    ) -> list[Sequence[Span]]:
        """What `find` says of each text; asked only about those not seen lately."""
        with self._lock:
            known = {text: self._named[text] for text in texts if text in self._named}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(zip(new, find(new), strict=True) if new else ())
        with self._lock:
            for text in new:
                self._named[text] = known[text]
                self._named_chars += len(text)
            while self._named_chars > self.max_chars // 4 and self._named:
                self._named_chars -= len(self._named.popitem(last=False)[0])
        return [known[text] for text in texts]

    def schema_texts(self, request: Request) -> tuple[str, ...]:
        """What the request's tools and response format say, show and allow in words."""
        if not request.tools and not request.response_format:
            return ()
        data = orjson.dumps([request.tools, request.response_format], option=orjson.OPT_NON_STR_KEYS)
        mark = hashlib.blake2b(data, digest_size=16).digest()
        with self._lock:
            known = self._schemas.get(mark)
        if known is None:
            schemas = (*request.tools, request.response_format)
            known = tuple(dict.fromkeys(t for s in schemas for t in said_in(s, SAID | ALLOWED)))
            with self._lock:
                self._schemas[mark] = known
                while len(self._schemas) > 256:
                    self._schemas.popitem(last=False)
        return known

    def __contains__(self, text: str) -> bool:
        return text in self._found
