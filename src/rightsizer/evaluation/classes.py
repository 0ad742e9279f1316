"""Risk classes: answers that write are proved apart, under a stricter α, or are never served.

A tool that changes something (a refund, a cancellation) costs more when it is called wrongly than a look-up.
With `alpha_write` each class has its own threshold, from a gate of its own on its own calls, and δ is shared
equally by both, so both statements hold at once with probability ≥ 1 − δ (union bound). The class is that
of the *student's* answer, the one thing known when an answer is served. Which classes are tried is read from
the answers of the test split, never from a loss or from the calibration split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rightsizer.errors import InputError
from rightsizer.evaluation.gate import Decision, Growth, decide
from rightsizer.evaluation.plan import CURRENT, Family
from rightsizer.evaluation.risk import Risk
from rightsizer.types import Score, Verdict

NEVER = 2.0  # a threshold above every confidence: nothing is served


@dataclass(frozen=True)
class Decided:
    """What follows for both classes. Without `alpha_write`, `read` decides all answers.

    `threshold` and `threshold_write` are None where nothing may be served; `threshold_write` is also None
    where writes have no class of their own, and `NEVER` where only reads are served (or the reverse).
    """

    verdict: Verdict
    reason: str
    threshold: float | None
    threshold_write: float | None
    read: Decision | None
    write: Decision | None
    calls_needed: int | None

    @property
    def parts(self) -> tuple[Decision, ...]:
        """The decisions taken, reads first; at least one."""
        return tuple(d for d in (self.read, self.write) if d is not None)

    @property
    def test_served(self) -> int:
        """Calls of the test split that would have been served."""
        return sum(r.served for r in self._test())

    @property
    def test_losses(self) -> int:
        """Those of them that disagree."""
        return sum(r.losses for r in self._test())

    def _test(self) -> list[Risk]:
        return [d.test[d.chosen] for d in self.parts if d.chosen is not None]


def decide_classes(
    calibration: Sequence[Score],
    test: Sequence[Score],
    *,
    alpha: float,
    delta: float,
    min_coverage: float,
    alpha_write: float | None = None,
    n_calls: int | None = None,
    family: Family = CURRENT,
    growth: Growth = float,
) -> Decided:
    """The decision for reads and writes; without `alpha_write` the one decision of `gate.decide`.

    A class that the student never answers in the test split is not tried and never served.

    Raises:
        InputError: see `gate.decide`; or `alpha_write` is above `alpha`.
    """
    if alpha_write is None:
        one = decide(
            calibration, test, alpha=alpha, delta=delta, min_coverage=min_coverage, n_calls=n_calls,
            family=family, growth=growth,
        )  # fmt: skip
        return Decided(one.verdict, one.reason, one.threshold, None, one, None, one.calls_needed)
    if alpha_write > alpha:
        raise InputError(
            f"alpha_write is {alpha_write:g}, above the {alpha:g} for other answers",
            hint="lower gate.alpha_write, or set it to 0 to treat writes as other answers",
        )
    tried = [w for w in (False, True) if any(s.answered and s.write == w for s in test)] or [False]
    decisions: dict[bool, Decision] = {
        write: decide(
            only(calibration, write=write),
            only(test, write=write),
            alpha=alpha_write if write else alpha,
            delta=delta / len(tried),
            min_coverage=min_coverage,
            n_calls=n_calls or len(calibration) + len(test),
            family=family,
            growth=growth,
        )
        for write in tried
    }
    return _joined(decisions.get(False), decisions.get(True))


def only(scores: Sequence[Score], *, write: bool) -> list[Score]:
    """The scores with the other class's answers taken for abstentions: order and number stay."""
    silent = {"answered": False, "loss": 1.0, "confidence": 0.0}
    return [s if s.write == write else s.model_copy(update=silent) for s in scores]


def _joined(read: Decision | None, write: Decision | None) -> Decided:
    """A pass where a class passed; the class that did not is never served."""
    parts = [d for d in (read, write) if d is not None]
    passed = any(d.verdict == "pass" for d in parts)
    undecided = any(d.verdict == "undecided" for d in parts)
    needs = [d.calls_needed for d in parts if d.calls_needed is not None]
    return Decided(
        verdict="pass" if passed else "undecided" if undecided else "fail",
        reason="; ".join(_said(name, d) for name, d in (("reads", read), ("writes", write)) if d is not None),
        threshold=_threshold(read) if passed else None,
        threshold_write=_threshold(write) if passed else None,
        read=read,
        write=write,
        calls_needed=None if passed else min(needs, default=None),
    )


def _said(name: str, decision: Decision) -> str:
    left = "" if decision.verdict == "pass" else " (they stay on the LLM)"
    return f"{name}: {decision.reason}{left}"


def _threshold(decision: Decision | None) -> float:
    return NEVER if decision is None or decision.threshold is None else decision.threshold
