"""Tasks of a few hundred calls, one by one: the verdict, how good the surest answers are, what is missing.

    python benchmarks/students/small_tasks.py [LOG ...] [--least 100] [--folds 4] [--runs 100]

LOG (default: the news classifier and the small logs of TensorZero among the recorded calls). Each goes
through import, discovery and `run --all` in a home of its own: the first line of a task is the product's
verdict. Then every student that the task allows is cross-fitted: each call is answered by one that saw no
call of its group. `agree at` is the agreement of the surest 20, 40 … 100 % of the calls; '-' from where
answers end. Where calls are missing, as many more are drawn from the cross-fitted answers, by group, and
split as the product would: `passes` is the share of draws in which the gate then says yes, at the δ of a
second batch. The students are those of today's calls: it tells whether the number is enough for the proof,
not how they would improve. These figures certify nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from lookups import USUAL, draw  # type: ignore[import-not-found]

from rightsizer.evaluation.gate import decide_splits
from rightsizer.evaluation.run import score
from rightsizer.evaluation.spending import batch_delta
from rightsizer.pipeline.collect import import_logs
from rightsizer.pipeline.learn import Learning, enough_calibration, least_clean, prepare
from rightsizer.pipeline.loop import TaskOutcome, run_loop
from rightsizer.pipeline.workspace import Workspace, open_workspace
from rightsizer.students.artifact import load_student
from rightsizer.tasks.groups import fractions_for
from rightsizer.training.train import train
from rightsizer.types import Candidate, Score, Task

CALLS = Path(__file__).resolve().parents[3] / "shared/data/calls"
LOGS = ("flywheel_fsi_news", "tensorzero_inferences", "tensorzero_wire")
SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)
CHEAP = ("tfidf-linear", "minilm-linear", "structured")


def cross_fitted(ws: Workspace, learning: Learning, candidate: Candidate, folds: int) -> list[Score]:
    """Every call's score by a student that saw no call of its group."""
    out: list[Score] = []
    home = {e.group: zlib.crc32(e.group.encode()) % folds for e in learning.examples}
    for fold in range(folds):
        seen = [e.model_copy(update={"split": "train"}) for e in learning.examples if home[e.group] != fold]
        held = [e for e in learning.examples if home[e.group] == fold]
        with tempfile.TemporaryDirectory() as folder:
            train(candidate, learning.task, seen, Path(folder), encoder=ws.encoder)
            student = load_student(Path(folder), encoder=ws.encoder)
            out += score(student, held, learning.task.policy)
    return out


def surest(scores: Sequence[Score]) -> str:
    """Agreement of the surest shares of the calls; '-' from where answers end."""
    ranked = sorted(scores, key=lambda s: -s.confidence if s.answered else 1.0)
    cells = []
    for share in SHARES:
        part = ranked[: max(1, round(share * len(ranked)))]
        whole = all(s.answered for s in part)
        cells.append(f"{sum(s.loss == 0 for s in part) / len(part):6.1%}" if whole else "     -")
    return " ".join(cells)


def passes(
    ws: Workspace, outcome: TaskOutcome, task: Task, scores: Sequence[Score], more: int, runs: int
) -> tuple[float, float]:
    """Share of draws that pass with `more` calls like these, and the mean share served where they do."""
    by_group: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for s in scores:
        by_group[s.group].append((s.confidence if s.answered else -1.0, s.loss))
    pool = [np.array(by_group[name]) for name in sorted(by_group)]
    n = round(len(pool) * (1 + more / len(scores)))
    shares = fractions_for(
        n, USUAL, least_clean=least_clean(ws, task), most_calibration=enough_calibration(ws, task)
    )
    delta = (outcome.delta or batch_delta(ws.settings.gate.delta, 1)) / 4
    rng, served = np.random.default_rng(0), []
    for _ in range(runs):
        cal, test = (draw(pool, rng, max(1, round(n * share))) for share in shares[1:])
        d = decide_splits(
            cal, test, alpha=outcome.alpha, delta=delta, min_coverage=ws.settings.gate.min_coverage, n_calls=1
        )
        if d.verdict == "pass" and d.chosen is not None:
            served.append(d.calibration[d.chosen].served / cal.n_calls)
    return len(served) / runs, float(np.mean(served)) if served else 0.0


def told(ws: Workspace, outcome: TaskOutcome, options: argparse.Namespace) -> None:
    """The lines of one task."""
    task = ws.store.records.get(Task, outcome.task_id)
    served = f", serves {outcome.coverage:.1%}" if outcome.verdict == "pass" else ""
    print(f"  {task.name[:60]} · {task.output} · {outcome.n_calls:,} calls")
    print(f"    {outcome.verdict}{served} ({outcome.method or 'nothing trained'}): {outcome.reason}")
    steady = task.readiness_parts.get("steady")
    if steady is not None:
        print(f"    the LLM agrees with itself on {steady:.1%} of inputs that recur")
    learning = prepare(ws, task)
    if len(learning.examples) < options.least or not outcome.method:
        return
    groups = len({e.group for e in learning.examples})
    print(f"    cross-fitted, {len(learning.examples):,} calls in {groups:,} groups; agree at 20 … 100 %")
    for candidate in learning.candidates:
        if not candidate.accepted or candidate.method not in CHEAP:
            continue
        scores = cross_fitted(ws, learning, candidate, options.folds)
        line = f"    {candidate.method:14} {surest(scores)}"
        if outcome.calls_needed and candidate.method == outcome.method:
            for times in (1, 2):
                share, of = passes(ws, outcome, task, scores, times * outcome.calls_needed, options.runs)
                line += f"  +{times * outcome.calls_needed:,}: passes {share:.0%}, serves {of:.0%}"
        print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("logs", nargs="*", type=Path)
    parser.add_argument("--least", type=int, default=100, help="calls that a task is cross-fitted from")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--runs", type=int, default=100)
    options = parser.parse_args()
    logs = options.logs or [CALLS / f"{name}.jsonl.zst" for name in LOGS]
    missing = next((log for log in logs if not log.exists()), None)
    if missing:
        sys.exit(f"{missing} is not there: name a log")
    for log in logs:
        print(log.name.split(".")[0])
        with tempfile.TemporaryDirectory() as home, open_workspace(Path(home)) as ws:
            import_logs(ws, [log])
            for outcome in run_loop(ws).tasks:
                told(ws, outcome, options)


if __name__ == "__main__":
    main()
