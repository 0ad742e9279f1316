"""Tool definitions of several APIs as OpenAI Chat's ``{"type": "function", "function": {…}}``."""

from __future__ import annotations

from typing import Any

from rightsizer.errors import RecordError
from rightsizer.wire.jsontext import parse_json

_SCHEMAS = ("parameters", "input_schema", "parameters_json_schema", "parametersJsonSchema", "inputSchema")
_DECLARATIONS = ("function_declarations", "functionDeclarations")


def read_tools(value: Any) -> list[dict[str, Any]]:
    """Chat tools; a tool without a function (a server's web search …) stays as it came.

    Known: OpenAI Chat and Responses, Anthropic (``input_schema``), Gemini (``function_declarations``),
    OTel and TensorZero (flat), each also as JSON text. Raises `RecordError` (invalid-tools).
    """
    if isinstance(value, str):
        value = parse_json(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, dict):
        value = [value] if "type" in value or "name" in value else list(value.values())
    if not isinstance(value, list):
        raise RecordError("invalid-tools", f"tools are {type(value).__name__}, not a list")
    return [tool for item in value for tool in _read_tool(item)]


def _read_tool(item: Any) -> list[dict[str, Any]]:
    if isinstance(item, str):
        item = parse_json(item.encode("utf-8", "surrogatepass"))
    if not isinstance(item, dict):
        raise RecordError("invalid-tools", f"a tool is {type(item).__name__}, not an object")
    if isinstance(item.get("function"), dict):
        return [item]
    for name in _DECLARATIONS:
        if isinstance(item.get(name), list):
            return [tool for declared in item[name] for tool in _read_tool(declared)]
    schema = next((name for name in _SCHEMAS if name in item), None)
    is_function = item.get("type") in (None, "function", "custom") and isinstance(item.get("name"), str)
    if not is_function or (schema is None and "type" in item and item["type"] != "function"):
        return [item]
    function = {name: v for name, v in item.items() if name not in ("type", schema) and v is not None}
    if schema is not None and item[schema] is not None:
        function["parameters"] = item[schema]
    return [{"type": "function", "function": function}]
