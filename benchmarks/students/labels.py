"""How well label students do on labelled sets: agreement, coverage, strangers served, cost.

    python benchmarks/students/labels.py [--shared ../shared] [--sets clinc150 few fsi snips chinese]
                                         [--methods minilm-linear static-linear tfidf-linear]
                                         [--on val|test] [--int8]

``../shared/tools/wrap_labelled.py`` makes the sets into call records. As in the pipeline, a student is
trained on 60 % of the training calls (by a hash of the session); the threshold is the lowest at which 98 % of
the served calibration calls (20 %) agree; everything in the table is measured on other calls. The product's
gate is stricter, for it proves a bound; this table compares methods. `--on test` is for final figures only.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rightsizer.capture.importers import read_calls
from rightsizer.students.artifact import load_student
from rightsizer.students.encoder import Encoder, load_encoder
from rightsizer.testing.label_calls import ZH_FOREIGN, label_examples, labelled
from rightsizer.training.train import train
from rightsizer.types import Call, Candidate, Example, Message, Prediction, Request, Split, Task, ToolCallPart
from rightsizer.views.answer import canonical_answer

TARGET = 0.98
SPLITS: tuple[Split, ...] = ("train", "train", "train", "calibration", "test")


@dataclass(frozen=True)
class Labelled:
    """A set: examples to train on and calibrate with, others to measure on, and strangers."""

    name: str
    known: list[Example]
    measure: list[Example]
    strangers: list[Example] = field(default_factory=list)


def example(call: Call, split: Split) -> Example:
    assert call.response is not None
    return Example(
        call_id=call.id,
        session_id=call.session_id,
        group=call.session_id,
        split=split,
        prompt=call.request,
        completion=call.response,
    )


def number(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16)


def wrapped(shared: Path, *arguments: str) -> list[Call]:
    """The calls that the wrapping tool makes of a labelled set."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "calls.jsonl"
        tool = shared / "tools" / "wrap_labelled.py"
        subprocess.run([sys.executable, str(tool), *arguments, str(out)], check=True, capture_output=True)
        return list(read_calls(out))


def clinc(shared: Path, split: str) -> list[Example]:
    path = shared / "data" / "clinc150" / "data" / "data_full.json.zst"
    return [example(c, "train") for c in wrapped(shared, "clinc150", str(path), split)]


def resplit(rows: list[Example], salt: str = "") -> list[Example]:
    """60 % train, 20 % calibration, 20 % test, by session."""
    return [e.model_copy(update={"split": SPLITS[number(salt + e.session_id) % 5]}) for e in rows]


def load_clinc150(shared: Path, on: str) -> Labelled:
    """150 intents; strangers are the questions that CLINC's authors put out of scope."""
    if on == "test":
        strangers = clinc(shared, "oos_test")
    else:
        strangers = clinc(shared, "oos_train") + clinc(shared, "oos_val")
    return Labelled("clinc150", resplit(clinc(shared, "train")), clinc(shared, on), strangers)


def load_few(shared: Path, on: str) -> Labelled:
    """15 of CLINC's intents, 30 calls of each; strangers are messages of the other 135 intents."""
    rows = clinc(shared, "train")
    intents = sorted({e.completion.text for e in rows}, key=number)[:15]
    seen = dict.fromkeys(intents, 0)
    known = []
    for row in sorted(rows, key=lambda e: number(e.call_id)):
        if row.completion.text in seen and seen[row.completion.text] < 30:
            seen[row.completion.text] += 1
            known.append(row)
    other = clinc(shared, on)
    measure = [e for e in other if e.completion.text in seen]
    return Labelled("few", resplit(known), measure, [e for e in other if e.completion.text not in seen])


def load_fsi(shared: Path, on: str) -> Labelled:
    """305 headlines in 14 classes, answered by a 70 B model: too few to prove much."""
    calls = read_calls(shared / "data" / "calls" / "flywheel_fsi_news.jsonl.zst")
    rows = resplit([example(c, "train") for c in calls if c.response is not None])
    return Labelled("fsi", rows, [e for e in rows if e.split == "test"])


def load_snips(shared: Path, on: str) -> Labelled:
    """Which of seven tools is called; arguments are left out. Strangers are CLINC's."""

    def bare(call: Call) -> Example:
        row = example(call, "train")
        names = tuple(ToolCallPart(name=p.name) for p in row.completion.tool_calls)
        return row.model_copy(update={"completion": Message(role="assistant", parts=names)})

    folder = str(shared / "data" / "snips")
    known = [bare(c) for c in wrapped(shared, "snips", folder, "train")]
    rows = resplit(known)
    measure = [e for e in rows if e.split == "test"]
    if on == "test":
        measure = [bare(c) for c in wrapped(shared, "snips", folder, "validate")]
    first = rows[0].prompt
    before = first.messages[:-1]
    strangers = [
        replace_text(e, first.model_copy(update={"messages": (*before, e.prompt.messages[-1])}))
        for e in clinc(shared, "oos_val")
    ]
    return Labelled("snips", rows, measure, strangers)


