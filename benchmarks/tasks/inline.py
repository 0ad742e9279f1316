"""What assigning one request costs in the gateway, before it is answered.

    python benchmarks/tasks/inline.py [--every 1] [LOG ...]

Tasks of all levels are found in the recorded logs, then every request is assigned once, in log order, as in
live traffic. "template": only templates are wanted. "all levels": every step and every sub-task by meaning
too, as if a student sat on each. "from the body": the gateway's own call, from the bytes of the body on,
with a student on every sub-task. Run it alone on an idle core: wall time is what a caller waits.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import orjson
from structure import LOGS, read

from rightsizer.config import TasksSettings
from rightsizer.pipeline.gateway import Seat, StoreRouter
from rightsizer.tasks.discover import discover
from rightsizer.tasks.inline import InlineAssigner
from rightsizer.types import Prediction, Request, Route
from rightsizer.wire.request import request_to_chat


class Nobody:
    """A student that is never asked: its routes are in shadow mode with a share of 0."""

    def predict(self, requests: list[Request]) -> list[Prediction]:
        raise NotImplementedError


def main() -> None:
    """Find, then time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("logs", nargs="*", type=Path)
    parser.add_argument("--every", type=int, default=1, help="time only every so manieth call")
    options = parser.parse_args()
    calls, _ = read(options.logs or sorted(LOGS.glob("*.jsonl.zst")))
    tasks = discover(calls, settings=TasksSettings()).tasks
    fine = {t.id for t in tasks if t.level != "template"}
    print(f"{len(calls)} calls, {len(tasks) - len(fine)} templates, {len(fine)} steps and sub-tasks")
    timed = calls[:: options.every]
    for name, wanted in (("template", set()), ("all levels", fine)):
        inline = InlineAssigner(tasks, wanted)
        report(name, (lambda c=c, a=inline: a.assign(c.request, c.metadata) for c in timed))
    route = {"student_id": "", "release_id": "", "mode": "canary", "share": 0.0, "threshold": 1.0}
    router = StoreRouter(tasks, {i: Seat(Route(task_id=i, **route), Nobody()) for i in fine})
    bodies = ((c, orjson.dumps(request_to_chat(c.request))) for c in timed)
    report("from the body", (lambda c=c, b=b: router.place(c.id, b, c.metadata) for c, b in bodies))


def report(name: str, works: Iterable[Callable[[], object]]) -> None:
    """Mean and quantiles of the time that each piece of work takes, in milliseconds."""
    gc.collect()
    gc.freeze()  # the log lies in memory, which a gateway's process has not
    wall, cpu = [], []
    for work in works:
        started, used = time.perf_counter_ns(), time.thread_time_ns()
        work()
        cpu.append((time.thread_time_ns() - used) / 1e6)
        wall.append((time.perf_counter_ns() - started) / 1e6)
    gc.unfreeze()
    for kind, times in (("wall", sorted(wall)), ("CPU", sorted(cpu))):
        p50, p90, p99 = (times[int(len(times) * q)] for q in (0.5, 0.9, 0.99))
        print(
            f"{name:14s} {kind:4s} mean {sum(times) / len(times):.3f} ms, p50 {p50:.3f}, p90 {p90:.3f}, "
            f"p99 {p99:.3f}, longest {times[-1]:.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
