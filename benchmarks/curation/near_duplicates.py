"""Near-duplicates among many documents, with planted copies: documents/s (CPU), recall, precision, memory.

python benchmarks/curation/near_duplicates.py [--documents 200000] [--peer]   (--peer: datasketch)

Documents are drawn from the project's own word lists; a copy changes a few words of an original. Truth is
exact: planted pairs whose Jaccard similarity of 5-character shingles is at least .8.
"""

from __future__ import annotations

import argparse
import random
import resource
import time

from rightsizer.curation.near_duplicates import jaccard, near_duplicate_groups, shingles

SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu bra cle dri flo gru sta tre plo ski"


def corpus(n: int, seed: int) -> tuple[list[str], list[tuple[int, int]]]:
    """`n` texts of about 250 characters, and the planted pairs (original, copy)."""
    draw = random.Random(seed)
    words = ["".join(draw.choices(SYLLABLES.split(), k=draw.randint(1, 4))) for _ in range(20_000)]
    originals = [draw.choices(words, k=draw.randint(20, 55)) for _ in range(int(n * 0.77))]
    texts = [" ".join(t) for t in originals]
    pairs = []
    while len(texts) < n:
        at = draw.randrange(len(originals))
        copy = list(originals[at])
        for _ in range(draw.randint(1, 3)):
            copy[draw.randrange(len(copy))] = draw.choice(words)
        pairs.append((at, len(texts)))
        texts.append(" ".join(copy))
    order = list(range(n))
    draw.shuffle(order)
    place = {old: new for new, old in enumerate(order)}
    return [texts[i] for i in order], [(place[a], place[b]) for a, b in pairs]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=int, default=200_000)
    parser.add_argument("--peer", action="store_true")
    options = parser.parse_args()
    texts, pairs = corpus(options.documents, seed=0)
    megabytes = sum(map(len, texts)) / 1e6
    true = [(a, b) for a, b in pairs if jaccard(shingles(texts[a]), shingles(texts[b])) >= 0.8]
    print(f"{len(texts)} documents, {megabytes:.0f} MB, {len(pairs)} planted copies, {len(true)} at ≥ .8")
    start = time.process_time()
    groups = near_duplicate_groups(texts)
    seconds = time.process_time() - start
    recall = sum(groups[a] == groups[b] for a, b in true) / len(true)
    originals: dict[int, set[int]] = {}
    parent = {copy: original for original, copy in pairs}
    for i, group in enumerate(groups):
        originals.setdefault(group, set()).add(parent.get(i, i))
    mixed = sum(len(roots) > 1 for roots in originals.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"rightsizer   {len(texts) / seconds:9.0f} documents/s  recall {recall:.4f}  mixed groups {mixed}")
    print(f"             peak {peak:.0f} MB with the corpus in memory")
    if options.peer:
        peer(texts[:20_000])


def peer(texts: list[str]) -> None:
    """datasketch, 128 permutations, LSH at .8, on the same shingles."""
    from datasketch import MinHash, MinHashLSH

    start = time.process_time()
    index = MinHashLSH(threshold=0.8, num_perm=128)
    for i, text in enumerate(texts):
        sketch = MinHash(num_perm=128)
        sketch.update_batch([text[k : k + 5].encode() for k in range(len(text) - 4)])
        index.query(sketch)
        index.insert(i, sketch)
    print(f"datasketch   {len(texts) / (time.process_time() - start):9.0f} documents/s (first 20,000)")


if __name__ == "__main__":
    main()
