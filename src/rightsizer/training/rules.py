"""A baseline that a person could have written: a list of words, each with the answer it stands for.

Separate and conquer (Rivest's decision lists, 1987): the word that is right most surely takes its calls, then
the next word those that are left; what no word takes gets the commonest answer. No student of the ladder: it
shows how much of a task needs no learning.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from rightsizer.scoring.agree import answer
from rightsizer.students.features import split_words
from rightsizer.students.shots import seen_text
from rightsizer.types import Example, TaskPolicy
from rightsizer.views.view import PayloadMask, fit_mask

LEAST_CALLS = 5  # that a rule must rest on
MOST_RULES = 300
MOST_EXAMPLES = 3_000


@dataclass(frozen=True)
class Rules:
    """`rules` in order: a word and the key of its answer; `otherwise` where none is there."""

    rules: tuple[tuple[str, str], ...]
    otherwise: str
    mask: PayloadMask | None

    def agreement(self, examples: Sequence[Example], policy: TaskPolicy) -> float:
        """Share of the examples on which the rules give the teacher's answer; 0 for none."""
        if not examples:
            return 0.0
        return sum(self._say(e) == _key(e, policy) for e in examples) / len(examples)

    def _say(self, example: Example) -> str:
        words = _words(example, self.mask)
        return next((key for word, key in self.rules if word in words), self.otherwise)


def find_rules(examples: Sequence[Example], policy: TaskPolicy) -> Rules | None:
    """The list for these examples of the train split; None without any."""
    examples = examples[:MOST_EXAMPLES]
    if not examples:
        return None
    mask = fit_mask([e.prompt for e in examples])
    keys = [_key(e, policy) for e in examples]
    holds: dict[str, set[int]] = defaultdict(set)
    words = [_words(e, mask) for e in examples]
    for i, found in enumerate(words):
        for word in found:
            holds[word].add(i)
    rules: list[tuple[str, str]] = []
    # Sure words first; a word's worth only falls as calls are taken, so a stale entry is looked at again.
    queue = [(-worth, word) for word in sorted(holds) if (worth := _worth(holds[word], keys)[0]) > 0]
    heapq.heapify(queue)
    while queue and len(rules) < MOST_RULES:
        stale, word = heapq.heappop(queue)
        worth, key = _worth(holds[word], keys)
        if worth <= 0:
            continue
        if -stale > worth:
            heapq.heappush(queue, (-worth, word))
            continue
        rules.append((word, key))
        for i in sorted(holds[word]):
            for other in words[i]:
                holds[other].discard(i)
    commonest = Counter(keys).most_common(1)[0][0]
    return Rules(tuple(rules), commonest, mask)


def _worth(calls: set[int], keys: Sequence[str]) -> tuple[float, str]:
    """How surely a word with these calls gives an answer (Laplace), if more surely than a coin; which."""
    if len(calls) < LEAST_CALLS:
        return 0.0, ""
    key, n = min(Counter(keys[i] for i in calls).items(), key=lambda kv: (-kv[1], kv[0]))
    sure = (n + 1) / (len(calls) + 2)
    return (sure, key) if sure > 0.5 else (0.0, "")


def _words(example: Example, mask: PayloadMask | None) -> frozenset[str]:
    return frozenset(split_words(seen_text(example.prompt, mask)))


def _key(example: Example, policy: TaskPolicy) -> str:
    return answer(example.completion, ignore_fields=policy.ignore_fields, tools=example.prompt.tools).key
