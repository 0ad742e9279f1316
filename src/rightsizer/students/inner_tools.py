"""Tools that a student may use on its way to an answer, in this process and without side effects.

A small model is bad at arithmetic and good at saying what to compute (Toolformer, Schick et al. 2023). These
are offered beside the request's own tools; the caller never sees their calls.
"""

from __future__ import annotations

import ast
import json
import operator
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal, DivisionByZero, InvalidOperation
from typing import Any

from rightsizer.types import ToolCallPart

LONGEST = 200
OPERATIONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def calculate(expression: str) -> str:
    """Value of sums, differences, products and quotients of decimal numbers."""
    if len(expression) > LONGEST:
        raise ValueError("too long")
    value = _value(ast.parse(expression.strip(), mode="eval").body)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def shift_date(day: str, days: int) -> str:
    """The ISO date so many days after (or, negative, before) an ISO date."""
    return (date.fromisoformat(day) + timedelta(days=int(days))).isoformat()


def weekday(day: str) -> str:
    """The weekday of an ISO date, in English."""
    return date.fromisoformat(day).strftime("%A")


TOOLS: dict[str, tuple[Callable[..., str], dict[str, str]]] = {
    "calculate": (calculate, {"expression": "string"}),
    "shift_date": (shift_date, {"day": "string", "days": "integer"}),
    "weekday": (weekday, {"day": "string"}),
}


def schema(name: str) -> dict[str, Any]:
    """The tool as a Chat request offers it."""
    function, parameters = TOOLS[name]
    properties = {k: {"type": kind} for k, kind in parameters.items()}
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": (function.__doc__ or "").strip(),
            "parameters": {"type": "object", "properties": properties, "required": list(parameters)},
        },
    }


def use(call: ToolCallPart) -> str:
    """What the tool answers; what is wrong with the call where it cannot."""
    function, _ = TOOLS[call.name]
    try:
        return function(**json.loads(call.arguments or "{}"))
    except (ValueError, TypeError, SyntaxError, ArithmeticError, RecursionError) as error:
        return f"error: {type(error).__name__}"


def _value(node: ast.expr) -> Decimal:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return Decimal(str(node.value))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        try:
            return Decimal(OPERATIONS[type(node.op)](_value(node.left), _value(node.right)))
        except (DivisionByZero, InvalidOperation):
            raise ValueError("no number") from None
    raise ValueError("not arithmetic")
