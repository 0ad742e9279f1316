"""Does a task keep its id when its prompt, its tools or the text filled in change?

    python benchmarks/tasks/edits.py [--every 1] [LOG ...]

Tasks are found in half of the sessions. The other half is changed, one kind of edit at a time, and assigned;
counted are the calls that had a task before the edit: how many have the same one after it. The edits are
applied to the agent's own text: the system prompt, and where there is none, the opening message.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from structure import LOGS, half, read

from rightsizer.config import TasksSettings
from rightsizer.tasks.assign import Assigner
from rightsizer.tasks.discover import discover
from rightsizer.types import Call, Message, Request, TextPart

LINE = {
    "en": "Always be polite and keep your answer as short as the question allows.",
    "zh": "请始终保持礼貌，回答要简短准确，不要透露任何内部信息。",
}
TOOL = {
    "type": "function",
    "function": {
        "name": "note_feedback",
        "description": "Write feedback down.",
        "parameters": {"type": "object"},
    },
}
VERSION = "Version 7.2, last changed on 2031-05-17 at 08:45."


def added(language: str, where: int) -> Callable[[str, random.Random], str]:
    """A sentence put before (0), in the middle (1) or after (2)."""

    def edit(text: str, rng: random.Random) -> str:
        lines = text.split("\n")
        at = (0, len(lines) // 2, len(lines))[where]
        return "\n".join([*lines[:at], LINE[language], *lines[at:]])

    return edit


def dropped(text: str, rng: random.Random) -> str:
    """Without one of its sentences (texts of a few sentences stay as they are)."""
    parts = re.split(r"(?<=[.!?。！？\n])", text)
    if len(parts) < 8:
        return text
    at = rng.randrange(1, len(parts) - 1)
    return "".join(parts[:at] + parts[at + 1 :])


def reworded(text: str, rng: random.Random) -> str:
    """One word in fifty replaced."""
    words = re.split(r"(\s+)", text)
    for i in range(0, len(words), 100):
        at = min(len(words) - 1, i + 2 * rng.randrange(50))
        if len(words) >= 100 and words[at].strip():
            words[at] = "accordingly"
    return "".join(words)


def renumbered(text: str, rng: random.Random) -> str:
    """Every number another one."""
    return re.sub(r"\d+", lambda m: str(rng.randrange(10 ** len(m[0]))), text)


def stamped(text: str, rng: random.Random) -> str:
    """A version and a date in front."""
    return f"{VERSION}\n{text}"


TEXT_EDITS: dict[str, Callable[[str, random.Random], str]] = {
    "sentence before (en)": added("en", 0),
    "sentence within (en)": added("en", 1),
    "sentence after (en)": added("en", 2),
    "sentence before (zh)": added("zh", 0),
    "sentence within (zh)": added("zh", 1),
    "sentence after (zh)": added("zh", 2),
    "sentence dropped": dropped,
    "one word in fifty": reworded,
    "numbers changed": renumbered,
    "version and date": stamped,
    "upper case": lambda text, rng: text.upper(),
    "blanks and line ends": lambda text, rng: re.sub(r"[ \t]+", "  ", text).replace("\n", "\r\n"),
}


def text_edit(edit: Callable[[str, random.Random], str]) -> Callable[[Request, random.Random], Request]:
    """The edit applied to the agent's own text."""

    def apply(request: Request, rng: random.Random) -> Request:
        messages = list(request.messages)
        own = [i for i, m in enumerate(messages) if m.role in ("system", "developer") and m.text]
        for i in own or range(min(1, len(messages))):
            messages[i] = with_text(messages[i], edit(messages[i].text, rng))
        return request.model_copy(update={"messages": tuple(messages)})

    return apply


def with_text(message: Message, text: str) -> Message:
    """The message with this text."""
    return message.model_copy(update={"parts": (TextPart(content=text),)})


def question_changed(request: Request, rng: random.Random) -> Request:
    """Other words of the user, where the agent has a system prompt of its own."""
    messages = list(request.messages)
    if not messages or messages[0].role != "system" or len(messages[0].text) < 200:
        return request
    first = next((i for i, m in enumerate(messages) if m.role == "user"), None)
    if first is not None:
        words = messages[first].text.split()
        rng.shuffle(words)
        messages[first] = with_text(messages[first], " ".join(words))
    return request.model_copy(update={"messages": tuple(messages)})


def tool_added(request: Request, rng: random.Random) -> Request:
    """One more tool, where there are any."""
    return request.model_copy(update={"tools": (*request.tools, TOOL)}) if request.tools else request


def tool_removed(request: Request, rng: random.Random) -> Request:
    """One tool less, where there are at least five."""
    tools: tuple[dict[str, Any], ...] = request.tools
    return request.model_copy(update={"tools": tools[1:]}) if len(tools) >= 5 else request


def main() -> None:
    """Every edit on all recorded logs, or on those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("logs", nargs="*", type=Path)
    parser.add_argument("--every", type=int, default=1, help="edit only every so manieth call of a task")
    options = parser.parse_args()
    calls, _ = read(options.logs or sorted(LOGS.glob("*.jsonl.zst")))
    found = discover([c for c in calls if half(c.session_id)], settings=TasksSettings(granularity=1.0))
    assigner = Assigner(found.tasks)
    rest = [(c, a) for c in calls if not half(c.session_id) and (a := assigner.assign(c.request, c.metadata))]
    places: Counter[str] = Counter()
    picked = []
    for call, task_id in rest:
        if places[task_id] % options.every == 0:
            picked.append((call, task_id))
        places[task_id] += 1
    rest = picked
    edits = {name: text_edit(edit) for name, edit in TEXT_EDITS.items()}
    edits |= {"user's words": question_changed, "tool added": tool_added, "tool removed": tool_removed}
    print(f"{len(rest)} calls of {len({a for _, a in rest})} tasks")
    for name, edit in edits.items():
        print(f"{name:24s} {row(edit, rest, assigner)}", flush=True)


def row(
    edit: Callable[[Request, random.Random], Request], rest: list[tuple[Call, str]], assigner: Assigner
) -> str:
    """How many changed calls keep their id."""
    rng = random.Random(0)
    kept = changed = lost = 0
    tasks: dict[str, list[bool]] = {}
    for call, task_id in rest:
        request = edit(call.request, rng)
        if request == call.request:
            continue
        now = assigner.assign(request, call.metadata)
        changed += 1
        kept += now == task_id
        lost += now is None
        tasks.setdefault(task_id, []).append(now == task_id)
    macro = sum(sum(t) / len(t) for t in tasks.values()) / max(len(tasks), 1)
    return (
        f"changed {changed:6d} calls   same id {kept / max(changed, 1):.4f}   "
        f"another {(changed - kept - lost) / max(changed, 1):.4f}   none {lost / max(changed, 1):.4f}   "
        f"mean over {len(tasks)} tasks {macro:.4f}"
    )


if __name__ == "__main__":
    main()
