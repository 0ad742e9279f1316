"""What rewriting costs a student: trained on raw and on rewritten calls, measured on the same rewritten test.

python benchmarks/students/curated.py [--calls N] [--seeds N] [--only WORD]      (needs ../shared)

In the labelled sets every call is a session of its own, as in an intake of single requests, so its
surrogates differ from all others'. The look-ups are the calls of τ-bench's retail agent that read a
customer's record (by e-mail, name, user or order), split by session. Students have no sentence encoder.
Figures are shares of test calls answered exactly as the label; an abstention counts as wrong. They are
means over several keys of the surrogates; in brackets the standard error of the difference over the test
calls.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from rightsizer.capture.importers import read_calls
from rightsizer.curation.mask_cache import MaskCache
from rightsizer.curation.pseudonyms.keys import session_key
from rightsizer.curation.pseudonyms.knowledge import LogReader
from rightsizer.curation.pseudonyms.session import SessionRewriter
from rightsizer.scoring.agree import agree
from rightsizer.students.artifact import load_student
from rightsizer.training.structured import train_structured
from rightsizer.training.train import train
from rightsizer.types import Call, Candidate, Example, OutputKind, Split, Task

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
CLINC = SHARED / "data" / "clinc150" / "data" / "data_full.json.zst"
RESTAURANT = SHARED / "data" / "span-extraction" / "restaurant8k"
SETS = {
    "CLINC150 (label)": ("clinc150", str(CLINC), "label"),
    "restaurant8k (fields)": ("restaurant", str(RESTAURANT), "fields"),
    "SNIPS (tool, arguments)": ("snips", str(SHARED / "data" / "snips"), "tool"),
    "τ-bench look-ups (tool, arguments)": (
        "",
        str(SHARED / "data" / "calls" / "tau_bench_v1.jsonl.zst"),
        "tool",
    ),
}
OUTPUTS: dict[str, OutputKind] = {"label": "label", "fields": "fields", "tool": "tool_call"}
TESTS = {"clinc150": "test", "restaurant": "test", "snips": "validate"}
LOOK_UPS = frozenset(
    {"find_user_id_by_name_zip", "find_user_id_by_email", "get_user_details", "get_order_details"}
)


def wrapped(kind: str, source: str, split: str, limit: int) -> list[Call]:
    """Calls of a labelled set, spread over the whole of it."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "calls.jsonl"
        tool = SHARED / "tools" / "wrap_labelled.py"
        subprocess.run(
            [sys.executable, str(tool), kind, source, split, str(out)], check=True, capture_output=True
        )
        calls = list(read_calls(out))
    step = max(1, len(calls) // limit)
    return calls[::step][:limit]


def look_ups(source: str, split: str, limit: int) -> list[Call]:
    """Calls answered by one look-up; three sessions of ten are the test."""
    found = []
    for call in read_calls(Path(source)):
        is_test = hashlib.sha256(call.session_id.encode()).digest()[0] % 10 < 3
        made = call.response.tool_calls if call.response else ()
        if is_test == (split == "test") and len(made) == 1 and made[0].name in LOOK_UPS:
            found.append(call)
    return found[:limit]


def rewritten(calls: list[Call], seed: int) -> list[Call]:
    """Each call under the surrogates of its session."""
    reader, cache = LogReader(), MaskCache()
    sessions: defaultdict[str, list[Call]] = defaultdict(list)
    for call in calls:
        reader.read(call)
        sessions[call.session_id].append(call)
    known = reader.knowledge()
    out = {}
    for session, members in sessions.items():
        key = session_key(b"benchmark %d" % seed, "", session, b"")
        rewriter = SessionRewriter(members, key, None, known, cache=cache)
        out |= {call.id: rewriter.rewrite(call) for call in members}
    return [out[call.id] for call in calls]


def examples(calls: list[Call], split: Split) -> list[Example]:
    return [
        Example(
            call_id=c.id,
            session_id=c.session_id,
            group=c.session_id,
            split=split,
            prompt=c.request,
            completion=c.response,
        )
        for c in calls
        if c.response is not None
    ]


def accuracy(kind: str, training: list[Call], test: list[Call]) -> list[bool]:
    """Which test calls a student of `training` answers exactly."""
    task = Task(id="task_bench", name="bench", output=OUTPUTS[kind])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "student"
        if kind == "label":
            train(Candidate(rung="linear", method="tfidf-linear"), task, examples(training, "train"), path)
        else:
            train_structured(
                Candidate(rung="linear", method="structured"), task, examples(training, "train"), path
            )
        student = load_student(path)
        rows = examples(test, "test")
        answers = student.predict([row.prompt for row in rows])
    return [
        a.message is not None and agree(row.completion, a.message).loss == 0
        for a, row in zip(answers, rows, strict=True)
    ]


def compare(limit: int, seeds: int, only: str) -> None:
    """Print the table."""
    print(
        f"\n{'set':36} {'train':>6} {'test':>6} {'changed':>8} {'raw':>7} {'curated':>8} {'difference':>12}"
    )
    for name, (tool, source, kind) in SETS.items():
        if only not in name:
            continue
        if not Path(source).exists():
            print(f"{name}: left out, {source} is not there")
            continue
        if tool:
            training, test = (
                wrapped(tool, source, "train", limit),
                wrapped(tool, source, TESTS[tool], limit // 2),
            )
        else:
            training, test = look_ups(source, "train", limit), look_ups(source, "test", limit)
        raw, ours, changed = [], [], 0
        for seed in range(seeds):
            curated, curated_test = rewritten(training, seed), rewritten(test, seed)
            changed += sum(a != b for a, b in zip(training, curated, strict=True))
            raw += accuracy(kind, training, curated_test)
            ours += accuracy(kind, curated, curated_test)
        differences = [b - a for a, b in zip(raw, ours, strict=True)]
        error = statistics.pstdev(differences) / math.sqrt(len(test))
        print(
            f"{name:36} {len(training):6} {len(test):6} {changed / seeds / len(training):8.1%}"
            f" {statistics.mean(raw):7.3f} {statistics.mean(ours):8.3f}"
            f" {100 * statistics.mean(differences):+7.2f} [{100 * error:.2f}]",
            flush=True,
        )


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--calls", type=int, default=3000)
    options.add_argument("--seeds", type=int, default=1)
    options.add_argument("--only", default="")
    chosen = options.parse_args()
    compare(chosen.calls, chosen.seeds, chosen.only)
