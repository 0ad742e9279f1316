"""How ready a task is to be done by a small model, before any training: a forecast with its parts.

Forecast is the share of calls that a student could serve. The main part is a quick trial (`trial.py`),
bounded by *reach*: answers that recur over sessions, or whose every value stands in what the model was given.
All constants are in `policy.toml`; `benchmarks/tasks/readiness.py` compares with what training finds.
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
    """`value` in 0..1, its parts, each in 0..1, and why.

    `low` and `high` are a likely range (sampling of sessions, error of the forecast): it held 13 of the 18
    tasks on which it was compared with training (`benchmarks/tasks/readiness.py`).
    """

    value: float
    low: float
    high: float
    parts: dict[str, float]
    reason: str


def estimate_readiness(
    facts: Sequence[Fact], output: OutputKind, template_share: float, policy: Policy, n_calls: int = 0
) -> Readiness:
    """Readiness of the task these calls are of.

    Args:
        output: the task's kind of output.
        template_share: the share of the prompt that is template.
        n_calls: answered calls that a student would learn from, if more than `facts` (a step's parent).
    """
    answered = [f for f in facts if f.kind is not None]
    if not answered:
        return Readiness(0.0, 0.0, 0.0, {"volume": 0.0}, "no call of it was answered")
    different = len({(f.payload, f.answer) for f in answered})  # a repeat proves nothing
    parts = _parts(answered, template_share, policy, max(n_calls, different))
    share = _outlook(parts, policy)
    low, high = _interval(share, len({f.session for f in answered}), policy)
    values = [_combine(each, parts, output, policy) for each in (share, low, high)]
    rounded = {name: round(value, 4) for name, value in sorted(parts.items())}
    return Readiness(values[0], values[1], values[2], rounded, explain(answered, output, parts, policy))


def _parts(answered: Sequence[Fact], template_share: float, policy: Policy, n_calls: int) -> dict[str, float]:
    reach = _reach(answered, policy)
    parts = {
        "copied": _copied(answered),
        "form": _form(answered),
        "narrow": _narrow(answered),
        "reach": sum(reach) / len(reach),
        "stable": 1.0 - estimate_drift(answered),
        "template": template_share,
        "volume": _volume(n_calls, policy),
    }
    trials = [f.trial for f in answered if f.trial is not None]
    if len(trials) >= policy.trial.least_calls:
        parts["served"] = served_share(trials, policy.trial.agreement)
        parts["right"] = sum(t.hit * t.odds for t in trials) / len(trials)
        parts["lift"] = max(0.0, parts["right"] - sum(t.majority for t in trials) / len(trials))
    steady = _steady(answered)
    return parts if steady is None else parts | {"steady": steady}


def _volume(n_calls: int, policy: Policy) -> float:
    """Calls against those that a proof takes; 0 where they are too few to train on."""
    rules = policy.volume
    return min(1.0, n_calls / rules.calls_to_prove) if n_calls >= rules.calls_to_train else 0.0


def _outlook(parts: dict[str, float], policy: Policy) -> float:
    """The share a student could serve, had it calls enough: from the trial, else half of what is in reach."""
    if "served" not in parts:
        return parts["reach"] / 2
    sure = policy.trial.sure
    return min(parts["reach"], sure * parts["served"] + (1 - sure) * parts["right"])


def _copied(answered: Sequence[Fact]) -> float:
    """Share of the values in the answers that stand in what the model was given; 1 where there are none."""
    leaves = sum(f.leaves for f in answered)
    return sum(f.copied for f in answered) / leaves if leaves else 1.0


def _narrow(answered: Sequence[Fact]) -> float:
    """1 where all answers have one frame, 0 where each has its own: 1 − entropy / log n (Shannon 1948)."""
    n = len(answered)
    counts = Counter(f.frame for f in answered).values()
    entropy = -sum(c / n * math.log(c / n) for c in counts)
    return max(0.0, 1 - entropy / math.log(n)) if n > 1 else 0.0


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
    if parts.get("steady", 1.0) < 0.7:
        return f"the LLM agrees with itself on only {parts['steady']:.0%} of repeated inputs"
    texts = sum(f.kind == "text" for f in answered) / n
    if texts >= 0.25:
        return f"{texts:.0%} of the answers are free text, which a student leaves to the LLM"
    shift = "; the answers shift over the log" if parts["stable"] < 0.7 else ""
    if "served" in parts and parts["reach"] >= 0.5:
        only = "" if parts["served"] >= 0.5 else "only "
        return f"a quick student is sure of {only}{parts['served']:.0%} of the calls{shift}"
    only = "" if parts["reach"] >= 0.5 else "only "
    return f"{only}{parts['reach']:.0%} of the answers recur or are copied from the input{shift}"


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


def _interval(share: float, n_sessions: int, policy: Policy) -> tuple[float, float]:
    """Both errors at once: sampling (Clopper and Pearson 1934) and forecast, as independent ones add."""
    low, high = clopper_pearson(round(share * n_sessions), n_sessions)
    error = policy.interval.forecast * math.sqrt(share * (1 - share))
    down, up = math.hypot(share - min(low, share), error), math.hypot(max(high, share) - share, error)
    return max(0.0, share - down), min(1.0, share + up)


def _combine(share: float, parts: dict[str, float], output: OutputKind, policy: Policy) -> float:
    """The outlook, less what each part takes away."""
    value = share * parts["volume"] * policy.kinds.get(output, 1.0)
    for name, most in policy.takes.items():
        value *= 1 - most * (1 - parts.get(name, 1.0))
    return round(value, 4)
