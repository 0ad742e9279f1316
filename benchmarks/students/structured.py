"""How well structured students do: whole calls exactly right, coverage, each parameter, cost.

    python benchmarks/students/structured.py [--shared ../shared] [--sets snips restaurant dstc8-buses …]
                                             [--lexical] [--on val|test] [--fields]

Labelled sets are made into call records by ``../shared/tools/wrap_labelled.py``; agents' logs are those of
``../shared/data/calls``, split by the customer's task. A student is trained on 60 % of the calls. Two
thresholds come from the calibration calls (20 %): the lowest at which 95 % of the served agree (`naive`), and
the gate's, which proves 95 % with confidence 90 %. Coverage and agreement are measured on other calls: the
last 20 %, or with ``--on test`` the set's own test split (for final figures only). `--lexical` leaves the
sentence encoder out. `--fields` prints every parameter's diagnostics. CPU-s are process time.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rightsizer.capture.importers import read_calls
from rightsizer.evaluation.gate import decide
from rightsizer.evaluation.run import score
from rightsizer.students.artifact import load_student
from rightsizer.students.encoder import Encoder, load_encoder
from rightsizer.students.structured import contract_of
from rightsizer.training.structured import train_structured
from rightsizer.training.trained import Trained
from rightsizer.types import Call, Candidate, Example, Score, Split, Task, TaskPolicy

ALPHA = 0.05
DELTA = 0.1
SPLITS: tuple[Split, ...] = ("train", "train", "train", "calibration", "test")


def example(call: Call, group: str, split: Split | None = None) -> Example:
    assert call.response is not None
    number = int(hashlib.sha256(group.encode()).hexdigest(), 16)
    return Example(
        call_id=call.id,
        session_id=call.session_id,
        group=group,
        split=split or SPLITS[number % len(SPLITS)],
        prompt=call.request,
        completion=call.response,
    )


def wrapped(shared: Path, *arguments: str, split: Split | None = None) -> list[Example]:
    """The calls that the wrapping tool makes of a labelled set."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "calls.jsonl"
        tool = shared / "tools" / "wrap_labelled.py"
        subprocess.run([sys.executable, str(tool), *arguments, str(out)], check=True, capture_output=True)
        return [example(c, c.session_id, split) for c in read_calls(out)]


def labelled(kind: str, folder: str, own_test: str) -> Callable[[Path, str], list[Example]]:
    """A set with a test split of its own, which replaces the held-out calls on ``--on test``."""

    def load(shared: Path, on: str) -> list[Example]:
        rows = wrapped(shared, kind, str(shared / "data" / folder), "train")
        if on == "test":
            rows = [r for r in rows if r.split != "test"]
            rows += wrapped(shared, kind, str(shared / "data" / folder), own_test, split="test")
        return rows

    return load


def dstc8(domain: str) -> Callable[[Path, str], list[Example]]:
    """A domain of DSTC8: spans of its slots, null where a slot was not said."""

    def load(shared: Path, on: str) -> list[Example]:
        folder = shared / "data" / "span-extraction" / "dstc8" / domain
        train = json.loads((folder / "train_0.json").read_text(encoding="utf-8"))
        names = sorted({label["slot"] for row in train for label in row.get("labels", [])})
        rows = [_dstc8_example(row, i, names, None) for i, row in enumerate(train)]
        if on == "test":
            held_out = json.loads((folder / "test.json").read_text(encoding="utf-8"))
            rows = [r for r in rows if r.split != "test"]
            rows += [_dstc8_example(row, i, names, "test") for i, row in enumerate(held_out)]
        return rows

    return load


def _dstc8_example(row: dict[str, Any], i: int, names: list[str], split: Split | None) -> Example:
    text, out = row["userInput"]["text"], dict.fromkeys(names)
    for label in row.get("labels", []):
        span = label["valueSpan"]
        if label["slot"] in out:
            out[label["slot"]] = text[span.get("startIndex", 0) : span["endIndex"]]
    asked = row.get("context", {}).get("requestedSlots", [])
    user = f"(The assistant asked for: {', '.join(asked)})\n{text}" if asked else text
    nullable = {n: {"type": ["string", "null"]} for n in names}
    schema = {"type": "object", "properties": nullable, "required": names, "additionalProperties": False}
    call = Call.model_validate(
        {
            "id": f"dstc8-{split}-{i}",
            "session_id": f"dstc8-{split}-{i}",
            "request": {
                "messages": [{"role": "user", "parts": [{"type": "text", "content": user}]}],
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "slots", "schema": schema},
                },
            },
            "response": {"role": "assistant", "parts": [{"type": "text", "content": json.dumps(out)}]},
        }
    )
    return example(call, call.session_id, split)


def agent(file: str, tool: str = "", template: str = "") -> Callable[[Path, str], list[Example]]:
    """The calls of one agent in a log: those that offer `tool`, or were made from one template."""

    def load(shared: Path, on: str) -> list[Example]:
        calls = list(read_calls(shared / "data" / "calls" / file))
        kept = [c for c in calls if c.response is not None and _is(c, tool, template)]
        common = Counter(contract_of(c.request) for c in kept).most_common(1)[0][0]
        kept = [c for c in kept if contract_of(c.request) == common]
        return [example(c, str(c.extra.get("meta", {}).get("task_id") or c.session_id)) for c in kept]

    return load


