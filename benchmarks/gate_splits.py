"""Does the gate keep its promise on real data? Many random splits by session of a student's calls.

    python benchmarks/gate_splits.py [--sets clinc150 snips few] [--splits 200] [--method minilm-linear]

A student is trained once on 60 % of the training calls. The other calls are its pool. Each split draws whole
sessions of the pool: half to calibrate, a fifth to plan (the product's test split), the rest held out. One
with a certificate is a *violation* where the mean disagreement of the served held-out calls is above α.
That statistic has two sources, which the table keeps apart:

- pool: the threshold's disagreement over the whole pool is above α. This is what is promised: at most δ.
- noise: were the pool's disagreement the truth, how often would so few held-out calls show more than α by
  chance (binomial)? Near α this is close to a half, however good the gate.

`violated` should be no more than δ + noise. Nothing of an official test file is read.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent / "students"))
from labels import SETS, Labelled  # type: ignore[import-not-found]

from rightsizer.evaluation.gate import decide_splits
from rightsizer.evaluation.risk import arrange, make_split, risk_at
from rightsizer.evaluation.run import score
from rightsizer.stats import p_at_least
from rightsizer.students.artifact import load_student
from rightsizer.students.encoder import Encoder, load_encoder
from rightsizer.training.train import train
from rightsizer.types import Candidate, Score, Task, TaskPolicy

CALIBRATE, PLAN = 0.5, 0.2


def pool_scores(found: Labelled, method: str, encoder: Encoder | None) -> list[Score]:
    """What the student trained on the train split says of all other calls."""
    learn = [e for e in found.known if e.split == "train"]
    rest = [e for e in found.known if e.split != "train"]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "s"
        candidate = Candidate(rung="linear", method=method)
        train(candidate, Task(id="task_bench", name=found.name, output="label"), learn, out, encoder=encoder)
        return score(load_student(out, encoder=encoder), rest, TaskPolicy())


def measure(scores: list[Score], alpha: float, delta: float, splits: int) -> str:
    """The cells of one row: splits with a certificate, its coverage, and the shares explained above."""
    pool = make_split(scores)
    names = np.asarray([s.group for s in scores], dtype=str)
    confidence = np.asarray([s.confidence if s.answered else -1.0 for s in scores])
    loss = np.asarray([s.loss for s in scores])
    sessions = np.unique(names)
    rng = np.random.default_rng(0)
    violated, unkept, noise, coverage = [], [], [], []
    for _ in range(splits):
        where = dict(zip(sessions.tolist(), rng.random(len(sessions)).tolist(), strict=True))
        draw = np.array([where[n] for n in names])
        parts = (draw < CALIBRATE, (draw >= CALIBRATE) & (draw < CALIBRATE + PLAN), draw >= CALIBRATE + PLAN)
        cal, plan, held_out = (arrange(names[p], confidence[p], loss[p]) for p in parts)
        made = decide_splits(cal, plan, alpha=alpha, delta=delta, min_coverage=0.05, n_calls=len(scores))
        if made.threshold is None:
            continue
        seen, truth = (risk_at(part, made.threshold, 1) for part in (held_out, pool))
        rate = truth.losses / truth.served
        violated.append(seen.losses > alpha * seen.served)
        unkept.append(rate > alpha)
        noise.append(p_at_least(int(alpha * seen.served) + 1, seen.served, rate) if rate else 0.0)
        coverage.append(seen.served / held_out.n_calls)
    if not violated:
        return f"{0:9} {'–':>9} {'–':>9} {'–':>9} {'–':>9}"
    bound = delta + float(np.mean(noise))
    shares = [np.mean(coverage), np.mean(violated), np.mean(unkept), np.mean(noise), bound]
    return f"{len(violated):9} " + " ".join(f"{x:9.3f}" for x in shares)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[1].parent / "shared")
    parser.add_argument("--sets", nargs="+", default=["clinc150", "snips"], choices=list(SETS))
    parser.add_argument("--splits", type=int, default=200)
    parser.add_argument("--delta", type=float, default=0.1)
    parser.add_argument("--method", default="minilm-linear")
    options = parser.parse_args()
    if not (options.shared / "data").is_dir():
        sys.exit("the recorded data (../shared/data) is not beside this checkout")
    encoder = load_encoder() if options.method != "tfidf-linear" else None
    heads = "certified", "served", "violated", "pool > α", "noise", "δ + noise"
    print(f"δ = {options.delta}, {options.splits} splits by session, method {options.method}")
    print(f"{'set':10} {'pool':>6} {'α':>5} " + " ".join(f"{h:>9}" for h in heads))
    for name in options.sets:
        scores = pool_scores(SETS[name](options.shared, "val"), options.method, encoder)
        for alpha in (0.02, 0.05):
            cells = measure(scores, alpha, options.delta, options.splits)
            print(f"{name:10} {len(scores):6} {alpha:5} {cells}", flush=True)


if __name__ == "__main__":
    main()
