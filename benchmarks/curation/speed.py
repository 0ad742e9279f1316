"""How fast texts of agent logs are searched and calls are masked: MB and calls per CPU second, one thread.

python benchmarks/curation/speed.py [LOG.jsonl.zst …] [--peer]   (default: ../shared/data/calls/tau_bench_v1)

Patterns with every engine of the gate that is installed, and with names, text by text and (`together`) as
`pii scan` takes its lines. --peer also runs Presidio's analyzer on the same texts, in turns with ours: with
its patterns only, and with spaCy's named-entity component besides, whose weights are random (no trained
model can be had offline; the time is the same). Ours looks for more types than Presidio's.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import zstandard

from rightsizer.curation import pii
from rightsizer.curation.mask import MaskCache, Masker
from rightsizer.curation.pii import PATTERNS, scan, scan_many
from rightsizer.curation.recognizers.gate import ENGINES, Gate
from rightsizer.types import Message, Request, TextPart

# What lies beside a script must not hide a module that the peers import.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).parent]
ROUNDS, PER_ROUND = 4, 100
PEERS = ("presidio, patterns", "presidio and spaCy")
LOGS = Path(__file__).resolve().parents[3] / "shared/data/calls"


def texts_of(path: Path) -> Iterator[list[str]]:
    """The texts of each call: contents and tool-call arguments, in order."""
    with path.open("rb") as file:
        for line in io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), encoding="utf-8"):
            texts = []
            for message in json.loads(line)["request"]["messages"]:
                if isinstance(message.get("content"), str):
                    texts.append(message["content"])
                texts += [c["function"].get("arguments") or "{}" for c in message.get("tool_calls") or ()]
            yield [t if isinstance(t, str) else json.dumps(t) for t in texts]


def request_of(texts: list[str]) -> Request:
    return Request(messages=tuple(Message(role="user", parts=(TextPart(content=t),)) for t in texts))


def main() -> None:
    named = [Path(a) for a in sys.argv[1:] if not a.startswith("--")]
    for path in named or [LOGS / "tau_bench_v1.jsonl.zst"]:
        calls = list(texts_of(path))
        unique = list(dict.fromkeys(t for texts in calls for t in texts))
        megabytes = sum(len(t.encode()) for t in unique) / 1e6
        print(f"{path.name}: {len(calls)} calls, {len(unique)} texts, {megabytes:.1f} MB unique")

        scan("is it there?")  # compiles the gate
        start = time.process_time()
        found = [scan(t) for t in unique]
        seconds = time.process_time() - start
        print(f"  scan, gated      {megabytes / seconds:8.2f} MB/s  {sum(map(len, found))} findings")

        some = unique[: len(unique) // 8]
        start = time.process_time()
        plain = [scan(t, patterns=PATTERNS) for t in some]
        seconds = time.process_time() - start
        size = sum(len(t.encode()) for t in some) / 1e6
        print(f"  scan, no gate    {size / seconds:8.2f} MB/s  identical: {plain == found[: len(some)]}")

        requests = [
            Request(messages=tuple(Message(role="user", parts=(TextPart(content=t),)) for t in texts))
            for texts in calls
        ]
        cache = MaskCache()
        start = time.process_time()
        for request in requests:
            Masker(cache).mask_request(request)
        seconds = time.process_time() - start
        print(f"  mask_request     {len(calls) / seconds:8.0f} calls/s")
        compare(unique, finders("--peer" in sys.argv))


def compare(texts: list[str], found_by: dict[str, Callable[[list[str]], object]]) -> None:
    """Rounds in turns. No text comes twice and all are different, so nothing can be remembered."""
    step = max(ROUNDS + 1, len(texts) // PER_ROUND)
    for find in found_by.values():
        find([*texts[ROUNDS::step], "mail a@example.org or call 555-123-4567, www.example.org"])  # to load
    seconds, size, n = dict.fromkeys(found_by, 0.0), 0.0, 0
    for number in range(ROUNDS):
        some = texts[number::step]
        size, n = size + sum(len(t.encode()) for t in some) / 1e6, n + len(some)
        for name, find in found_by.items():
            start = time.process_time()
            find(some)
            seconds[name] += time.process_time() - start
    print(f"  {n} texts, {size * 1e6 / n:.0f} bytes each, in {ROUNDS} rounds in turns")
    for name, spent in seconds.items():
        peer = PEERS["names" in name]
        ratio = f"  {seconds[peer] / spent:6.1f} × {peer}" if peer in seconds and name not in PEERS else ""
        print(f"  {name:30} {size / spent:8.3f} MB/s{ratio}")


def finders(peers: bool) -> dict[str, Callable[[list[str]], object]]:
    """What is timed, over some texts."""
    out: dict[str, Callable[[list[str]], object]] = {}
    for engine in ENGINES:
        gate = Gate(PATTERNS, engine)
        try:
            gate.choose("is it there?")
        except ImportError:
            print(f"  {engine}: left out, not installed")
            continue
        out[f"patterns, {engine}"] = partial(with_gate, gate, scan)
    if peers:
        out |= {name: partial(one_by_one, find) for name, find in presidio().items()}
    gate = Gate(PATTERNS)
    out["patterns and names"] = partial(with_gate, gate, partial(scan, names=True))
    out["patterns and names, together"] = partial(scan_many, names=True)
    return out


def with_gate(gate: Gate, find: Callable[[str], object], texts: list[str]) -> None:
    pii._GATE = gate
    one_by_one(find, texts)


def one_by_one(find: Callable[[str], object], texts: list[str]) -> None:
    for text in texts:
        find(text)


def presidio() -> dict[str, Callable[[str], object]]:
    """Presidio's analyzer with patterns only, and with spaCy's recogniser of names."""
    try:
        import spacy
        from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
        from presidio_analyzer.nlp_engine import NlpEngineProvider, SpacyNlpEngine
    except ImportError:
        print("  presidio: left out, not installed")
        return {}
    provider = NlpEngineProvider(
        nlp_configuration={"nlp_engine_name": "no_op", "models": [{"lang_code": "en", "model_name": "none"}]}
    )
    known = RecognizerRegistry()
    known.load_predefined_recognizers()
    known.remove_recognizer("SpacyRecognizer")
    plain = AnalyzerEngine(registry=known, nlp_engine=provider.create_engine())

    pipeline = spacy.blank("en")
    names = pipeline.add_pipe("ner")
    for label in ("PERSON", "ORG", "GPE", "LOC", "DATE", "NORP"):
        names.add_label(label)  # type: ignore[attr-defined]
    pipeline.initialize()
    engine = SpacyNlpEngine()
    engine.nlp = {"en": pipeline}
    everything = RecognizerRegistry()
    everything.load_predefined_recognizers()
    with_names = AnalyzerEngine(registry=everything, nlp_engine=engine)
    return {
        "presidio, patterns": partial(plain.analyze, language="en"),
        "presidio and spaCy": partial(with_names.analyze, language="en"),
    }


if __name__ == "__main__":
    main()
