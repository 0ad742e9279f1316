"""A dataset's card: what is in it, where it comes from, what was left out, and what it cannot say.

The sections follow Gebru et al. 2021, "Datasheets for Datasets", as far as a program can answer them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from rightsizer.pipeline.collect import filed_under
from rightsizer.pipeline.lineage import SPLITS
from rightsizer.pipeline.workspace import Workspace
from rightsizer.types import Call, Dataset, Funnel, Student, Task
from rightsizer.views.language import language_of_text, newest_user_text

_UNSTATED = "not stated in the log"


def dataset_card(ws: Workspace, dataset: Dataset) -> str:
    """The Markdown card of one dataset. Reads its calls once; no word of them is on the card."""
    task = ws.find(Task, dataset.task_id)
    calls = ws.store.calls.count(task_id=task.id)
    ws.enter("dataset.card", dataset=dataset.id, calls=calls)
    seen = _look(ws, dataset)
    sections = (
        _head(dataset, task),
        _splits(dataset),
        _origin(seen),
        _languages(seen),
        _filtering(ws, dataset, calls),
        _masking(ws),
        _use(ws, dataset),
        _limits(dataset, seen),
    )
    return "\n".join(sections)


@dataclass
class _Seen:
    """What one pass over the dataset's calls counts."""

    calls: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    first: str = ""
    last: str = ""


def _look(ws: Workspace, dataset: Dataset) -> _Seen:
    wanted = {row.call_id for row in dataset.rows}
    seen = _Seen()
    for call in ws.store.calls.scan(task_id=filed_under(ws.find(Task, dataset.task_id, merged=True))):
        if call.id not in wanted:
            continue
        seen.calls += 1
        source = call.source
        seen.sources[str(source.get("name") or source.get("dataset") or _UNSTATED)] += 1
        seen.licences[str(source.get("licence") or source.get("license") or _UNSTATED)] += 1
        seen.models[call.model or _UNSTATED] += 1
        seen.languages[language_of(call)] += 1
        if call.timestamp is not None:
            day = call.timestamp.date().isoformat()
            seen.first = min(seen.first or day, day)
            seen.last = max(seen.last, day)
    return seen


def language_of(call: Call) -> str:
    """'Chinese', 'mixed' or 'not Chinese', of the newest user text and the answer together."""
    return language_of_text(newest_user_text(call.request) + (call.response.text if call.response else ""))


def _head(dataset: Dataset, task: Task) -> str:
    made = f"{dataset.created_at:%Y-%m-%d %H:%M} UTC" if dataset.created_at else "unknown"
    return (
        f"# Dataset {dataset.id}\n\n"
        f"{len(dataset.rows):,} examples of the task **{task.name}** (answers with {task.output}), "
        f"frozen {made}.\n\n"
        f"| | |\n|---|---|\n| task | `{task.id}` |\n| content (SHA-256) | `{dataset.content_hash}` |\n"
        f"| seed of the split | {dataset.seed} |\n"
    )


def _splits(dataset: Dataset) -> str:
    rows = "\n".join(
        f"| {split} | {dataset.count(split):,} | "
        f"{len({r.group for r in dataset.rows if r.split == split}):,} |"
        for split in SPLITS
    )
    return (
        f"## Splits\n\nWhole groups (`{dataset.group_key}`, joined where inputs are near-duplicates) "
        f"go to one part.\n\n| part | examples | groups |\n|---|---|---|\n{rows}\n"
    )


def _origin(seen: _Seen) -> str:
    span = f"From {seen.first} to {seen.last}.\n" if seen.first else "The calls have no timestamps.\n"
    return (
        "## Where it comes from\n\n"
        + span
        + "\n"
        + _table("source", seen.sources)
        + "\n"
        + _table("licence", seen.licences)
        + "\n"
        + _table("answered by (the labels)", seen.models)
    )


def _languages(seen: _Seen) -> str:
    return "## Languages\n\n" + _table("newest user text and answer", seen.languages)


def _filtering(ws: Workspace, dataset: Dataset, calls: int) -> str:
    funnels = ws.store.records.list(Funnel)
    lines = [f"The task has {calls:,} calls in the log; {len(dataset.rows):,} are here."]
    if funnels:
        dropped = "; ".join(f"{reason} {n:,}" for reason, n in funnels[-1].dropped) or "nothing"
        lines.append(
            f"Curation of the whole log kept {funnels[-1].n_kept:,} of {funnels[-1].n_in:,} calls. "
            f"Set aside: {dropped}."
        )
    for reason, n in dataset.dropped.items():
        lines.append(f"Left out of this dataset: {n:,} for {reason}.")
    return "## Filtering\n\n" + "\n".join(lines) + "\n"


def _masking(ws: Workspace) -> str:
    if ws.settings.curate.mask:
        text = (
            "Secrets and personal values that were recognised are replaced by placeholders in prompt and "
            "answer, when learning and when serving (as the settings are now)."
        )
    else:
        text = "**Not masked** (`curate.mask` is off now): examples hold the text as it was logged."
    return f"## Personal data\n\n{text}\n"


def _use(ws: Workspace, dataset: Dataset) -> str:
    students = ws.store.records.list(Student, dataset_id=dataset.id)
    rows = "\n".join(f"- `{s.id}` ({s.rung}, {s.method})" for s in students)
    return f"## Used by\n\n{rows or 'No student yet.'}\n"


def _limits(dataset: Dataset, seen: _Seen) -> str:
    lines = [
        "- The labels are the LLM's answers, not the truth: its mistakes are in them.",
        "- It speaks for the traffic of its time and product; a change of prompt or tools dates it.",
        "- Recognisers of personal data miss some; a masked dataset is pseudonymous data, not anonymous.",
    ]
    if seen.calls < len(dataset.rows):
        gone = len(dataset.rows) - seen.calls
        lines.append(
            f"- {gone:,} of its calls are no longer in the log (forgotten, or past their retention)."
        )
    if _UNSTATED in seen.licences:
        lines.append("- The log states no licence: whether it may be used so is for its owner to say.")
    return "## Known limits\n\n" + "\n".join(lines) + "\n"


def _table(title: str, counts: Counter[str]) -> str:
    rows = "\n".join(f"| {name} | {n:,} |" for name, n in sorted(counts.items(), key=lambda c: (-c[1], c[0])))
    return f"| {title} | calls |\n|---|---|\n{rows}\n"
