"""The earlier inputs most like a new one, by BM25 over their words (Robertson & Zaragoza 2009).

Retrieved examples let a small model answer as a larger one does (RETRO, Borgeaud et al. 2022; here they go
into the prompt instead of the network). Words are what `features.split_words` finds: a CJK character is one.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Sequence

from rightsizer.students.features import split_words

K1 = 1.2
B = 0.75


class Neighbours:
    """An index over texts; texts without a word are never found."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        counts = [Counter(split_words(text)) for text in texts]
        lengths = [sum(c.values()) for c in counts]
        mean = sum(lengths) / max(1, len(lengths)) or 1.0
        found_in = Counter(word for c in counts for word in c)
        for i, (count, length) in enumerate(zip(counts, lengths, strict=True)):
            for word, n in count.items():
                n_texts = found_in[word]
                idf = math.log(1 + (len(texts) - n_texts + 0.5) / (n_texts + 0.5))
                weight = idf * n * (K1 + 1) / (n + K1 * (1 - B + B * length / mean))
                self._postings[word].append((i, weight))

    def nearest(self, text: str, k: int) -> list[int]:
        """Indices of the `k` most similar texts, best first; ties go to the earlier text."""
        scores: dict[int, float] = defaultdict(float)
        for word in set(split_words(text)):
            for i, weight in self._postings.get(word, ()):
                scores[i] += weight
        return heapq.nsmallest(k, scores, key=lambda i: (-scores[i], i))
