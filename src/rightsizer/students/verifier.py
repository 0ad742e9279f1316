"""A small verifier of a model's answers: how likely is this answer right, by how it came about?

It looks at an answer from outside (its probability, its weakest token, its votes, what of it stands in the
request, what similar inputs were answered) and never at the teacher's answer. It orders answers better than
their probability alone and chooses among several; what may be served is the gate's business as before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rightsizer.scoring.metrics import leaves
from rightsizer.students.chat_server import Completion
from rightsizer.students.features import split_words
from rightsizer.students.shots import ShotBook, seen_text
from rightsizer.types import Frozen, Message, Request
from rightsizer.views.answer import canonical_answer, plain_text

NEIGHBOURS = 5
LEAST_LOG = -50.0
FEATURES = (
    *("log probability", "weakest token", "share of votes", "share copied"),
    *("nearest input", "neighbours answer so", "neighbours' form", "log words"),
)


class Verifier(Frozen):
    """A logistic regression over `FEATURES`, standardised by `mean` and `scale`."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    def score(self, features: Sequence[float]) -> float:
        """How likely the answer is right."""
        rows = zip(features, self.mean, self.scale, self.weights, strict=True)
        z = self.bias + sum((x - m) / s * w for x, m, s, w in rows)
        return 1 / (1 + math.exp(-max(-500.0, min(500.0, z))))


@dataclass(frozen=True)
class Looked:
    """What of a request every answer to it is compared with."""

    words: frozenset[str]
    text: str
    nearest: float
    answers: tuple[str, ...]
    forms: tuple[Any, ...]


def look(request: Request, book: ShotBook) -> Looked:
    """Read the request, and what the most similar ones were answered."""
    seen = seen_text(request, book.mask)
    words, found = frozenset(split_words(seen)), book.nearest(request, NEIGHBOURS)
    others = [frozenset(split_words(s.text)) for s in found[-1:]]
    nearest = max((len(words & o) / max(1, len(words | o)) for o in others), default=0.0)
    text = " ".join(m.text for m in request.messages).lower()
    answers = tuple(canonical_answer(s.answer) for s in found)
    return Looked(words, text, nearest, answers, tuple(form(s.answer) for s in found))


def features(looked: Looked, completion: Completion, share: float) -> list[float]:
    """`FEATURES` of one answer."""
    message = completion.message
    values = [v for v in _values(message) if v]
    copied = sum(v.lower() in looked.text for v in values) / len(values) if values else 1.0
    n = max(1, len(looked.answers))
    own, own_form = canonical_answer(message), form(message)
    return [
        max(LEAST_LOG, sum(completion.logprobs)),
        max(LEAST_LOG, min(completion.logprobs, default=0.0)),
        share,
        copied,
        looked.nearest,
        sum(a == own for a in looked.answers) / n,
        sum(f == own_form for f in looked.forms) / n,
        math.log1p(len(looked.words)),
    ]


def form(message: Message) -> Any:
    """An answer without its values: which tools, which fields are said and which are null."""
    return sorted((leaf.rpartition(",")[0], leaf.endswith("null]")) for leaf in leaves(message))


def _values(message: Message) -> list[str]:
    import json

    found = [json.loads(leaf)[-1] for leaf in leaves(message)]
    texts = [v for v in found if isinstance(v, str)]
    return texts or ([] if found else [plain_text(message)])