def load_chinese(shared: Path, on: str) -> Labelled:
    """Eight intents of a shop in Chinese, made up from templates; strangers are Chinese too. A smoke test of
    a language that the encoder hardly knows, not a measure of how well Chinese is understood."""
    rows = resplit(label_examples(800, chinese=True))
    strangers = [example_of(text) for text in ZH_FOREIGN]
    return Labelled("chinese", rows, label_examples(400, seed=7, split="test", chinese=True), strangers)


def example_of(text: str) -> Example:
    return labelled(text, "none", name=f"stranger-0-{number(text) % 10**6}")


def replace_text(row: Example, prompt: Request) -> Example:
    return row.model_copy(update={"prompt": prompt})


SETS = {
    "clinc150": load_clinc150,
    "few": load_few,
    "fsi": load_fsi,
    "snips": load_snips,
    "chinese": load_chinese,
}


def agrees(prediction: Prediction, row: Example) -> bool:
    message = prediction.message
    return message is not None and canonical_answer(message) == canonical_answer(row.completion)


def lowest_threshold(predictions: list[Prediction], rows: list[Example]) -> float:
    """The lowest confidence from which on at least `TARGET` of the served rows agree; 2 if there is none."""
    pairs = sorted(
        (
            (p.confidence, agrees(p, e))
            for p, e in zip(predictions, rows, strict=True)
            if p.message is not None
        ),
        reverse=True,
    )
    rates = np.cumsum([right for _, right in pairs]) / np.arange(1, len(pairs) + 1)
    good = np.flatnonzero(rates >= TARGET)
    return pairs[good[-1]][0] if len(good) else 2.0


def measure(found: Labelled, method: str, encoder: Encoder | None) -> str:
    """One line of the table."""
    training = [e for e in found.known if e.split == "train"]
    calibration = [e for e in found.known if e.split == "calibration"]
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        task = Task(id="task_bench", name=found.name, output="label")
        candidate = Candidate(rung="linear", method=method)
        trained = train(candidate, task, training, Path(folder) / "s", encoder=encoder)
        train_s = time.process_time() - start
        student = load_student(Path(folder) / "s", encoder=encoder)
    threshold = lowest_threshold(student.predict([e.prompt for e in calibration]), calibration)
    start = time.process_time()
    predictions = student.predict([e.prompt for e in found.measure])
    call_ms = (time.process_time() - start) / len(found.measure) * 1000
    answered = [
        agrees(p, e) for p, e in zip(predictions, found.measure, strict=True) if p.message is not None
    ]
    served = [
        agrees(p, e)
        for p, e in zip(predictions, found.measure, strict=True)
        if p.message is not None and p.confidence >= threshold
    ]
    strange = student.predict([e.prompt for e in found.strangers])
    leaked = sum(p.message is not None and p.confidence >= threshold for p in strange)
    return (
        f"{found.name:10} {method:14} {len(training):6} {len(calibration):6} {len(found.measure):6} "
        f"{share(len(answered), len(found.measure))} {share(sum(answered), len(answered))} "
        f"{share(len(served), len(found.measure))} {share(sum(served), len(served))} "
        f"{share(leaked, len(strange))} {train_s:8.1f} {call_ms:8.2f} {trained.size_bytes / 1e6:7.1f}"
    )


def share(part: int, whole: int) -> str:
    return f"{part / whole:8.3f}" if whole else "       –"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[2].parent / "shared")
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    parser.add_argument("--methods", nargs="+", default=["minilm-linear", "tfidf-linear"])
    parser.add_argument("--on", default="val", choices=["val", "test"])
    parser.add_argument("--int8", action="store_true", help="use the quantised encoder")
    options = parser.parse_args()
    encoder = load_encoder(precision="int8" if options.int8 else "fp32")
    heads = "answered", "agree", "served", "agree@98", "strange", "train s", "ms/call", "MB"
    print(
        f"encoder: {encoder.identity if encoder else 'none'}; times are CPU seconds; measured on {options.on}"
    )
    print(
        f"{'set':10} {'method':14} {'train':>6} {'calib':>6} {'other':>6} "
        + " ".join(f"{h:>8}" for h in heads)
    )
    for name in options.sets:
        found = SETS[name](options.shared, options.on)
        for method in options.methods:
            print(measure(found, method, encoder), flush=True)


if __name__ == "__main__":
    main()
