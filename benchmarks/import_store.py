"""Import speed, scan speed and size of the store, on logs of calls.

    python benchmarks/import_store.py [LOG…]        default: ../shared/data/calls/*.jsonl.zst

Speeds are per CPU second of one process (`time.process_time`), which a busy machine changes least.
Each log gets a store of its own; the last line is all of them in one store. `store` is the size of all
files of the store after closing; `JSON` that of the uncompressed log.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rightsizer.capture import import_files
from rightsizer.capture.files import open_log, read_chunks
from rightsizer.store import open_store

DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "data" / "calls"


@dataclass(frozen=True)
class Row:
    """What one import came to."""

    name: str
    calls: int
    rejected: int
    import_s: float
    scan_s: float
    json_bytes: int
    store_bytes: int

    def __str__(self) -> str:
        return (
            f"{self.name:32} {self.calls:6} {self.rejected:4} {self.calls / self.import_s:9.0f}"
            f" {self.json_bytes / self.import_s / 1e6:7.0f} {self.calls / self.scan_s:9.0f}"
            f" {self.json_bytes / 1e6:8.2f} {self.store_bytes / 1e6:8.2f}"
            f" {self.json_bytes / self.store_bytes:7.1f}"
        )


def measure(name: str, paths: Sequence[Path]) -> Row:
    """Import `paths` into a fresh store, then read every call back from a store opened anew."""
    json_bytes = 0
    for path in paths:
        with open_log(path) as file:
            json_bytes += sum(len(chunk) for chunk in read_chunks(file, lambda _: None))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        started = time.process_time()
        with open_store(home) as store:
            report = import_files(store, paths)
        import_s = time.process_time() - started
        with open_store(home, read_only=True) as store:
            started = time.process_time()
            scanned = sum(1 for _ in store.calls.scan())
            scan_s = time.process_time() - started
        assert scanned == report.new, f"{name}: {scanned} calls scanned, {report.new} imported"
        store_bytes = sum(path.stat().st_size for path in (home / "store").iterdir())
    return Row(name, report.calls, report.rejected, import_s, scan_s, json_bytes, store_bytes)


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    paths = [Path(argument) for argument in arguments] or sorted(DEFAULT.glob("*.jsonl.zst"))
    if not paths:
        print(f"no logs: name some, or put them in {DEFAULT}", file=sys.stderr)
        return 2
    print(f"{'log':32} {'calls':>6} {'rej.':>4} {'import/s':>9} {'MB/s':>7} {'scan/s':>9}", end="")
    print(f" {'JSON MB':>8} {'store MB':>8} {'ratio':>7}")
    for path in paths:
        print(measure(path.name, [path]), flush=True)
    taus = [path for path in paths if path.name.startswith("tau")]
    if len(taus) > 1:
        print(measure("all tau* in one store", taus), flush=True)
    if len(paths) > 1:
        print(measure("all in one store", paths), flush=True)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
