"""The counts of all workers in one answer: a scrape reaches any one of them.

Each worker writes its counts to a file every second, and whoever is asked adds the others' to its own. The
file of a worker that died stays until the gateway ends: what was counted does not shrink.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import orjson

from rightsizer.gateway.metrics import Histogram, Metrics

_COUNTERS = ("calls", "fallbacks", "losses", "refusals")
_NUMBERS = ("disconnects", "retries", "recorded", "spilled")
_NOW = ("in_flight", "records_waiting")
_HISTOGRAMS = ("latency_s", "first_byte_s")


def metrics_folder(home: Path, gateway_pid: int) -> Path:
    """Where the workers of one gateway (its supervisor's process id) write."""
    return home / "gateway" / "metrics" / str(gateway_pid)


def clear_metrics(home: Path) -> None:
    """Remove what gateways have left that are gone."""
    for folder in (home / "gateway" / "metrics").glob("*"):
        if not folder.name.isdigit() or int(folder.name) == os.getpid() or not _lives(int(folder.name)):
            shutil.rmtree(folder, ignore_errors=True)


def publish_metrics(folder: Path, metrics: Metrics) -> None:
    """Write this worker's counts. A full disk is no reason to fail: then the others see older ones."""
    values: dict[str, Any] = {name: getattr(metrics, name) for name in (*_NUMBERS, *_NOW)}
    for name in _COUNTERS:
        counts = getattr(metrics, name).items()
        values[name] = [[list(key) if isinstance(key, tuple) else key, count] for key, count in counts]
    for name in _HISTOGRAMS:
        values[name] = [getattr(metrics, name).counts, getattr(metrics, name).sum]
    path = folder / f"{os.getpid()}.json"
    draft = path.with_suffix(".draft")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft.write_bytes(orjson.dumps(values))
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)


def merged_metrics(folder: Path, own: Metrics) -> Metrics:
    """This worker's counts with those of the others added."""
    total = Metrics()
    _add(total, own, lives=True)
    for path in sorted(folder.glob("*.json")):
        pid = int(path.stem) if path.stem.isdigit() else 0
        if pid in (0, os.getpid()):
            continue
        try:
            other = _read(orjson.loads(path.read_bytes()))
        except (OSError, ValueError, KeyError, TypeError):
            continue
        _add(total, other, lives=_lives(pid))
    return total


def _read(values: dict[str, Any]) -> Metrics:
    metrics = Metrics()
    for name in (*_NUMBERS, *_NOW):
        setattr(metrics, name, int(values[name]))
    for name in _COUNTERS:
        pairs = ((tuple(key) if isinstance(key, list) else key, count) for key, count in values[name])
        setattr(metrics, name, Counter(dict(pairs)))
    for name in _HISTOGRAMS:
        histogram = Histogram()
        histogram.counts, histogram.sum = values[name]
        setattr(metrics, name, histogram)
    return metrics


def _add(total: Metrics, other: Metrics, *, lives: bool) -> None:
    for name in _NUMBERS:
        setattr(total, name, getattr(total, name) + getattr(other, name))
    for name in _NOW if lives else ():
        setattr(total, name, getattr(total, name) + getattr(other, name))
    for name in _COUNTERS:
        getattr(total, name).update(getattr(other, name))
    for name in _HISTOGRAMS:
        ours, theirs = getattr(total, name), getattr(other, name)
        ours.counts = [a + b for a, b in zip(ours.counts, theirs.counts, strict=True)]
        ours.sum += theirs.sum


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
