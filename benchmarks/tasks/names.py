"""How well clusters are named without an LLM: does the name hold a word of the label people gave?

    python benchmarks/tasks/names.py [clinc150-val | clinc150-test | FILE.csv ...]

The clusters are those that `semantic.py` scores (number unknown); a cluster's truth is the commonest label in
it, its words are those of the label ("book_hotel": book, hotel; compared without endings). "medoid": the same
question put to the example that stands nearest to the cluster's middle.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
from semantic import read

from rightsizer.students.encoder import load_encoder
from rightsizer.tasks.clusters import fit_clusters
from rightsizer.tasks.label import name_clusters
from rightsizer.views.tokens import words


def main() -> None:
    """Every set named on the command line."""
    encoder = load_encoder()
    if encoder is None:
        sys.exit("no sentence encoder is installed: see 'rightsizer doctor'")
    for name in sys.argv[1:] or ["clinc150-val", "clinc150-test"]:
        texts, labels = read(name)
        vectors = np.asarray(encoder.encode(texts), np.float32)
        found = fit_clusters(vectors)
        if found is None:
            print(f"{name}: no clusters")
            continue
        place = found.assign(vectors)
        groups: dict[int, list[int]] = defaultdict(list)
        for i, c in enumerate(place.tolist()):
            groups[c].append(i)
        members = [groups[c] for c in sorted(groups)]
        names = name_clusters([bag([texts[i] for i in group]) for group in members])
        hits = medoids = 0
        for group, given in zip(members, names, strict=True):
            gold = stems(Counter(labels[i] for i in group).most_common(1)[0][0])
            centre = vectors[group].mean(0)
            medoid = texts[group[int(np.argmax(vectors[group] @ centre))]]
            hits += bool(gold & stems(given))
            medoids += bool(gold & stems(medoid))
        n = len(members)
        print(
            f"{name}: {n} clusters, name holds a word of the label {hits / n:.0%}, medoid {medoids / n:.0%}, "
            f"{len(set(names))} different names"
        )
        for given, group in list(zip(names, members, strict=True))[:8]:
            print(f"    {given:50s} {Counter(labels[i] for i in group).most_common(1)[0][0]}")


def bag(texts: list[str]) -> Counter[str]:
    """Words and pairs of a cluster, each text once."""
    found: Counter[str] = Counter()
    for text in texts:
        tokens = [w for w in words(text.lower()) if w.isalpha()]
        found.update({*tokens, *(f"{a} {b}" for a, b in pairwise(tokens))})
    return Counter({term: n for term, n in found.items() if n >= 3})


def stems(text: str) -> set[str]:
    """Words without their commonest endings."""
    found = re.findall(r"[a-z]+", text.lower().replace("_", " "))
    return {re.sub(r"(?:ing|ies|es|ed|s|y)$", "", w) if len(w) > 4 else w for w in found if len(w) > 2}


if __name__ == "__main__":
    main()
