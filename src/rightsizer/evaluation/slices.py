"""Agreement by slice: a mean can hide a kind of call on which the student is no good.

A slice is counted over both sealed splits at the certified threshold (without a pass: over all that the
student answers). The intervals are exact for independent calls (Clopper & Pearson 1934). The floor only
ever takes a pass back, so it needs no share of δ: it is a brake, and what was proved stays proved.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from rightsizer.scoring.agree import answer
from rightsizer.stats import clopper_pearson, p_at_least
from rightsizer.types import Evaluation, Example, OutputKind, Score, Slice, TaskPolicy
from rightsizer.views.language import language_of_text, newest_user_text

LEAST_CALLS = 10  # slices of fewer calls are put together as `REST`
MOST_VALUES = 20  # slices shown of one kind, the largest
ENOUGH_SERVED = 20  # served calls below which the floor says nothing
LEVEL = 0.05  # of the floor's tests together (Bonferroni)
REST = "(others)"
LONGEST_VALUE = 64
LAST_STEP = 8

Counts = list[int]  # calls, served, agreed


def slice_scores(
    examples: Sequence[Example],
    scores: Sequence[Score],
    threshold: float | None,
    output: OutputKind,
    policy: TaskPolicy,
    *,
    threshold_write: float | None = None,
) -> tuple[Slice, ...]:
    """A row per slice of enough calls, by tool, label, language, outcome of the session and step.

    Tool and label are the teacher's; `examples` and `scores` may be in any order. A kind with one value
    only tells nothing and is left out.
    """
    by_id = {e.call_id: e for e in examples}
    found: dict[str, dict[str, Counts]] = defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))
    for score in scores:
        example = by_id.get(score.call_id)
        if example is None:
            continue
        served = _is_served(score, threshold, threshold_write)
        for kind, value in _slices_of(example, output, policy):
            counts = found[kind][value]
            counts[0] += 1
            counts[1] += served
            counts[2] += served and score.loss == 0
    return tuple(row for kind in sorted(found) for row in _rows(kind, found[kind]))


def _is_served(score: Score, threshold: float | None, threshold_write: float | None) -> bool:
    least = threshold or 0.0
    if score.write and threshold_write is not None:
        least = threshold_write
    return score.answered and score.confidence >= least


def _slices_of(example: Example, output: OutputKind, policy: TaskPolicy) -> Iterator[tuple[str, str]]:
    said, prompt = example.completion, example.prompt
    if prompt.tools or said.tool_calls:
        yield "tool", ", ".join(sorted({c.name for c in said.tool_calls})) or "(text)"
    if output == "label":
        label = answer(said, ignore_fields=policy.ignore_fields, tools=prompt.tools).value
        yield "label", _short(label)
    yield "language", language_of_text(newest_user_text(prompt))
    for name, value in sorted(example.outcome.items()):
        if isinstance(value, str | bool | int):
            yield f"outcome {name}", _short(value)
    steps = 1 + sum(m.role == "assistant" for m in prompt.messages)
    yield "step", str(steps) if steps < LAST_STEP else f"{LAST_STEP} or later"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _rows(kind: str, by_value: Mapping[str, Counts]) -> list[Slice]:
    largest = sorted(by_value, key=lambda v: (-by_value[v][0], v))
    shown = [v for v in largest if by_value[v][0] >= LEAST_CALLS][:MOST_VALUES]
    rest: Counter[int] = Counter()
    for value in set(by_value) - set(shown):
        rest.update(dict(enumerate(by_value[value])))
    rows = [_row(kind, v, by_value[v]) for v in shown]
    if rest[0] >= LEAST_CALLS:
        rows.append(_row(kind, REST, [rest[0], rest[1], rest[2]]))
    return rows if len(rows) > 1 else []


def _row(kind: str, value: str, counts: Counts) -> Slice:
    calls, served, agreed = counts
    low, high = clopper_pearson(agreed, served)
    return Slice(
        by=kind, value=value, calls=calls, served=served, agreed=agreed,
        agreement_low=low, agreement_high=high,
    )  # fmt: skip


def below_floor(slices: Sequence[Slice], floor: float) -> list[Slice]:
    """The slices of enough served calls whose agreement is certainly below `floor`, the worst first.

    Exact one-sided binomial tests at 5 % together. A slice whose calls come from few long sessions may be
    named too early: a brake may be crude.
    """
    if not 0.0 < floor < 1.0:
        return []
    tested = [s for s in slices if s.served >= ENOUGH_SERVED]
    level = LEVEL / max(1, len(tested))
    low = [s for s in tested if p_at_least(s.served - s.agreed, s.served, 1.0 - floor) <= level]
    return sorted(low, key=lambda s: (s.agreed / s.served, s.by, s.value))


def with_slices(evaluation: Evaluation, slices: Sequence[Slice], floor: float) -> Evaluation:
    """The evaluation with its slices; a pass is taken back where one of them is certainly below the floor."""
    evaluation = evaluation.model_copy(update={"slices": tuple(slices), "slice_floor": floor})
    bad = below_floor(slices, floor)
    if evaluation.verdict != "pass" or not bad:
        return evaluation
    worst = bad[0]
    more = f", and {len(bad) - 1} more" if len(bad) > 1 else ""
    reason = (
        f"the slice {worst.by} = {worst.value} agrees on {worst.agreed} of {worst.served} served{more}: "
        f"certainly below the floor of {floor:.0%} (gate.slice_floor)"
    )
    return evaluation.model_copy(
        update={
            "verdict": "fail", "reason": reason, "threshold": None, "threshold_write": None,
            "coverage": 0.0, "agreement": None, "agreement_low": None,
        }
    )  # fmt: skip
