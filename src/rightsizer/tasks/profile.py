"""A task's figures: what its calls cost, what they answer, what it is called, how ready it is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rightsizer.tasks.label import Source, name_tasks, shared_sentences
from rightsizer.tasks.output import find_output, find_type
from rightsizer.tasks.policy import Policy, load_policy
from rightsizer.tasks.readiness import estimate_readiness
from rightsizer.tasks.scan import Fact, Scan
from rightsizer.tasks.shingles import shingle
from rightsizer.tasks.signature import Signature
from rightsizer.tasks.trial import run_trial
from rightsizer.tasks.zones import Zones
from rightsizer.types import Task

MAX_PROMPTS = 40  # prompts of a task that are read for its name


@dataclass(frozen=True)
class Totals:
    """What the whole log holds, for shares."""

    calls: int
    cost_usd: float
    tokens: int

    @classmethod
    def of(cls, facts: Sequence[Fact]) -> Totals:
        """Totals of a log."""
        tokens = sum(f.input_tokens + f.output_tokens for f in facts)
        return cls(len(facts), sum(f.cost_usd for f in facts), tokens)


def profile_tasks(tasks: Sequence[Task], members: Mapping[str, Sequence[Fact]], done: Scan) -> list[Task]:
    """The tasks with all figures filled in. A task that already has a name keeps it."""
    policy, totals = load_policy(), Totals.of(done.facts)
    for task in tasks:
        try_task(members[task.id], policy)
    sources = {t.id: name_source(t, members[t.id], done) for t in tasks}
    unnamed = [t for t in tasks if not t.name]
    names = name_tasks([sources[t.id] for t in unnamed], [t.name for t in tasks if t.name])
    given = {t.id: n for t, n in zip(unnamed, names, strict=True)}
    return [
        _profile(t.model_copy(update={"name": given.get(t.id, t.name)}), members[t.id], done, totals, policy)
        for t in tasks
    ]


def try_task(facts: Sequence[Fact], policy: Policy) -> None:
    """Run the quick trial on a task's calls and note on each what it found; its parts use it too."""
    found = run_trial(facts, policy.trial)
    for f in facts:
        f.trial = found.get(f.call_id)


def figures(facts: Sequence[Fact], totals: Totals) -> dict[str, float | int]:
    """Sums and shares over some calls, as fields of `Task`."""
    input_tokens, output_tokens = sum(f.input_tokens for f in facts), sum(f.output_tokens for f in facts)
    cost = sum(f.cost_usd for f in facts)
    if totals.cost_usd > 0:
        share = cost / totals.cost_usd
    else:
        share = (input_tokens + output_tokens) / max(totals.tokens, 1)
    return {
        "n_calls": len(facts),
        "n_sessions": len({f.session for f in facts}),
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "cost_usd": cost,
        "call_share": len(facts) / max(totals.calls, 1),
        "cost_share": share,
    }


def name_source(task: Task, facts: Sequence[Fact], done: Scan) -> Source:
    """What the task can be named from: prompts of different sessions, tools, forms of answers."""
    by_session: dict[str, Zones] = {}
    for f in facts:
        by_session.setdefault(f.session, done.zones[f.zones])
    zones = list(by_session.values())
    picked = zones
    if len(zones) > MAX_PROMPTS:
        picked = [zones[i * len(zones) // MAX_PROMPTS] for i in range(MAX_PROMPTS)]
    shapes = Counter(f.shape for f in facts if f.shape)
    return Source(
        declared=Signature.model_validate(task.signature).declared,
        systems=tuple(z.system for z in picked if z.system),
        openings=tuple(z.opening for z in picked if z.opening),
        tools=tuple(sorted(picked[0].tools)) if picked else (),
        shapes=tuple(s for s, _ in shapes.most_common(3)),
    )


def _profile(task: Task, facts: Sequence[Fact], done: Scan, totals: Totals, policy: Policy) -> Task:
    if not facts:
        return task.model_copy(update=figures(facts, totals))
    output = find_output(facts, policy)
    source = name_source(task, facts, done)
    template = "\n".join([*shared_sentences(source.systems), *shared_sentences(source.openings)])
    ready = estimate_readiness(facts, output, _template_share(facts, done), policy)
    parts = {**ready.parts, "low": ready.low, "high": ready.high}
    update: dict[str, object] = {
        **figures(facts, totals),
        "output": output,
        "type": find_type(facts, output, template, policy),
        "readiness": ready.value,
        "readiness_parts": parts,
        "example_call_id": _medoid(facts).call_id,
    }
    if task.verdict is None:
        update["reason"] = ready.reason
    return task.model_copy(update=update)


def _medoid(facts: Sequence[Fact]) -> Fact:
    """A typical call: the commonest form of answer and a payload of middling length."""
    shape = Counter(f.shape for f in facts).most_common(1)[0][0]
    typical = sorted((f for f in facts if f.shape == shape), key=lambda f: (f.input_tokens, f.call_id))
    return typical[len(typical) // 2]


def _template_share(facts: Sequence[Fact], done: Scan) -> float:
    """Share of the prompt's shingles that most prompts of the task have, over prompts of ≤ 30 sessions."""
    by_session: dict[str, Zones] = {}
    for f in facts:
        by_session.setdefault(f.session, done.zones[f.zones])
        if len(by_session) >= 30:
            break
    zones = list(by_session.values())
    counts: dict[int, int] = defaultdict(int)
    sizes = []
    for z in zones:
        both = set(shingle(z.system).tolist()) | set(shingle(z.opening).tolist())
        sizes.append(len(both))
        for h in both:
            counts[h] += 1
    core = sum(n >= 0.7 * len(zones) for n in counts.values())
    return min(1.0, core * len(sizes) / max(sum(sizes), 1)) if len(zones) > 1 else 0.0
