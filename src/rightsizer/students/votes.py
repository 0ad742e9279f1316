"""Ask until one answer leads: sampling with first-to-ahead-by-k (Meyerson et al. 2025, arXiv 2511.09030).

Self-consistency (Wang et al. 2022) asks a fixed number of times; stopping as soon as one answer is `ahead`
votes in front of the next costs less for the same certainty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean

from rightsizer.students.chat_server import Completion
from rightsizer.views.answer import canonical_answer


@dataclass(frozen=True)
class Option:
    """One of the different answers that were given, and its share of all votes (smoothed, Laplace)."""

    completion: Completion
    share: float


@dataclass(frozen=True)
class Vote:
    """The answer that leads, and how sure that makes us.

    `confidence` is the leader's share of all votes, smoothed (Laplace), times the mean probability of its
    tokens where the server tells it; one vote without probabilities says nothing: 0.5.
    """

    leader: Completion | None
    confidence: float
    n_votes: int
    options: tuple[Option, ...] = ()


def ask(sample: Callable[[int], Completion | None], *, ahead: int, most: int) -> Vote:
    """Vote by calling ``sample(0)``, ``sample(1)`` … (None: no valid answer, which is a vote for nothing).

    One vote when `most` is 1; else until a leader is `ahead` votes in front, or after `most` votes.
    """
    counts: Counter[str] = Counter()
    given: dict[str, list[Completion]] = {}
    n = 0
    while n < most:
        completion = sample(n)
        n += 1
        if completion is not None:
            key = canonical_answer(completion.message)
            counts[key] += 1
            given.setdefault(key, []).append(completion)
        if most > 1 and _lead(counts) >= ahead:
            break
    return _vote(counts, given, n)


def _lead(counts: Counter[str]) -> int:
    first, second = ([n for _, n in counts.most_common(2)] + [0, 0])[:2]
    return first - second


def _vote(counts: Counter[str], given: dict[str, list[Completion]], n: int) -> Vote:
    if not counts:
        return Vote(None, 0.0, n)
    # Among answers with equally many votes the first given leads.
    key, votes = counts.most_common(1)[0]
    likely = [c.probability for c in given[key] if c.probability is not None]
    probability = fmean(likely) if likely else 1.0
    options = tuple(
        Option(given[k][0], 1.0 if n == 1 else (c + 1) / (n + 2)) for k, c in counts.most_common()
    )
    if n == 1:
        return Vote(given[key][0], probability if likely else 0.5, n, options)
    return Vote(given[key][0], (votes + 1) / (n + 2) * probability, n, options)
