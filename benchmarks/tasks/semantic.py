"""The semantic level on labelled sets: number of clusters unknown, no LLM.

    python benchmarks/tasks/semantic.py [clinc150-test | FILE.csv ...]

A CSV has a column ``label`` or ``category`` and one of text. "fit on half" fits centroids on every other
text and assigns the rest to them, as the running system does.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from pathlib import Path

import numpy as np
import zstandard
from scores import score, show

from rightsizer.students.encoder import load_encoder
from rightsizer.tasks.clusters import fit_clusters

CLINC = Path(__file__).resolve().parents[2].parent / "shared/data/clinc150/data/data_full.json.zst"


def read(name: str) -> tuple[list[str], list[str]]:
    """(texts, labels) of one set."""
    if name.startswith("clinc150-"):
        data = json.loads(zstandard.ZstdDecompressor().stream_reader(CLINC.read_bytes()).read())
        rows = data[name.removeprefix("clinc150-")]
        return [r[0] for r in rows], [r[1] for r in rows]
    with open(name, encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    key = "category" if "category" in table[0] else "label"
    text = next(k for k in table[0] if k != key)
    return [r[text] for r in table], [r[key] for r in table]


def main() -> None:
    """Every set named on the command line."""
    encoder = load_encoder()
    if encoder is None:
        sys.exit("no sentence encoder is installed: see 'rightsizer doctor'")
    for name in sys.argv[1:] or ["clinc150-val", "clinc150-test"]:
        texts, labels = read(name)
        start = time.process_time()
        vectors = np.asarray(encoder.encode(texts), np.float32)
        embedded = time.process_time() - start
        start = time.process_time()
        found = fit_clusters(vectors)
        spent = time.process_time() - start
        if found is None:
            print(f"{name}: no clusters")
            continue
        print(
            f"{name}: embed {embedded:.1f} CPU-s, cluster {spent:.1f} CPU-s, "
            f"silhouette {found.silhouette:.3f}"
        )
        show(f"{name}, all", score(labels, [str(c) for c in found.assign(vectors)]))
        part = fit_clusters(vectors[::2])
        if part is not None:
            rest = [str(c) for c in part.assign(vectors[1::2])]
            show(f"{name}, fit on half, assign half", score(labels[1::2], rest))


if __name__ == "__main__":
    main()
