"""The plan of a structured student: which actions it may take, and of what kind each of their fields is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rightsizer.students.structured import answer_schema, tool_schema
from rightsizer.students.structured_answer import REPLY, SEVERAL, Path, code, key_order, tools_of
from rightsizer.students.structured_fields import Field
from rightsizer.training.structured_kinds import Diagnosis, choose_field
from rightsizer.training.structured_objects import align_items
from rightsizer.training.structured_rows import Row, align

MIN_ROWS = 6
RARE_FIELD = 0.08
NEUTRAL: dict[type, Any] = {str: "", list: [], bool: False, int: 0, float: 0, dict: {}}


@dataclass(frozen=True)
class Plan:
    """How one action is to be filled. `reason` is set when it cannot be served."""

    action: str
    fields: list[Field]
    diagnoses: list[Diagnosis]
    rows: list[int]
    reason: str = ""


def plan_actions(rows: Sequence[Row], ignored: Collection[str] = ()) -> dict[str, Plan]:
    """A plan for every action of the rows; aligns the rows' span fields on the way."""
    members: dict[str, list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        members[row.answer.action].append(i)
    return {action: _plan(action, rows, members[action], ignored) for action in sorted(members)}


def _plan(action: str, rows: Sequence[Row], at: list[int], ignored: Collection[str]) -> Plan:
    mine = [rows[i] for i in at]
    if action == REPLY:
        return Plan(action, [], [], at, "the LLM would reply in free text")
    if action == SEVERAL:
        return Plan(action, [], [], at, "the LLM would call several tools with arguments that are no JSON")
    if len(mine) < MIN_ROWS:
        return Plan(action, [], [], at, f"only {len(mine)} examples of {action}")
    schema = _schema_of(action, mine[0])
    ignored = _ignored_in(action, ignored)
    fields, diagnoses = [], []
    for path in key_order([row.answer for row in mine]):
        field, found = choose_field(mine, path, _has_enum(schema, path), ignored)
        fields.append(_settle(field, found, mine))
        diagnoses.append(found)
    free = [f.name for f in fields if f.kind == "free"]
    for row in mine:
        for field in fields:
            if field.kind in ("span", "spans"):
                align(row, field.name, field.path, _transforms_of(field))
            elif field.items is not None:
                align_items(row, field.name, field.path, field.items)
    reason = f"free text: {', '.join(free)} of {action} would have to be invented" if free else ""
    return Plan(action, fields, diagnoses, at, reason)


def _schema_of(action: str, row: Row) -> dict[str, Any] | None:
    """The schema that the action's leaves follow; for several tools at once, an object with a key a call."""
    request, tools = row.state.request, tools_of(action)
    if not tools:
        return answer_schema(request)
    if len(tools) == 1:
        return tool_schema(request, tools[0])
    return {"properties": {str(i): tool_schema(request, tool) or {} for i, tool in enumerate(tools)}}


def _ignored_in(action: str, ignored: Collection[str]) -> set[str]:
    """The names of an action's fields that do not count: with or without the tool's name before them."""
    tools = tools_of(action)
    if len(tools) < 2:
        return {*ignored, *(name.removeprefix(f"{t}.") for name in ignored for t in tools)}
    bare = {(i, name.removeprefix(f"{tool}.")) for i, tool in enumerate(tools) for name in ignored}
    return {f"{i}.{name}" for i, name in bare}


def _transforms_of(field: Field) -> list[str]:
    names = {field.rewriting.default, *field.rewriting.by_shape.values()} - {"same"}
    return sorted(names)


def _settle(field: Field, found: Diagnosis, rows: Sequence[Row]) -> Field:
    """Ignored fields get a neutral value where the teacher always gives one; rare free ones stay empty."""
    if field.kind == "ignored":
        values = [r.answer.leaves[field.path] for r in rows if field.path in r.answer.leaves]
        neutral = code(NEUTRAL.get(type(values[0]))) if len(values) * 2 > len(rows) else ""
        return replace(field, kind="constant", fixed=neutral)
    if field.kind == "free" and found.given <= RARE_FIELD * found.of:
        return replace(field, kind="constant", fixed=field.empty)
    return field


def _has_enum(schema: Mapping[str, Any] | None, path: Path) -> bool:
    """Whether the schema lists the values of the leaf at `path`."""
    node: Any = schema
    for key in path:
        node = node.get("properties", {}).get(key) if isinstance(node, Mapping) else None
    return isinstance(node, Mapping) and ("enum" in node or node.get("type") == "boolean")


def lexicon_of(rows: Sequence[Row]) -> dict[str, dict[str, int]]:
    """Folded value → field → in how many rows it was that field's value."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for name, keys in row.state.own.items():
            for key in keys:
                counts[key][name] += 1
    return {key: dict(count) for key, count in counts.items()}
