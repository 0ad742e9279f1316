"""Sessions of a retail agent under surrogates: what survives, what still fits, what the tools answer.

python benchmarks/curation/rewrite.py [--sessions N]      (needs ../shared/data)

Census: every value of a customer (names, e-mail, handle, address, city, zip, orders, payment methods)
whose id or e-mail occurs in a session, looked up in all that is exported of it. Exact = the value as whole
words, any letter case for e-mails and handles. Fuzzy = one edit away (values of 7 signs and more), a
single telling word of an address, or the digits of an id alone.
Integrity: equal leaves stay equal and different ones different; JSON stays valid with the same keys; ids
keep their shape. Replay: each logged call of a read tool, executed on the rewritten database, must give
the rewritten result; counted are calls that give the logged result on the original database.
"""

from __future__ import annotations

import argparse
import copy
import json
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from retail_tools import Database, execute, load_database

from rightsizer.capture.importers import read_calls
from rightsizer.curation.json_text import is_json
from rightsizer.curation.mask_cache import MaskCache
from rightsizer.curation.policy import Policy
from rightsizer.curation.pseudonyms.knowledge import LogReader, structured_texts
from rightsizer.curation.pseudonyms.session import SessionRewriter
from rightsizer.curation.pseudonyms.shapes import shape
from rightsizer.curation.pseudonyms.tree import leaves_of
from rightsizer.curation.residual import ResidualScan, texts_of_call
from rightsizer.types import Call, Message, ToolCallResponsePart

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
RETAIL = DATA / "tau-bench" / "tau_bench" / "envs" / "retail" / "data"
LOGS = {"τ-bench agent": "tau_bench_v1", "τ-bench customer": "tau_bench_v1_usersim", "τ²-bench": "tau2"}
KEY = b"a key for this benchmark, fixed."
STREET_WORDS = frozenset(
    """
    street drive avenue lane road suite boulevard court place way highway broadway park circle river main
    """.split()  # noqa: SIM905
)


def sessions_of(name: str) -> dict[str, list[Call]]:
    """Sessions of the retail shop in one log."""
    found: defaultdict[str, list[Call]] = defaultdict(list)
    for call in read_calls(DATA / "calls" / f"{name}.jsonl.zst", on_reject=print):
        if call.extra.get("meta", {}).get("domain") == "retail":
            found[call.session_id].append(call)
    return found


def customer_values(user_id: str, user: dict[str, Any]) -> dict[str, str]:
    """value → what it is."""
    address = user["address"]
    values = {user["name"]["first_name"]: "first name", user["name"]["last_name"]: "last name"}
    values |= {user["email"]: "e-mail", user_id: "handle", address["zip"]: "zip", address["city"]: "city"}
    values |= {address["address1"]: "street", address["address2"]: "unit"}
    values |= dict.fromkeys(user["orders"], "order") | dict.fromkeys(user["payment_methods"], "payment")
    return {v: kind for v, kind in values.items() if v}


def occurs(value: str, text: str) -> bool:
    """As whole words; handles and e-mails in any letter case."""
    flags = re.I if "@" in value or "_" in value else 0
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])", text, flags) is not None


def variants(value: str) -> Iterator[str]:
    """Telling words of an address, and the digits of an id."""
    if re.search(r"[0-9] [A-Z]", value):
        yield from (w for w in value.split() if len(w) >= 4 and w.isalpha() and w.lower() not in STREET_WORDS)
    digits = re.sub(r"[^0-9]", "", value)
    if len(digits) >= 5 and digits != value:
        yield digits


def near(value: str, tokens: set[str]) -> bool:
    """Whether a word of the text is one edit away."""
    if len(value) < 7 or " " in value:
        return False
    low = value.lower().lstrip("#")
    return any(abs(len(t) - len(low)) <= 1 and t != low and _one_edit(low, t) for t in tokens)


def _one_edit(a: str, b: str) -> bool:
    if len(a) > len(b):
        a, b = b, a
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(a))
    return a[start + (len(a) == len(b)) :] == b[start + 1 :]


def dumped(calls: list[Call]) -> str:
    """Every text that an export of these calls shows, once."""
    return "\n".join(dict.fromkeys(text for call in calls for text in texts_of_call(call)))


