"""Tool-call arguments against the tool's JSON Schema, as leniently as a provider would be.

What providers themselves do not enforce outside strict mode is no fault: annotations (`format`),
schemas that are not valid JSON Schema, and arguments beyond the declared ones.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rightsizer.types import ToolCallPart

if TYPE_CHECKING:
    from jsonschema.protocols import Validator


_DATA = ("enum", "const", "default", "examples")  # keywords that hold values, not schemas


def argument_fault(part: ToolCallPart, schema: dict[str, Any] | None) -> str | None:
    """What is wrong with the arguments of one tool call, or None. Empty arguments mean ``{}``."""
    text = part.arguments.strip() or "{}"
    try:
        arguments = json.loads(text)
    except ValueError as broken:
        return f"arguments of {part.name!r} are not JSON: {broken}"[:200]
    except RecursionError:
        return f"arguments of {part.name!r} are nested too deeply"
    if not isinstance(arguments, dict):
        return f"arguments of {part.name!r} are {type(arguments).__name__}, not an object"
    if schema is None:
        return None
    validator = _validator(json.dumps(schema, sort_keys=True))
    if validator is None:
        return None
    # Reference errors of a broken schema surface during validation; such a schema decides nothing.
    from referencing.exceptions import Unresolvable

    try:
        fault = next(iter(validator.iter_errors(arguments)), None)
    except (Unresolvable, RecursionError, TypeError):
        return None
    if fault is None:
        return None
    where = ".".join(str(p) for p in fault.absolute_path)
    return f"{part.name}{'.' + where if where else ''}: {fault.validator} {_shorten(fault.validator_value)}"


def _shorten(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 100 else text[:99] + "…"


@lru_cache(maxsize=1024)
def _validator(schema_json: str) -> Validator | None:
    """One compiled validator a schema; None where the schema itself is not valid."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for

    schema = _lenient(json.loads(schema_json))
    chosen = validator_for(schema, default=Draft202012Validator)
    try:
        chosen.check_schema(schema)
    except SchemaError:
        return None
    made: Validator = chosen(schema)
    return made


def _lenient(schema: Any) -> Any:
    """Without `additionalProperties: false`: outside strict mode nobody holds models to it."""
    if isinstance(schema, list):
        return [_lenient(v) for v in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: value if key in _DATA else _lenient(value)
        for key, value in schema.items()
        if not (key == "additionalProperties" and value is False)
    }
