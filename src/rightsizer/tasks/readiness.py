"""How ready a task is to be done by a small model, before any training: a ranking with its parts.

The main part is *reach*: the share of answers that a student could give exactly, because the whole
answer recurs (over sessions), or because every value in it stands in what the model was given. It
bounds what exact agreement can be reached from above; the gate measures what is reached.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from rightsizer.stats import clopper_pearson
from rightsizer.tasks.drift import estimate_drift
from rightsizer.tasks.policy import Policy
from rightsizer.tasks.scan import Fact
from rightsizer.tasks.trial import copy_odds, served_share
from rightsizer.types import OutputKind


@dataclass(frozen=True)
class Readiness:
    """`value` in 0..1 between `low` and `high` (95 %, sampling of sessions only), its parts, and why."""

    value: float
    low: float
    high: float
    parts: dict[str, float]
    reason: str


def estimate_readiness(
    facts: Sequence[Fact], output: OutputKind, template_share: float, policy: Policy
) -> Readiness:
    """Readiness of the task these calls are of; `template_share` is the templated share of the prompt."""
    answered = [f for f in facts if f.kind is not None]
    if not answered:
        return Readiness(0.0, 0.0, 0.0, {"volume": 0.0}, "no call of it was answered")
    reach = _reach(answered, policy)
    parts = {
        "copied": _copied(answered),
        "form": _form(answered),
        "narrow": _narrow(answered),
        "reach": sum(reach) / len(reach),
        "stable": 1.0 - estimate_drift(answered),
        "template": template_share,
        "volume": min(1.0, len({f.payload for f in answered}) / policy.volume.calls_for_full),
    }
    trials = [f.trial for f in answered if f.trial is not None]
    if len(trials) >= policy.trial.least_calls:
        parts["served"] = served_share(trials, policy.trial.agreement)
        parts["right"] = sum(t.hit for t in trials) / len(trials)
        parts["lift"] = max(0.0, parts["right"] - sum(t.majority for t in trials) / len(trials))
    steady = _steady(answered)
    if steady is not None:
        parts["steady"] = steady
    share = _outlook(parts, policy)
    low, high = _interval(share, len({f.session for f in answered}))
    values = [_combine(parts, each, output, policy) for each in (share, low, high)]
    rounded = {name: round(value, 4) for name, value in sorted(parts.items())}
    return Readiness(values[0], values[1], values[2], rounded, explain(answered, output, parts, policy))


def _outlook(parts: dict[str, float], policy: Policy) -> float:
    return parts["reach"]


def _copied(answered: Sequence[Fact]) -> float:
    """Share of the values in the answers that stand in what the model was given; 1 where there are none."""
    leaves = sum(f.leaves for f in answered)
    return sum(f.copied for f in answered) / leaves if leaves else 1.0


def _narrow(answered: Sequence[Fact]) -> float:
    """1 where all answers have one frame, 0 where each has its own: 1 − entropy / log n (Shannon 1948)."""
    n = len(answered)
    counts = Counter(f.frame for f in answered).values()
    entropy = -sum(c / n * math.log(c / n) for c in counts)
    return 1 - entropy / math.log(n) if n > 1 else 0.0


def explain(answered: Sequence[Fact], output: OutputKind, parts: dict[str, float], policy: Policy) -> str:
    """The one thing that stands most in the way, or what speaks for a student."""
    n = len(answered)
    top = Counter(f.answer for f in answered).most_common(1)[0][1]
    if output == "text":
        return "free-text replies: an exact-match student cannot be proved"
    if n < policy.volume.calls_to_prove:
        return f"only {n} calls: about {policy.volume.calls_to_prove - n} more needed for a proof"
    if top >= policy.answers.constant_share * n:
        return "nearly always the same answer: a rule or cache is enough"
    if parts["reach"] < 0.5:
        texts = sum(f.kind == "text" for f in answered) / n
        if texts >= 0.25:
            return f"{texts:.0%} of the answers are free text, which a student leaves to the LLM"
        return f"only {parts['reach']:.0%} of the answers recur or are copied from the input"
    if parts.get("steady", 1.0) < 0.9:
        return f"the LLM agrees with itself on only {parts['steady']:.0%} of repeated inputs"
    return f"{parts['reach']:.0%} of the answers recur or are copied from the input"


def _reach(answered: Sequence[Fact], policy: Policy) -> list[float]:
    """Per call the chance that its answer can be reached: its frame recurs, or all of it is copied."""
    enough = policy.answers.repeated_sessions
    sessions: dict[str, set[str]] = defaultdict(set)
    for f in answered:
        if len(sessions[f.frame]) < enough:
            sessions[f.frame].add(f.session)
    return [
        copy_odds(f, policy.trial)
        if len(sessions[f.frame]) >= enough or (f.leaves > 0 and f.copied == f.leaves)
        else 0.0
        for f in answered
    ]


def _form(answered: Sequence[Fact]) -> float:
    """Share of answers in the five commonest forms; free text has none."""
    forms = Counter(f.answer if f.kind == "label" else f.shape for f in answered if f.kind != "text")
    if any(f.kind == "label" for f in answered):
        return sum(forms.values()) / len(answered)
    return sum(count for _, count in forms.most_common(5)) / len(answered)


def _steady(answered: Sequence[Fact]) -> float | None:
    """Chance that two answers to the same input are equal, over inputs that recur; None without any."""
    by_input: dict[str, list[str]] = defaultdict(list)
    for f in answered:
        by_input[f.payload].append(f.answer)
    pairs = agreeing = 0
    for answers in by_input.values():
        n = len(answers)
        pairs += n * (n - 1) // 2
        agreeing += sum(c * (c - 1) // 2 for c in Counter(answers).values())
    return agreeing / pairs if pairs >= 10 else None


def _interval(share: float, n_sessions: int) -> tuple[float, float]:
    k = round(share * n_sessions)
    low, high = clopper_pearson(k, n_sessions)
    return min(low, share), max(high, share)


def _combine(parts: dict[str, float], share: float, output: OutputKind, policy: Policy) -> float:
    """Volume × weighted geometric mean of the other parts, capped by kind of output."""
    parts = parts | {"reach": share}
    weights = {name: w for name, w in policy.weights.items() if name in parts}
    total = sum(weights.values())
    mean = math.exp(sum(w * math.log(max(parts[n], 1e-3)) for n, w in weights.items()) / total)
    return round(min(mean * parts["volume"], policy.caps.get(output, 1.0)), 4)
