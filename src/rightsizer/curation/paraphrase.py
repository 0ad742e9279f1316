"""Prose in other words, by a model of the user's own: kept only where nothing was lost and nothing leaked.

Works on text that was rewritten already, so the model never sees a value. Off unless the policy names one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

from rightsizer.curation.json_text import is_json
from rightsizer.curation.pseudonyms.people import is_chinese
from rightsizer.curation.pseudonyms.session import SessionRewriter
from rightsizer.curation.pseudonyms.tree import leaves_of, texts_of_message
from rightsizer.curation.sensitive import PLACEHOLDER
from rightsizer.types import Call, Message, TextPart

Ask = Callable[[str], str | None]  # a text → the same in other words; None: no answer

INSTRUCTION = (
    "Say the following message in other words, in the same language and from the same person. Keep every "
    "name, number, date, id, code and everything in angle brackets exactly as written. Answer with the "
    "message alone."
)
SHORTEST = 24  # characters: shorter messages have no other words
_NUMBER = re.compile(r"[0-9]+(?:[.,:/\-][0-9]+)*")
_TAG = re.compile(r"<[A-Z][A-Z_:0-9]{0,40}>")
_LONGEST_ANCHOR = 80


class Paraphraser:
    """Paraphrases what users said in the calls of one session; the same text always the same way.

    What the model's answers and the tools' arguments copy from a message must still stand in it, so that
    an answer never says what its input no longer does. Answers themselves are left alone.
    """

    def __init__(
        self,
        ask: Ask,
        rewriter: SessionRewriter,
        rewritten: Iterable[Call],
        still_hits: Callable[[str], bool],
    ) -> None:
        self._ask = ask
        self._rewriter = rewriter
        self._still_hits = still_hits
        self._anchors = sorted({a for call in rewritten for a in _anchors(call)})
        self._said: dict[str, str] = {}
        self.refused: Counter[str] = Counter()

    def call(self, call: Call) -> Call:
        """The call with its users' prose in other words, where that passed every check."""
        messages = tuple(self._message(m) if m.role == "user" else m for m in call.request.messages)
        return call.model_copy(update={"request": call.request.model_copy(update={"messages": messages})})

    def _message(self, message: Message) -> Message:
        parts = tuple(
            p.model_copy(update={"content": self._text(p.content)}) if isinstance(p, TextPart) else p
            for p in message.parts
        )
        return message.model_copy(update={"parts": parts})

    def _text(self, text: str) -> str:
        if len(text) < SHORTEST or is_json(text):
            return text
        if text not in self._said:
            new = (self._ask(text) or "").strip()
            fault = self.fault(text, new)
            if fault:
                self.refused[fault] += 1
            self._said[text] = text if fault else new
        return self._said[text]

    def fault(self, before: str, after: str) -> str | None:
        """Why a paraphrase is refused, or None: lost or invented facts, another language, a leak."""
        if not after:
            return "no answer"
        if not 0.4 <= len(after) / len(before) <= 2.5:
            return "length"
        if is_chinese(before) != is_chinese(after):
            return "language"
        for what, form in (("numbers", _NUMBER), ("placeholders", PLACEHOLDER), ("tags", _TAG)):
            if Counter(form.findall(before)) != Counter(form.findall(after)):
                return what
        surrogates = self._rewriter.book.back
        if {before[h.start : h.end] for h in surrogates.hits(before)} != {
            after[h.start : h.end] for h in surrogates.hits(after)
        }:
            return "surrogates"
        if any(anchor in before and anchor not in after for anchor in self._anchors):
            return "answer"
        if self._rewriter.survivors(after) or self._still_hits(after):
            return "leak"
        return None


def _anchors(call: Call) -> set[str]:
    """What tools were given and what was answered: short strings that an input may have to hold."""
    found: set[str] = set()
    messages = [*call.request.messages, *([call.response] if call.response else [])]
    for message in messages:
        if message.role != "assistant":
            continue
        for part in message.tool_calls:
            found.update(str(leaf.value) for leaf in leaves_of(part.arguments) if not leaf.is_key)
        for text in texts_of_message(message):
            if is_json(text):
                found.update(str(leaf.value) for leaf in leaves_of(text) if not leaf.is_key)
            elif len(text) <= _LONGEST_ANCHOR:
                found.add(text.strip())
    return {a for a in found if 1 < len(a) <= _LONGEST_ANCHOR}
