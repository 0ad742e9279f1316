"""Sessions of sixteen kinds, eight in English, six in Chinese, two mixed, by somebody who had not read the rules.

    python benchmarks/curation/desks_blind.py [--sessions N] [--seed N]

prints counts and checks that each declared value stands in its session; nothing is rewritten here. `Known.values()`
is what must be gone, `Known.catalogue` what must stay. Eight kinds were looked into after their first run.
"""

# ruff: noqa: E501

from __future__ import annotations

import argparse
import random
from collections import Counter

import desks_blind_en
import desks_blind_zh
from blind_people import Known, leaves, stands
from desks import Desk, Made

DESKS: dict[str, Desk] = desks_blind_en.DESKS | desks_blind_zh.DESKS


def blind(n: int = 6, seed: int = 41) -> dict[str, list[Made]]:
    """`n` sessions of each kind, drawn as `desks.sessions` does."""
    return {
        desk: [make(random.Random(f"{desk}:{seed}:{i}"), f"{desk}-{i:04}") for i in range(n)]
        for desk, make in DESKS.items()
    }


def main() -> None:
    """Counts and checks."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--sessions", type=int, default=6)
    options.add_argument("--seed", type=int, default=41)
    chosen = options.parse_args()
    classes: Counter[str] = Counter()
    kept = calls = total = 0
    for desk, made in blind(chosen.sessions, chosen.seed).items():
        values = 0
        for records, people in made:
            last = records[-1]
            text = "\n".join(leaves([last["request"]["messages"][1:], last["response"]]))
            for known in people:
                assert isinstance(known, Known)
                for value, kind in known.values().items():
                    assert len(value) > 1, (desk, kind, value)
                    assert stands(value, text), (desk, kind, value)
                    classes[kind] += 1
                for word in known.catalogue:
                    assert stands(word, text), (desk, word)
                    assert not any(stands(v, word) or stands(word, v) for v in known.values()), (desk, word)
                kept += len(known.catalogue)
                values += len(known.values())
            calls += len(records)
        total += values
        print(f"{desk:12} {len(made):4} sessions {values:6} values")
    print(f"calls {calls}, values {total}, catalogue words {kept}")
    for kind, n in classes.most_common():
        print(f"  {kind:28} {n}")


if __name__ == "__main__":
    main()
