"""What a certificate says in words, and what it does not say."""

from __future__ import annotations

from rightsizer.evaluation.classes import Decided
from rightsizer.evaluation.gate import Decision

LIMITS = (
    "It holds for traffic like the calibration calls: sessions drawn from the same source, as if in random "
    "order. A change of users, prompts, tools or of the LLM behind the log ends that; only a random audit of "
    "live calls can notice.",
    "It is about agreement with the LLM's logged answers, not about correctness: where the LLM was wrong, "
    "agreeing is wrong too.",
    "The tolerated rate is a mean over served calls. It is no bound for a single call, a single session, a "
    "single kind of request, or for a whole workflow of several calls.",
    "Sessions count as independent; calls of one session do not. If sessions of one customer resemble each "
    "other, the split must be by customer (split.group_key).",
    "The student was compared on requests as the LLM's own earlier answers shaped them; when a student "
    "answers earlier steps, later requests may change.",
    "The probability is over the drawing of the calibration calls, shared over all decisions of this home by "
    "its ledger; it does not cover decisions taken outside of it.",
)


def state(decided: Decided, alpha: float, delta: float, alpha_write: float | None = None) -> str:
    """The statement with the figures it rests on; without a pass, that nothing is certified and why."""
    if decided.verdict != "pass":
        return f"Nothing is certified: {decided.reason}."
    if alpha_write is None:
        return f"With probability at least {1 - delta:.4%}, {_claim(decided.parts[0], alpha, 'answers')}"
    claims = []
    for part, tolerated, what in (
        (decided.read, alpha, "answers that write nothing"),
        (decided.write, alpha_write, "answers that call a tool that writes"),
    ):
        if part is None or part.chosen is None:
            claims.append(f"{what} are never served.")
        else:
            claims.append(_claim(part, tolerated, what))
    return f"With probability at least {1 - delta:.4%}, all at once: " + " ".join(claims)


def _claim(decision: Decision, alpha: float, what: str) -> str:
    """The claim about one class of answers."""
    assert decision.chosen is not None  # only what passed is claimed
    assert decision.threshold is not None
    cal, test = decision.calibration[decision.chosen], decision.test[decision.chosen]
    cap = decision.plan.caps[decision.chosen]
    weight = "" if cap == 1 else f" (a session counts for at most {cap} of its served calls)"
    if cap == 1 and cal.served > cal.counted:
        weight = " (each session counts once)"
    return (
        f"{what} served at confidence "
        f"{decision.threshold:.6g} or more disagree with the LLM on at most {alpha:.2%} of calls{weight}. "
        f"Seen on calibration: {cal.served} of {decision.n_calibration} calls served, {cal.losses} "
        f"disagreeing, {cal.sessions} sessions. Seen on test: {test.served} of {decision.n_test} served, "
        f"{test.losses} disagreeing, {test.sessions} sessions."
    )