class Census:
    """Counts over all sessions."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.n: Counter[str] = Counter()
        self.examples: list[str] = []

    def look(self, before: list[Call], after: list[Call]) -> None:
        old, new = dumped(before), dumped(after)
        tokens = set(re.findall(r"[a-z0-9_.@]+", new.lower()))
        low = old.lower()
        for user_id, user in self.db["users"].items():
            if user_id not in low and user["email"].lower() not in low:
                continue
            for value, kind in customer_values(user_id, user).items():
                if occurs(value, old):
                    self.n["values"] += 1
                    self._one(value, kind, new, tokens)

    def _one(self, value: str, kind: str, new: str, tokens: set[str]) -> None:
        exact = occurs(value, new)
        fuzzy = near(value, tokens) or any(occurs(v, new) for v in variants(value))
        self.n["exact"] += exact
        self.n["fuzzy"] += fuzzy and not exact
        if (exact or fuzzy) and len(self.examples) < 10:
            self.examples.append(f"{kind} {'exact' if exact else 'fuzzy'}")

    def integrity(self, before: list[Call], after: list[Call]) -> None:
        there: dict[str, str] = {}
        back: dict[str, str] = {}
        for one, two in zip(before[-1:], after[-1:], strict=True):
            for old, new in zip(structured_texts(one), structured_texts(two), strict=True):
                if not is_json(old):
                    continue
                self.n["json"] += 1
                self.n["json valid"] += is_json(new)
                for a, b in zip(leaves_of(old), leaves_of(new), strict=True):
                    x, y = str(a.value), str(b.value)
                    self.n["leaves"] += 1
                    self.n["leaves fit"] += there.setdefault(x, y) == y and back.setdefault(y, x) == x
                    if any(c.isdigit() for c in x) and re.search(r"_id$|^id$|_ids$", a.key):
                        self.n["ids"] += 1
                        self.n["ids keep shape"] += _shape(x) == _shape(y)


def _shape(value: str) -> str:
    """Handles are of names, so their words may have any length."""
    found = shape(value)
    return re.sub(r"a\{[0-9]+\}", "a", found) if "_" in value else found


def part_of(db: Database, text: str) -> Database:
    """What a session may touch: its users, orders and products, and every customer of the same names."""
    users = {
        u: v
        for u, v in db["users"].items()
        if u in text
        or v["email"] in text
        or (v["name"]["first_name"] in text and v["name"]["last_name"] in text)
    }
    orders = {o: v for o, v in db["orders"].items() if o in text or v["user_id"] in users}
    products = {
        p: v if p in text or any(item in text for item in v["variants"]) else {**v, "variants": {}}
        for p, v in db["products"].items()
    }
    return copy.deepcopy({"users": users, "orders": orders, "products": products})


def replay(
    db: Database, calls: list[Call], after: list[Call], rewriter: SessionRewriter, n: Counter[str]
) -> None:
    """Every logged tool call of the session on both databases."""
    original = part_of(db, dumped(calls[-1:]))
    rewritten: Database = json.loads(rewriter.rewrite_text(json.dumps(original)))
    for (name, asked, said), (_, asked2, said2) in zip(made(calls[-1]), made(after[-1]), strict=True):
        truth = execute(original, name, asked)
        if truth is None or _parsed(said) != truth:
            execute(rewritten, name, asked2)
            n["not reproduced on the original"] += truth is not None
            continue
        n["replayed"] += 1
        n["commute"] += execute(rewritten, name, asked2) == _parsed(said2)


def made(call: Call) -> list[tuple[str, str, str]]:
    """(tool, arguments, result) in order."""
    asked: dict[str | None, tuple[str, str]] = {}
    rows = []
    messages: tuple[Message, ...] = call.request.messages
    for message in messages:
        for part in message.tool_calls:
            asked[part.id] = (part.name, part.arguments)
        for part in message.parts:
            if isinstance(part, ToolCallResponsePart) and part.id in asked:
                rows.append((*asked[part.id], part.response))
    return rows


def _parsed(text: str) -> Any:
    return json.loads(text) if is_json(text) else text


def measure(name: str, log: str, db: Database, limit: int | None) -> None:
    """One row of the table."""
    sessions = sessions_of(log)
    started = time.process_time()
    reader = LogReader()
    for calls in sessions.values():
        for call in calls:
            reader.read(call)
    known, cache, policy = reader.knowledge(), MaskCache(), Policy()
    census, n = Census(db), Counter[str]()
    spent = time.process_time() - started
    for calls in list(sessions.values())[:limit]:
        started = time.process_time()
        rewriter = SessionRewriter(calls, KEY, policy, known, cache=cache)
        after = [rewriter.rewrite(call) for call in calls]
        scan = ResidualScan(rewriter, policy, cache)
        n["quarantined"] += sum(scan.hit(call) is not None for call in after)
        spent += time.process_time() - started
        n["sessions"] += 1
        n["calls"] += len(calls)
        n["restored"] += rewriter.restore(after[-1]) == calls[-1]
        census.look(calls, after)
        census.integrity(calls, after)
        replay(db, calls, after, rewriter, n)
    c = census.n
    print(f"\n{name}: {n['sessions']} sessions, {n['calls']} calls, {spent:.1f} CPU s")
    print(
        f"  customer values        {c['values']:6}   exact survivors {c['exact']}   fuzzy {c['fuzzy']}"
        f" ({c['fuzzy'] / max(1, c['values']):.2%})"
    )
    for what, part, whole in (
        ("referential integrity", "leaves fit", "leaves"),
        ("valid JSON", "json valid", "json"),
        ("ids keep their shape", "ids keep shape", "ids"),
    ):
        print(f"  {what:22} {c[part] / max(1, c[whole]):6.4f}   {c[part]} of {c[whole]}")
    print(
        f"  tool calls commute     {n['commute'] / max(1, n['replayed']):6.4f}"
        f"   {n['commute']} of {n['replayed']}"
        f"   ({n['not reproduced on the original']} differ on the original database too)"
    )
    print(
        f"  restored by the key    {n['restored'] / max(1, n['sessions']):6.4f}"
        f"   quarantined calls {n['quarantined']}"
    )
    for example in census.examples:
        print("  left:", example)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--sessions", type=int, help="only the first N sessions of each log")
    chosen = options.parse_args()
    if not RETAIL.is_dir():
        print("left out: ../shared/data/tau-bench is not beside this checkout")
        return
    db = load_database(RETAIL)
    for name, log in LOGS.items():
        measure(name, log, db, chosen.sessions)


if __name__ == "__main__":
    main()
