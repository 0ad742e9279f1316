"""Sessions of scripted desks through `import` and `export --curated`: what is left of their people.

python benchmarks/curation/desk_rewrite.py [--set NAME] [--sessions N] [--seed N] [--show N]

Desks are those of `desks.py`. A value survives exactly if it stands in an exported record as a whole
word, in any letter case (Chinese: anywhere), JSON in strings decoded; fuzzily if a word is one edit away
from a value of 7 signs and more, or its digits alone stand there. Equal leaves must stay equal and
different ones different within a session; JSON must parse; ids keep the classes of their signs.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import desks_blind
import desks_held_out
import desks_last
import desks_later
import desks_strange
import desks_tuned
from desks import Made, Person, sessions

from rightsizer.curation.json_text import is_json
from rightsizer.pipeline import export_log, import_logs, open_workspace

SETS = {
    "tuned": desks_tuned.DESKS,
    "held-out": desks_held_out.DESKS,
    "later": desks_later.DESKS,
    "strange": desks_strange.MENDED,
    "strange-kept": desks_strange.KEPT,
    "last": desks_last.DESKS,
    "blind": desks_blind.DESKS,
}


def known_values(person: Person) -> dict[str, str]:
    """value → what it is; what is too short to tell anybody (one Chinese sign) left out."""
    rows = person.values()
    if not person.last.isascii() and re.search("[\u4e00-\u9fff]", person.last):
        del rows[person.name], rows[person.last]
        rows[person.last + person.first] = "name"
        rows[person.city] = "company"
    return {v: kind for v, kind in rows.items() if v and len(v) > 1}


def occurs(value: str, text: str) -> bool:
    """As whole words where it begins or ends with a Latin sign."""
    before = r"(?<![^\W_])" if value[0].isascii() and value[0].isalnum() else ""
    after = r"(?![^\W_])" if value[-1].isascii() and value[-1].isalnum() else ""
    if re.search("[\u4e00-\u9fff]", value):
        before = after = ""
    if value.isascii():
        before, after = before.replace(r"[^\W_]", "[0-9A-Za-z]"), after.replace(r"[^\W_]", "[0-9A-Za-z]")
    return re.search(before + re.escape(value) + after, text, re.I) is not None


def strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """(key, string) of everything said in a value, keys and JSON in strings included."""
    if isinstance(value, dict):
        for k, v in value.items():
            yield "", k
            yield from strings(v, k)
    elif isinstance(value, list):
        for v in value:
            yield from strings(v, key)
    elif isinstance(value, str) and is_json(value):
        yield from strings(json.loads(value), key)
    elif value is not None:
        yield key, str(value)


def said(record: dict[str, Any]) -> dict[str, Any]:
    """What of a record may hold anybody's data."""
    return {
        "messages": record["request"]["messages"][1:],
        "response": record["response"],
        "metadata": record.get("metadata"),
    }


def _shape(value: str) -> str:
    if len(value) == 18:  # the last sign of a Chinese identity number may be an X
        value = re.sub(r"(?<=[0-9]{17})X", "0", value)
    return re.sub("[a-z]", "a", re.sub("[A-Z]", "A", re.sub("[0-9]", "9", value)))


def _one_edit(a: str, b: str) -> bool:
    if len(a) > len(b):
        a, b = b, a
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(a))
    return a != b and len(b) - len(a) <= 1 and a[start + (len(a) == len(b)) :] == b[start + 1 :]


