"""Does readiness, reckoned before any training, order tasks as training then finds them?

    python benchmarks/tasks/readiness.py [--home DIR] [--min-calls 60] [--save FILE] [LOG ...]

Imports every recorded log and the wrapped labelled sets (or the logs that are named) into one home, finds
the tasks, trains every accepted candidate on each task and scores it on the sessions held out. Predicted are:

    served      share of the held-out calls that the best student answers at 95 % agreement (its most
                confident ones; at least ten, else none)
    certified   share that the gate certifies at α = 5 % (0 where it does not pass)

Then Spearman's rank correlation of readiness (and of each of its parts) with both, with a bootstrap
interval over tasks, and with one source left out at a time. With `--home`, students already trained there
are not trained again, so that readiness can be changed and measured anew in a minute.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rightsizer.pipeline import (
    Workspace,
    curate_log,
    discover_tasks,
    import_logs,
    open_workspace,
    prepare,
    train_students,
)
from rightsizer.pipeline.prove import decide, scored
from rightsizer.types import Score, Task

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
DATA = SHARED / "data"
AGREEMENT, ALPHA = 0.95, 0.05
LEAST_SERVED = 10
WRAPPED = {
    "clinc150": (["clinc150", str(DATA / "clinc150/data/data_full.json.zst")], "train"),
    "snips": (["snips", str(DATA / "snips")], "train"),
    "restaurant8k": (["restaurant", str(DATA / "span-extraction/restaurant8k")], "train"),
}


def main() -> None:
    """Import, discover, train, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("logs", nargs="*", type=Path, help="these logs instead of the recorded ones")
    parser.add_argument("--home", type=Path, help="a home to make or to go on with")
    parser.add_argument("--min-calls", type=int, default=60, help="tasks with fewer calls are not trained")
    parser.add_argument("--save", type=Path, help="write the rows as JSON")
    options = parser.parse_args()
    if not options.logs and not DATA.is_dir():
        sys.exit("the recorded data (../shared/data) is not beside this checkout")
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder) / "home"
        with open_workspace(home, flags={"tasks.min_calls": 5}) as ws:
            if ws.store.calls.count() == 0:
                import_logs(ws, options.logs) if options.logs else fill(ws, Path(folder))
                curate_log(ws)
            start = time.process_time()
            tasks = discover_tasks(ws)
            spent = time.process_time() - start
            print(f"{ws.store.calls.count():,} calls, {len(tasks)} tasks, discovered in {spent:.0f} CPU-s")
            rows = [measure(ws, task, home, options.min_calls) for task in tasks]
    if options.save:
        options.save.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    show(rows)
    compare(rows)


def fill(ws: Workspace, folder: Path) -> None:
    """All recorded logs, and the labelled sets as call records."""
    files = sorted((DATA / "calls").glob("*.zst"))
    for name, (arguments, split) in WRAPPED.items():
        out = folder / f"{name}.jsonl"
        tool = SHARED / "tools" / "wrap_labelled.py"
        subprocess.run([sys.executable, tool, *arguments, split, out], check=True, stderr=subprocess.DEVNULL)
        files.append(out)
    import_logs(ws, files)


def measure(ws: Workspace, task: Task, home: Path, min_calls: int) -> dict[str, Any]:
    """One row: readiness with its parts, and what training found (from an earlier run if there was one)."""
    memo = home / "outcomes.json"
    known = json.loads(memo.read_text()) if memo.exists() else {}
    if task.id not in known:
        known[task.id] = outcome(ws, task, min_calls)
        memo.write_text(json.dumps(known))
    return {
        "id": task.id,
        "name": task.name,
        "type": task.type,
        "output": task.output,
        "n_calls": task.n_calls,
        "readiness": round(task.readiness or 0.0, 2),  # as it is shown: a whole number of 100
        "parts": task.readiness_parts,
        "cost_share": task.cost_share,
        **known[task.id],
    }


