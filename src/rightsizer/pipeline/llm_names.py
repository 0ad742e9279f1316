"""Names by the user's own LLM, where they are wanted: it is shown a task's template, never a call.

What leaves the machine is the fixed part of the prompt with sensitive values masked, the names of the tools
and the kind of answer. What changes from call to call is cut out.
"""

from __future__ import annotations

from collections.abc import Sequence

from rightsizer.pipeline.progress import Progress, silent
from rightsizer.pipeline.task_page import TaskPage, task_page
from rightsizer.pipeline.workspace import Workspace
from rightsizer.students.chat_server import ChatServer, Server
from rightsizer.tasks.phrases import tidy
from rightsizer.tasks.signature import Signature
from rightsizer.types import Frozen, Task

TEMPLATE_CHARS = 3000
ASK = (
    "You name recurring kinds of LLM calls for the people who run an agent. Below is the prompt template of "
    "one kind of call, with what changes left out as […]. Answer with its name only: two to six words that "
    "say what the call does and on what, in the language of the template, no quotation marks, no full stop."
)


class Renamed(Frozen):
    """One task's name before and after; equal where the LLM's answer was no use, and `why` says so."""

    task_id: str
    before: str
    after: str
    why: str = ""


def name_with_llm(
    ws: Workspace, server: Server, tasks: Sequence[Task], progress: Progress = silent
) -> list[Renamed]:
    """Ask for a name for each task and store it. Names stay unique; ids never change.

    Raises:
        UpstreamError: the server cannot be reached or fails.
        MissingExtra: httpx2 is not installed.
    """
    ws.enter("tasks.edit", tasks=tuple(t.id for t in tasks), by_llm=True)
    taken = {t.name.lower() for t in ws.store.records.list(Task)}
    found: list[Renamed] = []
    chat = ChatServer(server)
    try:
        for i, task in enumerate(tasks):
            progress("name", i, len(tasks))
            said = chat.complete(_body(task_page(ws, task))).message.text
            renamed = _judge(task, said, taken - {task.name.lower()})
            if renamed.after != task.name:
                ws.store.records.put(task.model_copy(update={"name": renamed.after}))
                taken.add(renamed.after.lower())
            found.append(renamed)
    finally:
        chat.close()
    return found


def _body(page: TaskPage) -> dict[str, object]:
    lines = [
        f"Kind of answer: {page.task.output}, {page.task.type}",
        f"Tools: {', '.join(Signature.model_validate(page.task.signature).tools[:30]) or 'none'}",
        "Template:",
        *("".join(p.text if p.fixed else " […] " for p in pieces) for pieces in (page.system, page.opening)),
    ]
    messages = [
        {"role": "system", "content": ASK},
        {"role": "user", "content": "\n".join(lines)[:TEMPLATE_CHARS]},
    ]
    return {"messages": messages, "temperature": 0, "max_tokens": 40}


def _judge(task: Task, said: str, taken: set[str]) -> Renamed:
    """The answer as a name, if it is one."""
    lines = [line for line in said.strip().splitlines() if line.strip()]
    name = tidy(lines[-1].removeprefix("Name:")) if lines else ""
    why = "" if name else "no usable name in the answer"
    if name.lower() in taken:
        name, why = "", f"'{name}' is taken"
    return Renamed(task_id=task.id, before=task.name, after=name or task.name, why=why)