class Census:
    """Counts of one desk."""

    def __init__(self) -> None:
        self.n: Counter[str] = Counter()
        self.left: list[str] = []
        self.kinds: Counter[str] = Counter()

    def session(self, made: Made, exported: dict[str, dict[str, Any]]) -> None:
        records, people = made
        kept = [(r, exported[r["id"]]) for r in records if r["id"] in exported]
        self.n["calls"] += len(records)
        self.n["exported"] += len(kept)
        old = "\n".join(dict.fromkeys(t for r, _ in kept for _, t in strings(said(r))))
        new = "\n".join(dict.fromkeys(t for _, r in kept for _, t in strings(said(r))))
        tokens = set(re.findall(r"[a-z0-9_.@]+", new.lower()))
        for person in people:
            for value, kind in known_values(person).items():
                if occurs(value, old):
                    self._value(value, kind, new, tokens)
        self._integrity(kept, {v for p in people for v in p.ids.values()})

    def _value(self, value: str, kind: str, new: str, tokens: set[str]) -> None:
        self.n["values"] += 1
        exact = occurs(value, new)
        digits = re.sub("[^0-9]", "", value)
        near = len(value) >= 7 and " " not in value and value.isascii()
        fuzzy = (near and any(_one_edit(value.lower().lstrip("#"), t) for t in tokens)) or (
            len(digits) >= 5 and digits != value and occurs(digits, new)
        )
        self.n["exact"] += exact
        self.n["fuzzy"] += fuzzy and not exact
        if exact or fuzzy:
            where = next((line for line in new.split("\n") if occurs(value, line)), "")[:160]
            self.kinds[kind] += 1
            self.left.append(f"{kind:12} {value!r} {'exact' if exact else 'fuzzy'}: {where!r}")

    def _integrity(self, kept: list[tuple[dict[str, Any], dict[str, Any]]], ids: set[str]) -> None:
        there: dict[str, str] = {}
        back: dict[str, str] = {}
        for before, after in kept[-1:]:
            one, two = list(strings(said(before))), list(strings(said(after)))
            self.n["json"] += 1
            self.n["json valid"] += len(one) == len(two)
            for (_, x), (_, y) in zip(one, two, strict=False):
                if len(x) <= 40:
                    self.n["leaves"] += 1
                    fits = there.setdefault(x, y) == y and back.setdefault(y, x) == x
                    self.n["leaves fit"] += fits
                    if not fits:
                        self.left.append(f"integrity {x!r} → {y!r}, before {there[x]!r}, back {back[y]!r}")
                if x in ids:
                    self.n["ids"] += 1
                    self.n["ids keep shape"] += _shape(x) == _shape(y)
                    if _shape(x) != _shape(y):
                        self.left.append(f"shape {x!r} → {y!r}")


def through_the_product(made: list[Made]) -> tuple[dict[str, dict[str, Any]], Counter[str]]:
    """Exported records by id, and what was held back."""
    with tempfile.TemporaryDirectory() as folder:
        log, out = Path(folder) / "log.jsonl", Path(folder) / "out.jsonl"
        lines = [json.dumps(r, ensure_ascii=False) for records, _ in made for r in records]
        log.write_text("\n".join(lines) + "\n", encoding="utf-8")
        with open_workspace(Path(folder) / "home") as ws:
            import_logs(ws, [log])
            done = export_log(ws, out, curated=True)
        rows = [json.loads(line) for line in out.read_text(encoding="utf-8").split("\n") if line]
    return {r["id"]: r for r in rows}, Counter(done.quarantined or {})


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--set", choices=tuple(SETS), default="tuned")
    options.add_argument("--sessions", type=int, default=100)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--show", type=int, default=0, metavar="N", help="so many of what is left")
    chosen = options.parse_args()
    print(
        f"{'desk':12} {'calls':>6} {'out':>6} {'values':>7} {'exact':>6} {'fuzzy':>6}"
        f" {'equal':>7} {'JSON':>7} {'shapes':>7} {'CPU s':>6}"
    )
    for desk in SETS[chosen.set]:
        made = sessions(desk, chosen.sessions, chosen.seed)
        started = time.process_time()
        exported, held = through_the_product(made)
        spent = time.process_time() - started
        census = Census()
        for each in made:
            census.session(each, exported)
        n = census.n
        shares = [
            n[a] / max(1, n[b])
            for a, b in (("leaves fit", "leaves"), ("json valid", "json"), ("ids keep shape", "ids"))
        ]
        print(
            f"{desk:12} {n['calls']:6} {n['exported']:6} {n['values']:7} {n['exact']:6} {n['fuzzy']:6} "
            + " ".join(f"{s:7.4f}" for s in shares)
            + f" {spent:6.1f}"
        )
        if held:
            print("  held back:", dict(held))
        if census.kinds:
            print("  left by class:", dict(census.kinds.most_common()))
        for line in census.left[: chosen.show]:
            print("  left:", line)


if __name__ == "__main__":
    main()
