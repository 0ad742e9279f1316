"""What a gateway adds to a call, this one and its peers side by side.

    python benchmarks/gateway/run.py [--quick] [--only NAME ...] [--seconds 1.5] [--rounds 5] [--json FILE]

Upstream and loader are one small C program (compiled here with ``cc``), the same for all. In each round every
target gets one short slice, in shuffled order; ratios are taken within a round, and their medians are shown.
So a machine that others use too still gives honest ratios; the absolute figures only say how busy it was.
CPU per call is that of all processes of a target but our indexer, which is ``index``: after each of our
slices the others wait until all is in the store. ``MB`` is the peak of the whole tree of processes, sampled
under load and until all is in the store: PSS, in which a page that several share counts once, and beside
it the sum of RSS, in which it counts in each. At the end the store is asked whether it has every call that
was answered. See `targets` for how peers are found.

Prompts of 32 and 128 kB at 1, 16 and 64 connections alone, beside all peers:

    python benchmarks/gateway/run.py --rounds 3 --seconds 1 --scenario "32 kB" "128 kB"
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from payloads import N_EVENTS, body, request, write_answers
from targets import HERE, STARTS, Target, memory_mb, pin

from rightsizer.store.sqlite import open_store

Slice = dict[str, float]


@dataclass(frozen=True)
class Scenario:
    """One block of the table. `rate` 0: every connection asks again at once. `only`: who can keep up."""

    name: str
    size: int = 1000
    stream: bool = False
    connections: int = 16
    rate: float = 0
    delay_us: int = 0
    gap_us: int = 0
    only: tuple[str, ...] = ()
    long: bool = False  # `--quick` leaves it out unless `--scenario` names it


def scenarios() -> list[Scenario]:
    """Closed loop at three widths, large prompts, streams in one burst and paced, open loop."""
    found = [Scenario(f"1 kB, {n} connections", connections=n) for n in (1, 16, 64)]
    found += [
        Scenario(f"{kb} kB, {n} connections", kb * 1000, connections=n, long=n != 16)
        for kb in (32, 128)
        for n in (1, 16, 64)
    ]
    found += [
        Scenario(f"stream of {N_EVENTS} events in one burst, {n}", stream=True, connections=n, long=n != 16)
        for n in (1, 16, 64)
    ]
    paced = f"stream of {N_EVENTS} events, one each 5 ms"
    found.append(Scenario(f"{paced}, 16 connections", stream=True, gap_us=5000))
    found.append(
        Scenario(
            "open loop: 1,000/s, upstream answers after 50 ms",
            connections=256,
            rate=1000,
            delay_us=50_000,
            only=("direct", "nginx", "rightsizer"),  # the others answer fewer than these
        )
    )
    found.append(
        Scenario("open loop: 40/s, upstream answers after 50 ms", connections=64, rate=40, delay_us=50_000)
    )
    return found


class Bench:
    """The C program, its upstreams (one for each pace), and the targets in front of each."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options, self.folder = options, folder
        self.program = folder / "http_load"
        subprocess.run(["cc", "-O2", "-o", str(self.program), str(HERE / "http_load.c")], check=True)
        self.answers = write_answers(folder)
        self.upstreams: list[subprocess.Popen[bytes]] = []
        self.answered = 0  # by this gateway
        self.peaks: dict[str, float] = {}  # of its memory, by role

    def targets(self, delay_us: int, gap_us: int) -> list[Target]:
        """All targets in front of an upstream of this pace; a line for each that is left out."""
        command = [
            str(self.program),
            "serve",
            *map(str, self.answers),
            str(N_EVENTS),
            str(delay_us),
            str(gap_us),
        ]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, preexec_fn=lambda: pin(1))
        self.upstreams.append(process)
        assert process.stdout is not None
        port = int(process.stdout.readline())
        found = [Target("direct", port)]
        for name, start in STARTS.items():
            if self.options.only and name not in self.options.only:
                continue
            folder = Path(tempfile.mkdtemp(dir=self.folder))
            try:
                target = start(port, folder)
            except RuntimeError as error:
                if name == "rightsizer":
                    raise
                target = f"{error}"
            if isinstance(target, str):
                print(f"left out: {target}")
            else:
                found.append(target)
        return found

    def load(self, target: Target, scenario: Scenario, seconds: float) -> Slice:
        """One slice: what the loader saw, and what it cost the target."""
        content = body(scenario.size, stream=scenario.stream)
        file = self.folder / "request"
        file.write_bytes(request(content, target.headers, target.path))
        command = [str(self.program), "load", str(target.port), str(file), str(scenario.connections)]
        before = target.cpu_s()
        loader = subprocess.Popen(
            [*command, str(seconds), str(scenario.rate)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: pin(1),
        )
        peak = self._sample(target, {})
        while True:
            try:
                loader.wait(0.4)
                break
            except subprocess.TimeoutExpired:
                peak = self._sample(target, peak)
        peak = self._sample(target, peak)
        out, errors = loader.communicate()
        if loader.returncode:
            raise RuntimeError(f"the loader failed: {errors.decode()[:500]}")
        result: Slice = json.loads(out)
        if result["errors"] and not result["done"]:
            raise RuntimeError(f"{target.name} answers with errors: {errors.decode()[:500]}")
        after = target.cpu_s()
        if target.home is not None:
            target.settle(lambda: peak.update(self._sample(target, peak)))
        calls = max(result["done"], 1)
        self.answered += int(result["done"]) if target.home is not None else 0
        result["cpu_us"] = (after[0] - before[0]) / calls * 1e6
        result["index_us"] = (target.cpu_s()[1] - before[1]) / calls * 1e6
        result["memory_mb"], result["rss_mb"] = peak["all"], peak["rss"]
        return result

    def _sample(self, target: Target, peak: dict[str, float]) -> dict[str, float]:
        """The peak so far of a target's memory, after one more look."""
        now = memory_mb(target.roles())
        if target.home is not None:
            self.peaks.update({role: max(mb, self.peaks.get(role, 0.0)) for role, mb in now.items()})
        return {name: max(mb, peak.get(name, 0.0)) for name, mb in now.items()}

    def stop(self, targets: list[Target]) -> None:
        """End the targets; say whether what this gateway has answered is in its store."""
        for target in targets:
            target.stop()
            if target.home is not None:
                with contextlib.closing(open_store(target.home, create=False)) as store:
                    recorded = store.calls.count()
                print(f"\nrightsizer answered {self.answered:,} calls, {recorded:,} are in its store")
                self.answered = 0


def measure(
    bench: Bench, targets: list[Target], scenario: Scenario, rng: random.Random
) -> dict[str, list[Slice]]:
    """Slices of every target, one each round."""
    slices: dict[str, list[Slice]] = {target.name: [] for target in targets}
    for target in targets:
        bench.load(target, scenario, 0.3)  # warm up
    for _ in range(bench.options.rounds):
        for target in rng.sample(targets, len(targets)):
            slices[target.name].append(bench.load(target, scenario, bench.options.seconds))
    return slices


def table(slices: dict[str, list[Slice]]) -> list[dict[str, Any]]:
    """A row for each target: medians, and medians of the ratios within a round."""

    def mid(name: str, key: str) -> float:
        return median(each[key] for each in slices[name])

    def ratio(name: str, base: str, key: str) -> float | None:
        if base not in slices:
            return None
        pairs = zip(slices[name], slices[base], strict=True)
        return median(a[key] / b[key] for a, b in pairs if b[key])

    def added(name: str, key: str, pick: Any = median) -> float:
        return float(pick(a[key] - b[key] for a, b in zip(slices[name], slices["direct"], strict=True)))

    rows = []
    for name, own in slices.items():
        rows.append(
            {
                "target": name,
                "per_s": round(mid(name, "per_s")),
                "vs_direct": ratio(name, "direct", "per_s"),
                "vs_nginx": ratio(name, "nginx", "per_s"),
                "vs_litellm": ratio(name, "litellm", "per_s"),
                "added_p50_us": round(added(name, "p50")),
                "added_p99_us": round(added(name, "p99")),
                "best_added_p99_us": round(added(name, "p99", min)),
                "added_first_p50_us": round(added(name, "first_p50")),
                "cpu_us": round(mid(name, "cpu_us"), 1),
                "index_us": round(mid(name, "index_us"), 1),
                "memory_mb": round(max(each["memory_mb"] for each in own), 1),
                "rss_mb": round(max(each["rss_mb"] for each in own), 1),
                "errors": sum(each["errors"] + each["unanswered"] for each in own),
            }
        )
    return rows


def show(scenario: Scenario, rows: list[dict[str, Any]]) -> None:
    print(f"\n{scenario.name}")
    print(
        f"  {'':11}{'per s':>8}{'× direct':>10}{'× nginx':>9}{'× litellm':>11}{'p50 + µs':>10}"
        f"{'p99 + µs':>10}{'first + µs':>11}{'CPU µs':>9}{'index µs':>9}{'MB':>7}{'RSS':>7}{'errors':>8}"
    )
    for row in rows:
        ratios = "".join(
            f"{'–' if row[key] is None else format(row[key], form):>{width}}"
            for key, form, width in (
                ("vs_direct", ".3f", 10),
                ("vs_nginx", ".2f", 9),
                ("vs_litellm", ".1f", 11),
            )
        )
        print(
            f"  {row['target']:11}{row['per_s']:>8,}{ratios}{row['added_p50_us']:>10,}"
            f"{row['added_p99_us']:>10,}{row['added_first_p50_us']:>11,}{row['cpu_us']:>9,}{row['index_us']:>9}{row['memory_mb']:>7}"
            f"{row['rss_mb']:>7}{row['errors']:>8.0f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="gateways side by side")
    parser.add_argument("--quick", action="store_true", help="fewer scenarios, short slices: some minutes")
    parser.add_argument("--only", nargs="*", choices=STARTS, help="these targets only (and direct)")
    parser.add_argument(
        "--scenario", nargs="*", default=[""], help="only scenarios whose name contains one of these"
    )
    parser.add_argument("--seconds", type=float, default=0.0, help="length of a slice")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write all rows there")
    options = parser.parse_args()
    options.seconds = options.seconds or (0.8 if options.quick else 1.5)
    options.rounds = options.rounds or (3 if options.quick else 5)
    rng, results = random.Random(0), []
    chosen = [each for each in scenarios() if any(part in each.name for part in options.scenario)]
    if options.quick and options.scenario == [""]:
        chosen = [each for each in chosen if not each.long]
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(options, Path(name))
        for pace in dict.fromkeys((each.delay_us, each.gap_us) for each in chosen):
            targets = bench.targets(*pace)
            try:
                for scenario in (each for each in chosen if (each.delay_us, each.gap_us) == pace):
                    asked = [each for each in targets if not scenario.only or each.name in scenario.only]
                    rows = table(measure(bench, asked, scenario, rng))
                    show(scenario, rows)
                    results.append({"scenario": scenario.name, "rows": rows})
            finally:
                bench.stop(targets)
        for process in bench.upstreams:
            process.kill()
        peaks = ", ".join(f"{role} {mb:.0f}" for role, mb in sorted(bench.peaks.items()))
        print(f"peaks of rightsizer's memory in MB: {peaks}; load average {os.getloadavg()[0]:.1f}")
    if options.json:
        options.json.write_text(json.dumps({"load": os.getloadavg(), "results": results}, indent=1))


if __name__ == "__main__":
    main()
