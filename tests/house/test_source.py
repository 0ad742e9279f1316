"""What must not stand in the source."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

# The only edges where every exception is caught: a crash there would take more with it than one answer.
EDGES = {
    "cli/app.py": 1,
    "gateway/routing.py": 1,
    "listener/guard.py": 1,
}

# Folders of one machine, and settings of one machine's package index.
PRIVATE = re.compile(
    r"(?<![\w.~-])/(?:root|mnt|opt|srv|home/\w+)/|(?:extra-)?index-url|trusted-host|find-links"
)
KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/]{40}")


def broad_handlers(path: Path) -> int:
    """`except:`, `except Exception` and `except BaseException` in a file, unless they raise it again."""
    n = 0
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type
            kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
            names = {k.id if isinstance(k, ast.Name) else None for k in kinds}
            broad = caught is None or bool(names & {"Exception", "BaseException"})
            last = node.body[-1]
            n += broad and not (isinstance(last, ast.Raise) and last.exc is None)
    return n


def test_every_exception_is_caught_only_at_the_edges(root: Path, source_files: list[Path]) -> None:
    base = root / "src" / "rightsizer"
    found = Counter({str(p.relative_to(base)): broad_handlers(p) for p in source_files})
    assert {name: n for name, n in found.items() if n} == EDGES


def test_no_folder_or_index_of_one_machine_is_named(project_files: list[Path], root: Path) -> None:
    found = []
    for path in project_files:
        if path == Path(__file__):
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(root)}: {m[0]}" for m in PRIVATE.finditer(text)]
        found += [f"{path.relative_to(root)}: private key" for _ in KEY.finditer(text)]
    assert not found


def test_the_pattern_finds_what_it_should() -> None:
    assert PRIVATE.search("see /" + "opt/notes.md")
    assert PRIVATE.search("in /" + "home/someone/x")
    assert not PRIVATE.search("../shared/opt/notes and a/opt/b")
    assert not PRIVATE.search("https://example.com/home/page")


def test_no_file_is_large_or_a_log(project_files: list[Path], root: Path) -> None:
    """Recorded data is never committed; what ships is text that people read."""
    sizes = {p.relative_to(root).as_posix(): p.stat().st_size for p in project_files}
    folder = "src/rightsizer/curation/names"  # the two models that ship (ADR 0012, 0020)
    models = [sizes.pop(f"{folder}/{name}.safetensors") for name in ("names", "characters")]
    assert all(size < 4_000_000 for size in models)
    assert not {name: size for name, size in sizes.items() if size > 500_000}
    endings = (".jsonl", ".jsonl.zst", ".jsonl.gz", ".zst", ".pkl", ".sqlite", ".db", ".key", ".pem")
    assert not [p.name for p in project_files if p.name.endswith(endings)]


def test_no_folder_is_a_drawer(source_files: list[Path]) -> None:
    drawers = {"utils", "util", "helpers", "common", "misc", "manager", "factory", "registry"}
    named = {p.name for p in source_files if p.stem in drawers or p.parent.name in drawers}
    assert not named


def test_the_builtin_hash_is_never_used(source_files: list[Path]) -> None:
    """It differs from run to run (PYTHONHASHSEED), so nothing stored may come from it."""
    found = []
    for path in source_files:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        own = {
            call
            for definition in ast.walk(tree)
            if isinstance(definition, ast.FunctionDef) and definition.name == "__hash__"
            for call in ast.walk(definition)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "hash":
                found += [f"{path.name}:{node.lineno}"] if node not in own else []
    assert not found
