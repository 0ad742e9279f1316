"""`doctor`: is the installation sound, and what would each extra add?"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rightsizer.config import Settings, load_settings
from rightsizer.errors import RightsizerError
from rightsizer.store.sqlite import open_store

_LITTLE_MB = 100
EXTRAS: dict[str, tuple[tuple[str, ...], str]] = {
    "encoder": (
        ("onnx", "onnxruntime", "tokenizers"),
        "label students that read meaning (MiniLM); without it students are lexical",
    ),
    "train": (
        ("torch", "transformers", "peft"),
        "encoders fine-tuned on a task: more calls served, fewer strangers; not needed to serve",
    ),
    "gateway": (("httptools", "uvicorn"), "the front door that agents talk to"),
    "hyperscan": (("hyperscan",), "a faster search for sensitive values; findings are the same without it"),
}


@dataclass(frozen=True)
class Check:
    """One line of the examination. `required` = rightsizer does not work without it."""

    name: str
    ok: bool
    detail: str
    required: bool = False
    hint: str = ""


def examine(home: str | None, flags: Mapping[str, object]) -> list[Check]:
    """All checks, in the order a person would make them."""
    checks = [Check("python", sys.version_info >= (3, 11), sys.version.split()[0], required=True)]
    try:
        settings = load_settings(Path(home) if home else None, dict(flags))
    except RightsizerError as error:
        return [*checks, Check("settings", False, error.message, required=True, hint=error.hint)]
    checks.append(Check("settings", True, str(settings.file), required=True))
    checks.append(_store(settings))
    checks += _records(settings)
    checks += [_extra(name, modules, adds) for name, (modules, adds) in EXTRAS.items()]
    checks.append(_encoder(settings))
    return checks


def _store(settings: Settings) -> Check:
    if not (settings.home / "store").exists():
        return Check("home", True, f"{settings.home} (new: it is made by the first import)", required=True)
    try:
        with_store = open_store(settings.home, create=False, read_only=True)
    except RightsizerError as error:
        return Check("home", False, error.message, required=True, hint=error.hint)
    n = with_store.calls.count()
    with_store.close()
    return Check("home", True, f"{settings.home} · {n:,} calls · the key opens it", required=True)


def _records(settings: Settings) -> list[Check]:
    """What the gateway has recorded and the store does not have yet; nothing to say where it never ran."""
    from rightsizer.gateway.segments import segment_paths, segments_folder

    folder = segments_folder(settings.home)
    if not folder.exists():
        return []
    paths = segment_paths(settings.home)
    waiting_mb = sum(path.stat().st_size for path in paths if path.exists()) / 1e6
    free_mb = shutil.disk_usage(folder).free / 1e6
    spilled = sum(path.parent != folder for path in paths)
    detail = f"{waiting_mb:,.1f} MB wait for the indexer · {free_mb:,.0f} MB free"
    if spilled:
        detail += f" · {spilled} files on the second disk (gateway.spill)"
    ok = not spilled and free_mb >= _LITTLE_MB
    hint = "" if ok else "make room on the disk of the home; then: rightsizer gateway --index"
    return [Check("gateway's records", ok, detail, hint=hint)]


def _extra(name: str, modules: tuple[str, ...], adds: str) -> Check:
    missing = [m for m in modules if importlib.util.find_spec(m) is None]
    if missing:
        return Check(
            f"extra {name}", False, f"not installed; adds {adds}", hint=f"pip install 'rightsizer[{name}]'"
        )
    return Check(f"extra {name}", True, adds)


def _encoder(settings: Settings) -> Check:
    if not settings.encoder.enabled:
        return Check(
            "sentence encoder", False, "switched off (encoder.enabled = false): the lexical rung serves"
        )
    if any(importlib.util.find_spec(m) is None for m in EXTRAS["encoder"][0]):
        return Check("sentence encoder", False, "needs the extra 'encoder': the lexical rung serves")
    from rightsizer.students.encoder import load_encoder

    try:
        found = load_encoder(Path(settings.encoder.path) if settings.encoder.path else None)
    except RightsizerError as error:
        return Check("sentence encoder", False, error.message, hint=error.hint)
    if found is None:
        return Check(
            "sentence encoder", False, "none found: the lexical rung serves",
            hint="set encoder.path to a folder of sentence-transformers/all-MiniLM-L6-v2",
        )  # fmt: skip
    return Check("sentence encoder", True, f"{found.identity} · {found.size} dimensions")
