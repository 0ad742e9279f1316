"""How fast texts of agent logs are searched and calls are masked: MB and calls per CPU second, one thread.

python benchmarks/curation/speed.py [LOG.jsonl.zst …] [--peer]   (default: ../shared/data/calls/tau_bench_v1)

--peer also runs Presidio's analyzer on the same texts, with its pattern recognisers only, if installed.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import zstandard

from rightsizer.curation.mask import MaskCache, Masker
from rightsizer.curation.pii import PATTERNS, scan
from rightsizer.types import Message, Request, TextPart

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
        if "--peer" in sys.argv:
            presidio(unique)


def presidio(texts: list[str]) -> None:
    """Presidio's pattern recognisers, without a language model, on a sample of the same texts."""
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    provider = NlpEngineProvider(
        nlp_configuration={"nlp_engine_name": "no_op", "models": [{"lang_code": "en", "model_name": "none"}]}
    )
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers()
    registry.remove_recognizer("SpacyRecognizer")
    engine = AnalyzerEngine(registry=registry, nlp_engine=provider.create_engine())
    size, start = 0, time.process_time()
    for text in texts:
        size += len(text.encode())
        engine.analyze(text, language="en")
        if time.process_time() - start > 20:
            break
    print(f"  presidio         {size / 1e6 / (time.process_time() - start):8.3f} MB/s")


if __name__ == "__main__":
    main()
