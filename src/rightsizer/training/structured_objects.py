"""Which arrays of objects can be put together from spans of the payload, and where their parts stand."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rightsizer.students.structured_answer import ABSENT, Answer, Path, code, flatten
from rightsizer.students.structured_objects import Items, Part, Piece, assemble, label_of, part_name
from rightsizer.students.structured_token_features import fold_value
from rightsizer.training.structured_rows import Range, Row, occurrences, rewriting_names, rewritten

SAMPLE = 600
MIN_ITEMS = 10
COPIED = 0.9
MAX_CLASSES = 24
MOSTLY = 0.99


def array_of_objects(values: Sequence[Any]) -> bool:
    """Whether all values are arrays and their items objects, at least `MIN_ITEMS` of them."""
    found = [x for v in values if isinstance(v, list) for x in v]
    return (
        len(found) >= MIN_ITEMS
        and all(isinstance(v, list) for v in values)
        and all(isinstance(x, dict) and x for x in found)
    )


def find_items(rows: Sequence[Row], path: Path) -> tuple[Items | None, float]:
    """How the items at `path` are made (None: not at all), and the share of arrays that come out exactly."""
    from rightsizer.training.structured_kinds import learn_rewriting

    sample = [r for r in rows if r.answer.leaves.get(path)][:SAMPLE]
    flat = [(r, flatten(x)) for r in sample for x in r.answer.leaves[path]]
    order = list(dict.fromkeys(key for _, leaves in flat for key in leaves))
    parts: list[Part] = []
    for key in order:
        codes = [code(leaves[key]) if key in leaves else ABSENT for _, leaves in flat]
        if len(set(codes)) == 1:
            parts.append(Part(key, "constant", fixed=codes[0]))
            continue
        alone = [
            replace(r, answer=Answer("", {key: v[key]}), spans={}) for r, v in flat if v.get(key) is not None
        ]
        numbers = any(isinstance(r.answer.leaves[key], int | float) for r in alone)
        names = list(dict.fromkeys([*rewriting_names(alone, key), *(["number"] if numbers else [])]))
        found = [bool(_spots(r, r.answer.leaves[key], names)) for r in alone]
        missed = Counter(code(r.answer.leaves[key]) for r, ok in zip(alone, found, strict=True) if not ok)
        missed.update(c for c in codes if c in (ABSENT, "null"))
        empty, usual = missed.most_common(1)[0] if missed else (ABSENT, 0)
        if sum(found) + usual >= COPIED * len(flat) and sum(found) * 2 >= len(alone) > 0:
            given = [r for r, ok in zip(alone, found, strict=True) if ok]
            parts.append(Part(key, "span", empty=empty, rewriting=learn_rewriting(given, key, names)))
        else:
            parts.append(Part(key, "class"))
    items = _with_anchor(parts, [leaves for _, leaves in flat])
    return (None, 0.0) if items is None else _checked(items, sample, path)


def _with_anchor(parts: Sequence[Part], flat: Sequence[dict[Path, Any]]) -> Items | None:
    """The items with the most varied part that all of them copy; None without one or with many classes."""
    spans = [
        p for p in parts if p.kind == "span" and not p.empty and all(p.path in leaves for leaves in flat)
    ]
    if not spans:
        return None
    anchor = max(spans, key=lambda p: len({code(leaves[p.path]) for leaves in flat}))
    classed = [p.path for p in parts if p.kind == "class"]
    combined = {classes_of(leaves, classed) for leaves in flat} if classed else set()
    if len(combined) > MAX_CLASSES:
        return None
    return Items(tuple(parts), anchor.path, classes=tuple(sorted(combined)))


def classes_of(leaves: dict[Path, Any], classed: Sequence[Path]) -> str:
    """The class suffix of an item."""
    return json.dumps([code(leaves[p]) if p in leaves else ABSENT for p in classed])


def _checked(items: Items, rows: Sequence[Row], path: Path) -> tuple[Items, float]:
    """The items with the order of their parts, and how many arrays they give back from where they stand."""
    placed = [(row, place(row, items, row.answer.leaves[path])) for row in rows]
    pairs: Counter[tuple[str, str]] = Counter()
    for _, found in placed:
        for one in found or ():
            names = [name for _, name in sorted((r, part_name(p)) for p, r in one.items())]
            pairs.update((a, b) for i, a in enumerate(names) for b in names[i + 1 :])
    before = [(a, b) for (a, b), n in sorted(pairs.items()) if n >= MOSTLY * (n + pairs[b, a])]
    items = replace(items, before=tuple(before))
    hits = sum(found is not None and _again(row, items, path, found) for row, found in placed)
    return items, hits / max(1, len(rows))


def _again(row: Row, items: Items, path: Path, found: Sequence[dict[Path, Range]]) -> bool:
    """Whether the spans give the teacher's array."""
    classed = [p.path for p in items.parts if p.kind == "class"]
    pieces = []
    for value, one in zip(row.answer.leaves[path], found, strict=True):
        suffix = classes_of(flatten(value), classed) if classed else ""
        pieces += [
            (r, Piece(part_name(p), suffix if p == items.anchor else "", _text(row, r)))
            for p, r in one.items()
        ]
    made = assemble(items, [piece for _, piece in sorted(pieces)])
    return made is not None and code(made) == code(row.answer.leaves[path])


