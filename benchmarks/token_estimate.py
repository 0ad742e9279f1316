"""Compare estimated tokens with the usage that providers reported, per log, model and language.

    python benchmarks/token_estimate.py [../shared/data/calls/*.jsonl.zst]

Prints, for calls that carry usage: median of estimate ÷ reported, and the 5 % and 95 % points; and the
same for the sum over the log, which is what the report shows.
"""

from __future__ import annotations

import argparse
import statistics
from collections import defaultdict
from pathlib import Path

from rightsizer.capture.importers import read_calls
from rightsizer.economics.tokens import count_tokens
from rightsizer.types import Call

LOGS = Path(__file__).resolve().parents[1].parent / "shared/data/calls"


def language(call: Call) -> str:
    text = " ".join(m.text for m in call.request.messages)[:20_000]
    cjk = sum("\u4e00" <= c <= "\u9fff" for c in text)
    return "zh" if cjk > 0.2 * max(1, len(text)) else "en"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path, default=sorted(LOGS.glob("*.jsonl.zst")))
    found: dict[tuple[str, str, str, str], list[tuple[float, float]]] = defaultdict(list)
    for path in parser.parse_args().files:
        for call in read_calls(path):
            usage = call.usage
            if usage is None or not usage.input_tokens or not usage.output_tokens:
                continue
            guess = count_tokens(call.model_copy(update={"usage": None}))
            key = (path.name.split(".")[0], call.model[:28], language(call))
            found[(*key, "input")].append((guess.input_tokens, usage.input_tokens))
            found[(*key, "output")].append((guess.output_tokens, usage.output_tokens))
    print(f"{'log':22}{'model':30}{'':4}{'side':8}{'calls':>6}{'median':>8}{'5 %':>7}{'95 %':>7}{'sum':>7}")
    for (log, model, lang, side), pairs in sorted(found.items()):
        if len(pairs) < 10:
            continue
        ratios = sorted(a / b for a, b in pairs)
        total = sum(a for a, _ in pairs) / sum(b for _, b in pairs)
        low, high = ratios[len(ratios) // 20], ratios[-1 - len(ratios) // 20]
        middle = statistics.median(ratios)
        print(
            f"{log:22}{model:30}{lang:4}{side:8}{len(pairs):6}{middle:8.2f}{low:7.2f}{high:7.2f}{total:7.2f}"
        )


if __name__ == "__main__":
    main()
