"""Pattern types on presidio-research's synth_dataset_v2: how many values are covered to the last character.

python benchmarks/curation/patterns_en.py [--misses]      (reads ../shared/data/pii)
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path

from rightsizer.curation.pii import scan

DATA = Path(__file__).resolve().parents[3] / "shared/data/pii/presidio-research/data/synth_dataset_v2.json"
TYPES = (
    "CREDIT_CARD",
    "PHONE_NUMBER",
    "EMAIL_ADDRESS",
    "DOMAIN_NAME",
    "IBAN_CODE",
    "US_SSN",
    "IP_ADDRESS",
    "US_DRIVER_LICENSE",
)


SAME = {"DOMAIN_NAME": "URL"}


def main() -> None:
    rows = json.loads(DATA.read_text())
    total: Counter[str] = Counter()
    full: Counter[str] = Counter()
    typed: Counter[str] = Counter()
    found: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    misses, false_alarms = [], []
    start = time.process_time()
    results = [scan(row["full_text"]) for row in rows]
    seconds = time.process_time() - start
    for row, spans in zip(rows, results, strict=True):
        text = row["full_text"]
        gold = [g for g in row["spans"] if g["entity_type"] in TYPES]
        for g in gold:
            a, b, kind = g["start_position"], g["end_position"], g["entity_type"]
            total[kind] += 1
            covered = all(any(s.start <= i < s.end for s in spans) for i in range(a, b) if text[i].isalnum())
            full[kind] += covered
            typed[kind] += any(s.type == SAME.get(kind, kind) and s.start <= a and s.end >= b for s in spans)
            if not covered:
                misses.append((kind, text[a:b], text[max(0, a - 40) : b + 20]))
        for s in spans:
            found[s.type] += 1
            if not any(s.start < g["end_position"] and g["start_position"] < s.end for g in row["spans"]):
                wrong[s.type] += 1
                false_alarms.append((s.type, text[s.start : s.end], text[max(0, s.start - 40) : s.end + 20]))
    print(f"{'type':20} {'values':>6} {'covered':>8} {'same type':>9}")
    for kind in TYPES:
        print(f"{kind:20} {total[kind]:6} {full[kind] / total[kind]:8.3f} {typed[kind] / total[kind]:9.3f}")
    n = sum(total.values())
    print(f"{'all':20} {n:6} {sum(full.values()) / n:8.3f} {sum(typed.values()) / n:9.3f}")
    print(
        f"findings {sum(found.values())}, outside of any labelled entity {sum(wrong.values())} {dict(wrong)}"
    )
    chars = sum(len(row["full_text"].encode()) for row in rows)
    print(f"{chars / 1e6 / seconds:.2f} MB/s (CPU)")
    if "--misses" in sys.argv:
        for line in (*misses, *false_alarms):
            print(line)


if __name__ == "__main__":
    main()
