"""Which kind each argument or field is, decided from what the teacher wrote, with the reasons shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rightsizer.students.structured_answer import ABSENT, Path, code
from rightsizer.students.structured_candidates import embedded_json
from rightsizer.students.structured_fields import Field, Kind, empty_code
from rightsizer.students.structured_tokens import shape
from rightsizer.students.structured_transforms import TRANSFORMS, Rewriting
from rightsizer.training.structured_objects import array_of_objects, find_items
from rightsizer.training.structured_rows import Row, occurrences, rewriting_names, rewritten, texts_of

MIN_VALUES = 5
MAX_CLASSES = 200
CLOSED_UNSEEN = 0.03
CLOSED_ONCE = 0.25
GOOD_RECALL = 0.95
FAIR_RECALL = 0.75
GROUNDED = 0.98
SPAN_BONUS = 0.03  # the payload is the nearer source: tagging it beats ranking the whole conversation
DENSE = 8
SAMPLE = 1500
LOOK = 50


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
    given = [r for r in rows if r.answer.leaves.get(path) not in (None, "", [])]
    real = [r.answer.leaves[path] for r in given]
    if name not in ignored and array_of_objects(real):
        items, recall = find_items(given, path)
        if items is not None and recall >= FAIR_RECALL:
            distinct = len(set(codes))
            found = Diagnosis(name, "objects", len(real), len(rows), distinct, 0.0, round(recall, 4), 0.0)
            return Field(name, path, "objects", empty=empty_code(codes), items=items), found
    counts = Counter(codes)
    unseen = sum(c == 1 for c in counts.values()) / max(1, len(codes))
    names = rewriting_names(given, path)
    sample = given[:SAMPLE]
    span = _span_recall(sample, path, names)
    in_json = sum(embedded_json(r.state.payload) is not None for r in sample[:LOOK]) * 2 > len(sample[:LOOK])
    copy = _copy_recall(sample, path) if span < GOOD_RECALL or in_json else 0.0
    if in_json and copy >= span - SPAN_BONUS:
        span = 0.0  # leaves with their names and neighbours say more than words in a row
    blank = {ABSENT, "null", code(""), "[]"}
    once = sum(n == 1 for value, n in counts.items() if value not in blank) / max(1, len(real))
    facts = Facts(real, len(counts), len(codes), unseen, once, span, copy, enum)
    kind = "ignored" if name in ignored else kind_of(facts)
    field = Field(
        name=name,
        path=path,
        kind=kind,
        fixed=codes[0] if kind == "constant" else ABSENT,
        empty=empty_code(codes),
        cast=_cast(real),
        grounded=kind in ("constant", "closed")
        and not enum
        and id_like(real)
        and max(span, copy) >= GROUNDED,
        rewriting=learn_rewriting(given, path, names) if kind in ("span", "spans") else Rewriting(),
    )
    found = Diagnosis(
        name, kind, len(real), len(rows), len(counts), round(unseen, 4), round(span, 4), round(copy, 4)
    )
    return field, found


@dataclass(frozen=True)
class Facts:
    """What the kind of a field is decided from: `real` are its values that are not empty.

    `unseen` is the share of rows with a value that no other row has, `once` that of the real values.
    """

    real: Sequence[Any]
    distinct: int
    rows: int
    unseen: float
    once: float
    span_recall: float
    copy_recall: float
    enum: bool


def kind_of(facts: Facts) -> Kind:
    """The kind of a field.

    What can be copied is copied, ids even where there was only one: another customer's will differ.
    Classifying needs that nearly every value was seen often; anything else would be invention.
    """
    real, recall = facts.real, max(facts.span_recall, facts.copy_recall)
    closed = facts.unseen <= CLOSED_UNSEEN and facts.once <= CLOSED_ONCE and facts.distinct <= MAX_CLASSES
    booleans = all(isinstance(v, bool) for v in real)
    constant = facts.distinct == 1
    if closed and not constant and (facts.enum or booleans):
        return "closed"
    arrays = any(isinstance(v, list) for v in real)
    flat = not booleans and all(not isinstance(x, dict | list) for x in items_of(real))
    able = flat and len(real) >= MIN_VALUES
    if facts.span_recall >= facts.copy_recall - SPAN_BONUS:
        route: Kind = "spans" if arrays else "span"
    else:
        route = "copies" if arrays else "copy"
    if able and recall >= GOOD_RECALL and (not constant or id_like(real)):
        return route
    if constant:
        return "constant"
    if closed and facts.rows >= DENSE * facts.distinct:
        return "closed"
    if able and recall >= FAIR_RECALL:
        return route
    return "closed" if closed else "free"


def items_of(values: Sequence[Any]) -> list[Any]:
    """The values, with arrays replaced by their items."""
    return [x for v in values for x in (v if isinstance(v, list) else [v])]


def id_like(real: Sequence[Any]) -> bool:
    """Whether the values look like ids: most are not short and hold a digit, a mask or an @."""
    texts = [str(x) for x in items_of(real)]
    marked = [len(t) >= 4 and any(c.isdigit() or c in "@<" for c in t) for t in texts]
    return bool(texts) and sum(marked) * 2 > len(marked)


def _cast(real: Sequence[Any]) -> str:
    items = items_of(real)
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
            not isinstance(x, dict | list | bool) and (bool(_exact(row, x)) or bool(rewritten(row, x, names)))
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
