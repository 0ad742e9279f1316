"""What a tagger sees of each token: the word, its form, its neighbours, and where it was seen as a value.

Lexicons are the values each field took in training. While training, a text's own values are taken out
of the counts (leave one out), or the tagger would learn to trust a lexicon that always knows the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rightsizer.students.structured_tokens import Token, shape

MAX_VALUE_TOKENS = 8
Lexicon = Mapping[str, Mapping[str, int]]
"""Folded value text → field → number of training texts it was that field's value in."""


def fold_value(tokens: Sequence[str]) -> str:
    """The form under which a value stands in a lexicon: lower-cased tokens joined by one blank."""
    return " ".join(tokens).lower()


def lexicon_marks(
    words: Sequence[str], lexicon: Lexicon, own: Mapping[str, set[str]] | None = None
) -> list[list[str]]:
    """Features of tokens inside the longest known values: ``x:B:field`` … and ``x1:field`` for the length.

    `own` holds the folded values of this very text by field; they do not count.
    """
    marks: list[list[str]] = [[] for _ in words]
    covered: set[tuple[int, str]] = set()
    n = len(words)
    for length in range(min(MAX_VALUE_TOKENS, n), 0, -1):
        for first in range(n - length + 1):
            key = " ".join(words[first : first + length])
            known = lexicon.get(key)
            if not known:
                continue
            for field, count in known.items():
                if own and key in own.get(field, ()):
                    count -= 1
                if count <= 0 or (first, field) in covered:
                    continue
                many = "+" if count > 2 else ""
                for i in range(first, first + length):
                    covered.add((i, field))
                    place = (
                        "U" if length == 1 else "B" if i == first else "E" if i == first + length - 1 else "I"
                    )
                    marks[i].append(f"x{many}:{place}:{field}")
    return marks


def token_features(
    tokens: Sequence[Token],
    lexicon: Lexicon,
    *,
    own: Mapping[str, set[str]] | None = None,
    context: Sequence[str] = (),
) -> list[list[str]]:
    """Feature names of every token. `context` are words said before (the question that is answered)."""
    words = [token.text.lower() for token in tokens]
    forms = [shape(token.text) for token in tokens]
    marks = lexicon_marks(words, lexicon, own)
    n = len(tokens)
    # two pads on each side keep the windows free of conditions
    w = ["<s2>", "<s1>", *words, "</s1>", "</s2>"]
    f = ["<s2>", "<s1>", *forms, "</s1>", "</s2>"]
    out: list[list[str]] = []
    for i in range(n):
        j = i + 2
        word = words[i]
        names = [
            "bias",
            f"w={word}",
            f"-1={w[j - 1]}",
            f"-2={w[j - 2]}",
            f"+1={w[j + 1]}",
            f"+2={w[j + 2]}",
            f"-1w={w[j - 1]} {word}",
            f"w+1={word} {w[j + 1]}",
            f"-2-1={w[j - 2]} {w[j - 1]}",
            f"+1+2={w[j + 1]} {w[j + 2]}",
            f"-1+1={w[j - 1]} {w[j + 1]}",
            f"-2-1w={w[j - 2]} {w[j - 1]} {word}",
            f"s={f[j]}",
            f"s-1={f[j - 1]}",
            f"s+1={f[j + 1]}",
            f"s-1s+1={f[j - 1]} {f[j]} {f[j + 1]}",
            f"len={min(len(word), 8)}" + ("9" if word.isdigit() else ""),
        ]
        names += [f"p={word[:k]}" for k in (2, 3, 4) if len(word) > k]
        names += [f"e={word[-k:]}" for k in (2, 3, 4) if len(word) > k]
        if i and tokens[i].start == tokens[i - 1].end:
            names.append("glued")
        names += marks[i]
        if i:
            names += [f"-1{mark}" for mark in marks[i - 1]]
        if i + 1 < n:
            names += [f"+1{mark}" for mark in marks[i + 1]]
        names += [f"c={c}" for c in context]
        names += [f"c={c} {f[j]}" for c in context]
        out.append(names)
    return out
