"""An LLM as judge of free text: is the student's answer as good as the LLM's? Never the gate's measure.

Each pair is judged twice, in both orders, by a rubric, and UNKNOWN is an answer. Only a verdict that both
orders share counts; a pair on which they differ is a flip, and the flip rate says how much the judge is worth
(position bias: Zheng et al. 2023). So does its agreement with pairs that a person labelled.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rightsizer.scoring.values import unfence
from rightsizer.stats import clopper_pearson
from rightsizer.types import Request

Ask = Callable[[Mapping[str, Any]], str]  # a Chat body → the text of the answer
Verdict = Literal["as-good", "worse", "unknown"]

RUBRIC = """Compare two answers to the same request. Judge only what the reader can use: is every fact that
the request needs there and right, is nothing invented, is what was asked for done, and is the form that was
asked for kept? Length, style, politeness and order of words do not count, nor which answer stands first.
Reply with JSON and nothing else: {"better": "1"}, {"better": "2"}, {"better": "same"} or, where you cannot
tell, {"better": "unknown"}."""


@dataclass(frozen=True)
class Pair:
    """One call: what was asked, and both answers as text. `label`: a person's verdict, if any."""

    request: Request
    teacher: str
    student: str
    label: Verdict | None = None


@dataclass(frozen=True)
class Judged:
    """The verdict of one pair; `flipped`: the two orders contradict each other, and it is unknown."""

    verdict: Verdict
    flipped: bool


@dataclass(frozen=True)
class JudgeReport:
    """What a judge said of a student, and what the judge is worth.

    `low` and `high` are exact 95 % bounds of the share that is as good, of the pairs with a verdict. `kappa`
    is Cohen's (1960) with the labelled pairs; None without any, or where chance alone agrees on all.
    """

    n: int
    as_good: int
    worse: int
    unknown: int
    flipped: int
    low: float
    high: float
    n_labelled: int
    label_agreement: float | None
    kappa: float | None

    @property
    def flip_rate(self) -> float:
        return self.flipped / self.n if self.n else 0.0


def judge_pair(ask: Ask, pair: Pair) -> Judged:
    """Ask in both orders. The student is as good where neither order finds the teacher's answer better.

    Raises:
        UpstreamError: whatever `ask` raises.
    """
    if pair.teacher.strip() == pair.student.strip():
        return Judged("as-good", flipped=False)  # nothing to ask about
    first = _better(ask(_body(pair.request, pair.teacher, pair.student)), student="2")
    second = _better(ask(_body(pair.request, pair.student, pair.teacher)), student="1")
    if "unknown" in (first, second):
        return Judged("unknown", flipped=False)
    if first != second:
        return Judged("unknown", flipped=True)
    return Judged(first, flipped=False)


def report(pairs: Sequence[Pair], judged: Sequence[Judged]) -> JudgeReport:
    """The counts of verdicts, and the judge's agreement with labels."""
    verdicts = [j.verdict for j in judged]
    good, worse = verdicts.count("as-good"), verdicts.count("worse")
    low, high = clopper_pearson(good, good + worse)
    labelled = [(p.label, v) for p, v in zip(pairs, verdicts, strict=True) if p.label is not None]
    agreement = sum(a == b for a, b in labelled) / len(labelled) if labelled else None
    return JudgeReport(
        n=len(verdicts),
        as_good=good,
        worse=worse,
        unknown=verdicts.count("unknown"),
        flipped=sum(j.flipped for j in judged),
        low=low,
        high=high,
        n_labelled=len(labelled),
        label_agreement=agreement,
        kappa=_kappa(labelled, agreement),
    )


def _kappa(labelled: Sequence[tuple[str, str]], agreement: float | None) -> float | None:
    if agreement is None:
        return None
    n = len(labelled)
    left, right = [a for a, _ in labelled], [b for _, b in labelled]
    chance = sum(left.count(v) * right.count(v) for v in set(left)) / n**2
    return None if chance == 1.0 else (agreement - chance) / (1 - chance)


def _body(request: Request, first: str, second: str) -> dict[str, Any]:
    """The answers are quoted as JSON strings, so that nothing in them can pass for the rubric."""
    asked = [{"role": m.role, "text": m.text} for m in request.messages]
    told = json.dumps({"request": asked, "answer 1": first, "answer 2": second}, ensure_ascii=False)
    messages = [{"role": "system", "content": RUBRIC}, {"role": "user", "content": told}]
    return {"messages": messages, "temperature": 0}


def _better(reply: str, *, student: str) -> Verdict:
    """What a reply says of the student's answer; anything that is not one of the four words is unknown."""
    try:
        said = json.loads(unfence(reply))
    except ValueError:
        return "unknown"
    better = str(said.get("better", "")).strip().lower() if isinstance(said, dict) else ""
    if better not in ("1", "2", "same"):
        return "unknown"
    return "as-good" if better in (student, "same") else "worse"
