"""Which kind each argument or field is, decided from what the teacher wrote, with the reasons shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rightsizer.students.structured_answer import ABSENT, Path, code
from rightsizer.students.structured_fields import Field, empty_code
from rightsizer.students.structured_transforms import TRANSFORMS, Rewriting
from rightsizer.students.structured_tokens import shape
from rightsizer.training.structured_rows import Row, occurrences, rewritten, rewriting_names, texts_of

MIN_VALUES = 5
MAX_CLASSES = 200
CLOSED_UNSEEN = 0.03
GOOD_RECALL = 0.95
FAIR_RECALL = 0.75
SAMPLE = 1500


@dataclass(frozen=True)
class Diagnosis:
    """What is known of one field: how often it is given, how varied it is, where its values come from.

    `unseen` is the Good–Turing estimate of the chance that the next value is new; `span_recall` and
    `copy_recall` the share of values found in the payload, or among the values of the conversation.
    """

    name: str
    kind: str
    given: int
    of: int
    distinct: int
    unseen: float
    span_recall: float
    copy_recall: float

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form for the recipe."""
        return asdict(self)


def choose_field(
    rows: Sequence[Row], path: Path, enum: bool, ignored: Collection[str]
) -> tuple[Field, Diagnosis]:
    """The field at `path` of an action with these rows; `enum` when its schema lists the values."""
    name = ".".join(path) or "value"
    codes = [code(r.answer.leaves[path]) if path in r.answer.leaves else ABSENT for r in rows]
    values = [r.answer.leaves[path] for r in rows if path in r.answer.leaves]
    real = [v for v in values if v not in (None, "", [])]
    counts = Counter(codes)
    unseen = sum(c == 1 for c in counts.values()) / max(1, len(codes))
    given = [r for r in rows if path in r.answer.leaves and r.answer.leaves[path] not in (None, "", [])]
    names = rewriting_names(given, path)
    sample = given[:SAMPLE]
    span = _span_recall(sample, path, names)
    copy = _copy_recall(sample, path) if span < GOOD_RECALL else 0.0
    kind = _kind(name, real, counts, unseen, (span, copy), enum, ignored)
    field = Field(
        name=name,
        path=path,
        kind=kind,
        fixed=codes[0] if kind == "constant" else ABSENT,
        empty=empty_code(codes),
        cast=_cast(real),
        rewriting=learn_rewriting(given, path, names) if kind in ("span", "spans") else Rewriting(),
    )
    found = Diagnosis(name, kind, len(real), len(rows), len(counts), round(unseen, 4), round(span, 4), round(copy, 4))
    return field, found


def _kind(
    name: str,
    real: Sequence[Any],
    counts: Counter[str],
    unseen: float,
    recall: tuple[float, float],
    enum: bool,
    ignored: Collection[str],
) -> Any:
    if name in ignored:
        return "ignored"
    if len(counts) == 1:
        return "constant"
    arrays = any(isinstance(v, list) for v in real)
    flat = all(not isinstance(x, dict | list) for v in real for x in (v if isinstance(v, list) else [v]))
    closed = unseen <= CLOSED_UNSEEN and len(counts) <= MAX_CLASSES
    if closed and (enum or all(isinstance(v, bool) for v in real)):
        return "closed"
    span, copy = recall
    if flat and len(real) >= MIN_VALUES:
        if span >= GOOD_RECALL:
            return "spans" if arrays else "span"
        if closed:
            return "closed"
        if max(span, copy) >= FAIR_RECALL:
            if copy > span + 0.02:
                return "copies" if arrays else "copy"
            return "spans" if arrays else "span"
    return "closed" if closed else "free"


def _cast(real: Sequence[Any]) -> str:
    items = [x for v in real for x in (v if isinstance(v, list) else [v])]
    if items and all(isinstance(x, int) and not isinstance(x, bool) for x in items):
        return "integer"
    if items and all(isinstance(x, int | float) and not isinstance(x, bool) for x in items):
        return "number"
    return "string"


def _span_recall(rows: Sequence[Row], path: Path, names: Sequence[str]) -> float:
    if not rows:
        return 0.0
    hits = 0
    for row in rows:
        value = row.answer.leaves[path]
        items = value if isinstance(value, list) else [value]
        hits += all(
            not isinstance(x, dict | list | bool)
            and (bool(_exact(row, x)) or bool(rewritten(row, x, names)))
            for x in items
        )
    return hits / len(rows)


def _exact(row: Row, value: Any) -> bool:
    """In the payload as it is, and a string: a number needs a transform to become one."""
    if not isinstance(value, str):
        return False
    spans = occurrences(row, value)
    tokens, text = row.state.tokens, row.state.payload
    return any(text[tokens[a].start : tokens[b - 1].end] == value for a, b in spans)


def _copy_recall(rows: Sequence[Row], path: Path) -> float:
    if not rows:
        return 0.0
    hits = 0
    for row in rows:
        at_hand = {option.text for option in row.options}
        texts = texts_of(row.answer.leaves[path])
        hits += bool(texts) and all(text in at_hand for text in texts)
    return hits / len(rows)


def learn_rewriting(rows: Sequence[Row], path: Path, names: Sequence[str]) -> Rewriting:
    """Which transform each form of copied text gets: the one that most often gave the teacher's value."""
    votes: dict[str, Counter[str]] = {}
    total: Counter[str] = Counter()
    for row in rows[:SAMPLE]:
        value = row.answer.leaves[path]
        for item in value if isinstance(value, list) else [value]:
            text = _source_text(row, item, names)
            if text is None:
                continue
            for name in ("same", *names):
                if TRANSFORMS[name](text) == item:
                    votes.setdefault(shape(text), Counter())[name] += 1
                    total[name] += 1
    if not total:
        return Rewriting()
    default = _best(total)
    by_shape = {form: _best(count) for form, count in sorted(votes.items())}
    return Rewriting(default, {form: name for form, name in by_shape.items() if name != default})


def _best(counts: Counter[str]) -> str:
    order = list(TRANSFORMS)
    return min(counts, key=lambda name: (-counts[name], order.index(name)))


def _source_text(row: Row, value: Any, names: Sequence[str]) -> str | None:
    spans = occurrences(row, str(value)) or [r for r, _ in rewritten(row, value, names)]
    if not spans:
        return None
    tokens = row.state.tokens
    first, last = spans[0]
    return row.state.payload[tokens[first].start : tokens[last - 1].end]
