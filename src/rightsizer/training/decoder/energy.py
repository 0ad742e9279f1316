"""Energy of a run, where the machine tells it: NVIDIA's driver, or the processor's own counters (RAPL)."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

RAPL = Path("/sys/class/powercap")


class EnergyMeter:
    """Joules since it was made; None where nothing can be read (virtual machines, missing rights)."""

    def __init__(self, counters: Path = RAPL) -> None:
        self._zones = sorted(z for z in counters.glob("intel-rapl:*") if z.name.count(":") == 1)
        self._before = _read(self._zones)
        self._gpu_watts = _gpu_watts()
        self._began = time.monotonic()

    def joules(self) -> float | None:
        """Processor energy, and GPU power now and at the start averaged over the time; None if unknown."""
        after = _read(self._zones)
        cpu: float | None = None
        if self._before is not None and after is not None:
            cpu = sum(max(0, b - a) for a, b in zip(self._before, after, strict=True)) / 1e6
        watts = _gpu_watts()
        if watts is not None and self._gpu_watts is not None:
            gpu = (watts + self._gpu_watts) / 2 * (time.monotonic() - self._began)
            return gpu + (cpu or 0.0)
        return cpu


def _read(zones: Iterable[Path]) -> list[int] | None:
    try:
        found = [int((zone / "energy_uj").read_text()) for zone in zones]
    except (OSError, ValueError):
        return None
    return found or None


def _gpu_watts() -> float | None:
    query = ["nvidia-smi", "--query-gpu=power.draw", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(query, capture_output=True, text=True, timeout=5, check=True).stdout
        return sum(float(line) for line in told.split()) or None
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
