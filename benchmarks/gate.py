"""What the gate promises and what it costs, measured by simulation.

    python benchmarks/gate.py [--runs 1000] [--delta 0.1]

Type-I: every threshold is just above α, so any certificate is wrong; the share of runs with one must be
≤ δ. Coverage: a student with a good ranking (true risk known); mean share of calls certified (0 if none),
and how often the certified threshold's true risk is above α. Gates: naive = lowest threshold whose observed
rate is ≤ α; Bonferroni over the same family; the gate's fallback chain. `cluster` = sessions of
1..8 calls whose losses are strongly dependent (in half of the sessions all share one draw).
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from rightsizer.evaluation.plan import make_plan
from rightsizer.evaluation.risk import Split, arrange, p_below, risk_at
from rightsizer.stats import bonferroni, fallback

GATES = ("naive", "bonferroni", "chain")


def curve(alpha: float, boundary: bool, confidence: np.ndarray) -> np.ndarray:
    """Chance of a loss at a confidence: flat at α, or a ranking student that is 20 % wrong overall."""
    if boundary:
        return np.full_like(confidence, alpha * 1.0001)
    doubt = 1 - confidence
    return np.clip(alpha * 0.3 + 2.2 * np.maximum(0, doubt - 0.6), 0, 1)


def true_risk(alpha: float, threshold: float) -> float:
    grid = np.linspace(threshold, 1, 4001)
    return float(curve(alpha, False, grid).mean())


def draw(rng: np.random.Generator, n: int, alpha: float, boundary: bool, cluster: bool) -> Split:
    """n calls; with `cluster`, in sessions of 1..8, half of which share one uniform draw for all losses."""
    confidence = rng.random(n)
    rate = curve(alpha, boundary, confidence)
    if not cluster:
        return arrange(np.arange(n), confidence, (rng.random(n) < rate).astype(float))
    sizes = rng.integers(1, 9, n)
    session = np.repeat(np.arange(n), sizes)[:n]
    shared = rng.random(n)[session]
    own = rng.random(n)
    u = np.where(rng.random(n)[session] < 0.5, shared, own)
    return arrange(session, confidence, (u < rate).astype(float))


def choose(cal: Split, test: Split, alpha: float, delta: float) -> dict[str, float | None]:
    """The threshold each gate certifies, or None."""
    plan = make_plan(test, cal.n_sessions, alpha=alpha, delta=delta, min_coverage=0.05)
    risks = [risk_at(cal, t, cap) for t, cap in zip(plan.thresholds, plan.caps, strict=True)]
    p = [p_below(r, alpha, cap, s) for r, cap, s in zip(risks, plan.caps, plan.stakes, strict=True)]
    verdicts = {
        "naive": [r.served > 0 and r.losses <= alpha * r.served for r in risks],
        "bonferroni": bonferroni(p, delta).rejected,
        "chain": fallback(p, plan.weights, delta).rejected,
    }
    return {
        gate: min((t for t, ok in zip(plan.thresholds, oks, strict=True) if ok), default=None)
        for gate, oks in verdicts.items()
    }


def measure(alpha: float, delta: float, n: int, cluster: bool, runs: int) -> str:
    rng = np.random.default_rng(n)
    wrong = dict.fromkeys(GATES, 0)
    violated = dict.fromkeys(GATES, 0)
    coverage: dict[str, float] = dict.fromkeys(GATES, 0.0)
    for _ in range(runs):
        for boundary in (True, False):
            cal, test = (draw(rng, m, alpha, boundary, cluster) for m in (n, n // 2))
            for gate, threshold in choose(cal, test, alpha, delta).items():
                if threshold is None:
                    continue
                if boundary:
                    wrong[gate] += 1
                else:
                    coverage[gate] += (1 - threshold) / runs
                    violated[gate] += true_risk(alpha, threshold) > alpha
    cells = " | ".join(f"{wrong[g] / runs:.3f} / {violated[g] / runs:.3f} / {coverage[g]:.3f}" for g in GATES)
    return f"| {alpha} | {n} | {'cluster' if cluster else 'iid'} | {cells} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--delta", type=float, default=0.1)
    args = parser.parse_args()
    print(f"δ = {args.delta}, {args.runs} runs; cells: type-I at the boundary / violations / mean coverage")
    print("| α | n | sampling | " + " | ".join(GATES) + " |")
    print("|---" * (3 + len(GATES)) + "|")
    started = time.process_time()
    for alpha in (0.02, 0.05):
        for n in (300, 1500, 5000):
            for cluster in (False, True):
                print(measure(alpha, args.delta, n, cluster, args.runs), flush=True)
    print(f"{time.process_time() - started:.0f} CPU-seconds")


if __name__ == "__main__":
    main()
