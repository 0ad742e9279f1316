"""Arguments are held to the tool's schema as strictly as a provider would, and no more."""

from __future__ import annotations

from typing import Any

import pytest

from rightsizer.curation.arguments import argument_fault
from rightsizer.types import ToolCallPart

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "days": {"type": "integer", "minimum": 1},
        "unit": {"enum": ["C", "F"]},
        "when": {"type": "string", "format": "date"},
        "at": {"type": "object", "properties": {"x": {"type": "number"}}, "additionalProperties": False},
    },
    "required": ["city"],
    "additionalProperties": False,
}


def fault(arguments: str, schema: dict[str, Any] | None = SCHEMA) -> str | None:
    return argument_fault(ToolCallPart(name="weather", arguments=arguments), schema)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"city": 3}', 'weather.city: type "string"'),
        ("{}", 'weather: required ["city"]'),
        ('{"city": "上海", "days": 0}', "weather.days: minimum 1"),
        ('{"city": "上海", "unit": "K"}', 'weather.unit: enum ["C", "F"]'),
        ('{"city": "a", "at": {"x": "1"}}', 'weather.at.x: type "number"'),
    ],
)
def test_violations_say_where_and_what(arguments: str, expected: str) -> None:
    assert fault(arguments) == expected


@pytest.mark.parametrize(
    "arguments",
    [
        '{"city": "上海"}',
        '{"city": "a", "days": 3.0}',
        '{"city": "a", "when": "tomorrow"}',
        '{"city": "a", "extra": 1}',
        '{"city": "a", "at": {"x": 1, "y": 2}}',
    ],
)
def test_what_providers_let_pass(arguments: str) -> None:
    assert fault(arguments) is None


def test_not_an_object() -> None:
    assert fault("[1]") == "arguments of 'weather' are list, not an object"
    assert "not JSON" in (fault("{city: 1}") or "")
    assert fault("", None) is None
    assert fault("  ", {"type": "object"}) is None


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "strnig"},
        {"$ref": "#/definitions/missing"},
        {"$ref": "https://schemas.invalid/x.json"},
        {"type": "object", "properties": {"city": {"type": "str"}}},
        {"type": "object", "properties": {"city": {"type": "string", "pattern": "("}}},
    ],
)
def test_a_broken_schema_decides_nothing(schema: dict[str, Any]) -> None:
    assert fault('{"city": 3}', schema) is None


def test_local_references_work() -> None:
    schema = {"$defs": {"c": {"type": "string"}}, "properties": {"city": {"$ref": "#/$defs/c"}}}
    assert fault('{"city": 3}', schema) is not None
    assert fault('{"city": "a"}', schema) is None


def test_a_property_named_additional_properties_is_not_mistaken_for_the_keyword() -> None:
    schema = {
        "properties": {"additionalProperties": {"type": "boolean"}},
        "enum": [{"additionalProperties": False}],
    }
    assert fault('{"additionalProperties": false}', schema) is None
    assert fault('{"additionalProperties": 1}', schema) is not None
