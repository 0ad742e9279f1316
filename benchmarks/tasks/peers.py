"""Other ways of finding the kinds of calls, on the logs and truth of `structure.py`; BERTopic on CLINC150.

    pip install drain3 bertopic && python benchmarks/tasks/peers.py [structure] [clinc150]

Exact hash: system text + tools + format. Masked hash: the same with quoted text, numbers and ids blanked,
and the opening message. Drain3 (0.9, defaults, similarity .4): log template miner, over system + opening.
BERTopic (0.17, defaults, seed 0): on vectors of our sentence encoder, of the start of system + opening (600
characters; what an encoder reads), together with the tools; on CLINC150 of the questions, as ours has them.
Every method is given all calls at once; ours in the last line too.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scores import score, show
from semantic import judge, named
from semantic import read as read_labelled
from structure import LOGS, merged, read

from rightsizer.config import TasksSettings
from rightsizer.students.encoder import Encoder, load_encoder
from rightsizer.tasks.discover import discover
from rightsizer.tasks.zones import Zones, read_zones
from rightsizer.views.tokens import digest

MASKED = re.compile(r"\"[^\"]*\"|'[^']*'|[0-9a-f]{8}-[0-9a-f-]{27}|\d+")
DRAIN_CHARS = 2000
BERT_CHARS = 600


def exact(zones: Zones) -> str:
    """The system text, the tools and the format as they are."""
    return digest(repr((zones.system, sorted(zones.tools), zones.format)))


def masked(zones: Zones) -> str:
    """System and opening text with what usually varies blanked."""
    texts = MASKED.sub("*", zones.system), MASKED.sub("*", zones.opening)
    return digest(repr((texts, sorted(zones.tools), zones.format)))


def drain() -> Callable[[Zones], str]:
    """Drain3's cluster of a text, together with the tools."""
    from drain3 import TemplateMiner
    from drain3.template_miner_config import TemplateMinerConfig

    config = TemplateMinerConfig()
    config.profiling_enabled = False
    miner = TemplateMiner(config=config)

    def cluster(zones: Zones) -> str:
        text = (zones.system + " " + zones.opening)[:DRAIN_CHARS].replace("\n", " ")
        return f"{miner.add_log_message(text)['cluster_id']}|{sorted(zones.tools)}"

    return cluster


def topics(texts: Sequence[str], vectors: Any) -> list[int]:
    """BERTopic's topic of every text; -1 is its noise."""
    from bertopic import BERTopic
    from umap import UMAP

    umap = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=0)
    return [int(t) for t in BERTopic(umap_model=umap).fit_transform(list(texts), vectors)[0]]


def bertopic(zones: Sequence[Zones], encoder: Encoder) -> list[str]:
    """Topics of the distinct starts of system + opening, given to all calls that have them."""
    starts = [f"{z.system[:BERT_CHARS]}\n{z.opening}"[: 2 * BERT_CHARS] for z in zones]
    distinct = sorted(set(starts))
    found = dict(zip(distinct, topics(distinct, encoder.encode(distinct)), strict=True))
    return [f"{found[s]}|{sorted(z.tools)}|{z.format}" for s, z in zip(starts, zones, strict=True)]


def has(name: str) -> bool:
    """Whether a peer is installed; says so where not."""
    try:
        __import__(name)
    except ImportError:
        print(f"{name} is not installed: left out")
        return False
    return True


def structure(encoder: Encoder | None) -> None:
    """Every peer on all recorded logs."""
    calls, truth = read(sorted(LOGS.glob("*.jsonl.zst")))
    same = merged(calls, truth)
    zones = [read_zones(c.request, c.metadata) for c in calls]

    def each(method: Callable[[Zones], str]) -> Callable[[], list[str | None]]:
        return lambda: [method(z) for z in zones]

    def ours() -> list[str | None]:
        given = discover(calls, settings=TasksSettings()).assignments["template"]
        return [given[c.id] for c in calls]

    methods: dict[str, Callable[[], list[str | None]]] = {
        "exact hash": each(exact),
        "masked hash": each(masked),
    }
    if has("drain3"):
        methods["Drain3"] = each(drain())
    if encoder is not None and has("bertopic"):
        methods["BERTopic"] = lambda: list(bertopic(zones, encoder))
    methods["rightsizer (all levels, with readiness)"] = ours
    for name, method in methods.items():
        start = time.process_time()
        found = method()
        spent = time.process_time() - start
        show(f"{name} ({spent:.1f} CPU-s)", score([truth[c.id] for c in calls], found))
        show("  same text = one kind", score([same[c.id] for c in calls], found))


def questions(encoder: Encoder | None) -> None:
    """Ours and BERTopic on the test questions of CLINC150, on the same vectors."""
    texts, labels = read_labelled("clinc150-test")
    if encoder is None:
        print("no sentence encoder is installed (see 'rightsizer doctor'): CLINC150 is left out")
        return
    start = time.process_time()
    vectors = np.asarray(encoder.encode(texts), np.float32)
    judge("rightsizer", texts, labels, vectors, time.process_time() - start)
    if has("bertopic"):
        start = time.process_time()
        found = topics(texts, vectors)
        print(f"BERTopic: {time.process_time() - start:.1f} CPU-s on the vectors (compiling included)")
        show("BERTopic", score(labels, named(found)))


def main() -> None:
    """What is named on the command line, else both."""
    encoder = load_encoder()
    asked = sys.argv[1:] or ["structure", "clinc150"]
    if "clinc150" in asked:
        questions(encoder)
    if "structure" in asked:
        structure(encoder)


if __name__ == "__main__":
    main()
