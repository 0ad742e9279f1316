"""Training of structured students: tool calls with arguments, JSON with several fields."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rightsizer.errors import InputError
from rightsizer.students import artifact
from rightsizer.students.encoder import Encoder
from rightsizer.students.structured import StructuredStudent
from rightsizer.students.structured_embed import TokenEncoder
from rightsizer.students.structured_fields import TAGGED
from rightsizer.students.structured_pack import pack
from rightsizer.training.structured_confidence import Draft, coverage_at, cross_fit, fit_confidence
from rightsizer.training.structured_fit import Fitter, answer_style, tagger_data
from rightsizer.training.structured_plan import Plan, lexicon_of, plan_actions
from rightsizer.training.structured_rows import Row, embed, read_rows
from rightsizer.training.trained import Progress, Trained, describe
from rightsizer.types import Candidate, Example, Task
from rightsizer.views.view import fit_mask

MASK_SAMPLE = 2000
MAX_EMBEDDED_TOKENS = 400_000
MEAN_EMBEDDED_TOKENS = 64


def train_structured(
    candidate: Candidate,
    task: Task,
    examples: Sequence[Example],
    out: Path,
    *,
    seed: int = 0,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Train a structured student on the examples and save it in `out`.

    The recipe holds, for every action and field, its kind, where its values come from, and how often
    it was right out of fold. An `encoder` adds its token vectors where texts are short enough for its
    cost (see `worth_embedding`), unless the candidate's params say ``"encoder": false``.

    Raises:
        InputError: there are no examples, or some are not of the train split.
    """
    started = time.perf_counter()
    if not examples:
        raise InputError(f"task '{task.name}' has no training examples", hint="import more calls of it")
    if any(example.split != "train" for example in examples):
        raise InputError(
            "examples of another split than 'train' were given", hint="pass the train split only"
        )
    folds = int(candidate.params.get("folds", 3))
    ignored = frozenset(task.policy.ignore_fields)
    mask = fit_mask([e.prompt for e in examples[:MASK_SAMPLE]])
    rows = read_rows(examples, mask)
    use = encoder if candidate.params.get("encoder", True) and isinstance(encoder, TokenEncoder) else None
    student, recipe, notes = build(
        rows, mask, folds=folds, ignored=ignored, seed=seed, encoder=use, progress=progress
    )
    style = answer_style([e.completion.text for e in examples if not e.completion.tool_calls])
    artifact.save(pack(replace(student, style=style)), out)
    return describe(candidate, out, recipe=recipe, train_s=time.perf_counter() - started, notes=tuple(notes))


def build(
    rows: Sequence[Row],
    mask: Any,
    *,
    folds: int = 3,
    ignored: frozenset[str] = frozenset(),
    seed: int = 0,
    encoder: TokenEncoder | None = None,
    progress: Progress | None = None,
) -> tuple[StructuredStudent, dict[str, Any], list[str]]:
    """The student of some rows, its recipe and notes for people."""
    plans = plan_actions(rows, ignored)
    lexicon = lexicon_of(rows)
    data = {action: tagger_data(rows, plan, lexicon) for action, plan in plans.items()}
    used = encoder if encoder is not None and worth_embedding(rows, plans) else None
    if used is not None:
        embed(rows, used, progress)
    fitter = Fitter(rows, plans, lexicon, data, mask, seed=seed)
    drafts = cross_fit(fitter, folds, ignored, progress)
    student = fitter.fit(range(len(rows)))
    confidence = fit_confidence(drafts)
    diagnostics = diagnose(rows, plans, drafts)
    recipe = {
        "folds": folds,
        "seed": seed,
        "n_train": len(rows),
        "encoder": None if used is None else used.identity,
        "out_of_fold": {
            "drafted": len(drafts) / len(rows),
            "right": sum(d.right for d in drafts) / max(1, len(drafts)),
            "coverage_at_95": coverage_at(drafts, confidence, len(rows), 0.05),
            "coverage_at_98": coverage_at(drafts, confidence, len(rows), 0.02),
        },
        "actions": diagnostics,
    }
    student = replace(student, confidence=confidence, diagnostics=diagnostics, encoder=used)
    return student, recipe, notes_on(plans, len(rows))


def worth_embedding(rows: Sequence[Row], plans: Mapping[str, Plan]) -> bool:
    """Whether token vectors pay: values are copied out of short texts, and all of them fit in memory."""
    sizes = [len(row.state.tokens) for row in rows]
    spans = any(f.kind in TAGGED for plan in plans.values() if not plan.reason for f in plan.fields)
    return spans and sum(sizes) <= MAX_EMBEDDED_TOKENS and sum(sizes) <= MEAN_EMBEDDED_TOKENS * len(sizes)


def diagnose(rows: Sequence[Row], plans: Mapping[str, Plan], drafts: Sequence[Draft]) -> dict[str, Any]:
    """Per action: rows, why it is not served, and per field its kind, recalls and out-of-fold accuracy."""
    right: Counter[tuple[str, str]] = Counter()
    seen: Counter[tuple[str, str]] = Counter()
    whole: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    for draft in drafts:
        action = rows[draft.row].answer.action
        if draft.raw.action != action:
            continue
        tried[action] += 1
        whole[action] += draft.right
        for name, ok in draft.fields.items():
            seen[action, name] += 1
            right[action, name] += ok
    return {
        action: {
            "rows": len(plan.rows),
            "reason": plan.reason,
            "whole_call": whole[action] / tried[action] if tried[action] else None,
            "fields": [
                d.as_dict()
                | {"top1": right[action, d.name] / seen[action, d.name] if seen[action, d.name] else None}
                for d in plan.diagnoses
            ],
        }
        for action, plan in plans.items()
    }


def notes_on(plans: Mapping[str, Plan], total: int) -> list[str]:
    """A sentence for every action that is left to the LLM, the most frequent first."""
    left = sorted((p for p in plans.values() if p.reason), key=lambda p: (-len(p.rows), p.action))
    return [f"{len(p.rows) / total:.0%} of calls stay with the LLM: {p.reason}" for p in left]
