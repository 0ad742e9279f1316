"""Is a kind of call that was never seen told apart from the known ones?

    python benchmarks/tasks/unseen.py [--least 100] [LOG ...]

One kind after the other is left out: tasks are found in half of the sessions of all others, then every call
of the kind left out should be given to no task (recall), and the other half of the known kinds should not be
(false novelty, over kinds of which some call was given to a task in the fit). Truth as in `structure.py`;
with a kind goes every other whose calls mostly carry the very same system text and tools, since requests
cannot part them.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace
from pathlib import Path

from structure import LOGS, half, merged, read

from rightsizer.config import TasksSettings
from rightsizer.tasks.assign import Assigner
from rightsizer.tasks.find import Least
from rightsizer.tasks.scan import Fact, Scan, scan
from rightsizer.tasks.templates import find_templates


def main() -> None:
    """Leave every kind of at least so many calls out once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("logs", nargs="*", type=Path)
    parser.add_argument("--least", type=int, default=100, help="calls of a kind that is left out")
    options = parser.parse_args()
    calls, truth = read(options.logs or sorted(LOGS.glob("*.jsonl.zst")))
    same = merged(calls, truth)
    done = scan(calls)
    del calls
    recalls, falses = [], []
    for kind, n in Counter(truth.values()).most_common():
        if n < options.least:
            break
        hidden = {same[call] for call, own in truth.items() if own == kind}
        fit = part(done, [f for f in done.facts if same[f.call_id] not in hidden and half(f.session)])
        settings = TasksSettings()
        found = find_templates(fit, [], Least(settings.min_calls, settings.min_sessions))
        assigner = Assigner(found.tasks)
        given = [assigner.assign_zones(z) for z in done.zones]
        taken = {truth[f.call_id] for f in fit.facts if found.places[f.zones] is not None}
        new = [given[f.zones] is None for f in done.facts if truth[f.call_id] == kind]
        old = [
            given[f.zones] is None
            for f in done.facts
            if same[f.call_id] not in hidden and not half(f.session) and truth[f.call_id] in taken
        ]
        recalls.append(sum(new) / len(new))
        falses.append(sum(old) / len(old))
        print(
            f"{kind:52s} {n:6d} calls  flagged new {recalls[-1]:.4f}  false novelty {falses[-1]:.4f}",
            flush=True,
        )
    print(
        f"{len(recalls)} kinds: flagged new {sum(recalls) / len(recalls):.4f} (mean over kinds), "
        f"false novelty {sum(falses) / len(falses):.4f}"
    )


def part(done: Scan, facts: list[Fact]) -> Scan:
    """Some of the facts, with the zones they point to."""
    used = sorted({f.zones for f in facts})
    place = {old: new for new, old in enumerate(used)}
    return Scan([replace(f, zones=place[f.zones]) for f in facts], [done.zones[i] for i in used])


if __name__ == "__main__":
    main()
