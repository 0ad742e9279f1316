"""Other ways of finding the kinds of calls, on the same logs and truth as `structure.py`.

    pip install drain3 && python benchmarks/tasks/peers.py

Exact hash: system text + tools + format. Masked hash: the same with quoted text, numbers and ids blanked,
and the opening message. Drain3 (0.9, defaults, similarity .4): log template miner, over system + opening.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from scores import score, show
from structure import LOGS, merged, read

from rightsizer.tasks.zones import Zones, read_zones
from rightsizer.views.tokens import digest

MASKED = re.compile(r"\"[^\"]*\"|'[^']*'|[0-9a-f]{8}-[0-9a-f-]{27}|\d+")
DRAIN_CHARS = 2000


def exact(zones: Zones) -> str:
    """The system text, the tools and the format as they are."""
    return digest(repr((zones.system, sorted(zones.tools), zones.format)))


def masked(zones: Zones) -> str:
    """System and opening text with what usually varies blanked."""
    texts = MASKED.sub("*", zones.system), MASKED.sub("*", zones.opening)
    return digest(repr((texts, sorted(zones.tools), zones.format)))


def drain() -> Callable[[Zones], str]:
    """Drain3's cluster of a text, together with the tools."""
    from drain3 import TemplateMiner
    from drain3.template_miner_config import TemplateMinerConfig

    config = TemplateMinerConfig()
    config.profiling_enabled = False
    miner = TemplateMiner(config=config)

    def cluster(zones: Zones) -> str:
        text = (zones.system + " " + zones.opening)[:DRAIN_CHARS].replace("\n", " ")
        return f"{miner.add_log_message(text)['cluster_id']}|{sorted(zones.tools)}"

    return cluster


def main() -> None:
    """Every peer on all recorded logs."""
    calls, truth = read(sorted(LOGS.glob("*.jsonl.zst")))
    same = merged(calls, truth)
    zones = [read_zones(c.request, c.metadata) for c in calls]
    methods: dict[str, Callable[[Zones], str]] = {"exact hash": exact, "masked hash": masked}
    try:
        methods["Drain3"] = drain()
    except ImportError:
        print("Drain3 is not installed: left out")
    for name, method in methods.items():
        start = time.process_time()
        found = [method(z) for z in zones]
        spent = time.process_time() - start
        show(f"{name} ({spent:.1f} CPU-s)", score([truth[c.id] for c in calls], found))
        show("  same text = one kind", score([same[c.id] for c in calls], found))


if __name__ == "__main__":
    main()
