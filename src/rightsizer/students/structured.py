"""The structured student: the action, every argument or field by its kind, and one confidence for the whole.

It answers with one tool call or one JSON text, and abstains where it would have to invent text, where
the tools or the schema are not those it learned from, and where its answer does not validate.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rightsizer.students.answers import stamp
from rightsizer.students.structured_answer import (
    CALLS,
    EACH,
    LIST,
    SAY,
    Path,
    calls_of,
    tools_of,
    unflatten,
    write_answer,
)
from rightsizer.students.structured_embed import TokenEncoder, pooled, token_vectors
from rightsizer.students.structured_fields import ActionModel, Filled, fill
from rightsizer.students.structured_linear import Softmax
from rightsizer.students.structured_state import State, read_state
from rightsizer.students.structured_token_features import Lexicon
from rightsizer.types import Prediction, Request
from rightsizer.views.view import PayloadMask

if TYPE_CHECKING:
    from rightsizer.students.artifact import Artifact
    from rightsizer.students.encoder import Encoder

Vectors = NDArray[np.floating[Any]]
CURVED = ("tag", "tag-min", "router", "copy-sum", "copy-min")
"""Log-probabilities that also count as probability, logarithm and root: evidence is not linear in them."""


@dataclass(frozen=True)
class Confidence:
    """Logistic regression from a call's signals to "the whole call is right". Unnamed signals are 0."""

    names: list[str]
    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    weights: NDArray[np.float32]
    bias: float

    def of(self, signals: Mapping[str, float]) -> float:
        """In [0, 1]."""
        row = np.array([signals.get(name, 0.0) for name in self.names], np.float64)
        z = float(((row - self.mean) / self.scale) @ self.weights + self.bias)
        return 1.0 / (1.0 + math.exp(-max(min(z, 60.0), -60.0)))


@dataclass(frozen=True)
class Raw:
    """An answer before its confidence: what it would be, the signals, or why there is none."""

    action: str
    leaves: dict[Path, Any]
    signals: dict[str, float]
    reason: str = ""


@dataclass(frozen=True)
class StructuredStudent:
    """A trained structured student. `contracts` are the digests of the tool sets and schemas it knows."""

    mask: PayloadMask | None
    router: Softmax
    actions: Mapping[str, ActionModel]
    lexicon: Lexicon
    contracts: frozenset[str]
    style: tuple[str, bool] = ("default", False)
    confidence: Confidence | None = None
    diagnostics: Mapping[str, Any] = field(default_factory=dict)
    encoder: TokenEncoder | None = None

    def predict(self, requests: Sequence[Request]) -> list[Prediction]:
        """One prediction per request, in order."""
        return [self._predict(request) for request in requests]

    def _predict(self, request: Request) -> Prediction:
        if contract_of(request) not in self.contracts:
            return Prediction(message=None, reason="tools or answer schema were not in training")
        state = read_state(request, self.mask)
        raw = self.draft(state, self.vectors_of(state))
        if raw.reason:
            return Prediction(message=None, reason=raw.reason)
        problem = forbidden(request, raw.action) or violation(request, raw.action, raw.leaves)
        if problem:
            return Prediction(message=None, reason=problem)
        message = stamp(write_answer(raw.action, raw.leaves, self.style), request)
        value = self.confidence.of(raw.signals) if self.confidence else math.exp(min(0.0, raw.signals["sum"]))
        return Prediction(message=message, confidence=value)

    def vectors_of(self, state: State) -> NDArray[np.float32] | None:
        """Vectors of the payload's tokens, where the student was trained with them."""
        return None if self.encoder is None else token_vectors(self.encoder, state.payload, state.tokens)

    def draft(self, state: State, vectors: Vectors | None = None) -> Raw:
        """The best action with its leaves and signals, whatever the contract or the confidence."""
        logs = self.router.log_probabilities(state.features, pooled(vectors))
        order = np.argsort(-logs, kind="stable")
        action = self.router.classes[int(order[0])]
        model = self.actions.get(action)
        if model is None or model.reason:
            why = model.reason if model else f"the LLM would give a {action}"
            return Raw(action, {}, {}, why)
        filled = fill(model, state, self.lexicon, vectors)
        signals = self._signals(state, filled, logs[order])
        signals[f"action:{action}"] = 1.0
        leaves = {f.path: filled.leaves[f.path] for f in model.fields if f.path in filled.leaves}
        return Raw(action, leaves, signals, filled.reason)

    def _signals(self, state: State, filled: Filled, logs: NDArray[np.float32]) -> dict[str, float]:
        signals = dict(filled.signals)
        signals["router"] = float(logs[0])
        signals["router-second"] = max(float(logs[1]), -12.0) if len(logs) > 1 else -12.0
        signals["known"] = self.router.known_share(state.features)
        signals[f"step:{state.step}"] = 1.0  # how far an agent can be foreseen depends on where it stands
        parts = ("router", "tag", "closed-sum", "copy-sum")
        signals["sum"] = sum(signals.get(name, 0.0) for name in parts)
        for name in CURVED:
            if name in signals:
                low = min(signals[name], 0.0)
                signals |= {
                    f"{name}:p": math.exp(low),
                    f"{name}:log": math.log1p(-low),
                    f"{name}:root": math.sqrt(-low),
                }
        return signals