def place(row: Row, items: Items, values: Sequence[Any]) -> list[dict[Path, Range]] | None:
    """Where each item's parts stand, near its anchor and behind the item before; None: some are nowhere."""
    out: list[dict[Path, Range]] = []
    taken: set[int] = set()
    at = 0
    for value in values:
        leaves = flatten(value)
        one: dict[Path, Range] = {}
        spans = [p for p in items.parts if p.kind == "span"]
        for part in sorted(
            spans, key=lambda p: p.path != items.anchor
        ):  # what is anchored finds its neighbours
            if part.path not in leaves or leaves[part.path] is None:
                continue
            near = one.get(items.anchor, (at, at))[0]
            free = [
                s
                for s in _spots(row, leaves[part.path], _names(part))
                if not any(i in taken for i in range(*s))
            ]
            behind = [s for s in free if s[0] >= at] or free
            if not behind:
                if code(leaves[part.path]) != part.empty:
                    return None
                continue
            spot = min(behind, key=lambda s: (abs(s[0] - near), s))
            one[part.path] = spot
            taken.update(range(*spot))
        out.append(one)
        at = max([at, *(r[1] for r in one.values())])
    return out


def align_items(row: Row, name: str, path: Path, items: Items) -> None:
    """Put the spans of an array field, under the tagger's labels, on the row."""
    values = row.answer.leaves.get(path)
    found = (
        place(row, items, values)
        if isinstance(values, list) and all(isinstance(v, dict) for v in values)
        else None
    )
    classed = [p.path for p in items.parts if p.kind == "class"]
    for value, one in zip(values or (), found or (), strict=False):
        suffix = classes_of(flatten(value), classed) if classed else ""
        for path_of_part, spot in one.items():
            label = label_of(name, path_of_part, suffix if path_of_part == items.anchor else "")
            row.spans.setdefault(label, []).append(spot)
            tokens = [t.text for t in row.state.tokens[spot[0] : spot[1]]]
            row.state.own.setdefault(label, set()).add(fold_value(tokens))


def _names(part: Part) -> list[str]:
    return sorted({part.rewriting.default, *part.rewriting.by_shape.values()} - {"same"})


def _spots(row: Row, value: Any, names: Sequence[str]) -> list[Range]:
    if isinstance(value, bool | dict | list):
        return []
    exact = occurrences(row, str(value)) if isinstance(value, str) else []
    return exact or [r for r, _ in rewritten(row, value, names)]


def _text(row: Row, spot: Range) -> str:
    tokens = row.state.tokens
    return row.state.payload[tokens[spot[0]].start : tokens[spot[1] - 1].end]
