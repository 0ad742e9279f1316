"""Everything personal in English text: presidio-research's synth_dataset_v2 under its own SpanEvaluator.

python benchmarks/curation/names_en.py [--peer] [--keep-out P]      (reads ../shared/data/pii)

Prints the evaluator's figures (IoU .9, all types of the set; presidio-evaluator 0.2.5, left out where it is
not installed), the share of characters found, and the same on WNUT17's test split (rare names in posts).
Nothing of these sets was used to train the recogniser. --peer runs Presidio's analyzer beside it, with its
patterns and a blank spaCy model (no model that finds names can be had offline).
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rightsizer.curation.names import find
from rightsizer.curation.pii import scan
from rightsizer.curation.recognizers.pattern import Span

# What lies beside a script must not hide a module that the peers import.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).parent]
DATA = Path(__file__).resolve().parents[3] / "shared/data/pii"
Finder = Callable[[str], Sequence[Span]]
# What is nobody's identifier counts for the evaluator, but not for the share of characters.
FACTS = ("DATE_TIME", "AGE", "NRP", "TITLE")
SAME = {"URL": "DOMAIN_NAME", "LOCATION": "GPE", "ADDRESS": "STREET_ADDRESS", "DATE_OF_BIRTH": "DATE_TIME"}


def main() -> None:
    if "--keep-out" in sys.argv:
        find.KEEP_OUT["latin"] = float(sys.argv[sys.argv.index("--keep-out") + 1])
    rows = json.loads((DATA / "presidio-research/data/synth_dataset_v2.json").read_text())
    report("rightsizer", rows, lambda text: scan(text, "en", names=True))
    if "--peer" in sys.argv:
        report("presidio, patterns", rows, presidio())
    wnut(lambda text: scan(text, "en", names=True))


def report(name: str, rows: list[dict[str, Any]], find_in: Finder) -> None:
    start = time.process_time()
    found = [find_in(row["full_text"]) for row in rows]
    seconds = time.process_time() - start
    hit: Counter[tuple[str, bool]] = Counter()
    full: Counter[tuple[str, bool]] = Counter()
    chars: Counter[str] = Counter()
    for row, spans in zip(rows, found, strict=True):
        characters(row, spans, hit, full, chars)
    print(f"{name}: {sum(len(r['full_text'].encode()) for r in rows) / 1e6 / seconds:.2f} MB/s (CPU)")
    precision, recall = chars["right"] / max(1, chars["found"]), chars["right"] / chars["gold"]
    print(f"  characters: precision {precision:.3f} recall {recall:.3f} F2 {f2(precision, recall):.3f}")
    for kind in sorted({k for k, _ in full}):
        share = hit[kind, True] / (hit[kind, True] + hit[kind, False])
        whole = full[kind, True] / (full[kind, True] + full[kind, False])
        print(
            f"    {kind:20} {full[kind, True] + full[kind, False]:5}"
            f"  characters {share:.3f}  whole {whole:.3f}"
        )
    evaluator(rows, found)


def characters(
    row: dict[str, Any], spans: Sequence[Span], hit: Counter[Any], full: Counter[Any], chars: Counter[str]
) -> None:
    """Letters and digits inside values, found or not; facts are left out on both sides."""
    text = row["full_text"]
    gold: list[str] = [""] * len(text)
    for g in row["spans"]:
        gold[g["start_position"] : g["end_position"]] = [g["entity_type"]] * (
            g["end_position"] - g["start_position"]
        )
    found = [False] * len(text)
    for s in spans:
        if s.type not in FACTS:
            found[s.start : s.end] = [True] * (s.end - s.start)
    for g in row["spans"]:
        if g["entity_type"] not in FACTS:
            inside = range(g["start_position"], g["end_position"])
            full[g["entity_type"], all(found[i] for i in inside if text[i].isalnum())] += 1
    for i, c in enumerate(text):
        if c.isalnum() and gold[i] not in FACTS:
            chars["gold"] += bool(gold[i])
            chars["found"] += found[i]
            chars["right"] += found[i] and bool(gold[i])
            if gold[i]:
                hit[gold[i], found[i]] += 1


def evaluator(rows: list[dict[str, Any]], found: Sequence[Sequence[Span]]) -> None:
    """presidio-evaluator's own figures: every type of the set, and without the facts."""
    try:
        from presidio_evaluator.evaluation import EvaluationResult, SpanEvaluator
        from presidio_evaluator.span_to_tag import span_to_tag
    except ImportError:
        print("  SpanEvaluator: left out, presidio-evaluator 0.2.5 is not installed")
        return
    import spacy

    blank = spacy.blank("en")
    for title, left_out in (("all types", ()), ("without dates, ages, titles, nationalities", FACTS)):
        results = []
        for row, spans in zip(rows, found, strict=True):
            tokens = blank(row["full_text"])
            gold = [(g["start_position"], g["end_position"], g["entity_type"]) for g in row["spans"]]
            ours = [(s.start, s.end, SAME.get(s.type, s.type)) for s in spans]
            tags = [
                span_to_tag(
                    scheme="IO",
                    text=row["full_text"],
                    starts=[a for a, _, k in side if k not in left_out],
                    ends=[b for _, b, k in side if k not in left_out],
                    tags=[k for _, _, k in side if k not in left_out],
                    tokens=tokens,
                )
                for side in (gold, ours)
            ]
            results.append(
                EvaluationResult(
                    tokens=[t.text for t in tokens],
                    actual_tags=tags[0],
                    predicted_tags=tags[1],
                    start_indices=[t.idx for t in tokens],
                )
            )
        score = SpanEvaluator(model=None, iou_threshold=0.9).calculate_score(results, beta=2)
        print(
            f"  SpanEvaluator IoU .9, {title}: F2 {score.pii_f:.3f} precision {score.pii_precision:.3f} "
            f"recall {score.pii_recall:.3f}"
        )


