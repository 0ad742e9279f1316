"""How well discovery finds the kinds of calls in the recorded logs, how stable and how cheap it is.

    python benchmarks/tasks/structure.py [--min-calls 5] [--only whole,halves,latency] [LOG ...]

Truth is the log's file + what its maker wrote into `meta` (template, else role, with the domain); only
this file reads it. "same text" counts two truths as one where calls of both carry the very same system
text, tools and format (the same agent recorded twice): no method that sees requests only can part them.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections import Counter, defaultdict
from pathlib import Path

from scores import score, show

from rightsizer.capture.importers import read_calls
from rightsizer.config import TasksSettings
from rightsizer.tasks.assign import Assigner
from rightsizer.tasks.discover import discover
from rightsizer.types import Call, Task

LOGS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "calls"


def main() -> None:
    """Run every check on the logs given, or on all recorded ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("logs", nargs="*", type=Path)
    parser.add_argument("--min-calls", type=int, default=TasksSettings().min_calls)
    parser.add_argument("--min-sessions", type=int, default=TasksSettings().min_sessions)
    parser.add_argument("--only", default="whole,halves,latency", help="checks to run")
    options = parser.parse_args()
    settings = TasksSettings(min_calls=options.min_calls, min_sessions=options.min_sessions)
    calls, truth = read(options.logs or sorted(LOGS.glob("*.jsonl.zst")))
    print(f"{len(calls)} calls, {len(set(truth.values()))} true kinds, {settings}")
    checks = options.only.split(",")
    for name, check in (("whole", whole), ("halves", halves)):
        if name in checks:
            check(calls, truth, settings)
    if "latency" in checks:
        latency(calls, settings)


def read(paths: list[Path]) -> tuple[list[Call], dict[str, str]]:
    """All calls and the truth about each."""
    calls, truth = [], {}
    for path in paths:
        for call in read_calls(path):
            meta = call.extra.get("meta") or {}
            kind = meta.get("template") or meta.get("role")
            truth[call.id] = f"{path.name.split('.')[0]}|{meta.get('domain')}|{kind}"
            calls.append(call)
    return calls, truth


def merged(calls: list[Call], truth: dict[str, str]) -> dict[str, str]:
    """The truth with kinds joined that share most of their calls' exact system text, tools and format."""
    owners: dict[str, Counter[str]] = defaultdict(Counter)
    for call in calls:
        system = "".join(m.text for m in call.request.messages if m.role == "system")
        if len(system) >= 200:
            key = repr((system, sorted(call.request.tool_names)))
            owners[key][truth[call.id]] += 1
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.get(name, name) != name:
            name = parent[name]
        return name

    for kinds in owners.values():
        first, *others = sorted(kinds)
        for other in others:
            parent[root(other)] = root(first)
    return {call: root(name) for call, name in truth.items()}


def whole(calls: list[Call], truth: dict[str, str], settings: TasksSettings) -> None:
    """Fit and assign on everything."""
    start = time.process_time()
    found = discover(calls, settings=settings)
    spent = time.process_time() - start
    given = found.assignments["template"]
    print(f"discover: {spent:.1f} CPU-s, {1e6 * spent / len(calls):.0f} CPU-s per 1M calls")
    show("all", score([truth[c.id] for c in calls], [given[c.id] for c in calls]))
    same = merged(calls, truth)
    show("all, same text = one kind", score([same[c.id] for c in calls], [given[c.id] for c in calls]))
    again = discover(calls, known=found.tasks, settings=settings).assignments["template"]
    print(f"re-run with known tasks: {sum(again[c] == t for c, t in given.items()) / len(given):.2%} same id")


def halves(calls: list[Call], truth: dict[str, str], settings: TasksSettings) -> None:
    """Fit on half of the sessions, assign the other half; then re-fit on all with the tasks known."""
    first = [c for c in calls if half(c.session_id)]
    second = [c for c in calls if not half(c.session_id)]
    found = discover(first, settings=settings)
    tasks = [t for t in found.tasks if t.level == "template"]
    assigner = Assigner(tasks)
    given = {c.id: assigner.assign(c.request, c.metadata) for c in second}
    show("fit half, assign other half", score([truth[c.id] for c in second], [given[c.id] for c in second]))
    same = merged(calls, truth)
    scores = score([same[c.id] for c in second], [given[c.id] for c in second])
    show("  same text = one kind", scores)
    grown = discover(calls, known=found.tasks, settings=settings).assignments["template"]
    before = {**found.assignments["template"], **given}
    had = [c for c, t in before.items() if t is not None]
    print(f"after re-fit on all: {sum(grown[c] == before[c] for c in had) / len(had):.2%} keep their id")


def half(session: str) -> bool:
    """Which half of the log a session is in."""
    return hashlib.sha256(session.encode()).digest()[0] < 128


def latency(calls: list[Call], settings: TasksSettings) -> None:
    """CPU time of one assignment, each request once, in log order (as in live traffic)."""
    tasks: list[Task] = [t for t in discover(calls, settings=settings).tasks if t.level == "template"]
    assigner = Assigner(tasks)
    times = []
    for call in calls:
        start = time.thread_time_ns()
        assigner.assign(call.request, call.metadata)
        times.append((time.thread_time_ns() - start) / 1e6)
    times.sort()
    p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
    print(f"assign: mean {sum(times) / len(times):.3f} ms, p50 {p50:.3f}, p99 {p99:.3f} (thread CPU time)")


if __name__ == "__main__":
    main()
