"""Does the loop work on answers, labels and schemas that nobody tuned it to? One home a case.

    python benchmarks/students/shapes.py [--calls 1500] [--only made|real] [--cases 'label, bare' ...]

Made-up logs (`_shapes.py`: labels bare, in a sentence, in JSON; nested JSON, arrays, normalised dates;
tools or none, several at once; Chinese) and, where the recorded data lies beside the checkout, small real
ones (four DSTC8 domains, CLINC150 by domain, two SNIPS tools). Each goes through import, `run --release`
and a replay of calls that were not imported: DSTC8's own test file, else another draw or CLINC's `val`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _shapes import IGNORED, MADE, made_calls, record, said  # type: ignore[import-not-found]
from loop import DATA, rightsizer, share  # type: ignore[import-not-found]

Cases = tuple[Iterable[dict[str, Any]], Iterable[dict[str, Any]]]
DSTC8 = ("Buses_1", "Events_1", "Homes_1", "RentalCars_1")
SNIPS_TOOLS = ("GetWeather", "BookRestaurant")
DOMAINS = ("banking", "travel", "small_talk")
REAL = [*(f"dstc8 {d}" for d in DSTC8), *(f"clinc {d}" for d in DOMAINS), "snips, two tools"]


def real_calls(name: str) -> Cases:
    """(calls to learn from, calls to replay) of a real set."""
    kind, _, rest = name.partition(" ")
    if kind == "dstc8":
        folder = DATA / "span-extraction/dstc8" / rest
        return spans(folder, "train_0"), spans(folder, "test")
    if kind == "clinc":
        found = json.loads(unpacked(DATA / "clinc150/data/data_full.json.zst"))
        names = set(json.loads((DATA / "clinc150/data/domains.json").read_text())[rest])
        system = "Which intent? Answer with its name alone."
        return tuple(  # type: ignore[return-value]
            [record(part, i, system, t, said(x), {}) for i, (t, x) in enumerate(found[part]) if x in names]
            for part in ("train", "val")
        )
    rows = [json.loads(line) for line in wrapped_snips()]
    rows = [r for r in rows if r["response"]["tool_calls"][0]["function"]["name"] in SNIPS_TOOLS]
    return rows[::2], rows[1::8]


def spans(folder: Path, part: str) -> Iterator[dict[str, Any]]:
    """A DSTC8 domain as extraction to JSON; a slot that was not said is left out."""
    for i, row in enumerate(json.loads((folder / f"{part}.json").read_text())):
        text, found = row["userInput"]["text"], {}
        for one in row.get("labels", []):
            span = one["valueSpan"]
            found[one["slot"]] = text[span.get("startIndex", 0) : span["endIndex"]]
        asked = ", ".join(row.get("context", {}).get("requestedSlots", []))
        user = f"(asked for: {asked})\n{text}" if asked else text
        answer = said(json.dumps(found))
        yield record(f"{folder.name}-{part}", i, "Extract as JSON what was said.", user, answer, {})


def unpacked(path: Path) -> str:
    return subprocess.run(["zstd", "-dcq", path], capture_output=True, check=True).stdout.decode()


def wrapped_snips() -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "snips.jsonl"
        tool = DATA.parent / "tools" / "wrap_labelled.py"
        command = [sys.executable, tool, "snips", DATA / "snips", "train", out]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        return out.read_text().splitlines()


def run_case(name: str, calls: int) -> None:
    """Import, run, replay; a row for the home's largest task."""
    learn, replay = (
        (made_calls(name, calls, 0), made_calls(name, calls // 3, 1)) if name in MADE else real_calls(name)
    )
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        rightsizer(home, "import", written(learn, Path(folder) / "learn.jsonl"))
        if name in IGNORED:
            rightsizer(home, "discover")
            (task,) = rightsizer(home, "tasks", "list")["tasks"][:1]
            ignored = [x for field in IGNORED[name] for x in ("--ignore", field)]
            rightsizer(home, "tasks", "fields", task["id"], *ignored)
        outcome = rightsizer(home, "run", "--all", "--release")
        found = rightsizer(home, "replay", written(replay, Path(folder) / "replay.jsonl"))
    best = outcome["tasks"][0] if outcome["tasks"] else {"verdict": "no task", "n_calls": 0, "output": "-"}
    needed = f" ({best['calls_needed']} more)" if best.get("calls_needed") else ""
    reason = "" if best["verdict"] == "pass" else f"  {best.get('reason', '')}{needed}"
    print(
        f"{name:24} {len(outcome['tasks']):5} {best['n_calls']:6} {best['output']:9} {best['verdict']:9} "
        f"{best.get('method') or '-':14} {share(found['coverage']):>7} {share(found['agreement']):>8} "
        f"{time.monotonic() - started:5.0f}{reason}",
        flush=True,
    )


def written(rows: Iterable[dict[str, Any]], path: Path) -> Path:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=1500, help="calls to learn from, in made-up logs")
    parser.add_argument("--only", choices=["made", "real"])
    parser.add_argument("--cases", nargs="+", choices=[*MADE, *REAL])
    options = parser.parse_args()
    real = REAL if DATA.is_dir() else []
    names = options.cases or {"made": [*MADE], "real": real}.get(options.only, [*MADE, *real])
    print(f"{'case':24} tasks  calls output    verdict   method          served   agree     s")
    for name in names:
        run_case(name, options.calls)


if __name__ == "__main__":
    main()