def f2(precision: float, recall: float) -> float:
    return 5 * precision * recall / max(1e-9, 4 * precision + recall)


def wnut(find_in: Finder) -> None:
    """WNUT17 (CC BY 4.0), test split: people, places, companies and groups, by characters."""
    tally: Counter[str] = Counter()
    path = DATA / "ner-en-wnut17/CONLL-format/data/test/emerging.test.annotated"
    for block in path.read_text(encoding="utf-8").split("\n\t\n" if "\n\t\n" in path.read_text() else "\n\n"):
        pairs = [line.split("\t")[:2] for line in block.splitlines() if line.strip()]
        text, gold = "", []
        for word, label in pairs:
            text += word + " "
            gold += [label] * len(word) + ["O"]
        found = [False] * len(text)
        for s in find_in(text):
            if s.type in ("PERSON", "ORGANIZATION", "LOCATION", "ADDRESS"):
                found[s.start : s.end] = [True] * (s.end - s.start)
        for c, label, hit in zip(text, gold, found, strict=True):
            named = label[2:] in ("person", "location", "corporation", "group")
            if c.isalnum() and (named or label == "O"):
                tally["gold"] += named
                tally["found"] += hit
                tally["right"] += named and hit
    precision, recall = tally["right"] / max(1, tally["found"]), tally["right"] / max(1, tally["gold"])
    print(f"WNUT17 test: characters: precision {precision:.3f} recall {recall:.3f}")


def presidio() -> Finder:
    """Presidio's analyzer with a blank spaCy model: its patterns."""
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    provider = NlpEngineProvider(
        nlp_configuration={"nlp_engine_name": "no_op", "models": [{"lang_code": "en", "model_name": "none"}]}
    )
    known = RecognizerRegistry()
    known.load_predefined_recognizers()
    known.remove_recognizer("SpacyRecognizer")
    engine = AnalyzerEngine(registry=known, nlp_engine=provider.create_engine())

    def find_in(text: str) -> list[Span]:
        return [
            Span(r.start, r.end, r.entity_type, r.score)
            for r in engine.analyze(text, language="en", score_threshold=0.4)
        ]

    return find_in


if __name__ == "__main__":
    main()
