"""Holding a decoder to a form while it writes: llguidance masks the tokens that would break it.

The form is the request's own JSON schema, the known answers of a label task, or, where tools are offered,
a tool call with valid arguments or plain text, as the caller's ``tool_choice`` allows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rightsizer.errors import MissingExtra
from rightsizer.scoring.agree import parameters_of
from rightsizer.scoring.metrics import ToolChoice, tool_choice
from rightsizer.types import Request


def grammar_for(request: Request, known: Sequence[str] | None) -> str | None:
    """The Lark grammar (llguidance's dialect) that an answer to this request must follow; None: any text."""
    allowed = tool_choice(request)
    names = [n for n in dict.fromkeys(request.tool_names) if allowed.name in ("", n)]
    if names and allowed.calls:
        return _tool_grammar(request, names, allowed)
    if known is not None:
        return "start: " + " | ".join(json.dumps(k, ensure_ascii=False) for k in known)
    wanted = request.response_format or {}
    if wanted.get("type") == "json_schema":
        schema = (wanted.get("json_schema") or {}).get("schema") or {"type": "object"}
        return f"start: %json {json.dumps(schema, ensure_ascii=False)}"
    if wanted.get("type") == "json_object":
        return 'start: %json {"type": "object"}'
    return None


def _tool_grammar(request: Request, names: Sequence[str], allowed: ToolChoice) -> str:
    calls = "call+" if allowed.several else "call"
    lines = [
        f"start: TEXT | {calls}" if allowed.text else f"start: {calls}",
        r"TEXT: /[^<](.|\n)*/",
        "call: " + " | ".join(_rule(i) for i in range(len(names))),
    ]
    for i, name in enumerate(names):
        schema = parameters_of(name, request.tools) or {"type": "object"}
        begin = json.dumps(f'<tool_call>\n{{"name": {json.dumps(name, ensure_ascii=False)}, "arguments": ')
        lines.append(
            f'{_rule(i)}: {begin} %json {json.dumps(schema, ensure_ascii=False)} "}}\\n</tool_call>"'
        )
    return "\n".join(lines)


def _rule(i: int) -> str:
    return f"call_{i}"


@dataclass
class Constraint:
    """A `LogitsProcessor` for transformers: one grammar a row, None where any text goes."""

    tokenizer: Any  # llguidance's view of the tokenizer
    grammars: Sequence[str | None]
    prompt_tokens: int
    end_id: int
    _matchers: list[Any] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        from llguidance import LLMatcher

        self._matchers = [
            None if g is None else LLMatcher(self.tokenizer, LLMatcher.grammar_from_lark(g))
            for g in self.grammars
        ]

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        import llguidance.torch as masks

        bitmask = masks.allocate_token_bitmask(1, self.tokenizer.vocab_size)
        here = bitmask[:, : -(-scores.shape[-1] // 32)]  # a model may have fewer rows than tokens
        for row, matcher in enumerate(self._matchers):
            if matcher is None:
                continue
            if input_ids.shape[1] > self.prompt_tokens and not matcher.is_stopped():
                matcher.consume_token(int(input_ids[row, -1]))
            if matcher.is_error():
                continue  # a grammar that llguidance cannot hold; the answer is checked anyway
            if matcher.is_stopped():  # nothing may follow but the end
                end = scores[row, self.end_id].clone()
                scores[row] = float("-inf")
                scores[row, self.end_id] = end
                continue
            masks.fill_next_token_bitmask(matcher, bitmask, 0)
            masks.apply_token_bitmask_inplace(scores[row : row + 1], here.to(scores.device))
        return scores


def constraint_tokenizer(tokenizer: Any, rows: int) -> Any:
    """llguidance's view of a transformers tokenizer, for a model that scores `rows` tokens.

    Makers round that number up (Qwen3: 151,936 rows for 151,669 tokens); what is no token is never allowed.

    Raises:
        MissingExtra: llguidance is not installed.
    """
    try:
        import llguidance.hf
    except ImportError:
        raise MissingExtra("decoders", "constrained decoding") from None
    return llguidance.hf.from_tokenizer(tokenizer, n_vocab=max(rows, len(tokenizer)))
