"""The whole loop on labelled sets and recorded logs: import, run --all --release, replay what was held out.

    python benchmarks/loop.py                      clinc150, snips, restaurant8k and all recorded logs
    python benchmarks/loop.py clinc150 snips       only these
    python benchmarks/loop.py logs                 only the recorded logs (import, run, report)

Needs the recorded data beside the checkout (../shared). Each set runs in a home of its own, through the
command line, in this order: nothing of a test file is read before the routes are fixed. One row a replay.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
DATA = SHARED / "data"

# name → (arguments of the wrapping tool, the split to learn from, the splits to replay)
SETS: dict[str, tuple[list[str], str, list[str]]] = {
    "clinc150": (["clinc150", str(DATA / "clinc150/data/data_full.json.zst")], "train", ["test", "oos_test"]),
    "snips": (["snips", str(DATA / "snips")], "train", ["validate"]),
    "restaurant8k": (["restaurant", str(DATA / "span-extraction/restaurant8k")], "train", ["test"]),
}


def rightsizer(home: Path, *args: object) -> dict[str, Any]:
    """Run a command with --json; its document. Exit code 3 (the gate said no) is a result, not an error."""
    command = [sys.executable, "-m", "rightsizer", "--home", str(home), *map(str, args), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode not in (0, 3):
        sys.exit(f"{' '.join(command)} failed with {done.returncode}")
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def wrap(arguments: list[str], split: str, out: Path) -> Path:
    """A split of a labelled set as call records."""
    tool = SHARED / "tools" / "wrap_labelled.py"
    subprocess.run([sys.executable, tool, *arguments, split, out], check=True, stderr=subprocess.DEVNULL)
    return out


def row(*cells: object) -> None:
    widths = (14, 10, 10, 9, 10, 12, 22, 9, 9)
    print("  ".join(str(c).ljust(w) for c, w in zip(cells, widths, strict=False)), flush=True)


def share(part: float | None) -> str:
    return "–" if part is None else f"{100 * part:.1f} %"


def run_set(name: str, folder: Path) -> None:
    """Learn from one split and replay the others."""
    arguments, train, tests = SETS[name]
    home = folder / f"home-{name}"
    rightsizer(home, "import", wrap(arguments, train, folder / f"{name}-{train}.jsonl"))
    cpu = children_cpu_s()
    outcome = rightsizer(home, "run", "--all", "--release")
    cpu = children_cpu_s() - cpu
    (task,) = outcome["tasks"][:1]
    for split in tests:
        found = rightsizer(home, "replay", wrap(arguments, split, folder / f"{name}-{split}.jsonl"))
        interval = f"[{share(found['agreement_low'])}, {share(found['agreement_high'])}]"
        row(
            name, split, found["calls"], task["verdict"], share(found["coverage"]), share(found["agreement"]),
            interval if found["served"] else "–", f"{cpu:.0f}", found["latency_ms"]["p50"],
        )  # fmt: skip


def run_logs(folder: Path) -> None:
    """All recorded logs in one home: how long, how much memory, and what the gate said."""
    home, started = folder / "home-logs", time.monotonic()
    files = sorted((DATA / "calls").glob("*.zst"))
    imported = rightsizer(home, "import", *files)
    outcome = rightsizer(home, "run", "--all")
    rightsizer(home, "report", "--html", folder / "report.html")
    verdicts = [t["verdict"] for t in outcome["tasks"]]
    n_calls = sum(f["calls"] for f in imported["files"])
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    print(
        f"recorded logs: {n_calls:,} calls, import + run + report {time.monotonic() - started:.0f} s wall, "
        f"{children_cpu_s():.0f} s CPU, peak {peak_mb:,.0f} MB; {len(verdicts)} tasks: "
        + ", ".join(f"{verdicts.count(v)} {v}" for v in ("pass", "fail", "undecided"))
    )


def children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    if not DATA.is_dir():
        sys.exit("the recorded data (../shared/data) is not beside this checkout")
    asked = sys.argv[1:] or [*SETS, "logs"]
    unknown = set(asked) - {*SETS, "logs"}
    if unknown:
        sys.exit(f"unknown set {', '.join(sorted(unknown))}; there are {', '.join(SETS)}, logs")
    with tempfile.TemporaryDirectory() as folder:
        if "logs" in asked:  # first, so that its peak memory is its own
            run_logs(Path(folder))
        sets = [name for name in asked if name in SETS]
        if sets:
            row("set", "split", "calls", "verdict", "served", "agreement", "95 %", "CPU s", "p50 ms")
        for name in sets:
            run_set(name, Path(folder))


if __name__ == "__main__":
    main()
