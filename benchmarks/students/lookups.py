"""An agent's next call: how often are its surest look-ups right, and how many sessions would prove it?

    python benchmarks/students/lookups.py [LOG] [--unit session|group] [--folds 4] [--runs 200]

LOG (default: tau_bench_v1 of the recorded calls) goes through import and discovery; the calls of its
largest task, masked as the product masks them, are answered by students that saw no session of their group:
sessions that share near-duplicate inputs, which are those of one customer. First the agreement of the n
surest answers; then, with sessions (or whole groups) drawn again and again from these, how many of them the
gate needs for a pass. Nothing is certified here.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import zlib
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from rightsizer.evaluation.gate import decide_splits
from rightsizer.evaluation.risk import Split, arrange
from rightsizer.evaluation.run import score
from rightsizer.pipeline.collect import curate_log, discover_tasks, import_logs
from rightsizer.pipeline.learn import Learning, alpha_of, least_clean, prepare
from rightsizer.pipeline.workspace import open_workspace
from rightsizer.students.artifact import load_student
from rightsizer.tasks.groups import fractions_for
from rightsizer.training.structured import train_structured
from rightsizer.types import Candidate, Example, Prediction, Score

LOG = Path(__file__).resolve().parents[3] / "shared/data/calls/tau_bench_v1.jsonl.zst"
SERVED = (40, 80, 120, 150, 180, 250, 400)
GROUPS = (50, 100, 150, 200, 300, 400, 600, 1000)
USUAL = (0.6, 0.25, 0.15)
DELTA = 0.1 * 6 / np.pi**2  # a home's first batch, one decision
Answered = tuple[Example, Prediction, Score]


def cross_fitted(learning: Learning, folds: int) -> list[Answered]:
    """Every call with the answer of a student that saw no call of its group."""
    out: list[Answered] = []
    for fold in range(folds):
        home = {e.group: zlib.crc32(e.group.encode()) % folds for e in learning.examples}
        seen = [e.model_copy(update={"split": "train"}) for e in learning.examples if home[e.group] != fold]
        held = [e for e in learning.examples if home[e.group] == fold]
        with tempfile.TemporaryDirectory() as folder:
            train_structured(Candidate(rung="linear", method="structured"), learning.task, seen, Path(folder))
            student = load_student(Path(folder))
        said = student.predict([e.prompt for e in held])
        out += zip(held, said, score(student, held, learning.task.policy), strict=True)
    return out


def told(rows: list[Answered]) -> None:
    """Agreement of the surest answers, and what they are."""
    sure = sorted((r for r in rows if r[2].answered), key=lambda r: -r[2].confidence)
    sessions = len({e.session_id for e, _, _ in rows})
    print(f"{len(rows):,} calls, {sessions} sessions, {len({e.group for e, _, _ in rows})} groups")
    print("surest  of calls  right  sessions  at least  what they are")
    for n in (n for n in SERVED if n <= len(sure)):
        part = sure[:n]
        right = sum(s.loss == 0 for _, _, s in part) / n
        tools = Counter(
            p.message.tool_calls[0].name for _, p, _ in part if p.message and p.message.tool_calls
        )
        names = ", ".join(f"{name} {k}" for name, k in tools.most_common(3))
        print(
            f"{n:6}  {n / len(rows):7.1%}  {right:5.1%}  {len({e.session_id for e, _, _ in part}):8}  "
            f"{part[-1][2].confidence:8.3f}  {names}"
        )


def power(rows: list[Answered], unit: str, alpha: float, clean: float, runs: int) -> None:
    """Share of runs that pass, when so many sessions or groups like these are recorded."""
    groups: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for e, _, s in rows:
        groups[e.group if unit == "group" else e.session_id].append(
            (s.confidence if s.answered else -1.0, s.loss)
        )
    pool = [np.array(groups[name]) for name in sorted(groups)]
    size = np.mean([len(g) for g in pool])
    rng = np.random.default_rng(0)
    print(f"{unit}s"[:6].ljust(6) + "  calls    passed  served where passed")
    for n in GROUPS:
        shares = fractions_for(n, USUAL, least_clean=clean)
        served = []
        for _ in range(runs):
            cal, test = (draw(pool, rng, max(1, round(n * share))) for share in shares[1:])
            d = decide_splits(cal, test, alpha=alpha, delta=DELTA, min_coverage=0.05, n_calls=1)
            if d.verdict == "pass" and d.chosen is not None:
                served.append(d.calibration[d.chosen].served / cal.n_calls)
        mean = f"{np.mean(served):.1%}" if served else "-"
        print(f"{n:6}  {n * size:6,.0f}  {len(served) / runs:6.0%}  {mean}", flush=True)


def draw(pool: list[np.ndarray], rng: np.random.Generator, n: int) -> Split:
    picked = [pool[i] for i in rng.integers(0, len(pool), n)]
    table = np.concatenate(picked)
    return arrange(np.repeat(np.arange(n), [len(g) for g in picked]), table[:, 0], table[:, 1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("log", nargs="?", type=Path, default=LOG)
    parser.add_argument("--unit", choices=["session", "group"], default="session")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--runs", type=int, default=200)
    options = parser.parse_args()
    if not options.log.exists():
        sys.exit(f"{options.log} is not there: name a log")
    with tempfile.TemporaryDirectory() as home, open_workspace(Path(home)) as ws:
        import_logs(ws, [options.log])
        curate_log(ws)
        task = max(discover_tasks(ws), key=lambda t: t.n_calls)
        rows = cross_fitted(prepare(ws, task), options.folds)
        told(rows)
        power(rows, options.unit, alpha_of(ws, task), least_clean(ws, task), options.runs)


if __name__ == "__main__":
    main()
