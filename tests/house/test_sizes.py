"""Small files, one idea each; small functions."""

from __future__ import annotations

import ast
from pathlib import Path
from statistics import median, quantiles

CAP, MEDIAN, P90 = 500, 150, 300
FUNCTION_P90 = 40


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def function_lengths(path: Path) -> list[int]:
    """Lines from `def` to the last statement, the docstring not counted."""
    lengths = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            first = node.body[0]
            if ast.get_docstring(node) is not None:
                length -= (first.end_lineno or first.lineno) - first.lineno + 1
            lengths.append(length)
    return lengths


def test_no_file_is_a_drawer(source_files: list[Path], root: Path) -> None:
    files = [*source_files, *(root / "tests").rglob("*.py"), *(root / "benchmarks").rglob("*.py")]
    too_long = {str(p.relative_to(root)): lines_of(p) for p in files if lines_of(p) > CAP}
    assert not too_long


def test_most_files_are_small(source_files: list[Path]) -> None:
    sizes = [n for p in source_files if (n := lines_of(p)) > 3]
    assert median(sizes) <= MEDIAN
    assert quantiles(sizes, n=10)[-1] <= P90


def test_most_functions_are_small(source_files: list[Path]) -> None:
    lengths = [n for p in source_files for n in function_lengths(p)]
    assert quantiles(lengths, n=10)[-1] <= FUNCTION_P90


def test_the_docstring_is_not_counted_and_the_body_is(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text('def f():\n    """One.\n\n    Two.\n    """\n    return 1\n', encoding="utf-8")
    assert function_lengths(file) == [2]
