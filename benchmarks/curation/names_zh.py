"""People, organisations and places in Chinese posts: the dev split of Weibo NER, by characters.

python benchmarks/curation/names_zh.py [--keep-out P] [--split dev|train] [--peer]  (reads ../shared/data/pii)

Gold are named mentions (NAM); nominal ones (NOM: "the teacher") count as wrong when found, then as neither,
then as gold too. Nothing of the set was used to train what ships; a few numbers (the weight of the two
opinions, the threshold) were chosen on its train split. --peer adds jieba's part-of-speech tags
(nr, ns, nt), where it is installed.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from rightsizer.curation.names import find
from rightsizer.curation.pii import scan

# What lies beside a script must not hide a module that the peers import.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).parent]
DATA = Path(__file__).resolve().parents[3] / "shared/data/pii/weibo-ner-zh/data"
NAMES = ("PERSON", "ORGANIZATION", "LOCATION", "ADDRESS")
Pieces = Iterable[tuple[int, int]]


def main() -> None:
    if "--keep-out" in sys.argv:
        find.KEEP_OUT["han"] = float(sys.argv[sys.argv.index("--keep-out") + 1])
    split = sys.argv[sys.argv.index("--split") + 1] if "--split" in sys.argv else "dev"
    posts = read(DATA / f"weiboNER_2nd_conll.{split}")
    report("rightsizer", posts, lambda t: [s[:2] for s in scan(t, names=True) if s.type in NAMES])
    if "--peer" in sys.argv:
        report("jieba nr/ns/nt", posts, jieba())


def read(path: Path) -> list[tuple[str, list[str]]]:
    """(text, label of every character) of each post."""
    posts: list[tuple[str, list[str]]] = []
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        rows = [line.split("\t") for line in block.splitlines() if "\t" in line]
        if rows:
            posts.append(("".join(r[0][0] for r in rows), [r[1] for r in rows]))
    return posts


def report(name: str, posts: list[tuple[str, list[str]]], find_in: Callable[[str], Pieces]) -> None:
    tally: Counter[str] = Counter()
    kinds: Counter[tuple[str, bool]] = Counter()
    start = time.process_time()
    for text, labels in posts:
        found = [False] * len(text)
        for a, b in find_in(text):
            found[a:b] = [True] * (b - a)
        for label, hit in zip(labels, found, strict=True):
            named = label.endswith(".NAM")
            tally["gold"] += named
            tally["found"] += hit
            tally["right"] += hit and named
            nominal = label.endswith(".NOM")
            tally["mentions"] += named or nominal
            tally["nominal"] += hit and nominal
            if named:
                kinds[label[2:5], hit] += 1
    seconds = time.process_time() - start
    right, size = tally["right"], sum(len(t.encode()) for t, _ in posts)
    print(
        f"{name}: characters: recall {right / tally['gold']:.3f} precision {right / tally['found']:.3f}"
        f" (nominal mentions left out: {right / (tally['found'] - tally['nominal']):.3f}), "
        f"{size / 1e6 / seconds:.2f} MB/s (CPU)"
    )
    both = right + tally["nominal"]
    print(
        f"    named and nominal mentions as gold: recall {both / tally['mentions']:.3f} "
        f"precision {both / tally['found']:.3f}"
    )
    for kind in sorted({k for k, _ in kinds}):
        n = kinds[kind, True] + kinds[kind, False]
        print(f"    {kind} {n:5} characters, recall {kinds[kind, True] / n:.3f}")


def jieba() -> Callable[[str], Pieces]:
    try:
        import jieba.posseg
    except ImportError:
        print("jieba: left out, not installed")
        return lambda text: ()

    def find_in(text: str) -> list[tuple[int, int]]:
        out, at = [], 0
        for word, tag in jieba.posseg.cut(text):
            if tag[:2] in ("nr", "ns", "nt"):
                out.append((at, at + len(word)))
            at += len(word)
        return out

    return find_in


if __name__ == "__main__":
    main()
