"""How alike two texts are: the character n-gram F-score (chrF, Popović 2015). For tables, never for the gate.

Character n-grams need no word list, so that Chinese and English are measured alike.
"""

from __future__ import annotations

from collections import Counter

LONGEST = 6
BETA = 2.0  # recall counts so many times as much as precision


def chrf(wanted: str, given: str) -> float:
    """1 for equal texts (white space aside), 0 where they share no character."""
    a, b = "".join(wanted.split()), "".join(given.split())
    if not a or not b:
        return float(a == b)
    precision, recall, orders = 0.0, 0.0, 0
    for n in range(1, LONGEST + 1):
        left, right = _grams(a, n), _grams(b, n)
        if not left and not right:
            break
        common = (left & right).total()
        precision += common / max(1, right.total())
        recall += common / max(1, left.total())
        orders += 1
    p, r = precision / orders, recall / orders
    return (1 + BETA**2) * p * r / (BETA**2 * p + r) if p + r else 0.0


def _grams(text: str, n: int) -> Counter[str]:
    return Counter(text[i : i + n] for i in range(len(text) - n + 1))
