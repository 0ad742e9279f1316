"""The semantic level on labelled sets: number of clusters unknown, no LLM, with and without an encoder.

    python benchmarks/tasks/semantic.py [clinc150-val | clinc150-test | snips | FILE.csv ...]

A CSV has a column ``label`` or ``category`` and one of text. "fit on half" fits clusters on every other
text and assigns the rest to them, as the running system does; "inline" assigns the rest by words alone, as
the gateway does. Noise counts as one cluster. "noise" is the share of texts that no cluster takes; for
CLINC150 also of the texts that fit none of its intents (out of scope), which all should be noise.
`peers.py` runs BERTopic beside it.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray
from scores import score, show

from rightsizer.students.encoder import load_encoder
from rightsizer.tasks.clusters import fit_clusters
from rightsizer.tasks.lexical import Scorers, fit_scorers, lexical_vectors

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
CLINC = SHARED / "clinc150/data/data_full.json.zst"


def read(name: str) -> tuple[list[str], list[str]]:
    """(texts, labels) of one set."""
    if name.startswith("clinc150-"):
        data = json.loads(zstandard.ZstdDecompressor().stream_reader(CLINC.read_bytes()).read())
        rows = data[name.removeprefix("clinc150-")]
        return [r[0] for r in rows], [r[1] for r in rows]
    if name == "snips":
        return snips()
    with open(name, encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    key = "category" if "category" in table[0] else "label"
    text = next(k for k in table[0] if k != key)
    return [r[text] for r in table], [r[key] for r in table]


def snips() -> tuple[list[str], list[str]]:
    """The validation files of the seven intents."""
    texts, labels = [], []
    for path in sorted((SHARED / "snips").glob("*/validate_*.json")):
        intent = path.parent.name
        for row in json.loads(path.read_text(encoding="utf-8", errors="replace"))[intent]:
            texts.append("".join(part["text"] for part in row["data"]).strip())
            labels.append(intent)
    return texts, labels


def named(places: Sequence[int]) -> list[str | None]:
    """Cluster numbers as names, noise as None."""
    return [str(p) if p >= 0 else None for p in places]


def judge(
    name: str, texts: list[str], labels: list[str], vectors: NDArray[np.float32], embed_s: float
) -> None:
    """Fit on all, and on half."""
    start = time.process_time()
    found = fit_clusters(vectors)
    spent = time.process_time() - start
    if found is None:
        print(f"{name}: no clusters")
        return
    print(
        f"{name}: vectors {embed_s:.1f} CPU-s, clusters {spent:.1f} CPU-s, silhouette {found.silhouette:.3f}"
    )
    show(f"{name}, all", score(labels, named(found.assign(vectors).tolist())))
    half = fit_clusters(vectors[::2])
    if half is None:
        return
    rest = half.assign(vectors[1::2])
    show(f"{name}, fit on half, assign half", score(labels[1::2], named(rest.tolist())))
    members = half.assign(vectors[::2]).tolist()
    scorers = Scorers(fit_scorers(texts[::2], members, len(half.centroids)), [1] * len(half.centroids))
    start = time.process_time()
    inline = np.array([scorers.assign(t) for t in texts[1::2]])
    each = 1e3 * (time.process_time() - start) / len(inline)
    agree = float((inline == rest)[inline >= 0].mean())
    print(
        f"{name}, inline: {each:.3f} ms a text, {float((inline >= 0).mean()):.3f} given, "
        f"{agree:.3f} of those as by vectors"
    )
    show(f"{name}, inline half", score(labels[1::2], named(inline.tolist())))


def outside(encoder: Any) -> None:
    """Share of CLINC150's out-of-scope questions that clusters of its test questions call noise."""
    vectors = np.asarray(encoder.encode(read("clinc150-test")[0]), np.float32)
    odd = np.asarray(encoder.encode(read("clinc150-oos_test")[0]), np.float32)
    half = fit_clusters(vectors[::2])
    if half is not None:
        own, far = (float((half.assign(v) < 0).mean()) for v in (vectors[1::2], odd))
        print(f"clinc150: {far:.3f} of the out-of-scope questions are noise, {own:.3f} of the others")


def main() -> None:
    """Every set named on the command line."""
    encoder = load_encoder()
    if encoder is None:
        print("no sentence encoder is installed (see 'rightsizer doctor'): words only")
    for name in sys.argv[1:] or ["clinc150-val", "clinc150-test", "snips"]:
        texts, labels = read(name)
        if encoder is not None:
            start = time.process_time()
            vectors = np.asarray(encoder.encode(texts), np.float32)
            judge(name, texts, labels, vectors, time.process_time() - start)
        start = time.process_time()
        words = lexical_vectors(texts)
        judge(f"{name}, no encoder", texts, labels, words, time.process_time() - start)
    if encoder is not None and len(sys.argv) == 1:
        outside(encoder)


if __name__ == "__main__":
    main()
