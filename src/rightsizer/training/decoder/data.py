"""Examples as token ids: prompt and completion apart, so that only the completion is learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rightsizer.errors import InputError
from rightsizer.students.decoder_format import DecoderFormat
from rightsizer.types import Example


@dataclass(frozen=True)
class Tokenized:
    """Rows in the order of the examples kept; `left_out` says how many were not, and why."""

    rows: tuple[dict[str, list[int]], ...]
    kept: tuple[Example, ...]
    left_out: dict[str, int]

    @property
    def longest_tokens(self) -> int:
        return max((len(r["input_ids"]) for r in self.rows), default=0)

    @property
    def longest_answer(self) -> int:
        return max((sum(r["completion_mask"]) for r in self.rows), default=0)


def tokenize(examples: Sequence[Example], form: DecoderFormat, max_tokens: int) -> Tokenized:
    """Rows of ``input_ids`` and ``completion_mask`` (1 where the token is to be learned).

    Raises:
        InputError: no example is left.
    """
    rows: list[dict[str, list[int]]] = []
    kept: list[Example] = []
    left_out: dict[str, int] = {}
    for example in examples:
        row = _row(example, form)
        why = "the chat template refuses it" if row is None else ""
        if row is not None and len(row["input_ids"]) > max_tokens:
            why = f"longer than {max_tokens} tokens"
        if why or row is None:
            left_out[why] = left_out.get(why, 0) + 1
            continue
        rows.append(row)
        kept.append(example)
    if not rows:
        raise InputError(
            f"none of the {len(examples)} examples can be used: {left_out}", hint="raise max_tokens"
        )
    return Tokenized(tuple(rows), tuple(kept), left_out)


def completion_ids(form: DecoderFormat, text: str) -> list[int]:
    """The ids of an answer with the end of turn, which is learned too: else the model never stops."""
    return [*encode(form.tokenizer, text), int(form.tokenizer.eos_token_id)]


def encode(tokenizer: Any, text: str) -> list[int]:
    """Ids of a text that already holds its special tokens."""
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _row(example: Example, form: DecoderFormat) -> dict[str, list[int]] | None:
    try:
        prompt = encode(form.tokenizer, form.prompt(example.prompt))
    except ValueError:
        return None
    answer = completion_ids(form, form.completion(example.completion))
    return {"input_ids": prompt + answer, "completion_mask": [0] * len(prompt) + [1] * len(answer)}
