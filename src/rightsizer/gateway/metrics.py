"""What the gateway counts, and the Prometheus text of it (exposition format 0.0.4)."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_LLM_OK = ("llm", "200")


class Histogram:
    """Seconds, in fixed buckets."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS_S) + 1)
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        self.sum += seconds
        self.counts[bisect_left(BUCKETS_S, seconds)] += 1

    def lines(self, name: str) -> list[str]:
        total, result = 0, [f"# TYPE {name} histogram"]
        for limit, count in zip((*BUCKETS_S, "+Inf"), self.counts, strict=True):
            total += count
            result.append(f'{name}_bucket{{le="{limit}"}} {total}')
        return [*result, f"{name}_sum {self.sum:.6f}", f"{name}_count {total}"]


class Metrics:
    """The counts of one worker."""

    def __init__(self) -> None:
        self.calls: Counter[tuple[str, ...]] = Counter()
        self.fallbacks: Counter[str] = Counter()
        self.losses: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.disconnects = 0
        self.retries = 0
        self.recorded = 0
        self.spilled = 0
        self.in_flight = 0
        self.records_waiting = 0
        self.latency_s = Histogram()
        self.first_byte_s = Histogram()

    def took(self, seconds: float) -> None:
        """A whole answer of the LLM, which came at once."""
        self.in_flight -= 1
        self.calls[_LLM_OK] += 1
        at = bisect_left(BUCKETS_S, seconds)
        for histogram in (self.latency_s, self.first_byte_s):
            histogram.sum += seconds
            histogram.counts[at] += 1

    def lost(self, why: str) -> None:
        """A call whose record could not be kept."""
        self.losses[why] += 1

    def render(self, gauges: Mapping[str, float]) -> str:
        """Prometheus text; `gauges` are added as they are."""
        lines: list[str] = []
        lines += _counter("rightsizer_calls_total", ("served_by", "status"), self.calls)
        for name, label, counts in (
            ("fallbacks", "reason", self.fallbacks),
            ("records_lost", "reason", self.losses),
            ("refused", "reason", self.refusals),
        ):
            named: dict[tuple[str, ...], int] = {(key,): count for key, count in counts.items()}
            lines += _counter(f"rightsizer_{name}_total", (label,), named)
        for name in ("disconnects", "retries", "recorded", "spilled"):
            lines += _counter(f"rightsizer_{name}_total", (), {(): getattr(self, name)})
        now = {"in_flight": self.in_flight, "records_waiting": self.records_waiting}
        for name, value in {**now, **gauges}.items():
            lines += [f"# TYPE rightsizer_{name} gauge", f"rightsizer_{name} {value}"]
        lines += self.latency_s.lines("rightsizer_call_duration_seconds")
        lines += self.first_byte_s.lines("rightsizer_time_to_first_byte_seconds")
        return "\n".join(lines) + "\n"


def _counter(name: str, labels: tuple[str, ...], counts: Mapping[tuple[str, ...], int]) -> list[str]:
    lines = [f"# TYPE {name} counter"]
    for key, count in sorted(counts.items()):
        pairs = ",".join(f'{label}="{_escape(value)}"' for label, value in zip(labels, key, strict=True))
        lines.append(f"{name}{{{pairs}}} {count}" if pairs else f"{name} {count}")
    return lines


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
