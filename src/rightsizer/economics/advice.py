"""The finding in one sentence, and what follows from the figures: also where they argue against moving."""

from __future__ import annotations

from collections.abc import Sequence

from rightsizer.economics.report_types import Advice, Headline
from rightsizer.economics.savings import Alternative
from rightsizer.economics.totals import Spend
from rightsizer.economics.wording import money, share


def title(head: Headline, total: Spend, *, n_tasks: int) -> str:
    """What a reader should take away."""
    n = head.n_replace
    if total.calls == 0:
        return "The call log is empty"
    if n_tasks == 0:
        return "No recurring tasks have been found yet"
    if n == 0 and head.n_undecided == 0:
        return "Nothing should move: the LLM stays on every task"
    if n == 0:
        return "Nothing can move yet: more evidence is needed"
    noun = "task" if n == 1 else "tasks"
    text = f"{n} {noun} can move to a small model: {share(head.calls_movable.point)} of all calls"
    if total.usd > 0 and head.cost.point > 0:
        text += f", {share(head.proved_saving.point / head.cost.point)} of the cost"
    return text


def advise(
    head: Headline, ways: Sequence[Alternative], unit: str, unpriced: Sequence[str] = ()
) -> tuple[Advice, ...]:
    """Sentences on whether moving pays, and on what may pay better."""
    lines = []
    if unpriced and head.cost.point == 0:
        names = ", ".join(unpriced[:3]) + (" and others" if len(unpriced) > 3 else "")
        text = f"No price is known for {names}: put it in your own price file (prices.file) to see savings."
        return (Advice(text=text, warn=True),)
    if head.net_saving_month is not None:
        lines.append(_net(head))
    elif head.n_replace and unit != "month":
        lines.append(
            Advice(text="Whether it pays depends on traffic: each task says from how many calls a day.")
        )
    student = next((a for a in ways if a.kind == "student"), None)
    cheap = next((a for a in ways if a.kind == "cheap_llm"), None)
    if student and cheap and cheap.usd.point < student.usd.point:
        text = (
            f"On price alone the cheapest untrained LLM ({cheap.model}) would cost less for these tasks: "
            f"{money(cheap.usd.point)} against {money(student.usd.point)} per {unit}, because the calls that "
            "the student leaves to the incumbent are dear. Nobody has measured here whether it answers as "
            "well: test it before choosing."
        )
        lines.append(Advice(text=text, warn=True))
    return tuple(lines)


def _net(head: Headline) -> Advice:
    net = head.net_saving_month
    assert net is not None
    saving = head.proved_saving.point
    if saving <= 0:
        return Advice(text="Moving saves nothing: the incumbent costs no more than a student.", warn=True)
    if net.point <= 0:
        text = (
            f"At this volume moving does not pay: it saves {money(saving)} a month, and people and machines "
            f"cost {money(saving - net.point)}. It would pay at {_times(saving, net.point)} the traffic."
        )
        return Advice(text=text, warn=True)
    text = f"After people, machines and retraining {money(net.point)} a month remains "
    text += f"({money(net.low)} to {money(net.high)})"
    if head.payback_days is not None:
        days = max(1, round(head.payback_days))
        text += f"; putting it live ({money(head.setup_usd)}) is paid back in {days:,} days"
    return Advice(text=text + ".")


def _times(saving: float, net: float) -> str:
    """How many times the traffic would cover the fixed costs."""
    factor = (saving - net) / saving
    if factor > 1e6:
        return "more than a million times"
    return f"{factor:,.0f} times" if factor >= 10 else f"{factor:.1f} times"
