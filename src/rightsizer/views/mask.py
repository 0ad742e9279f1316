"""The static part of a task's requests: which text is template, so that the payload is what is left.

A mask is fitted per step (before the first answer, after a user's words …), because a conversation's
later messages have another form than its first. It holds digests only, never text, so that an
artifact that carries one shows nothing of a prompt. Text that does not carry the whole template is
left as it is: payload and template together always give the message back, so nothing that tells two
requests apart is lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from pydantic import Field

from rightsizer.types import Frozen
from rightsizer.views.tokens import digest, spans

STATIC = 0.95  # share of the messages that must carry a piece for it to be template
MIN_TEXTS = 8  # fewer distinct texts cannot tell template from chance
MAX_TEXTS = 400  # distinct texts a fit looks at: more change nothing
MAX_TOKENS = 4000  # longest prefix or suffix looked at, each


class TextMask(Frozen):
    """The template of one kind of message: leading and trailing tokens, and whole lines between."""

    prefix: tuple[str, ...] = ()
    suffix: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


class PayloadMask(Frozen):
    """The static part of a task's requests. `steps`: step kind → template of the last message;
    `system`: digests of the system prompt's static lines."""

    steps: dict[str, TextMask] = Field(default_factory=dict)
    system: tuple[str, ...] = ()


def strip_template(text: str, mask: TextMask) -> str:
    """The text without the template; the whole text, stripped, where it does not carry all of it."""
    places = spans(text)
    head, tail = len(mask.prefix), len(mask.suffix)
    if len(places) < head + tail:
        return text.strip()
    found = [_named(text[a:b]) for a, b in (*places[:head], *places[len(places) - tail :])]
    if found != [*mask.prefix, *mask.suffix]:
        return text.strip()
    start = places[head - 1][1] if head else 0
    end = places[len(places) - tail][0] if tail else len(text)
    inner = text[start:end]
    if not mask.lines:
        return inner.strip()
    kept, static = _split_lines(inner, frozenset(mask.lines))
    return kept if len(static) == len(mask.lines) else inner.strip()


@lru_cache(maxsize=20_000)
def _named(token: str) -> str:
    """A token's digest, remembered: the same template is compared call after call."""
    return digest(token)


def variable_lines(text: str, static: tuple[str, ...]) -> str:
    """Lines of a system prompt that are not the task's template, joined by newlines."""
    return _variable_lines(text, static)


@lru_cache(maxsize=512)
def _variable_lines(text: str, static: tuple[str, ...]) -> str:
    return _split_lines(text, frozenset(static))[0]


def _split_lines(text: str, static: frozenset[str]) -> tuple[str, set[str]]:
    kept: list[str] = []
    found: set[str] = set()
    for line in text.split("\n"):
        name = digest(line.strip())
        if line.strip() and name in static:
            found.add(name)
        else:
            kept.append(line)
    return "\n".join(kept).strip(), found


def fit_text(texts: Sequence[str]) -> TextMask | None:
    """The template of these messages, or None where they share none or are too few to tell.

    Each distinct text counts once, so that an often repeated payload is not taken for template.
    """
    distinct = sorted(set(texts), key=digest)[:MAX_TEXTS]
    if len(distinct) < MIN_TEXTS:
        return None
    need = STATIC * len(distinct)
    cut = [(t, spans(t)) for t in distinct]
    prefix = _shared([[t[a:b] for a, b in s[:MAX_TOKENS]] for t, s in cut], need)
    cut = [(t, s[len(prefix) :]) for t, s in cut if _starts(t, s, prefix)]
    back = [[t[a:b] for a, b in reversed(s[-MAX_TOKENS:])] for t, s in cut]
    suffix = _shared(back, need)
    ends = [(t, s, b) for (t, s), b in zip(cut, back, strict=True) if b[: len(suffix)] == suffix]
    inner = [_between(t, s, len(suffix)) for t, s, _ in ends]
    lines = _static_lines(inner, need)
    if not (prefix or suffix or lines):
        return None
    return TextMask(
        prefix=tuple(map(digest, prefix)), suffix=tuple(map(digest, reversed(suffix))), lines=lines
    )


def static_lines(texts: Sequence[str]) -> tuple[str, ...]:
    """Digests of the lines that nearly all of these texts carry (every text counts)."""
    return _static_lines(texts, STATIC * len(texts))


def _starts(text: str, places: Sequence[tuple[int, int]], prefix: Sequence[str]) -> bool:
    return [text[a:b] for a, b in places[: len(prefix)]] == list(prefix)


def _between(text: str, places: Sequence[tuple[int, int]], tail: int) -> str:
    kept = places[: len(places) - tail] if tail else places
    return text[kept[0][0] : kept[-1][1]] if kept else ""


def _shared(rows: Sequence[Sequence[str]], need: float) -> list[str]:
    """Longest start that at least `need` rows have in common."""
    start: list[str] = []
    live = list(rows)
    while True:
        counts = Counter(row[len(start)] for row in live if len(row) > len(start))
        if not counts:
            return start
        token, count = min(counts.items(), key=lambda kv: (-kv[1], kv[0]))
        if count < need:
            return start
        live = [row for row in live if len(row) > len(start) and row[len(start)] == token]
        start.append(token)


def _static_lines(texts: Sequence[str], need: float) -> tuple[str, ...]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update({line.strip() for line in text.split("\n")} - {""})
    return tuple(sorted(digest(line) for line, count in counts.items() if count >= max(need, 2)))
