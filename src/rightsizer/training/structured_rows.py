"""Training rows of a structured student, and where in the payload each value was copied from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rightsizer.students.structured_answer import (
    LIST,
    REPLY,
    SAY,
    Answer,
    Path,
    as_list,
    read_answer,
    tool_of,
)
from rightsizer.students.structured_candidates import Option, harvest
from rightsizer.students.structured_embed import TokenEncoder, token_vectors
from rightsizer.students.structured_state import State, read_state
from rightsizer.students.structured_token_features import MAX_VALUE_TOKENS, fold_value
from rightsizer.students.structured_tokens import find_spans
from rightsizer.students.structured_transforms import TRANSFORMS
from rightsizer.training.trained import Progress
from rightsizer.types import Example
from rightsizer.views.view import PayloadMask

Range = tuple[int, int]
MIN_SAID = 6


@dataclass
class Row:
    """One training example as the student sees it, with the teacher's answer taken apart.

    `spans` (field → token ranges) and the state's `own` (the folded texts under them) come from `align`.
    """

    state: State
    answer: Answer
    group: str
    spans: dict[str, list[Range]] = field(default_factory=dict)
    vectors: NDArray[np.float16] | None = None

    @cached_property
    def options(self) -> list[Option]:
        """The values at hand in the conversation."""
        return harvest(self.state.request)


def read_rows(examples: Sequence[Example], mask: PayloadMask | None) -> list[Row]:
    """Rows of the examples, in order. A reply that recurs word by word is an action of its own."""
    answers = [read_answer(example.completion) for example in examples]
    listed = {tool_of(a.action) for a in answers if a.action.startswith(LIST)}
    answers = [as_list(a) if tool_of(a.action) in listed else a for a in answers]
    said = _recurring([e for a, e in zip(answers, examples, strict=True) if a.action == REPLY])
    rows = []
    for answer, example in zip(answers, examples, strict=True):
        text = example.completion.text.strip()
        if answer.action == REPLY and text in said and not example.completion.tool_calls:
            answer = Answer(SAY + text, {})
        rows.append(Row(read_state(example.prompt, mask), answer, example.group))
    return rows


def _recurring(replies: Sequence[Example]) -> set[str]:
    """Texts given without a tool call in `MIN_SAID` examples of two groups or more."""
    groups: dict[str, list[str]] = {}
    for example in replies:
        if not example.completion.tool_calls and (text := example.completion.text.strip()):
            groups.setdefault(text, []).append(example.group)
    return {text for text, found in groups.items() if len(found) >= MIN_SAID and len(set(found)) >= 2}


def embed(rows: Sequence[Row], encoder: TokenEncoder, progress: Progress | None = None) -> None:
    """Give every row its token vectors, in half precision: they are many."""
    for i, row in enumerate(rows):
        row.vectors = token_vectors(encoder, row.state.payload, row.state.tokens).astype(np.float16)
        if progress is not None and i % 256 == 0:
            progress("embedding", i, len(rows))


def texts_of(value: Any) -> list[str]:
    """The texts a copied value consists of: one for a scalar, one per item of an array."""
    items = value if isinstance(value, list) else [value]
    return [str(item) for item in items if item is not None and not isinstance(item, bool | dict | list)]


def occurrences(row: Row, text: str) -> list[Range]:
    """Token ranges of the payload that are `text`; where none is exact, whatever the case."""
    state = row.state
    return find_spans(state.payload, state.tokens, text) or find_spans(
        state.payload, state.tokens, text, fold=True
    )


def rewritten(row: Row, value: Any, names: Sequence[str]) -> list[tuple[Range, str]]:
    """Token ranges that one of the named transforms turns into `value`, the shortest first."""
    state, found = row.state, []
    tokens = state.tokens
    if len(tokens) > 120:
        return []
    for length in range(1, min(MAX_VALUE_TOKENS, len(tokens)) + 1):
        for first in range(len(tokens) - length + 1):
            text = state.payload[tokens[first].start : tokens[first + length - 1].end]
            for name in names:
                made = TRANSFORMS[name](text)
                if made is not None and made == value and isinstance(made, bool) == isinstance(value, bool):
                    found.append(((first, first + length), name))
                    break
    return found


def rewriting_names(rows: Sequence[Row], path: Path, sample: int = 200) -> list[str]:
    """Transforms (besides copying) that explain values of a field which are not in the text as they are."""
    counts: Counter[str] = Counter()
    left = [r for r in rows if path in r.answer.leaves and not isinstance(r.answer.leaves[path], list)]
    left = [r for r in left if not find_spans(r.state.payload, r.state.tokens, str(r.answer.leaves[path]))]
    for row in left[:sample]:
        value = row.answer.leaves[path]
        for name in TRANSFORMS:
            if name != "same" and rewritten(row, value, [name]):
                counts[name] += 1
    explained = max(2, len(left[:sample]) // 20)
    return [name for name, count in counts.most_common() if count >= explained]


def align(row: Row, name: str, path: Path, transforms: Sequence[str]) -> bool:
    """Find where the value of a span field stands; False if some of it is nowhere in the payload."""
    value = row.answer.leaves.get(path)
    taken = {i for ranges in row.spans.values() for a, b in ranges for i in range(a, b)}
    ranges: list[Range] = []
    complete = True
    values = value if isinstance(value, list) else [value]
    for item in values:
        if item is None or item == "":
            continue
        spots = occurrences(row, str(item)) or [r for r, _ in rewritten(row, item, transforms)]
        free = [s for s in spots if not any(i in taken for i in range(*s))]
        if not free:
            complete = False
            continue
        ranges.append(free[0])
        taken.update(range(*free[0]))
    row.spans[name] = sorted(ranges)
    tokens = row.state.tokens
    row.state.own[name] = {fold_value([t.text for t in tokens[a:b]]) for a, b in ranges}
    return complete


def labels_of(row: Row, numbers: dict[str, int]) -> list[int]:
    """The label number of every token of an aligned row."""
    labels = [numbers["O"]] * len(row.state.tokens)
    for name, ranges in row.spans.items():
        if f"B-{name}" not in numbers:
            continue
        for first, last in ranges:
            labels[first] = numbers[f"B-{name}"]
            labels[first + 1 : last] = [numbers[f"I-{name}"]] * (last - first - 1)
    return labels