def outcome(ws: Workspace, task: Task, min_calls: int) -> dict[str, Any]:
    """What training finds on one task."""
    sources = Counter(str(c.source.get("dataset")) for c in ws.store.calls.scan(task_id=task.id))
    found: dict[str, Any] = {"source": sources.most_common(1)[0][0] if sources else "", "trained": False}
    found |= {"served": 0.0, "certified": 0.0, "method": ""}
    if ws.store.calls.count(task_id=task.id, kept_only=True) < min_calls:
        return found
    start = time.process_time()
    learning = prepare(ws, task)
    for student in train_students(ws, learning):
        calibration, test = (scored(ws, student, learning, part) for part in ("calibration", "test"))
        served = served_share(calibration + test)
        evaluation = decide(
            ws, student, learning, calibration, test, delta=ws.settings.gate.delta, alpha=ALPHA
        )
        if evaluation.verdict == "pass":
            found["certified"] = max(found["certified"], evaluation.coverage)
        if served > found["served"]:
            found |= {"served": served, "method": student.method}
    found |= {"trained": True, "cpu_s": round(time.process_time() - start, 1)}
    print(f"  {found['served']:.2f} {found['certified']:.2f} {found['cpu_s']:6.1f} s {task.name}", flush=True)
    return found


def served_share(scores: Sequence[Score]) -> float:
    """The largest share of calls, the most confident first, on which the student agrees 95 % of the time."""
    answered = sorted((s for s in scores if s.answered), key=lambda s: -s.confidence)
    losses = np.cumsum([s.loss for s in answered])
    best = 0
    for i, lost in enumerate(losses):
        last_of_ties = i + 1 == len(answered) or answered[i + 1].confidence < answered[i].confidence
        if last_of_ties and lost <= (1 - AGREEMENT) * (i + 1):
            best = i + 1
    return best / len(scores) if best >= LEAST_SERVED else 0.0


def show(rows: Sequence[dict[str, Any]]) -> None:
    """Every trained task, the readiest first."""
    print(f"{'ready':>6} {'served':>7} {'cert.':>6} {'calls':>6}  output     task")
    for r in sorted((r for r in rows if r["trained"]), key=lambda r: -r["readiness"]):
        print(
            f"{r['readiness']:6.2f} {r['served']:7.2f} {r['certified']:6.2f} {r['n_calls']:6}  "
            f"{r['output']:10} {r['name'][:50]} [{r['source'][:18]}]"
        )


def compare(rows: Sequence[dict[str, Any]]) -> None:
    """Rank correlations, over the trained tasks, over those that do not answer in prose, and over all."""
    trained = [r for r in rows if r["trained"]]
    groups = {
        "trained tasks": trained,
        "trained, not prose": [r for r in trained if r["output"] != "text"],
        "all tasks (untrained = 0)": list(rows),
    }
    for truth in ("served", "certified"):
        for name, group in groups.items():
            print(line(f"readiness ~ {truth}, {name}", group, lambda r: r["readiness"], truth))
    for part in sorted({p for r in trained for p in r["parts"]} - {"low", "high"}):
        having = [r for r in trained if part in r["parts"]]
        print(line(f"  part {part} ~ served", having, lambda r, p=part: r["parts"][p], "served"))
    off = [abs(r["readiness"] - r["served"]) for r in trained]
    inside = [r["parts"]["low"] - 0.005 <= r["served"] <= r["parts"]["high"] + 0.005 for r in trained]
    print(
        f"mean absolute error of readiness as a forecast of served: {np.mean(off):.3f}; "
        f"inside the interval: {sum(inside)} of {len(inside)}"
    )
    sources = sorted({r["source"] for r in trained})
    print("one source left out (readiness ~ served, trained tasks):" if len(sources) > 1 else "")
    for source in sources if len(sources) > 1 else ():
        rest = [r for r in trained if r["source"] != source]
        print(line(f"  without {source}", rest, lambda r: r["readiness"], "served"))


def line(
    name: str, rows: Sequence[dict[str, Any]], value: Callable[[dict[str, Any]], float], truth: str
) -> str:
    """The correlation with its bootstrap interval (tasks drawn with replacement)."""
    x, y = np.array([value(r) for r in rows]), np.array([r[truth] for r in rows])
    rng = np.random.default_rng(0)
    draws = [spearman(x[i], y[i]) for i in (rng.integers(0, len(x), len(x)) for _ in range(1000))]
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return f"{name:52s} n {len(x):4}  rho {spearman(x, y):+.2f}  [{low:+.2f}, {high:+.2f}]"


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    """Rank correlation with mean ranks for ties (Spearman 1904); nan where one side is constant."""
    from scipy.stats import rankdata

    a, b = rankdata(x), rankdata(y)
    if a.std() == 0 or b.std() == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


if __name__ == "__main__":
    main()
