"""How much the figures of `structure.py` hang on the split and on the logs: several halves, one log left out.

    python benchmarks/tasks/spread.py [--splits 5] [--no-leave-out] [LOG ...]

Every line fits on one half of the sessions and assigns the other. Template level only, truth as in
`structure.py`.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scores import score, show
from structure import LOGS, read
from unseen import part

from rightsizer.config import TasksSettings
from rightsizer.tasks.assign import Assigner
from rightsizer.tasks.find import Least
from rightsizer.tasks.scan import Scan, scan
from rightsizer.tasks.templates import find_templates


def main() -> None:
    """Splits of everything, then every log left out once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("logs", nargs="*", type=Path)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--no-leave-out", action="store_true")
    options = parser.parse_args()
    calls, truth = read(options.logs or sorted(LOGS.glob("*.jsonl.zst")))
    done = scan(calls)
    del calls
    found = [judge(done, truth, split, lambda kind: True) for split in range(options.splits)]
    for split, scores in enumerate(found):
        show(f"split {split}", scores)
    for name in ("nmi", "ari", "acc"):
        values = [s[name] for s in found]
        print(f"{name}: mean {np.mean(values):.4f}, least {min(values):.4f}, most {max(values):.4f}")
    logs = sorted({kind.split("|")[0] for kind in truth.values()})
    for log in () if options.no_leave_out else logs:
        show(f"without {log}", judge(done, truth, 0, lambda kind, log=log: kind.split("|")[0] != log))


def judge(done: Scan, truth: dict[str, str], split: int, keep: Callable[[str], bool]) -> dict[str, float]:
    """Fit on one half of the kept kinds' sessions, score the other."""
    own = [f for f in done.facts if keep(truth[f.call_id])]
    first = part(done, [f for f in own if half(f.session, split)])
    settings = TasksSettings()
    tasks = find_templates(first, [], Least(settings.min_calls, settings.min_sessions)).tasks
    assigner = Assigner(tasks)
    rest = [f for f in own if not half(f.session, split)]
    places = {i: assigner.assign_zones(done.zones[i]) for i in {f.zones for f in rest}}
    return score([truth[f.call_id] for f in rest], [places[f.zones] for f in rest])


def half(session: str, split: int) -> bool:
    """Which half of the log a session is in; split 0 is that of `structure.py`."""
    salt = f"{split}\0" if split else ""
    return hashlib.sha256((salt + session).encode()).digest()[0] < 128


if __name__ == "__main__":
    main()
