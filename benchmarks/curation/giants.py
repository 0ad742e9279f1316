"""Giant inputs: one message of many megabytes, one session of many messages; time and memory as they grow.

python benchmarks/curation/giants.py [--mb 1,4,16] [--messages 1000,10000] [--only scan,mask,rewrite]

Each step runs in a process of its own: CPU seconds, and by how much the largest size in memory grew. Text is
made: prose in English and Chinese, and a JSON result, with values of the canaries' kinds in every few lines.
`export` is the whole way: import, curate, export --curated, of a log with the one call.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rightsizer.curation.canaries import KINDS, canary
from rightsizer.curation.curate import CurationPolicy, curate
from rightsizer.curation.mask import Masker
from rightsizer.curation.pii import scan
from rightsizer.curation.pseudonyms.session import SessionRewriter
from rightsizer.types import Call, Message, Request, TextPart

LINES = {
    "en": "The parcel for {name} came back on Tuesday; she asked us to write to {value} and try once more.",
    "zh": "包裹退回来了，收件人{name}说请联系{value}，另外把地址改成和平路{n}号再送一次。",
}
NAMES = {"en": ("Harriet Grant", "Omar Haddad", "Ingrid Lund"), "zh": ("吕文博", "邵美玲", "令狐诗涵")}
STEPS = ("scan", "names", "mask", "rewrite", "curate", "export")


def text_of(kind: str, characters: int) -> str:
    """So many characters of one kind."""
    draw = random.Random(7)
    made, size = [], 0
    while size < characters:
        lang = "zh" if kind == "zh" else "en"
        n = len(made)
        value = canary(KINDS[n % len(KINDS)], n // len(KINDS)) if n % 4 == 0 else f"no {n}"
        line = LINES[lang].format(name=draw.choice(NAMES[lang]), value=value, n=n % 900)
        made.append(json.dumps({"row": n, "note": line, "id": f"R-{n:07}"}) if kind == "json" else line)
        size += len(made[-1]) + 2
    return "[" + ",\n".join(made) + "]" if kind == "json" else "\n".join(made)


def call_of(texts: list[str]) -> Call:
    roles = ("user", "assistant")
    messages = tuple(Message(role=roles[i % 2], parts=(TextPart(content=t),)) for i, t in enumerate(texts))
    answer = Message(role="assistant", parts=(TextPart(content="It is done."),))
    return Call(id="call_1", session_id="s", request=Request(messages=messages), response=answer)


def steps(call: Call) -> dict[str, Callable[[], object]]:
    """What is timed."""
    texts = [m.text for m in call.request.messages]
    return {
        "scan": lambda: [scan(t) for t in texts],
        "names": lambda: [scan(t, names=True) for t in texts],
        "mask": lambda: Masker().mask_request(call.request),
        "rewrite": lambda: SessionRewriter([call], b"k" * 32).rewrite(call),
        "curate": lambda: curate([call], CurationPolicy()),
        "export": lambda: through_the_product(call),
    }


def through_the_product(call: Call) -> None:
    from rightsizer.capture.export import write_calls
    from rightsizer.pipeline import curate_log, export_log, import_logs, open_workspace

    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"
        write_calls([call], log)
        with open_workspace(Path(folder) / "home") as ws:
            import_logs(ws, [log])
            kept = curate_log(ws).n_kept
            done = export_log(ws, Path(folder) / "out.jsonl", curated=True)
            if not kept or done.calls + sum(n for _, n in done.quarantined) != kept:
                sys.exit("the call was not kept: nothing was measured")


def one(kind: str, size: int, step: str) -> None:
    """In a process of its own: one step at one size."""
    if kind == "messages":
        whole = text_of("en", 110 * size).split("\n")
        texts = (whole * (size // len(whole) + 1))[:size]
    else:
        texts = [text_of(kind, size)]
    call = call_of(texts)
    run = steps(call)[step]
    steps(call_of(["My name is Ann Lee, ann@example.org. 我叫吕文博。"]))["rewrite"]()  # loads everything
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    run()
    spent = time.process_time() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    megabytes = sum(len(t.encode()) for t in texts) / 1e6
    speed = f"{spent:8.2f} CPU s {megabytes / spent:8.2f} MB/s"
    print(f"{kind:9} {size:>10,} {megabytes:7.1f} MB  {step:8} {speed}  +{grown:6.0f} MB")


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--mb", default="1,4,16")
    options.add_argument("--messages", default="1000,10000")
    options.add_argument("--only", default=",".join(STEPS))
    options.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.one:
        one(chosen.one[0], int(chosen.one[1]), chosen.one[2])
        return
    sizes = [("en", int(float(n) * 1e6)) for n in chosen.mb.split(",") if n]
    sizes += [("json", n) for _, n in sizes] + [("zh", n // 3) for _, n in sizes]
    sizes += [("messages", int(n)) for n in chosen.messages.split(",") if n]
    for step in chosen.only.split(","):
        for kind, size in sizes:
            done = subprocess.run([sys.executable, __file__, "--one", kind, str(size), step], check=False)
            if done.returncode:
                print(f"{kind} {size} {step}: ended with {done.returncode}")


if __name__ == "__main__":
    main()
