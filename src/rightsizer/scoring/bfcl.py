"""BFCL's AST rules: tool calls against lists of accepted values (Patil et al. 2025, Apache-2.0).

Differs from `agree` on purpose, to reproduce that benchmark's scores: strings are compared without
case, blanks and ``,./-_*^``; an argument may have several accepted values; ``""`` among them makes it
optional. Type rules are those for Python: an int passes for a float, nothing else is converted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rightsizer.scoring.agree import Tools, parameters_of
from rightsizer.scoring.values import NotJSONError, parse_json
from rightsizer.types import Message

Accepted = Mapping[str, Sequence[Any]]
Gold = Sequence[Mapping[str, Accepted]]

_DROPPED = re.compile(r"[ ,./\-_*^]")

_TYPES: dict[str, type] = {
    "string": str,
    "integer": int,
    "float": float,
    "number": float,
    "boolean": bool,
    "array": list,
    "tuple": list,
    "dict": dict,
    "object": dict,
    "any": str,
}


def bfcl_matches(gold: Gold | None, student: Message, tools: Tools) -> bool:
    """Whether the student's calls are what `gold` accepts: ``[{function: {argument: [values]}}, …]``.

    `gold` None means that no tool fits (BFCL's irrelevance): right is to call none. Parallel calls match in
    any order, each gold call taking the first call that fits it.
    """
    if not gold:
        return not student.tool_calls
    try:
        left = [(c.name, parse_json(c.arguments.strip() or "{}")) for c in student.tool_calls]
    except NotJSONError:
        return False
    if len(left) != len(gold):
        return False
    for wanted in gold:
        ((name, accepted),) = wanted.items()
        spelled = (name, name.replace(".", "_"))  # the OpenAI protocol allows no dots in names
        fits = (i for i, (n, a) in enumerate(left) if n in spelled and _call_fits(n, a, accepted, tools))
        at = next(fits, None)
        if at is None:
            return False
        del left[at]
    return True


def _call_fits(name: str, arguments: Any, accepted: Accepted, tools: Tools) -> bool:
    schema = parameters_of(name, tools) or {}
    properties = schema.get("properties", {})
    if not isinstance(arguments, dict) or any(r not in arguments for r in schema.get("required", ())):
        return False
    if any(key not in properties or key not in accepted for key in arguments):
        return False
    if any("" not in accepted[key] for key in accepted if key not in arguments):
        return False
    return all(_value_fits(v, accepted[k], properties[k]) for k, v in arguments.items())


def _value_fits(value: Any, accepted: Sequence[Any], schema: Mapping[str, Any]) -> bool:
    expected = _TYPES.get(str(schema.get("type", "any")), str)
    if expected is float and type(value) is int:
        value = float(value)
    stated = next((type(a) for a in accepted if a != ""), expected)
    given: type = type(value)
    if given is not expected:
        return given is stated and _among(value, accepted)
    items = schema.get("items") if isinstance(schema.get("items"), Mapping) else {}
    inner = _TYPES.get(str((items or {}).get("type", "any")), str)
    if expected is list and not _items_typed(value, accepted, inner):
        return False
    if stated is not expected:
        return _among(value, accepted)
    if expected is dict:
        return any(a != "" and _dict_fits(value, a) for a in accepted)
    if expected is list and inner is dict:
        return any(_dicts_fit(value, a) for a in accepted)
    if expected is str:
        return _plain(value) in [_plain(a) for a in accepted if isinstance(a, str)]
    if expected is list:
        return [_plain(v) for v in value] in [[_plain(v) for v in a] for a in accepted]
    return _among(value, accepted)


def _among(value: Any, accepted: Sequence[Any]) -> bool:
    return value in list(accepted)


def _items_typed(value: Sequence[Any], accepted: Sequence[Any], inner: type) -> bool:
    """Every item is of the schema's item type, or of the type that one accepted list has."""

    def typed(item: Any, example: Sequence[Any]) -> bool:
        first = next((type(e) for e in example if e != ""), None)
        return type(item) is inner or (first is not None and type(item) is first)

    return any(not isinstance(a, list) or all(typed(v, a) for v in value) for a in accepted)


def _dict_fits(value: Mapping[str, Any], accepted: Accepted) -> bool:
    if any(key not in accepted for key in value):
        return False
    if any("" not in options for key, options in accepted.items() if key not in value):
        return False
    return all(_plain(v) in [_plain(o) for o in accepted[k]] for k, v in value.items())


def _dicts_fit(value: Sequence[Any], accepted: Any) -> bool:
    if not isinstance(accepted, list) or len(value) != len(accepted):
        return False
    return all(isinstance(v, dict) and _dict_fits(v, a) for v, a in zip(value, accepted, strict=True))


def _plain(value: Any) -> Any:
    return _DROPPED.sub("", value).lower().replace("'", '"') if isinstance(value, str) else value
