"""The step level: the state in which a task's model is asked, known before it answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from rightsizer.tasks.output import find_output
from rightsizer.tasks.policy import load_policy
from rightsizer.tasks.profile import Totals, figures
from rightsizer.tasks.readiness import estimate_readiness
from rightsizer.tasks.scan import Fact
from rightsizer.tasks.signature import Signature
from rightsizer.types import Task
from rightsizer.views.tokens import digest

_SPOKEN = {"@start": "first turn", "@user": "after the user", "@assistant": "going on"}


def find_steps(
    parents: Sequence[Task], members: Mapping[str, Sequence[Fact]], known: Sequence[Task], totals: Totals
) -> tuple[list[Task], dict[str, str]]:
    """Step tasks of every parent, and call id → step task id. Ids follow from parent and step."""
    before = {t.id: t for t in known if t.level == "step"}
    tasks: list[Task] = []
    step_of: dict[str, str] = {}
    for parent in parents:
        groups: dict[str, list[Fact]] = defaultdict(list)
        for f in members.get(parent.id, ()):
            groups[f.step].append(f)
        for step, facts in sorted(groups.items(), key=lambda kv: (-len(kv[1]), kv[0])):
            step_id = step_task_id(parent.id, step)
            step_of.update((f.call_id, step_id) for f in facts)
            tasks.append(_step_task(step_id, step, parent, facts, totals, before.get(step_id)))
    found = {t.id for t in tasks}
    gone = [t.model_copy(update=figures([], totals)) for t in before.values() if t.id not in found]
    return [*tasks, *gone], step_of


def step_task_id(parent_id: str, step: str) -> str:
    """The id of a step of a task: it follows from both."""
    return f"{parent_id}-{digest(step)[:8]}"


def _step_task(
    step_id: str, step: str, parent: Task, facts: Sequence[Fact], totals: Totals, before: Task | None
) -> Task:
    policy = load_policy()
    output = find_output(facts, policy)
    template = parent.readiness_parts.get("template", 0.0)
    ready = estimate_readiness(facts, output, template, policy, n_calls=parent.n_calls)
    spoken = _SPOKEN.get(step) or f"after {step.removeprefix('@tool:')}"
    base = before or Task(id=step_id, name=f"{parent.name} · {spoken}", level="step", parent_id=parent.id)
    return base.model_copy(
        update={
            **figures(facts, totals),
            "output": output,
            "type": parent.type,
            "readiness": ready.value,
            "readiness_parts": {**ready.parts, "low": ready.low, "high": ready.high},
            "reason": ready.reason,
            "example_call_id": facts[len(facts) // 2].call_id,
            "signature": Signature(step=step).model_dump(mode="json"),
        }
    )