def contract_of(request: Request) -> str:
    """A digest of the offered tools (names and parameter schemas, in any order) and the answer schema."""
    tools = sorted(
        json.dumps([f.get("name"), f.get("parameters")], sort_keys=True)
        for f in (tool.get("function", tool) for tool in request.tools)
    )
    text = json.dumps([tools, answer_schema(request)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def answer_schema(request: Request) -> dict[str, Any] | None:
    """The JSON Schema of the answer, where the request names one."""
    form = request.response_format or {}
    inner = form.get("json_schema")
    schema = inner.get("schema") if isinstance(inner, dict) else form.get("schema")
    return schema if isinstance(schema, dict) else None


def tool_schema(request: Request, name: str) -> dict[str, Any] | None:
    """The parameter schema of an offered tool; None where the tool is not offered."""
    for tool in request.tools:
        function = tool.get("function", tool)
        if function.get("name") == name:
            schema = function.get("parameters")
            return schema if isinstance(schema, dict) else {}
    return None


def forbidden(request: Request, action: str) -> str:
    """Why the caller's ``tool_choice`` does not allow an action; empty when it does."""
    choice = request.params.get("tool_choice")
    tools = tools_of(action)
    if not tools:
        demanded = isinstance(choice, dict) or choice in ("required", "any")
        return "the caller demands a tool call" if demanded else ""
    if choice == "none":
        return "the caller allows no tool call"
    if action.startswith((EACH, LIST, CALLS)) and request.params.get("parallel_tool_calls") is False:
        return "the caller allows one tool call at a time"
    named = choice.get("function", choice).get("name") if isinstance(choice, dict) else None
    return f"the caller demands the tool {named}" if named and {named} != set(tools) else ""


def violation(request: Request, action: str, leaves: Mapping[Path, Any]) -> str:
    """Why an answer would not validate against the request's own schema; empty when it does."""
    if action.startswith(SAY):
        return "" if answer_schema(request) is None else "the caller wants JSON"
    if not tools_of(action):
        schema = answer_schema(request)
        return "" if schema is None else _invalid(schema, unflatten(leaves))
    made = calls_of(action, leaves)
    schemas = [tool_schema(request, tool) for tool, _ in made]
    if None in schemas:
        return "the tool is not offered"
    problems = (_invalid(s or {}, arguments) for s, (_, arguments) in zip(schemas, made, strict=True))
    return next((p for p in problems if p), "") if made else "nothing to call the tool with"


def _invalid(schema: Mapping[str, Any], value: Any) -> str:
    """Why a value does not validate; empty when it does."""
    validator = _validator(json.dumps(schema, sort_keys=True))
    if validator is None:
        return "the schema of the answer is not a JSON Schema"
    from referencing.exceptions import Unresolvable

    try:
        error = next(validator.iter_errors(value), None)
    except Unresolvable:
        return "the schema of the answer refers to another document"
    if error is None:
        return ""
    where = ".".join(str(p) for p in error.absolute_path) or "the answer"
    return f"would not validate: {where} ({error.validator})"


@lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    """A validator of the schema; None where it is not a JSON Schema."""
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for
    from referencing import Registry

    parsed = json.loads(schema)
    kind = validator_for(parsed)
    try:
        kind.check_schema(parsed)
    except SchemaError:
        return None
    return kind(parsed, registry=Registry())  # an empty registry: a schema can make us fetch nothing


def load_structured(artifact: Artifact, encoder: Encoder | None) -> StructuredStudent:
    """The student an artifact holds (see `structured_pack`)."""
    from rightsizer.students.structured_pack import unpack

    return unpack(artifact, encoder)