def _is(call: Call, tool: str, template: str) -> bool:
    if tool:
        return tool in call.request.tool_names
    return str(call.extra.get("meta", {}).get("template")) == template


SETS: dict[str, Callable[[Path, str], list[Example]]] = {
    "snips": labelled("snips", "snips", "validate"),
    "restaurant": labelled("restaurant", "span-extraction/restaurant8k", "test"),
    "dstc8-buses": dstc8("Buses_1"),
    "dstc8-events": dstc8("Events_1"),
    "dstc8-homes": dstc8("Homes_1"),
    "dstc8-cars": dstc8("RentalCars_1"),
    "judge": agent("tensorzero_wire.jsonl.zst", template="judge_haiku_topic"),
    "ner": agent("tensorzero_inferences.jsonl.zst", template="extract_entities"),
    "tau-retail": agent("tau_bench_v1.jsonl.zst", tool="get_order_details"),
    "tau2-telecom": agent("tau2.jsonl.zst", tool="get_customer_by_phone"),
    "tau2-retail": agent("tau2.jsonl.zst", tool="get_order_details"),
}


@dataclass(frozen=True)
class Served:
    """What is served at a threshold: the share of calls, and the share of those that agree."""

    coverage: float
    agreement: float | None

    def __str__(self) -> str:
        return f"{self.coverage:6.1%} {'   –  ' if self.agreement is None else f'{self.agreement:6.1%}'}"


def served(scores: Iterable[Score], threshold: float | None) -> Served:
    rows = list(scores)
    out = [s for s in rows if threshold is not None and s.answered and s.confidence >= threshold]
    return Served(len(out) / len(rows), 1 - sum(s.loss for s in out) / len(out) if out else None)


def naive_threshold(scores: list[Score]) -> float | None:
    """The lowest confidence down to which the served calls agree in `1 − ALPHA` of cases."""
    wrong, best = 0.0, None
    answered = sorted((s for s in scores if s.answered), key=lambda s: -s.confidence)
    for n, row in enumerate(answered, 1):
        wrong += row.loss
        if wrong <= ALPHA * n:
            best = row.confidence
    return best


def show_fields(trained: Trained) -> None:
    for action, found in trained.recipe["actions"].items():
        print(f"    {action}: {found['rows']} calls{'; ' + found['reason'] if found['reason'] else ''}")
        for f in found["fields"]:
            top1 = "–" if f["top1"] is None else f"{f['top1']:.3f}"
            print(
                f"      {f['name']:28} {f['kind']:9} given {f['given']:5}  values {f['distinct']:4}  "
                f"in payload {f['span_recall']:.3f}  at hand {f['copy_recall']:.3f}  top-1 {top1}"
            )


def measure(name: str, rows: list[Example], encoder: Encoder | None, fields: bool) -> None:
    parts: dict[str, list[Example]] = {
        s: [r for r in rows if r.split == s] for s in ("train", "calibration", "test")
    }
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        start = time.process_time()
        candidate = Candidate(rung="linear", method="structured")
        trained = train_structured(
            candidate, Task(id="task", name=name), parts["train"], out, encoder=encoder
        )
        train_s = time.process_time() - start
        student = load_student(out, encoder=encoder)
        calibration = score(student, parts["calibration"], TaskPolicy())
        start = time.process_time()
        test = score(student, parts["test"], TaskPolicy())
        call_ms = (time.process_time() - start) / max(1, len(test)) * 1e3
    decision = decide(calibration, test, alpha=ALPHA, delta=DELTA, min_coverage=0.01)
    answered = [s for s in test if s.answered]
    right = 1 - sum(s.loss for s in answered) / len(answered) if answered else 0.0
    naive, proved = served(test, naive_threshold(calibration)), served(test, decision.threshold)
    sizes = f"{len(parts['train']):6} {len(calibration):5} {len(test):5}"
    cost = f"{train_s:7.1f} {call_ms:6.2f} {trained.size_bytes / 1e6:6.2f}"
    features = "encoder" if trained.recipe["encoder"] else "lexical"
    print(
        f"{name:13} {sizes}  {len(answered) / len(test):6.1%} {right:6.1%}  {naive}  {proved} "
        f"{decision.verdict:9} {cost} {features}",
        flush=True,
    )
    if fields:
        show_fields(trained)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--sets", nargs="+", choices=sorted(SETS), default=list(SETS))
    parser.add_argument("--lexical", action="store_true")
    parser.add_argument("--on", choices=("val", "test"), default="val")
    parser.add_argument("--fields", action="store_true")
    args = parser.parse_args()
    encoder = None if args.lexical else load_encoder()
    print(
        f"{'set':13} {'train':>6} {'cal':>5} {'test':>5}  {'answ.':>6} {'right':>6}  "
        f"{'naive: cov, agr':>13}  {'gate: cov, agr':>13} {'verdict':9} {'CPU-s':>7} {'ms':>6} {'MB':>6}"
    )
    for name in args.sets:
        measure(name, SETS[name](args.shared, args.on), encoder, args.fields)


if __name__ == "__main__":
    main()
