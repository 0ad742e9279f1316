"""Arrays of objects: spans of the payload, put together into items in reading order.

Each *part* of an item (``goods``, ``amount``) is copied from the payload, or a class that is read off the
label of the part that every item has (its *anchor*: the label ``goods=tonne`` says both where the goods
stand and what unit they have), or always the same. A new item begins where a part recurs, or where one turns
up that training always saw before a part the item already has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from rightsizer.students.structured_answer import ABSENT, Path, decode, unflatten
from rightsizer.students.structured_tagger import Span
from rightsizer.students.structured_transforms import Rewriting

CLASS_MARK = "="


@dataclass(frozen=True)
class Part:
    """One part of the items. `empty` is the code it takes where it was not said, `fixed` a constant's."""

    path: Path
    kind: Literal["span", "class", "constant"]
    fixed: str = ABSENT
    empty: str = ABSENT
    rewriting: Rewriting = field(default_factory=Rewriting)


@dataclass(frozen=True)
class Items:
    """How the items of an array field are made. `before` holds (part, part) always seen in that order.

    `classes` are the labels' class suffixes: each a JSON array of the codes of the class parts, in order.
    """

    parts: tuple[Part, ...]
    anchor: Path
    before: tuple[tuple[str, str], ...] = ()
    classes: tuple[str, ...] = ()


class Piece(NamedTuple):
    """A span that belongs to an array field: which part it is, the class it carries, and its text."""

    part: str
    classes: str
    text: str


def part_name(path: Path) -> str:
    """The name of a part of an item."""
    return ".".join(path) or "value"


def label_of(field_name: str, path: Path, classes: str = "") -> str:
    """The tagger's label of a part of an array field."""
    return f"{field_name}[].{part_name(path)}" + (f"{CLASS_MARK}{classes}" if classes else "")


def labels_of_items(field_name: str, items: Items) -> list[str]:
    """All labels that an array field brings to the tagger."""
    out = []
    for part in items.parts:
        if part.kind == "span":
            with_class = items.classes if part.path == items.anchor and items.classes else ("",)
            out += [label_of(field_name, part.path, c) for c in with_class]
    return out


def pieces_of(field_name: str, spans: Sequence[Span], texts: Sequence[str]) -> list[Piece]:
    """The pieces of an array field among the spans of a labelling, in reading order."""
    start = f"{field_name}[]."
    found = []
    for span, text in zip(spans, texts, strict=True):
        if span.field.startswith(start):
            name, _, classes = span.field.removeprefix(start).partition(CLASS_MARK)
            found.append(Piece(name, classes, text))
    return found


def assemble(items: Items, pieces: Sequence[Piece]) -> list[Any] | None:
    """The array that the pieces make; None where a piece cannot be rewritten or an item lacks its anchor."""
    made = [_item(items, group) for group in _groups(items, pieces)]
    return None if any(one is None for one in made) else made


def _groups(items: Items, pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    before = set(items.before)
    group: list[Piece] = []
    for piece in pieces:
        if any(p.part == piece.part or (piece.part, p.part) in before for p in group):
            yield group
            group = []
        group.append(piece)
    if group:
        yield group


def _item(items: Items, group: Sequence[Piece]) -> Any | None:
    at = {piece.part: piece for piece in group}
    anchor = at.get(part_name(items.anchor))
    if anchor is None:
        return None
    classes = iter(json.loads(anchor.classes) if anchor.classes else ())
    leaves: dict[Path, Any] = {}
    for part in items.parts:
        piece = at.get(part_name(part.path))
        if part.kind == "span" and piece is not None:
            value = part.rewriting.apply(piece.text)
            if value is None:
                return None
            leaves[part.path] = value
            continue
        code = (
            {"constant": part.fixed, "span": part.empty}.get(part.kind)
            if part.kind != "class"
            else next(classes)
        )
        if code:
            leaves[part.path] = decode(str(code))
    return unflatten(leaves)
