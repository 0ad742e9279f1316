"""What rewriting costs a student: trained on raw and on rewritten calls, measured on the same rewritten test.

python benchmarks/students/curated.py [--calls N]      (needs ../shared/data and ../shared/tools)

Every call is a session of its own, as in an intake of single requests, so its surrogates differ from all
others'. Students have no sentence encoder. Figures are shares of test calls answered exactly as the label;
an abstention counts as wrong.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
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
from rightsizer.types import Call, Candidate, Example, Split, Task

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
CLINC = SHARED / "data" / "clinc150" / "data" / "data_full.json.zst"
RESTAURANT = SHARED / "data" / "span-extraction" / "restaurant8k"
SETS = {
    "CLINC150 (label)": ("clinc150", str(CLINC), "label"),
    "restaurant8k (fields)": ("restaurant", str(RESTAURANT), "fields"),
}


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


def rewritten(calls: list[Call]) -> list[Call]:
    """Each call under the surrogates of its own session."""
    reader, cache = LogReader(), MaskCache()
    for call in calls:
        reader.read(call)
    known = reader.knowledge()
    out = []
    for call in calls:
        key = session_key(b"benchmark", "", call.session_id, b"")
        out.append(SessionRewriter([call], key, None, known, cache=cache).rewrite(call))
    return out


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


def accuracy(kind: str, training: list[Call], test: list[Call]) -> float:
    """Share of the test calls that a student of `training` answers exactly."""
    task = Task(id="task_bench", name="bench", output="label" if kind == "label" else "fields")
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
    right = sum(
        a.message is not None and agree(row.completion, a.message).loss == 0
        for a, row in zip(answers, rows, strict=True)
    )
    return right / len(rows)


def compare(limit: int = 3000) -> None:
    """Print the table."""
    print(f"\n{'set':24} {'train':>6} {'test':>6} {'changed':>8} {'raw':>7} {'curated':>8}")
    for name, (tool, source, kind) in SETS.items():
        if not Path(source).exists():
            print(f"{name}: left out, {source} is not there")
            continue
        training, test = wrapped(tool, source, "train", limit), wrapped(tool, source, "test", limit // 2)
        curated, curated_test = rewritten(training), rewritten(test)
        changed = sum(a != b for a, b in zip(training, curated, strict=True)) / len(training)
        raw = accuracy(kind, training, curated_test)
        ours = accuracy(kind, curated, curated_test)
        print(f"{name:24} {len(training):6} {len(test):6} {changed:8.1%} {raw:7.3f} {ours:8.3f}")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--calls", type=int, default=3000)
    compare(options.parse_args().calls)
