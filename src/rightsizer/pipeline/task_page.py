"""What a person wants to see of a task: its template with the variables marked, and typical calls."""

from __future__ import annotations

import re
from itertools import islice

from rightsizer.curation.mask_cache import MaskCache
from rightsizer.economics.by_type import TypeShare, estimate_by_type
from rightsizer.economics.verdict import decide_each
from rightsizer.economics.wording import short
from rightsizer.pipeline.predict import masked_example
from rightsizer.pipeline.workspace import Workspace
from rightsizer.tasks.template import Piece, mark_template, without_template
from rightsizer.types import Call, Evaluation, Frozen, Message, Request, Route, Task
from rightsizer.views.view import SYSTEM_ROLES

PROMPTS = 40  # calls of different sessions that are read for the template
READ = 400  # calls that are looked through for them
EXAMPLES = 3
MAP_CHARS = 600  # of an example on the map


class TaskExample(Frozen):
    """One call in short: what is special about its last message, and the answer; sensitive values masked."""

    call_id: str
    asked: str
    answered: str


class TaskPage(Frozen):
    """A task with its template and examples. `opening` is empty where the first message is free."""

    task: Task
    children: tuple[Task, ...]
    system: tuple[Piece, ...]
    opening: tuple[Piece, ...]
    examples: tuple[TaskExample, ...]


def task_page(ws: Workspace, task: Task) -> TaskPage:
    """The page of one task; reads at most some hundred of its calls.

    Sensitive values are masked in everything that is shown, as they are for a student.
    """
    cache = MaskCache()
    masked = [(call.id, *masked_example(call, cache)) for call in _typical_calls(ws, task)]
    requests = [request for _, request, _ in masked]
    openings = [_opening(r) for r in requests]
    opening = mark_template(openings)
    asked = without_template([_said(r.messages[-1]) if r.messages else "" for r in requests])
    shared = any(p.fixed and len(p.text) > 1 for p in opening) and len(set(openings)) > 1
    return TaskPage(
        task=task,
        children=children_of(ws, task),
        system=mark_template([s for s in map(_system, requests) if s]),
        opening=opening if shared else (),
        examples=tuple(
            TaskExample(
                call_id=call_id,
                asked=re.sub(r"\s*\n\s*\n\s*", "\n", asked[i].strip(" …\n")),
                answered=_said(m),
            )
            for i, (call_id, _, m) in enumerate(masked[:EXAMPLES])
        ),
    )


def children_of(ws: Workspace, task: Task) -> tuple[Task, ...]:
    """The steps and semantic sub-tasks of a task, the most frequent first."""
    found = [t for t in ws.store.records.list(Task) if t.parent_id == task.id and t.n_calls]
    return tuple(sorted(found, key=lambda t: (t.level, -t.n_calls, t.id)))


def shares_by_type(ws: Workspace) -> tuple[TypeShare, ...]:
    """What could move, by kind of call, over the whole log; empty before tasks were found."""
    tasks = [t for t in ws.store.records.list(Task) if t.level == "template" and t.n_calls]
    if not tasks:
        return ()
    records = ws.store.records
    speaking = decide_each(tasks, records.list(Evaluation), records.list(Route))
    return estimate_by_type(tasks, evaluations=speaking)


def map_examples(ws: Workspace) -> dict[str, tuple[str, str]]:
    """Task id → (asked, answered) of its typical call, masked and cut to what a panel can show."""
    cache = MaskCache()
    found: dict[str, tuple[str, str]] = {}
    for task in ws.store.records.list(Task):
        if task.example_call_id is None:
            continue
        call = ws.store.calls.get(task.example_call_id)
        if call.response is not None and call.request.messages:
            request, answer = masked_example(call, cache)
            found[task.id] = (short(_said(request.messages[-1]), MAP_CHARS), short(_said(answer), MAP_CHARS))
    return found


def _typical_calls(ws: Workspace, task: Task) -> list[Call]:
    """Answered calls of different sessions, the medoid first."""
    template = task.id if task.parent_id is None else task.parent_id
    own = ws.store.marks.assignments(task.level)
    found = islice((c for c in ws.store.calls.scan(task_id=template) if own.get(c.id) == task.id), READ)
    medoid = [ws.store.calls.get(task.example_call_id)] if task.example_call_id else []
    by_session: dict[str, Call] = {}
    for call in (*medoid, *found):
        if call.response is not None:
            by_session.setdefault(call.session_id, call)
    return list(by_session.values())[:PROMPTS]


def _system(request: Request) -> str:
    return "\n".join(m.text for m in request.messages if m.role in SYSTEM_ROLES)


def _opening(request: Request) -> str:
    return next((m.text for m in request.messages if m.role not in SYSTEM_ROLES), "")


def _said(message: Message) -> str:
    calls = [f"→ {c.name}({c.arguments})" for c in message.tool_calls]
    return "\n".join(part for part in (message.text.strip(), *calls) if part)
