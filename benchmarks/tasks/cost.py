"""What discovery costs on a log of 10,000, 100,000 and 1,000,000 calls: CPU time and memory.

    python benchmarks/tasks/cost.py [--sizes 10000,100000] [--no-encoder] [--homes DIR]

The log is `workload.py`'s: the recorded sessions with texts of their own. It is written into a home first
(not counted); then a process of its own reads it from the encrypted store, finds the tasks of all levels,
gives every call to them and stores the result, as `rightsizer discover` does. CPU time is of that process
with all its threads, peak memory its own. With `--homes` the homes are kept and used again.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from structure import LOGS, read
from workload import Workload

from rightsizer.pipeline import discover_tasks, open_workspace
from rightsizer.types import Task


def main() -> None:
    """Every size, or (in the process that is measured) one home."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10000,100000")
    parser.add_argument("--no-encoder", action="store_true")
    parser.add_argument("--homes", type=Path, help="where the homes are kept")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, encoder=not options.no_encoder)))
        return
    workload = Workload(read(sorted(LOGS.glob("*.jsonl.zst")))[0])
    with tempfile.TemporaryDirectory() as folder:
        for size in map(int, options.sizes.split(",")):
            home = (options.homes or Path(folder)) / f"home-{size}"
            if not home.is_dir():
                with open_workspace(home) as ws:
                    ws.store.calls.append(workload.calls(size))
            command = [sys.executable, __file__, "--measure", str(home)]
            command += ["--no-encoder"] if options.no_encoder else []
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            show(size, json.loads(done.stdout.splitlines()[-1]))


def measure(home: Path, *, encoder: bool) -> dict[str, object]:
    """Find the tasks of a home anew, as if for the first time."""
    with open_workspace(home, flags={"encoder.enabled": encoder}) as ws:
        for task in ws.store.records.list(Task):
            ws.store.records.delete(Task, task.id)
        for level in ("template", "step", "semantic"):
            ws.store.marks.assign(level, dict.fromkeys(ws.store.marks.assignments(level)))
        started, wall = time.process_time(), time.monotonic()
        discover_tasks(ws)
        spent, wall = time.process_time() - started, time.monotonic() - wall
        levels = Counter(t.level for t in ws.store.records.list(Task))
        given = ws.store.marks.assignments("template")
        return {
            "cpu_s": spent,
            "wall_s": wall,
            "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
            "tasks": dict(levels),
            "assigned": sum(t is not None for t in given.values()) / max(len(given), 1),
        }


def show(size: int, found: dict[str, object]) -> None:
    """One row."""
    each = 1e6 * float(str(found["cpu_s"])) / size
    print(
        f"{size:9,d} calls: {found['cpu_s']:6.1f} CPU-s, {each:5.0f} µs a call, "
        f"{found['wall_s']:.0f} s wall, peak {found['peak_gb']:.2f} GB, tasks {found['tasks']}, "
        f"{found['assigned']:.3f} assigned",
        flush=True,
    )


if __name__ == "__main__":
    main()
